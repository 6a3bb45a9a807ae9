// The menu of blocks that `/` opens on an empty line.
import { autocompletion } from "@codemirror/autocomplete";
import { isInCode, writeBlock } from "./formatting.js";

/** Name, words that find it, what stands before the cursor, what stands behind it. */
const BLOCKS = [
  ["Heading", "title section h2", "## ", ""],
  ["Bulleted list", "unordered points", "- ", ""],
  ["Numbered list", "ordered steps", "1. ", ""],
  ["Task list", "checkbox todo", "- [ ] ", ""],
  ["Code", "command shell block", "```\n", "\n```"],
  ["Table", "columns rows", "| ‸ |  |\n| --- | --- |\n|  |  |", ""],
  ["Quote", "citation", "> ", ""],
  ["Note", "info callout", ":::note\n", "\n:::"],
  ["Tip", "hint callout", ":::tip\n", "\n:::"],
  ["Warning", "danger callout", ":::warning\n", "\n:::"],
  ["Line", "rule separator", "---\n\n", ""],
];
const PARTS = [
  ["For the assistant", "agent instructions", ":::{agent}\n", "\n:::"],
  ["Check before going on", "verify", ":::{verify}\n", "\n:::"],
];

/**
 * Returns the extension.
 *
 * @param {{ hasParts: boolean, choosePicture: () => void }} options whether parts for the assistant
 *   stand in this text, and what asks for a picture
 */
export function blockMenu({ hasParts, choosePicture }) {
  const options = [...BLOCKS, ...(hasParts ? PARTS : [])].map(([label, words, before, after]) => ({
    label: `/${label}`,
    displayLabel: label,
    words,
    apply: (view, _completion, from, to) => writeBlock(view, from, to, before, "", after),
  }));
  options.push({
    label: "/Picture",
    displayLabel: "Picture…",
    words: "image photo screenshot",
    apply: (view, _completion, from, to) => {
      view.dispatch({ changes: { from, to }, userEvent: "delete" });
      choosePicture();
    },
  });
  return autocompletion({
    override: [(context) => complete(context, options)],
    icons: false,
    interactionDelay: 0,
    aboveCursor: false,
  });
}

function complete(context, options) {
  const line = context.state.doc.lineAt(context.pos);
  const typed = /^\s*\/(\w[\w ]*)?$/.exec(line.text.slice(0, context.pos - line.from));
  if (!typed || context.pos !== line.to || isInCode(context.state, context.pos)) return null;
  const word = (typed[1] ?? "").toLowerCase();
  const found = options.filter(({ displayLabel, words }) =>
    `${displayLabel} ${words}`.toLowerCase().split(" ").some((each) => each.startsWith(word)) ||
    displayLabel.toLowerCase().startsWith(word),
  );
  return found.length ? { from: line.to - (typed[0].trimStart().length), options: found, filter: false } : null;
}
