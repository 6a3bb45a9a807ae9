// Hides the style attributes of pasted HTML from the page's policy, and reads them.
//
// A document that a script parses has the policy of its page: each style attribute would be reported
// as refused. Google Docs and Word tell bold, headings and lists apart by nothing else.

const HIDDEN = "data-pasted-style";

/**
 * Returns *html* with its style attributes under another name. Linear in its length.
 *
 * @param {string} html
 */
export function hideStyles(html) {
  let result = "";
  let copied = 0;
  let at = html.indexOf("<");
  while (at !== -1) {
    if (!/[a-z]/i.test(html[at + 1] ?? "")) {
      at = html.indexOf("<", at + 1);
      continue;
    }
    const { end, styles } = readTag(html, at + 1);
    for (const start of styles) {
      result += `${html.slice(copied, start)}${HIDDEN}`;
      copied = start + "style".length;
    }
    at = html.indexOf("<", end);
  }
  return result + html.slice(copied);
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
