// The toolbar of the editor: one stop for Tab, arrows go from button to button.
import { element, icon } from "../dom.js";
import { insertBlock, insertLink, toggleLines, toggleMark } from "./formatting.js";

export const bold = toggleMark("**");
export const italic = toggleMark("*");
export const code = toggleMark("`");

/** Icon, name, key, command. */
const BUTTONS = [
  ["heading", "Heading", "", toggleLines(() => "## ", /^#{1,6} /)],
  ["bold", "Bold", "Ctrl+B", bold],
  ["italic", "Italic", "Ctrl+I", italic],
  ["code", "Code", "Ctrl+E", code],
  ["link", "Link", "", insertLink],
  ["list", "Bulleted list", "", toggleLines(() => "- ", /^\s*[-*+] (?!\[)/)],
  ["list-numbers", "Numbered list", "", toggleLines((number) => `${number}. `, /^\s*\d{1,9}[.)] /)],
  ["blockquote", "Quote", "", toggleLines(() => "> ", /^\s*> /)],
  ["source-code", "Code block", "", insertBlock("```\n", "\n```")],
  ["photo", "Picture…", "", null],
  ["note", "Note", "", insertBlock(":::note\n", "\n:::")],
];

/**
 * Returns the toolbar.
 *
 * @param {() => import("@codemirror/view").EditorView} getView
 * @param {() => void} choosePicture
 * @param {string} labelId the label of the field
 */
export function toolbar(getView, choosePicture, labelId) {
  const name = element("span", { class: "unseen", id: `${labelId}-format` }, "Format");
  const labels = `${name.id} ${labelId}`;
  const bar = element("div", { class: "editor-tools", role: "toolbar", "aria-labelledby": labels }, name);
  for (const [symbol, label, key, command] of BUTTONS) {
    const title = key ? `${label} (${key})` : label;
    const button = element("button", { type: "button", class: "quiet", title, "aria-label": label, tabindex: -1 }, icon(symbol));
    if (key) button.setAttribute("aria-keyshortcuts", key.replace("Ctrl", "Control"));
    button.addEventListener("click", () => {
      if (!command) return choosePicture();
      command(getView());
      return getView().focus();
    });
    bar.append(button);
  }
  roving(bar);
  return bar;
}

/** Lets Tab stop at one button of the bar, and arrows, Home and End choose it. */
function roving(bar) {
  const buttons = [...bar.querySelectorAll("button")];
  buttons[0].tabIndex = 0;
  const choose = (at) => {
    buttons.forEach((button, each) => (button.tabIndex = each === at ? 0 : -1));
  };
  bar.addEventListener("focusin", (event) => choose(buttons.indexOf(event.target)));
  bar.addEventListener("keydown", (event) => {
    const last = buttons.length - 1;
    const at = buttons.indexOf(document.activeElement);
    const to = { ArrowRight: at === last ? 0 : at + 1, ArrowLeft: at === 0 ? last : at - 1, Home: 0, End: last }[event.key];
    if (to === undefined || at === -1) return;
    event.preventDefault();
    buttons[to].focus();
  });
}
