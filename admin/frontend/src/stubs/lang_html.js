// Stands for @codemirror/lang-html, which brings HTML, CSS and JavaScript grammars along.
//
// Handrail shows HTML in a step as text, so its editor needs no grammar of it.

/** Returns a language without a parser: HTML is left uncoloured. */
export function html() {
  return { language: { parser: undefined }, support: [] };
}

/** Completes nothing. */
export function htmlCompletionSource() {
  return null;
}
