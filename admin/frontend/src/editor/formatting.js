// Commands that write Markdown around a selection or in front of its lines.
import { syntaxTree } from "@codemirror/language";
import { EditorSelection } from "@codemirror/state";

/** @typedef {import("@codemirror/view").EditorView} EditorView */

/**
 * Returns a command that puts *mark* around each selection, or takes it away.
 *
 * @param {string} mark such as `**`
 */
export function toggleMark(mark) {
  return (/** @type {EditorView} */ view) => {
    if (view.state.readOnly) return false;
    const { state } = view;
    const change = state.changeByRange((range) => {
      const selection = trimmed(state, range);
      const [from, to] = [selection.from, selection.to];
      if (isMarked(state, from, to, mark)) {
        return {
          changes: [{ from: from - mark.length, to: from }, { from: to, to: to + mark.length }],
          range: EditorSelection.range(from - mark.length, to - mark.length),
        };
      }
      return {
        changes: [{ from, insert: mark }, { from: to, insert: mark }],
        range: EditorSelection.range(from + mark.length, to + mark.length),
      };
    });
    view.dispatch(state.update(change, { userEvent: "input.format", scrollIntoView: true }));
    return true;
  };
}

/** Returns whether *mark* stands around a text. The stars of `**bold**` are none of `*italic*`. */
function isMarked(state, from, to, mark) {
  const before = /(.)\1*$/.exec(state.sliceDoc(Math.max(0, from - 4), from))?.[0] ?? "";
  const after = /^(.)\1*/.exec(state.sliceDoc(to, to + 4))?.[0] ?? "";
  const count = Math.min(before.length, after.length);
  if (before[0] !== mark[0] || after[0] !== mark[0]) return false;
  return mark.length === 2 ? count >= 2 : count % 2 === 1;
}

/** Returns the selection without the blanks at its ends: `** bold **` is not bold. */
function trimmed(state, range) {
  const text = state.sliceDoc(range.from, range.to);
  if (!text.trim()) return range;
  const from = range.from + (text.length - text.trimStart().length);
  return { from, to: from + text.trim().length };
}

/** Makes a link of the selection, with its address selected, or of nothing, with its text selected. */
export function insertLink(view) {
  if (view.state.readOnly) return false;
  const { from, to } = view.state.selection.main;
  const text = view.state.sliceDoc(from, to) || "text";
  const isUrl = /^(https?:\/\/|mailto:)\S+$/.test(text);
  const [label, url] = isUrl ? ["text", text] : [text, "https://"];
  const at = from + 1 + (isUrl || from === to ? 0 : label.length + 2);
  const length = isUrl || from === to ? label.length : url.length;
  view.dispatch({
    changes: { from, to, insert: `[${label}](${url})` },
    selection: { anchor: at, head: at + length },
    userEvent: "input.format",
    scrollIntoView: true,
  });
  return true;
}

/**
 * Returns a command that puts a marker in front of the selected lines, or takes it away.
 *
 * @param {(number: number) => string} marker the marker of the nth line, from 1
 * @param {RegExp} pattern what it looks like at the start of a line
 */
export function toggleLines(marker, pattern) {
  return (/** @type {EditorView} */ view) => {
    if (view.state.readOnly) return false;
    const lines = selectedLines(view.state);
    const full = lines.length > 1 ? lines.filter((line) => line.text.trim()) : lines;
    const isOn = full.every((line) => pattern.test(line.text));
    const changes = full.map((line, at) => {
      const old = /^\s*(?:[-*+] (?:\[[ xX]\] )?|\d{1,9}[.)] |> |#{1,6} )/.exec(line.text)?.[0] ?? "";
      const indent = /^\s*/.exec(line.text)[0];
      const from = line.from + indent.length;
      const to = line.from + Math.max(old.length, indent.length);
      return { from, to, insert: isOn ? "" : marker(at + 1) };
    });
    const set = view.state.changes(changes);
    view.dispatch({
      changes: set,
      selection: view.state.selection.map(set, 1),
      userEvent: "input.format",
      scrollIntoView: true,
    });
    return true;
  };
}

function selectedLines(state) {
  const { from, to } = state.selection.main;
  const last = state.doc.lineAt(to).number;
  const lines = [];
  for (let at = state.doc.lineAt(from).number; at <= last; at += 1) lines.push(state.doc.line(at));
  return lines;
}

/**
 * Returns a command that writes a block of its own lines.
 *
 * @param {string} before what stands above the selection; `‸` in it is where the cursor goes
 * @param {string} after what stands below it
 */
export function insertBlock(before, after = "") {
  return (/** @type {EditorView} */ view) => {
    if (view.state.readOnly) return false;
    const { state } = view;
    const first = state.doc.lineAt(state.selection.main.from);
    const last = state.doc.lineAt(state.selection.main.to);
    const selected = first.number === last.number ? first.text : state.sliceDoc(first.from, last.to);
    writeBlock(view, first.from, last.to, before, selected, after);
    return true;
  };
}

/** Writes a block in place of what stands between *from* and *to*, apart from what is around it. */
export function writeBlock(view, from, to, before, inner, after) {
  const { doc } = view.state;
  const above = from > 0 ? doc.lineAt(from - 1).text : "";
  const below = to < doc.length ? doc.lineAt(to + 1).text : "";
  const lead = above.trim() ? "\n" : "";
  const tail = below.trim() ? "\n" : "";
  const marked = `${lead}${before}${inner}${before.includes("‸") ? "" : "‸"}${after}${tail}`;
  const cursor = from + marked.indexOf("‸");
  view.dispatch({
    changes: { from, to, insert: marked.replace("‸", "") },
    selection: { anchor: cursor },
    userEvent: "input.format",
    scrollIntoView: true,
  });
}

/** Returns whether *at* is inside code, where neither menus nor conversions help. */
export function isInCode(state, at) {
  for (let node = syntaxTree(state).resolveInner(at, -1); node; node = node.parent) {
    if (/^(FencedCode|CodeBlock|CodeText|InlineCode)$/.test(node.name)) return true;
  }
  return false;
}
