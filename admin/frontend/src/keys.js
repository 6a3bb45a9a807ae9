// Keys of the page: a palette of all pages (Ctrl+K), the list of keys (?), and search (/).
import { element, isTyping, showDialog } from "./dom.js";
import { openPalette } from "./keys/palette.js";

/** What the page answers to without saying so. */
const BUILT_IN = [
  ["Ctrl+K", "Go to a page or do something"],
  ["?", "List the keys"],
];
const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const key = nameOf(event);
  if (key === "Ctrl+K") {
    event.preventDefault();
    if (!document.querySelector("dialog[open]")) openPalette();
    return;
  }
  // A single letter is text where text is typed, and a dialog has keys of its own.
  if ((isTyping(event.target) && !key.startsWith("Ctrl+")) || document.querySelector("dialog[open]")) return;
  if (key === "?") {
    event.preventDefault();
    listKeys();
  } else if (key === "/") {
    const field = document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select?.();
  } else {
    press(key, event);
  }
});

/** Returns what a key is called in `data-key`: "n", "?", "Ctrl+Enter", "Ctrl+Shift+Enter". */
function nameOf(event) {
  const control = event.ctrlKey || event.metaKey;
  const shift = event.shiftKey && (control || event.key.length > 1);
  const key = event.key.length === 1 && control ? event.key.toUpperCase() : event.key;
  return `${control ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${key}`;
}

/** Follows the link or presses the button that has the key. */
function press(key, event) {
  const found = [...document.querySelectorAll("[data-key]")].find(
    (each) => each.dataset.key === key && !each.disabled && each.checkVisibility?.() !== false,
  );
  if (!found) return;
  event.preventDefault();
  if (found.matches("input, select, textarea")) found.focus();
  else found.click();
}

function listKeys() {
  const named = [...document.querySelectorAll("[data-key]")].map((each) => [
    each.dataset.key,
    each.dataset.keyLabel ?? each.getAttribute("aria-label") ?? each.textContent.trim(),
  ]);
  const search = document.querySelector("[data-search]") ? [["/", "Search"]] : [];
  const saving = document.querySelector("[data-save-url]") ? [["Ctrl+S", "Save now"]] : [];
  const editor = document.querySelector(".editor, [data-editor]")
    ? [["Ctrl+B", "Bold"], ["Ctrl+I", "Italic"], ["Ctrl+E", "Code"], ["Ctrl+F", "Find in the text"], ["F8", "Next problem"],
       ["Ctrl+Shift+V", "Paste as plain text"], ["/", "Blocks, on an empty line of the text"]]
    : [];
  const rows = [...BUILT_IN, ...search, ...saving, ...named, ...editor].flatMap(([key, label]) => [
    element("dt", {}, ...keyCaps(key)),
    element("dd", {}, label),
  ]);
  showDialog("Keys", (close) => [
    element("dl", { class: "key-list" }, ...rows),
    element("button", { type: "button", onclick: () => close() }, "Close"),
  ]);
}

function keyCaps(key) {
  const parts = key.split("+").map((part) => (isMac && part === "Ctrl" ? "⌘" : part));
  return parts.flatMap((part, at) => [at ? " " : "", element("kbd", {}, part)]);
}
