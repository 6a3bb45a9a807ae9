// Hides the styles of pasted HTML from the page's policy, and reads them.
//
// A document that a script parses has the policy of its page: each style attribute would be reported
// as refused. Google Docs and Word tell bold, headings and lists apart by nothing else.

const HIDDEN = "data-pasted-style";

/** What a style element is called while it waits to be removed. */
export const HIDDEN_TAG = "pasted-style";

/** No document nests or holds as much; a browser's parser takes seconds for more. */
const MAX_DEPTH = 60;
const MAX_TAGS = 100_000;
/** What needs no end tag, and so says nothing of the depth. */
const UNCLOSED = /^(?:area|base|br|col|hr|img|input|link|meta|wbr|p|li|dt|dd|t[rdh]|thead|tbody|tfoot|option|colgroup|o:p)$/;

/**
 * Returns *html* with its style elements and attributes under another name, or null if it nests or
 * holds more than a document does. Linear in its length.
 *
 * @param {string} html
 * @returns {string | null}
 */
export function hideStyles(html) {
  let result = "";
  let copied = 0;
  const depth = depthCounter();
  for (let at = html.indexOf("<"), tags = 0; at !== -1; tags += 1) {
    const name = /^<(\/?)([a-z][^\s/>]{0,30})/i.exec(html.slice(at, at + 33));
    if (!name) {
      at = html.indexOf("<", at + 1);
      continue;
    }
    const tag = name[2].toLowerCase();
    if (tags > MAX_TAGS || depth(tag, name[1] === "/") > MAX_DEPTH) return null;
    if (tag === "style") {
      result += `${html.slice(copied, at)}<${name[1]}${HIDDEN_TAG}`;
      copied = at + name[0].length;
    }
    const { end, styles } = readTag(html, at + name[0].length);
    for (const start of styles) {
      result += `${html.slice(copied, start)}${HIDDEN}`;
      copied = start + "style".length;
    }
    at = html.indexOf("<", end);
  }
  return result + html.slice(copied);
}

/** Returns what counts the elements that are open, by their tags. */
function depthCounter() {
  const open = new Map();
  let all = 0;
  return (tag, isEnd) => {
    const count = open.get(tag) ?? 0;
    if (UNCLOSED.test(tag) || (isEnd && count === 0)) return all;
    open.set(tag, isEnd ? count - 1 : count + 1);
    all += isEnd ? -1 : 1;
    return all;
  };
}

/** Reads a tag up to its end; returns where that is, and where its style attributes start. */
function readTag(html, from) {
  const styles = [];
  let quote = "";
  let at = from;
  for (; at < html.length; at += 1) {
    const character = html[at];
    if (quote) {
      if (character === quote) quote = "";
    } else if (character === ">") {
      break;
    } else if ((character === '"' || character === "'") && /[\s=]/.test(html[at - 1])) {
      quote = character;
    } else if (isStyle(html, at)) {
      styles.push(at);
    }
  }
  return { end: at, styles };
}

function isStyle(html, at) {
  return (
    (html[at] === "s" || html[at] === "S") &&
    /[\s"'/]/.test(html[at - 1]) &&
    /^style[\s=]/i.test(html.slice(at, at + 6))
  );
}

/**
 * Returns the style that an element was pasted with, in small letters: `font-weight` to its value.
 *
 * @param {Element} element
 * @returns {Map<string, string>}
 */
export function pastedStyle(element) {
  const style = new Map();
  for (const declaration of (element.getAttribute(HIDDEN) ?? "").toLowerCase().split(";")) {
    const colon = declaration.indexOf(":");
    if (colon > 0) style.set(declaration.slice(0, colon).trim(), declaration.slice(colon + 1).trim());
  }
  return style;
}
