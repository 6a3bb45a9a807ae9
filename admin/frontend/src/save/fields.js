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

const learnt = new WeakSet();

/** Tells the queue, once a field, what the server drew below *root*, but for texts that wait to be saved. */
export function learn(queue, root) {
  const changed = new Set(queue.all.map(target));
  for (const field of root.querySelectorAll("[data-field]")) {
    const name = target(changeOf(field));
    if (!changed.has(name) && !learnt.has(field)) queue.seen.set(name, drawnHash(field));
    learnt.add(field);
  }
}

/** Shows what waits to be saved in fields that the server has drawn again with what it holds. */
export function showWaiting(queue, root) {
  for (const change of queue.all.filter(target)) {
    const field = fieldOf(root, change);
    if (field && field.value !== change.value) setField(field, change.value);
  }
}

/** Shows the problems of an answer at the lines of the editors. */
export function showProblems(root, problems) {
  for (const field of root.querySelectorAll("[data-field]")) {
    const own = problems.filter((each) => fieldOf(root, each) === field);
    field.handrailEditor?.setProblems(own);
  }
}
