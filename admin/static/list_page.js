// The list of walkthroughs: by keys (arrows go between cards, x selects), how many are selected, and
// what is done from it while the page stays.
import { toast } from "./toast.js";

document.documentElement.classList.add("scripted");

const cards = () => [...document.querySelectorAll("[data-card]")];
const isTyping = (target) => target.matches("input:not([type=checkbox]), select, textarea, [contenteditable=true]");
const BACK = ["ArrowUp", "ArrowLeft"];
const ON = ["ArrowDown", "ArrowRight"];

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  const menu = event.target.closest?.("details.menu[open]");
  if (isTyping(event.target)) {
    return;
  } else if (event.key === "z" && (event.ctrlKey || event.metaKey)) {
    document.querySelector(".undo button")?.click();
  } else if (event.ctrlKey || event.metaKey) {
    return;
  } else if (menu && (BACK.includes(event.key) || ON.includes(event.key))) {
    step([...menu.querySelectorAll("summary, a, button")], event.target, event);
  } else if (BACK.includes(event.key) || ON.includes(event.key)) {
    const links = cards().map((card) => card.querySelector("h2 a"));
    step(links, event.target.closest("[data-card]")?.querySelector("h2 a"), event);
  } else if (event.key === "x") {
    const box = event.target.closest("[data-card]")?.querySelector(".pick");
    if (!box) return;
    event.preventDefault();
    box.click();
  }
});

/** Gives the focus to the one before or behind; to the first one if none has it. */
function step(all, current, event) {
  const at = all.indexOf(current);
  const next = at < 0 ? 0 : at + (ON.includes(event.key) ? 1 : -1);
  if (!all[next]) return;
  event.preventDefault();
  all[next].focus();
}

function tell() {
  const status = document.querySelector("[data-selected]");
  const count = document.querySelectorAll(".pick:checked").length;
  if (status) status.textContent = `${count} selected`;
}

document.addEventListener("submit", (event) => {
  const { target: form, submitter } = event;
  // A copy and an export lead away from the list.
  if (!form.matches("[data-cards]") || submitter?.name !== "change") return;
  event.preventDefault();
  const body = new FormData(form);
  body.append("change", submitter.value);
  change(form.getAttribute("action"), body);
});

let isWaiting = false;

/** Does what a button asks for, shows the list as it is then, and says what was done. */
async function change(address, body) {
  if (isWaiting) return;
  isWaiting = true;
  const named = body.get("change").split(" ").slice(1);
  const ids = named.length ? named : body.getAll("id");
  const place = cards().findIndex((card) => ids.includes(idOf(card)));
  try {
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(body) });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#cards");
    if (fresh) {
      document.querySelector("#cards").replaceChildren(...fresh.childNodes);
      keepFocus(ids, place);
      const isDone = showMessages(page);
      // What was chosen for nothing is still chosen.
      for (const box of isDone ? [] : document.querySelectorAll(".pick")) box.checked = body.getAll("id").includes(box.value);
      tell();
    } else if (answer.redirected) location.assign(answer.url); // to sign in
    else toast("That could not be done. Reload the page, and try again.");
  } catch {
    toast("The server could not be reached. Try again in a moment.");
  } finally {
    isWaiting = false;
  }
}

const idOf = (card) => card.querySelector(".pick")?.value;

/** Gives the focus to the card that was changed, else to the one that has its place now. */
function keepFocus(ids, place) {
  if (document.activeElement !== document.body) return;
  const all = cards();
  const card = all.find((each) => ids.includes(idOf(each))) ?? all[Math.min(Math.max(place, 0), all.length - 1)];
  (card?.querySelector("h2 a") ?? document.querySelector("#q")).focus({ preventScroll: true });
}

/**
 * Shows what was done in a toast, and what was not on the page, until the next change.
 * Returns whether anything was done.
 */
function showMessages(page) {
  for (const old of document.querySelectorAll("#main > .message")) old.remove();
  const refused = page.querySelector("#main > .message[role=alert]");
  if (refused) {
    document.querySelector("#main").prepend(refused);
    refused.scrollIntoView({ block: "center" }); // the focus may be far below
  }
  const done = page.querySelector("#main > .message[role=status]");
  if (!done) return false;
  const form = done.querySelector("form");
  const undo = form ? () => change(form.getAttribute("action"), new FormData(form)) : undefined;
  toast((done.querySelector("p") ?? done).textContent.trim(), { undo });
  return true;
}

document.addEventListener("change", tell);
document.addEventListener("reset", () => setTimeout(tell));
addEventListener("pageshow", tell);
document.addEventListener("htmx:afterSwap", tell);
