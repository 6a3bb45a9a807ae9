// Two texts beside each other, with what differs marked.
import { element } from "../dom.js";

/**
 * Returns both texts under their titles.
 *
 * @param {string} titleA
 * @param {string} a
 * @param {string} titleB
 * @param {string} b
 */
export function pair(titleA, a, titleB, b) {
  const [partsA, partsB] = marked(a, b);
  return element("div", { class: "compare" }, column(titleA, partsA), column(titleB, partsB));
}

function column(title, parts) {
  const text = element("pre", { tabindex: 0, role: "group", "aria-label": title }, ...parts);
  return element("div", {}, element("h3", {}, title), text);
}

/** Marks all between the common start and the common end of two texts, in whole words. */
function marked(a, b) {
  const [wordsA, wordsB] = [a, b].map((text) => text.split(/(?<=\s)/));
  const most = Math.min(wordsA.length, wordsB.length);
  let start = 0;
  while (start < most && wordsA[start] === wordsB[start]) start += 1;
  let end = 0;
  while (end < most - start && wordsA.at(-1 - end) === wordsB.at(-1 - end)) end += 1;
  return [wordsA, wordsB].map((words) => {
    const middle = words.slice(start, words.length - end).join("");
    const tail = words.slice(words.length - end).join("");
    return [words.slice(0, start).join(""), middle ? element("mark", {}, middle) : "", end ? tail : ""];
  });
}
