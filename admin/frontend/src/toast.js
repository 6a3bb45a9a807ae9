// A short message at the bottom of the page, with Undo.
import { element, isTyping } from "./dom.js";

const SHOWN_MS = 10_000;
/** The toast that is open is known to all scripts of a page, each of which has this module. */
const openOne = () => document.querySelector(".toasts")?.handrailToast;

/**
 * Shows *text* for ten seconds, longer while the pointer or the focus is on it.
 *
 * With `undo`, a button and Ctrl+Z call it. The focus stays where it is. A new toast replaces the old.
 *
 * @param {string} text
 * @param {{ undo?: () => void }} options
 */
export function toast(text, { undo } = {}) {
  openOne()?.close();
  const region = document.querySelector(".toasts") ?? newRegion();
  const box = element("div", { class: "toast" }, element("span", {}, text));
  let timer;
  const close = () => {
    clearTimeout(timer);
    box.remove();
    if (region.handrailToast?.box === box) region.handrailToast = null;
  };
  const take = () => {
    close();
    undo();
  };
  if (undo) box.append(element("button", { type: "button", onclick: take }, "Undo"));
  const start = () => (timer = setTimeout(close, SHOWN_MS));
  const stop = () => clearTimeout(timer);
  for (const name of ["pointerenter", "focusin"]) box.addEventListener(name, stop);
  for (const name of ["pointerleave", "focusout"]) box.addEventListener(name, start);
  region.append(box);
  start();
  region.handrailToast = { box, close, take: undo ? take : null };
}

/** A live region tells only what comes into it: it must be there before. */
function newRegion() {
  const region = element("div", { class: "toasts", role: "status" });
  document.body.append(region);
  return region;
}

document.addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z";
  const open = openOne();
  if (!isUndo || event.defaultPrevented || !open?.take || isTyping(event.target)) return;
  event.preventDefault();
  open.take();
});
