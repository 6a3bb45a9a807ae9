// Keeps parts of a page as the server would draw them now. The server says when something has changed;
// the page is asked for as always, and each part becomes what is there. What somebody fills in stays.
import { Idiomorph } from "idiomorph";

const PARTS = "[data-live][id]";
const ANY = "*";
const FIRST_RETRY_MS = 15_000;
const LAST_RETRY_MS = 300_000;
/** Drawing takes a quarter of the time at most: many open pages must not keep a busy server busy. */
const SHARE = 3;
const MOST_PAUSE_MS = 10_000;

const address = document.querySelector('meta[name="live"]')?.content;
const sign = makeSign();
let stream = null;
let isPaused = false;
let hasEnded = false;
let mayHaveMissed = false;
let retry = null;
let retryMs = FIRST_RETRY_MS;
let isStale = false;
let isDrawing = false;
let notBefore = 0;
let wait = null;

if (address) {
  addEventListener("pageshow", follow);
  addEventListener("pagehide", close);
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : follow()));
  document.addEventListener("htmx:afterSettle", follow); // a part may have come, or gone
  follow();
}

/** Listens if somebody can see a part of the page that is live; else listens no more. */
function follow() {
  const parts = document.querySelectorAll(PARTS);
  if (hasEnded || isPaused || document.hidden || !parts.length) close();
  else if (!stream) open(parts[0]);
}

function open(part) {
  clearTimeout(retry);
  sign.place(part);
  const mine = (stream = new EventSource(address));
  mine.addEventListener("open", () => {
    retryMs = FIRST_RETRY_MS;
    sign.show("live");
    if (mayHaveMissed) draw();
    mayHaveMissed = false;
  });
  mine.addEventListener("changed", ({ data }) => {
    if (concerns(JSON.parse(data))) draw();
  });
  mine.addEventListener("error", () => {
    mayHaveMissed = true;
    sign.show("lost");
    if (mine.readyState === EventSource.CLOSED) refused();
  });
}

/** The server had no room, or the member may not listen any more: then the page itself says so. */
function refused() {
  close();
  draw();
  retry = setTimeout(follow, retryMs * (0.75 + Math.random() / 2));
  retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
}

function close() {
  clearTimeout(retry);
  if (stream) mayHaveMissed = true;
  stream?.close();
  stream = null;
}

/** `data-live` names walkthroughs, or nothing, which is all of them. */
function concerns(changed) {
  return [...document.querySelectorAll(PARTS)].some((part) => {
    const wanted = part.dataset.live.split(" ").filter(Boolean);
    return !wanted.length || changed.includes(ANY) || wanted.some((id) => changed.includes(id));
  });
}

/** Draws as soon as it may, and once more if something changes meanwhile. */
function draw() {
  isStale = true;
  if (isDrawing || wait !== null || hasEnded) return;
  wait = setTimeout(drawNow, Math.max(0, notBefore - performance.now()));
}

async function drawNow() {
  wait = null;
  isStale = false;
  isDrawing = true;
  const began = performance.now();
  try {
    await take();
  } catch {
    mayHaveMissed = true; // no line; the stream is lost with it, and comes back with it
  }
  const now = performance.now();
  notBefore = now + Math.min(SHARE * (now - began), MOST_PAUSE_MS);
  isDrawing = false;
  if (isStale && !document.hidden && !isPaused) draw();
}

async function take() {
  const { href } = location;
  const answer = await fetch(href, {
    headers: { Accept: "text/html", "Handrail-Live": "1" },
    redirect: "manual",
    cache: "no-store",
  });
  if (answer.type === "opaqueredirect" || answer.status === 404) return end();
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (location.href !== href) return draw(); // a filter was chosen meanwhile
  if (isPaused) return;
  for (const part of document.querySelectorAll(PARTS)) {
    const now = fresh.getElementById(part.id);
    if (!now) continue;
    // What changes by itself is not read out: nobody has asked for it.
    for (const each of now.querySelectorAll("[role=status]")) each.setAttribute("aria-live", "off");
    Idiomorph.morph(part, document.adoptNode(now), { ignoreActiveValue: true, callbacks });
    const drawn = document.getElementById(part.id);
    window.htmx?.process(drawn);
    drawn.dispatchEvent(new CustomEvent("handrail:live", { bubbles: true }));
  }
}

/** Whoever is signed out, or may not see the page any more, is not asked for again and again. */
function end() {
  hasEnded = true;
  close();
  sign.show("ended");
}

const callbacks = {
  beforeNodeMorphed: (old) => !(old instanceof HTMLFormElement && isInUse(old)),
  // What somebody has opened stays open.
  beforeAttributeUpdated: (name, node) => !(name === "open" && node.matches("details, dialog")),
};

function isInUse(form) {
  return form.contains(document.activeElement) || [...form.elements].some(isChanged);
}

function isChanged(field) {
  if (field instanceof HTMLSelectElement) {
    const chosen = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
    return field.selectedIndex !== chosen;
  }
  if (["checkbox", "radio"].includes(field.type)) return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.type !== "hidden" && field.value !== field.defaultValue;
}

/** What stands at the head of the page: whether it is live, with the button that stops it. */
function makeSign() {
  const line = document.createElement("span");
  const words = document.createElement("span");
  const button = document.createElement("button");
  line.className = "live-sign";
  words.setAttribute("aria-live", "polite");
  button.type = "button";
  button.className = "small";
  line.append(words, button);
  button.addEventListener("click", () => {
    isPaused = !isPaused;
    if (isPaused) show("paused");
    follow();
  });
  const texts = {
    live: ["Live", "Pause"],
    lost: ["Connecting again", "Pause"],
    paused: ["Paused", "Go on"],
    ended: ["No longer live: reload the page", ""],
  };
  function show(state) {
    const [text, name] = texts[state];
    if (isPaused && state !== "paused" && state !== "ended") return;
    line.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
    button.textContent = name;
    button.hidden = !name;
  }
  return {
    show,
    place(part) {
      if (line.isConnected) return;
      show("lost");
      words.textContent = "";
      const head = document.querySelector("[data-live-sign], #main > .head");
      if (head && !part.contains(head)) (head.querySelector(".buttons") ?? head).append(line);
      else part.before(line);
    },
  };
}
