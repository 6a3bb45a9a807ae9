// Says how full a text is, once that matters.
import { element } from "../dom.js";
import { byteLength, sizeText } from "./limits.js";

/** From three quarters on the bar is shown: 48 of 64 KiB. */
const SHOWN_FROM = 0.75;

/**
 * Returns the bar, and what shows the size of a document in it.
 *
 * @param {number} maxBytes
 */
export function sizeBar(maxBytes) {
  const meter = element("meter", { min: 0, max: maxBytes, high: maxBytes * 0.9, optimum: 0, "aria-label": "Size of the text" });
  const words = element("span");
  const bar = element("p", { class: "editor-size", hidden: true }, meter, words);
  const show = (doc) => {
    // A character has three bytes at most for each unit of its length.
    const bytes = doc.length * 3 < maxBytes * SHOWN_FROM ? 0 : byteLength(doc.toString());
    bar.hidden = bytes < maxBytes * SHOWN_FROM;
    if (bar.hidden) return;
    meter.value = bytes;
    const left = bytes > maxBytes ? `too long by ${sizeText(bytes - maxBytes)}` : `${sizeText(maxBytes - bytes)} left`;
    words.textContent = `${sizeText(bytes)} of ${sizeText(maxBytes)}, ${left}`;
    bar.classList.toggle("bad-text", bytes > maxBytes);
  };
  return { bar, show };
}
