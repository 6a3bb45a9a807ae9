// Removes characters that a reader cannot see, by the rules of walkthroughs/content/characters.py.
import { RANGES } from "./character_ranges.js";

/** Printable ASCII, tab and newline. Most texts contain nothing else. */
const PLAIN = /^[\t\n\x20-\x7e]*$/;
const ONE = Object.fromEntries(Object.entries(RANGES).map(([name, text]) => [name, oneOf(text)]));
const BEHIND_LETTERS = [
  [oneOf("200C-200D"), ONE.joining],
  [oneOf("200B"), ONE.spaceless],
  [oneOf("180B-180F"), ONE.mongolian],
  [oneOf("FE00-FE02 E0100-E01EF"), ONE.han],
];
const LINE_BREAKS = /\r\n?|[\v\f\u0085\u2028\u2029]/g;
/** To take a character away may make its neighbour needless; seldom more than once. */
const MOST_PASSES = 8;

/**
 * Returns *text* with newlines as line ends and without needless unseen characters.
 *
 * What is left passes the check of the server, and what passes it is left as it is.
 *
 * @param {string} text
 * @returns {{ text: string, removed: number }}
 */
export function clean(text) {
  const lines = text.replace(LINE_BREAKS, "\n");
  if (PLAIN.test(lines)) return { text: lines, removed: 0 };
  const cleaned = lines.split("\n").map((line) => (PLAIN.test(line) ? line : cleanLine(line)));
  const result = cleaned.join("\n");
  return { text: result, removed: [...lines].length - [...result].length };
}

function cleanLine(line) {
  let characters = [...line];
  for (let pass = 0; pass <= MOST_PASSES; pass += 1) {
    const text = characters.join("");
    const isKept = keeper(characters, text, pass === MOST_PASSES);
    const kept = characters.filter(isKept);
    if (kept.length === characters.length) return text;
    characters = kept;
  }
  return characters.join("");
}

/** Returns the function that tells whether a character of the line stays. */
function keeper(characters, text, isLast) {
  const hasRightToLeft = ONE.rightToLeft.test(text.replaceAll("\u061c", ""));
  const isClosed = hasRightToLeft && closesItsIsolates(characters);
  return (character, at) => {
    if (!ONE.unseen.test(character)) return true;
    if (isLast) return false;
    const before = characters[at - 1] ?? "";
    const after = characters[at + 1] ?? "";
    if (character === "\ufe0f" || character === "\ufe0e") return ONE.emoji.test(before);
    if (character === "\u200d" && ONE.emoji.test(after)) {
      return before === "\ufe0f" || ONE.emoji.test(before);
    }
    if (ONE.unseen.test(before)) return false;
    if (/[\u200e\u200f\u061c]/.test(character)) return hasRightToLeft;
    if (/[\u2066-\u2069]/.test(character)) return isClosed;
    return BEHIND_LETTERS.some(([joined, letter]) => joined.test(character) && letter.test(before));
  };
}

function closesItsIsolates(characters) {
  let depth = 0;
  for (const character of characters) {
    if (/[\u2066-\u2068]/.test(character)) depth += 1;
    if (character === "\u2069") depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

function oneOf(ranges) {
  const spans = ranges.split(" ").map((span) => span.split("-").map((code) => `\\u{${code}}`).join("-"));
  return new RegExp(`[${spans.join("")}]`, "u");
}
