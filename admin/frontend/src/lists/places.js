// Where the rows of a list are: groups in order, rows in each, and what a move means for the server.

/** @typedef {{ list: HTMLElement, before: Element | null }} Place */

/** Returns the lists of rows, in order. A list without groups is one. */
export function listsOf(root) {
  return [...root.querySelectorAll("[data-list]")];
}

/** Returns all rows, in the order of the page. */
export function rowsOf(root) {
  return listsOf(root).flatMap((list) => [...list.children].filter((row) => row.matches("[data-item]")));
}

/** Returns the name of the section that a row or a list stands in; empty if it is none. */
export function sectionOf(element) {
  return element.closest("[data-group]")?.dataset.group ?? "";
}

/** Returns what a row or a group is called. */
export function labelOf(element) {
  const label = element.querySelector("[data-label]");
  return (label?.value ?? label?.textContent ?? "").trim() || element.dataset.item || element.dataset.group;
}

/** Returns where a row or a group stands, so that `put` brings it back. */
export function placeOf(element) {
  return { list: element.parentElement, before: element.nextElementSibling };
}

/** @param {HTMLElement} element @param {Place} place */
export function put(element, { list, before }) {
  list.insertBefore(element, before);
}

/** Returns "Step 4 of 11, in Make it fast". */
export function placeText(root, row) {
  const rows = rowsOf(root);
  const section = sectionOf(row);
  const noun = root.dataset.noun || "Row";
  return `${noun} ${rows.indexOf(row) + 1} of ${rows.length}${section ? `, in ${section}` : ""}`;
}

/** Moves a row by one place; at the end of a section it goes into the next. Returns whether it moved. */
export function step(root, row, direction) {
  const sibling = direction < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (sibling?.matches("[data-item]")) {
    if (direction < 0) sibling.before(row);
    else sibling.after(row);
    return true;
  }
  const lists = listsOf(root);
  const next = lists[lists.indexOf(row.parentElement) + direction];
  if (!next) return false;
  if (direction < 0) next.append(row);
  else next.prepend(row);
  return true;
}

/** Moves a row to the first or the last place of all. */
export function toEnd(root, row, direction) {
  const lists = listsOf(root);
  if (direction < 0) lists[0].prepend(row);
  else lists.at(-1).append(row);
}

/** Returns the rows of a group, or the row itself. */
export function movedRows(element) {
  return element.matches("[data-item]") ? [element] : [...element.querySelectorAll("[data-item]")];
}

/** Returns the moves that bring *rows* to where they stand, one after the other. */
export function movesOf(root, rows) {
  const all = rowsOf(root);
  return rows.map((row) => ({
    step: row.dataset.item,
    after: all[all.indexOf(row) - 1]?.dataset.item ?? null,
    section: sectionOf(row),
  }));
}

/** Writes the number of each row into its `data-number`. */
export function renumber(root) {
  rowsOf(root).forEach((row, at) => {
    const number = row.querySelector("[data-number]");
    if (number) number.textContent = String(at + 1);
  });
}
