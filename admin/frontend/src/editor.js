// The Markdown editor: CodeMirror on a text area, which stays the field of the form.
import { history, historyKeymap, indentLess, indentMore, insertNewlineAndIndent, moveLineDown, moveLineUp, standardKeymap } from "@codemirror/commands";
import { deleteMarkupBackward, insertNewlineContinueMarkup, markdown, markdownLanguage } from "@codemirror/lang-markdown";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, Prec, Transaction } from "@codemirror/state";
import { EditorView, drawSelection, dropCursor, keymap, placeholder } from "@codemirror/view";
import { element, newId } from "./dom.js";
import { blockMenu } from "./editor/blocks.js";
import { directions } from "./editor/directions.js";
import { follow } from "./editor/follow.js";
import { MAX_BYTES } from "./editor/limits.js";
import { pasting } from "./editor/paste.js";
import { pictureInput } from "./editor/pictures.js";
import { problemMarks } from "./editor/problems.js";
import { sizeBar } from "./editor/size.js";
import { look } from "./editor/theme.js";
import { bold, code, italic, toolbar } from "./editor/toolbar.js";

export { clean } from "./editor/characters.js";
export { toMarkdown } from "./editor/pasted_html.js";

/**
 * What a page does with an editor.
 *
 * @typedef {object} Editor
 * @property {EditorView} view
 * @property {() => string} value
 * @property {(text: string) => void} setValue replaces the text; Undo brings the old one back
 * @property {(problems: import("./editor/problems.js").Problem[]) => void} setProblems lines from 1
 * @property {(isReadOnly: boolean) => void} setReadOnly
 * @property {() => void} focus
 * @property {() => void} destroy shows the text area again, with the text
 */

/** Marks a change that the page made, so that the text area is not told what it told us. */
const fromPage = Annotation.define();

/**
 * Puts an editor in place of a text area. Its value always follows; without scripts it stands alone.
 *
 * Each change dispatches `input` on the text area, as typing in it would, and `handrail:change`.
 * A second call returns the editor that is there.
 *
 * @param {HTMLTextAreaElement} textarea
 * @returns {Editor}
 */
export function enhance(textarea) {
  if (textarea.handrailEditor) return textarea.handrailEditor;
  const maxBytes = Number(textarea.dataset.maxBytes) || MAX_BYTES;
  const label = labelOf(textarea);
  const status = element("p", { class: "editor-status", role: "status" });
  const tell = (text) => (status.textContent = text);
  let view;
  const getView = () => view;
  const problems = problemMarks(tell);
  const pictures = pictureInput(textarea, getView, tell);
  const size = sizeBar(maxBytes);
  const readOnly = new Compartment();
  const isReadOnly = textarea.readOnly || textarea.disabled;
  const hint = element("span", { id: newId() }, "Markdown. Type / on an empty line for blocks. Tab leaves the editor.");
  view = new EditorView({
    doc: textarea.value,
    extensions: [
      readOnly.of(EditorState.readOnly.of(isReadOnly)),
      contentAttributes(textarea, label, hint),
      writing(textarea),
      problems.extension,
      pictures.extension,
      blockMenu({ hasParts: "parts" in textarea.dataset, choosePicture: pictures.choose }),
      pasting({ maxBytes, tell, addPictures: pictures.add }),
      telling(textarea, size, tell),
      EditorView.scrollMargins.of(() => marginsOf(tools)),
    ],
  });
  const tools = toolbar(getView, pictures.choose, label.id);
  tools.hidden = isReadOnly;
  const foot = element("div", { class: "editor-foot" }, hint, size.bar);
  const box = element("div", { class: "editor" }, tools, view.dom, foot, status, problems.list);
  textarea.after(box);
  textarea.hidden = true;
  size.show(view.state.doc);
  const stopFollowing = follow(textarea, view);
  const editor = {
    view,
    value: () => view.state.doc.toString(),
    setValue: (text) => replace(view, text),
    setProblems: (list) => problems.set(view, list),
    setReadOnly: (isOn) => {
      tools.hidden = isOn;
      view.dispatch({ effects: readOnly.reconfigure(EditorState.readOnly.of(isOn)) });
    },
    focus: () => view.focus(),
    destroy: () => {
      stopFollowing();
      view.destroy();
      box.remove();
      textarea.hidden = false;
      delete textarea.handrailEditor;
    },
  };
  label.addEventListener("click", (event) => {
    if (!textarea.hidden) return;
    event.preventDefault();
    view.focus();
  });
  textarea.form?.addEventListener("reset", () => replace(view, textarea.defaultValue));
  textarea.handrailEditor = editor;
  return editor;
}

/** Puts an editor in place of each `textarea[data-editor]` below *root*. */
export function enhanceAll(root = document) {
  return [...root.querySelectorAll("textarea[data-editor]")].map(enhance);
}

function labelOf(textarea) {
  const label = textarea.labels[0];
  if (!label) throw new Error(`The text area "${textarea.name}" has no label.`);
  label.id ||= newId();
  return label;
}

/** The editor has the name, the description, the language and the mistakes of the text area. */
function contentAttributes(textarea, label, hint) {
  const described = [textarea.getAttribute("aria-describedby"), hint.id].filter(Boolean).join(" ");
  const attributes = {
    "aria-labelledby": label.id,
    "aria-describedby": described,
    spellcheck: "true",
    autocorrect: "on",
    autocapitalize: "sentences",
  };
  for (const name of ["lang", "aria-invalid"]) {
    if (textarea.hasAttribute(name)) attributes[name] = textarea.getAttribute(name);
  }
  return EditorView.contentAttributes.of(attributes);
}

/** Keeps the cursor out from under tools that a page has fixed to the screen, as above a keyboard. */
function marginsOf(tools) {
  return getComputedStyle(tools).position === "fixed" ? { bottom: tools.offsetHeight } : null;
}

/** How text is written: Markdown goes on in the next line, nothing takes Tab or a letter away. */
function writing(textarea) {
  const keys = [
    { key: "Mod-b", run: bold },
    { key: "Mod-i", run: italic, preventDefault: true },
    { key: "Mod-e", run: code },
    { key: "Enter", run: insertNewlineContinueMarkup },
    { key: "Enter", run: insertNewlineAndIndent },
    { key: "Backspace", run: deleteMarkupBackward },
    { key: "Alt-ArrowUp", run: moveLineUp },
    { key: "Alt-ArrowDown", run: moveLineDown },
    { key: "Mod-[", run: indentLess },
    { key: "Mod-]", run: indentMore },
  ];
  // Ctrl+K, Ctrl+Enter and Ctrl+S are the page's; Alt and a letter write letters of some languages.
  const searching = searchKeymap.filter(({ key }) => /^(Mod-f|F3|Mod-g|Escape)$/.test(key));
  return [
    Prec.high(keymap.of(keys)),
    keymap.of([...searching, ...historyKeymap, ...standardKeymap]),
    history(),
    drawSelection(),
    dropCursor(),
    EditorView.lineWrapping,
    EditorState.tabSize.of(4),
    markdown({ base: markdownLanguage, addKeymap: false, completeHTMLTags: false, pasteURLAsLink: false }),
    search({ top: true }),
    highlightSelectionMatches(),
    directions,
    look,
    placeholder(textarea.placeholder || "Write, or type / for blocks"),
  ];
}

/** Tells of changes. The events wait for the end of a composition; the value does not. */
function telling(textarea, size, tell) {
  let isWaiting = false;
  const announce = () => {
    isWaiting = false;
    textarea.dispatchEvent(new Event("input", { bubbles: true }));
    textarea.dispatchEvent(new CustomEvent("handrail:change", { bubbles: true }));
  };
  return [
    EditorView.updateListener.of((update) => {
      if (!update.docChanged) return;
      size.show(update.state.doc);
      if (update.transactions.some((each) => each.isUserEvent("input.type"))) tell("");
      if (update.transactions.every((each) => each.annotation(fromPage))) return;
      if (update.view.composing) isWaiting = true;
      else announce();
    }),
    EditorView.domEventHandlers({
      compositionend: () => void setTimeout(() => isWaiting && announce()),
      blur: () => void (isWaiting && announce()),
    }),
  ];
}

function replace(view, text) {
  const old = view.state.doc.toString();
  if (old === text) return;
  view.dispatch({
    changes: { from: 0, to: old.length, insert: text },
    selection: { anchor: Math.min(view.state.selection.main.anchor, text.length) },
    annotations: [fromPage.of(true), Transaction.userEvent.of("set")],
  });
}

enhanceAll();
document.addEventListener("htmx:load", (event) => enhanceAll(event.target));
document.addEventListener("htmx:beforeCleanupElement", (event) => event.target.handrailEditor?.destroy());
