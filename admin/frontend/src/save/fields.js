// The fields of a page that belong to a draft: `data-field`, and `data-step` if it is a step's.
import { hash } from "./ids.js";
import { target } from "./queue.js";

/** Returns the change that the value of a field makes. */
export function changeOf(field) {
  const { step, field: name } = field.dataset;
  const { value } = field;
  return step ? { kind: "set_step", step, field: name, value } : { kind: "set_detail", field: name, value };
}

/** Returns the field of a change or a conflict below *root*, or undefined. */
export function fieldOf(root, { step, field }) {
  return [...root.querySelectorAll("[data-field]")].find(
    (each) => (each.dataset.step ?? "") === (step ?? "") && each.dataset.field === field,
  );
}

/** Sets what a field shows; in the editor Undo brings the old text back. */
export function setField(field, value) {
  if (field.handrailEditor) field.handrailEditor.setValue(value);
  else field.value = value;
}

/** Returns the hash of what the server drew in a field. */
export function drawnHash(field) {
  return field.dataset.seen ?? hash(field.defaultValue ?? field.querySelector("option[selected]")?.value ?? field.value);
}

/** Tells the queue what the server drew in the fields below *root*, but for texts that wait to be saved. */
export function learn(queue, root) {
  const changed = new Set(queue.all.map(target));
  for (const field of root.querySelectorAll("[data-field]")) {
    const name = target(changeOf(field));
    if (!changed.has(name)) queue.seen.set(name, drawnHash(field));
  }
}

/** Shows the problems of an answer at the lines of the editors. */
export function showProblems(root, problems) {
  for (const field of root.querySelectorAll("[data-field]")) {
    const own = problems.filter((each) => fieldOf(root, each) === field);
    field.handrailEditor?.setProblems(own);
  }
}
