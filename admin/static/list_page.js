// The list of walkthroughs by keys: arrows go between cards, x selects; and how many are selected.
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

document.addEventListener("change", tell);
document.addEventListener("reset", () => setTimeout(tell));
addEventListener("pageshow", tell);
document.addEventListener("htmx:afterSwap", tell);
