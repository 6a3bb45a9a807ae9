// What a paste or a drop becomes: Markdown, a link, a picture, or the text as it is.
import { EditorState } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import { clean } from "./characters.js";
import { isInCode } from "./formatting.js";
import { byteLength, sizeText } from "./limits.js";
import { toMarkdown } from "./pasted_html.js";

/** What starts a block, and so needs a line of its own. */
const BLOCK = /^(?:#{1,6} |[-*+] |\d{1,9}[.)] |> |```|\||---$|:::)/m;

/**
 * Returns the extension.
 *
 * @param {{ maxBytes: number, tell: (text: string) => void, addPictures: (files: File[], at: number) => void }} options
 */
export function pasting({ maxBytes, tell, addPictures }) {
  let isPlainWanted = false;
  const onPaste = (event, view) => {
    const data = event.clipboardData;
    if (!data || view.state.readOnly) return false;
    const asIs = isPlainWanted;
    isPlainWanted = false;
    const files = asIs ? [] : pictures(data);
    event.preventDefault();
    if (files.length) addPictures(files, view.state.selection.main.from);
    else paste(view, data, asIs, maxBytes, tell);
    return true;
  };
  return [
    EditorView.domEventHandlers({
      keydown: (event) => {
        const isPaste = (event.ctrlKey || event.metaKey) && event.code === "KeyV";
        if (isPaste) isPlainWanted = event.shiftKey;
        return false;
      },
      paste: onPaste,
      drop: (event, view) => {
        const files = pictures(event.dataTransfer);
        if (!files.length || view.state.readOnly) return false;
        event.preventDefault();
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        addPictures(files, at ?? view.state.selection.main.from);
        return true;
      },
    }),
    EditorView.clipboardInputFilter.of((text) => clean(text).text), // of a drop
    EditorState.changeFilter.of((transaction) => fits(transaction, maxBytes, tell)),
  ];
}

/** Returns the pictures of a clipboard, unless it has text too: Word sends a picture of its text. */
function pictures(data) {
  const files = [...(data?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  const html = data.getData("text/html");
  const hasText = data.getData("text/plain").trim() !== "" || /<(?:p|span|td|li)\b/i.test(html);
  return hasText ? [] : files;
}

function paste(view, data, asIs, maxBytes, tell) {
  const { state } = view;
  const { from, to } = state.selection.main;
  const plain = data.getData("text/plain");
  const selected = state.sliceDoc(from, to);
  if (!asIs && isLinkOn(plain, selected) && !isInCode(state, from)) {
    insert(view, `[${selected}](${plain.trim()})`);
    return;
  }
  const isFromCode = asIs || data.types.includes("vscode-editor-data") || isInCode(state, from);
  const converted = isFromCode ? null : toMarkdown(data.getData("text/html"), maxBytes);
  const { text, removed } = clean(converted ? converted.markdown : plain);
  if (!text) {
    tell("Not pasted: the clipboard holds neither text nor a picture.");
    return;
  }
  if (!insert(view, converted ? apart(state, text) : text)) return;
  const told = [];
  if (converted) told.push("Pasted as Markdown. Ctrl+Shift+V pastes the plain text.");
  if (converted?.pictures) told.push(leftOut(converted.pictures));
  if (removed) told.push(removed === 1 ? "1 invisible character removed." : `${removed} invisible characters removed.`);
  tell(told.join(" "));
}

function leftOut(count) {
  return count === 1
    ? "1 picture was left out: copy it alone, then paste it."
    : `${count} pictures were left out: copy each alone, then paste it.`;
}

function isLinkOn(plain, selected) {
  const isUrl = /^(?:https?:\/\/|mailto:)[^\s<>()]+$/.test(plain.trim());
  return isUrl && selected.trim() !== "" && !/[\n[\]]/.test(selected) && !/^https?:/.test(selected);
}

/** Returns *text* with lines between it and what is around it, if it starts or ends with a block. */
function apart(state, text) {
  if (!BLOCK.test(text) && !text.includes("\n\n")) return text;
  const { from, to } = state.selection.main;
  const before = state.sliceDoc(state.doc.lineAt(from).from, from).trim();
  const after = state.sliceDoc(to, state.doc.lineAt(to).to).trim();
  return `${before ? "\n\n" : ""}${text}${after ? "\n\n" : ""}`;
}

/** Puts *text* in place of the selection; returns whether it did, which a filter may prevent. */
function insert(view, text) {
  const before = view.state.doc;
  view.dispatch(view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
  return view.state.doc !== before;
}

/** Refuses a paste or a drop as a whole if the text would be too long with it. Typing goes on. */
function fits(transaction, maxBytes, tell) {
  if (!transaction.docChanged) return true;
  if (!["input.paste", "input.drop"].some((event) => transaction.isUserEvent(event))) return true;
  const after = byteLength(transaction.newDoc.toString());
  if (after <= maxBytes) return true;
  let pasted = 0;
  transaction.changes.iterChanges((_a, _b, _c, _d, inserted) => {
    pasted += byteLength(inserted.toString());
  });
  const limit = sizeText(maxBytes);
  tell(
    pasted > maxBytes
      ? `Not pasted: it has ${sizeText(pasted)}, and a text may have ${limit}. Nothing was changed.`
      : `Not pasted: with its ${sizeText(pasted)} the text would have ${sizeText(after)} of ${limit}. Nothing was changed.`,
  );
  return false;
}
