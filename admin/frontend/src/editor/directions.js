// Lines with letters that are written from right to left run in their own direction.
import { Prec, RangeSetBuilder } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin } from "@codemirror/view";

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;
const auto = Decoration.line({ attributes: { dir: "auto" } });

const plugin = ViewPlugin.define(
  (view) => ({
    lines: find(view),
    update(update) {
      if (update.docChanged || update.viewportChanged) this.lines = find(update.view);
    },
  }),
  {
    provide: (self) => Prec.lowest(EditorView.decorations.of((view) => view.plugin(self)?.lines ?? Decoration.none)),
  },
);

function find(view) {
  const builder = new RangeSetBuilder();
  for (const { from, to } of view.visibleRanges) {
    for (let at = from; at <= to; ) {
      const line = view.state.doc.lineAt(at);
      if (RIGHT_TO_LEFT.test(line.text)) builder.add(line.from, line.from, auto);
      at = line.to + 1;
    }
  }
  return builder.finish();
}

/** The extension. */
export const directions = [plugin, EditorView.perLineTextDirection.of(true)];
