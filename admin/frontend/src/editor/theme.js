// How the editor looks: the colours are the variables of handrail.css, for light and for dark.
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--sheet)", fontSize: ".95rem" },
  "&.cm-focused": { outline: "3px solid var(--blue)", outlineOffset: "-1px" },
  ".cm-scroller": {
    fontFamily: "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace",
    lineHeight: "1.6",
  },
  ".cm-content": { padding: ".7rem 0", caretColor: "var(--text)", minHeight: "12rem" },
  ".cm-line": { padding: "0 1rem" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground":
    { background: "var(--selection)" },
  ".cm-placeholder": { color: "var(--soft)" },
  ".cm-tooltip": {
    background: "var(--sheet)",
    color: "var(--text)",
    border: "1px solid var(--line)",
    borderRadius: "var(--round)",
    boxShadow: "0 6px 24px #0003",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": {
    fontFamily: "inherit",
    fontSize: ".95rem",
    maxHeight: "30rem",
    padding: ".25rem",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: ".35rem .7rem", borderRadius: "6px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": {
    background: "var(--blue-back)",
    color: "var(--text)",
    outline: "2px solid var(--blue)",
    outlineOffset: "-2px",
  },
  ".cm-completionDetail": { color: "var(--soft)", fontStyle: "normal", marginLeft: "1rem" },
  ".cm-panels": { background: "var(--page)", color: "var(--text)" },
  ".cm-panels.cm-panels-top": { borderBottom: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: ".5rem 2.6rem .5rem .6rem", font: "inherit" },
  ".cm-panel.cm-search label": { display: "inline-block", minHeight: "1.6rem", fontSize: ".9rem", whiteSpace: "nowrap" },
  ".cm-panel.cm-search [name=close]": { minWidth: "2rem", minHeight: "2rem", fontSize: "1.2rem", color: "var(--text)" },
  ".cm-panel.cm-search [type=checkbox]": { width: "1.15rem", height: "1.15rem", verticalAlign: "middle" },
  ".cm-textfield, .cm-button": {
    width: "auto",
    font: "inherit",
    fontSize: ".9rem",
    minHeight: "2rem",
    padding: ".2rem .6rem",
    color: "var(--text)",
    background: "var(--sheet)",
    border: "1px solid var(--soft)",
    borderRadius: "6px",
  },
  ".cm-searchMatch": { background: "var(--purple-back)", outline: "1px solid var(--purple)" },
  ".cm-searchMatch.cm-searchMatch-selected": { background: "var(--blue-back)", outline: "2px solid var(--blue)" },
});

const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: "700" },
  { tag: tags.strong, fontWeight: "700" },
  { tag: tags.emphasis, fontStyle: "italic" },
  { tag: tags.strikethrough, textDecoration: "line-through" },
  { tag: tags.link, color: "var(--blue)" },
  { tag: tags.url, color: "var(--soft)", textDecoration: "underline" },
  { tag: [tags.monospace, tags.labelName], color: "var(--purple)" },
  { tag: [tags.processingInstruction, tags.contentSeparator, tags.quote], color: "var(--soft)" },
  { tag: tags.atom, color: "var(--blue)" },
  { tag: tags.escape, color: "var(--soft)" },
]);

/** The look of the editor, as an extension. */
export const look = [theme, syntaxHighlighting(colours)];
