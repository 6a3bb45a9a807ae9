// Who else is in the editor: says where this window is, hears of the others, and of what has changed.
import { openId, refresh } from "./editor_steps.js";
import { element, newKey } from "./save.js";

const form = document.querySelector("#draft");
const place = document.querySelector("#presence");
const address = form.dataset.presence;
const BEAT_MS = 25_000;
/** How long a step must stay open before others are told of it. */
const SETTLED_MS = 400;
/** People that are named above the steps. */
const NAMED = 3;
const key = newKey();
let timer = 0;
let turn = 0;
let asking;

function message() {
  const token = form.querySelector("input[name=csrf_token]").value;
  return new URLSearchParams({ csrf_token: token, window: key, step: openId() ?? "" });
}

/** Says where this window is, and shows what is answered. Nobody is told of a window that is hidden. */
async function beat() {
  clearTimeout(timer);
  if (document.hidden) return;
  timer = setTimeout(beat, BEAT_MS);
  const mine = ++turn;
  try {
    asking = new AbortController();
    const answer = await fetch(address, { method: "POST", body: message(), signal: asking.signal });
    if (answer.ok && !answer.redirected && mine === turn) take(await answer.json());
  } catch {
    // Without a connection there is nobody to tell; saving says so.
  }
}

function take({ people, as_of: asOf }) {
  show(people);
  if (asOf !== form.dataset.asOf && !document.querySelector("dialog[open]")) refresh();
}

/** Names the others above the steps, and each at the row of their step. */
function show(people) {
  for (const mark of form.querySelectorAll(".mark-here")) mark.remove();
  const told = people.map(({ name, step }) => {
    const row = step && form.querySelector(`[data-item="${CSS.escape(step)}"]`);
    row?.querySelector(".row-text").append(element("span", { class: "mark mark-here", title: `${name} is editing this step` }, name.split("@")[0]));
    return row ? `${name} is editing step ${row.querySelector("[data-number]").textContent}` : `${name} is here`;
  });
  const more = told.length - NAMED;
  const text = [...told.slice(0, NAMED), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  // Written only if it differs: it is read out.
  if (place.textContent !== (text && `${text}.`)) place.textContent = text && `${text}.`;
}

if (address) {
  form.addEventListener("handrail:step", () => {
    clearTimeout(timer);
    timer = setTimeout(beat, SETTLED_MS);
  });
  document.addEventListener("visibilitychange", beat);
  window.addEventListener("pageshow", beat);
  window.addEventListener("pagehide", () => {
    clearTimeout(timer);
    asking?.abort(); // else it may come after this, and say that the window is there
    const left = message();
    left.set("leaves", "1");
    navigator.sendBeacon(address, left);
  });
  beat();
}
