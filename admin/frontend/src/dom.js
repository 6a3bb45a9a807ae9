// Small helpers for making parts of a page.

/**
 * Returns a new element. Properties that start with "on" are listeners; text is never HTML.
 *
 * @param {string} name
 * @param {Record<string, unknown>} attributes null, undefined and false are left out
 * @param {...(Node | string)} children
 * @returns {HTMLElement}
 */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

const SVG = "http://www.w3.org/2000/svg";
const ICONS = new URL("icons.svg", import.meta.url).href;

/**
 * Returns an icon of the sprite, which says nothing to a screen reader.
 *
 * @param {string} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${ICONS}#${name}`);
  svg.append(use);
  return svg;
}

let made = 0;

/** Returns an id that no other element of the page has. */
export function newId() {
  made += 1;
  return `h-${made}-${Math.random().toString(36).slice(2, 8)}`;
}

/**
 * Shows a dialog and resolves when it is closed; the focus goes back to where it was.
 *
 * @param {string} title
 * @param {(close: (value?: unknown) => void) => (Node | string)[]} build makes what stands in it
 * @param {string} style a class
 * @returns {Promise<unknown>} what `close` was called with; undefined if it was left with Escape
 */
export function showDialog(title, build, style = "") {
  const heading = element("h2", { id: newId() }, title);
  const dialog = element("dialog", { class: `dialog ${style}`, "aria-labelledby": heading.id }, heading);
  const before = document.activeElement;
  return new Promise((resolve) => {
    let answer;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    dialog.append(...build(close));
    dialog.addEventListener("close", () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * Returns whether a key typed now would go into a text.
 *
 * @param {EventTarget | null} target
 */
export function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("input:not([type=checkbox]), textarea, select"))
  );
}
