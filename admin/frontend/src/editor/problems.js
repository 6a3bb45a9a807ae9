// Problems of the text: marked at their line, listed below, F8 goes from one to the next.
import { StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, keymap } from "@codemirror/view";
import { element, icon } from "../dom.js";

/** @typedef {{ line: number, message: string, level?: "error" | "warning" | "note" }} Problem */

const setEffect = StateEffect.define();
const LEVELS = { error: "Problem", warning: "Warning", note: "Note" };
const ICONS = { error: "alert-circle", warning: "alert-triangle", note: "info-circle" };

class Mark extends WidgetType {
  constructor(problem) {
    super();
    this.problem = problem;
  }

  eq(other) {
    return other.problem.message === this.problem.message && other.problem.level === this.problem.level;
  }

  toDOM() {
    const { level, message } = this.problem;
    const label = `${LEVELS[level]}: ${message}`;
    return element("span", { class: `cm-problem is-${level}`, role: "img", "aria-label": label, title: message }, icon(ICONS[level]));
  }

  ignoreEvent() {
    return true;
  }
}

/** Where the problems are now: their lines move with the text. */
const field = StateField.define({
  create: () => ({ problems: [], marks: Decoration.none }),
  update(value, transaction) {
    let { problems, marks } = value;
    if (transaction.docChanged && problems.length) {
      problems = problems.map((each) => ({ ...each, at: transaction.changes.mapPos(each.at, 1) }));
      marks = decorate(transaction.state.doc, problems);
    }
    for (const effect of transaction.effects) {
      if (!effect.is(setEffect)) continue;
      problems = effect.value.map((each) => placed(transaction.state.doc, each));
      problems.sort((a, b) => a.at - b.at);
      marks = decorate(transaction.state.doc, problems);
    }
    return problems === value.problems ? value : { problems, marks };
  },
  provide: (self) => EditorView.decorations.from(self, (value) => value.marks),
});

function placed(doc, { line, message, level }) {
  const number = Math.min(Math.max(1, line || 1), doc.lines);
  return { at: doc.line(number).from, message, level: level in LEVELS ? level : "error" };
}

function decorate(doc, problems) {
  const ranges = [];
  for (const problem of problems) {
    const line = doc.lineAt(problem.at);
    ranges.push(Decoration.line({ class: `cm-problem-line is-${problem.level}` }).range(line.from));
    ranges.push(Decoration.widget({ widget: new Mark(problem), side: 1 }).range(line.to));
  }
  return Decoration.set(ranges, true);
}

/**
 * Returns the extension, the list that stands below the text, and what sets the problems.
 *
 * @param {(text: string) => void} tell says a text to somebody who cannot see the list
 */
export function problemMarks(tell) {
  const list = element("ul", { class: "editor-problems", "aria-label": "Problems", hidden: true });
  const go = (view, problem) => {
    view.dispatch({ selection: { anchor: problem.at }, effects: EditorView.scrollIntoView(problem.at, { y: "center" }) });
    view.focus();
    tell(`Line ${view.state.doc.lineAt(problem.at).number}: ${problem.message}`);
  };
  const extension = [
    field,
    keymap.of([{ key: "F8", run: (view) => next(view, go, 1), shift: (view) => next(view, go, -1) }]),
    EditorView.updateListener.of((update) => {
      const { problems } = update.state.field(field);
      if (problems !== update.startState.field(field).problems) draw(list, update.view, problems, go);
    }),
  ];
  /** @param {import("@codemirror/view").EditorView} view @param {Problem[]} problems */
  const set = (view, problems) => view.dispatch({ effects: setEffect.of(problems) });
  return { extension, list, set };
}

function next(view, go, direction) {
  const { problems } = view.state.field(field);
  if (!problems.length) return false;
  const here = view.state.doc.lineAt(view.state.selection.main.head).from;
  const ahead = direction > 0 ? problems.find((each) => each.at > here) : problems.findLast((each) => each.at < here);
  go(view, ahead ?? problems.at(direction > 0 ? 0 : -1));
  return true;
}

function draw(list, view, problems, go) {
  const had = list.children.length;
  const texts = problems.map((each) => `Line ${view.state.doc.lineAt(each.at).number}`);
  if (had === problems.length && texts.every((text, at) => isDrawn(list.children[at], text, problems[at]))) {
    [...list.children].forEach((item, at) => (item.firstChild.onclick = () => go(view, problems[at])));
    return;
  }
  list.replaceChildren(
    ...problems.map((each, at) => {
      const button = element("button", { type: "button", class: `problem is-${each.level}` }, icon(ICONS[each.level]));
      button.append(element("span", { class: "unseen" }, `${LEVELS[each.level]}. `));
      button.append(element("b", {}, texts[at]), ` ${each.message}`);
      button.onclick = () => go(view, each);
      return element("li", { "data-message": each.message, "data-level": each.level }, button);
    }),
  );
  list.hidden = problems.length === 0;
}

function isDrawn(item, text, problem) {
  return (
    item.querySelector("b").textContent === text &&
    item.dataset.message === problem.message &&
    item.dataset.level === problem.level
  );
}
