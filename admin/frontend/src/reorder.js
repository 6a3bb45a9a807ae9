// Lists that are arranged by mouse, by touch and by keys.
import Sortable from "sortablejs";
import { element, newId } from "./dom.js";
import { askPlace } from "./lists/move_dialog.js";
import * as places from "./lists/places.js";
import { toast } from "./toast.js";

const HELP = "Space lifts the row, arrows move it, Home and End move it to an end, Space drops it, Escape puts it back.";

/**
 * Lets the rows below `[data-reorder]` be arranged. Dispatches one `handrail:move` for each move.
 *
 * @param {HTMLElement} root
 */
export function arrange(root) {
  if (root.handrailReorder) return;
  root.handrailReorder = true;
  const live = element("p", { class: "unseen", role: "status" });
  const help = element("p", { class: "unseen", id: newId() }, HELP);
  root.append(live, help);
  const list = { root, live, help, lifted: null, isMoving: false };
  describe(list);
  root.addEventListener("keydown", (event) => onKey(list, event));
  root.addEventListener("focusout", () => {
    if (list.lifted && !list.isMoving) drop(list); // Tab, or a click elsewhere
  });
  root.addEventListener("click", (event) => onMenu(list, event));
  root.addEventListener("htmx:load", () => {
    describe(list);
    drag(list);
  });
  drag(list);
}

function describe({ root, help }) {
  for (const handle of root.querySelectorAll("[data-handle], [data-group-handle]")) {
    handle.setAttribute("aria-describedby", help.id);
    handle.setAttribute("aria-pressed", "false");
  }
}

/** Makes rows and groups follow the pointer. Off the handles a touch scrolls the page. */
function drag(list) {
  const { root } = list;
  let before;
  const common = {
    handle: "[data-handle]",
    animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 120,
    forceFallback: true, // the same by mouse and by touch, and no picture of the row that a browser draws
    fallbackOnBody: true,
    fallbackTolerance: 4,
    scroll: true,
    bubbleScroll: true,
    ghostClass: "reorder-place",
    fallbackClass: "reorder-dragged",
    onStart: ({ item }) => {
      if (list.lifted) putBack(list);
      before = places.placeOf(item);
      // While it is dragged the row's own next sibling may be the copy that follows the pointer.
      if (before.before?.classList.contains("reorder-dragged")) before.before = before.before.nextElementSibling;
    },
    onEnd: ({ item }) => {
      if (item.parentElement !== before.list || item.nextElementSibling !== before.before) done(list, item, before);
    },
  };
  for (const rows of places.listsOf(root)) {
    if (Sortable.get(rows)) continue;
    Sortable.create(rows, { ...common, draggable: "[data-item]", group: { name: groupName(root) } });
  }
  const groups = root.querySelector("[data-group]")?.parentElement;
  if (groups && !Sortable.get(groups)) {
    Sortable.create(groups, { ...common, draggable: "[data-group]", handle: "[data-group-handle]" });
  }
}

function groupName(root) {
  root.id ||= newId();
  return root.id;
}

function onKey(list, event) {
  const handle = event.target.closest?.("[data-handle], [data-group-handle]");
  if (!handle || event.ctrlKey || event.metaKey || event.altKey) return;
  const isGroup = handle.matches("[data-group-handle]");
  const row = handle.closest(isGroup ? "[data-group]" : "[data-item]");
  if (event.key === " " || event.key === "Enter") {
    event.preventDefault();
    if (event.repeat) return;
    if (list.lifted) drop(list);
    else lift(list, row, handle);
  } else if (list.lifted && event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    putBack(list);
  } else if (list.lifted && move(list, event.key, isGroup)) {
    event.preventDefault();
  }
}

function lift(list, row, handle) {
  list.lifted = { row, handle, before: places.placeOf(row) };
  row.classList.add("reorder-lifted");
  handle.setAttribute("aria-pressed", "true");
  tell(list, `Lifted ${places.labelOf(row)}. ${where(list, row)}. Arrows move it, Space drops it, Escape puts it back.`);
}

/** Moves the lifted row as *key* says; returns whether the key is one of ours. */
function move(list, key, isGroup) {
  const { row } = list.lifted;
  const direction = { ArrowUp: -1, ArrowLeft: -1, Home: -1, ArrowDown: 1, ArrowRight: 1, End: 1 }[key];
  if (!direction) return false;
  const isEnd = key === "Home" || key === "End";
  moving(list, () => {
    if (isGroup) moveGroup(row, direction, isEnd);
    else if (isEnd) places.toEnd(list.root, row, direction);
    else places.step(list.root, row, direction);
  });
  tell(list, where(list, row));
  return true;
}

function moveGroup(group, direction, isEnd) {
  const groups = [...group.parentElement.children].filter((each) => each.matches("[data-group]"));
  const at = groups.indexOf(group);
  const other = isEnd ? groups.at(direction < 0 ? 0 : -1) : groups[at + direction];
  if (!other || other === group) return;
  if (direction < 0) other.before(group);
  else other.after(group);
}

/** Runs what moves the lifted row, and gives the focus back that moving takes away. */
function moving(list, act) {
  const { row, handle } = list.lifted;
  list.isMoving = true;
  act();
  places.renumber(list.root);
  handle.focus();
  list.isMoving = false;
  row.scrollIntoView({ block: "nearest" });
}

function drop(list) {
  const { row, before } = list.lifted;
  end(list);
  const isSame = row.parentElement === before.list && row.nextElementSibling === before.before;
  tell(list, `Dropped. ${where(list, row)}`);
  if (!isSame) done(list, row, before);
}

function putBack(list) {
  const { row, before } = list.lifted;
  moving(list, () => places.put(row, before));
  end(list);
  tell(list, `Put back. ${where(list, row)}`);
}

function end(list) {
  const { row, handle } = list.lifted;
  list.lifted = null;
  row.classList.remove("reorder-lifted");
  handle.setAttribute("aria-pressed", "false");
}

async function onMenu(list, event) {
  const button = event.target.closest("[data-move]");
  const row = button?.closest("[data-item]");
  if (!row) return;
  const before = places.placeOf(row);
  const direction = { up: -1, top: -1, down: 1, bottom: 1 }[button.dataset.move];
  if (button.dataset.move === "to") {
    const place = await askPlace(list.root, row);
    if (!place) return;
    places.put(row, place);
  } else if (button.dataset.move === "up" || button.dataset.move === "down") {
    places.step(list.root, row, direction);
  } else {
    places.toEnd(list.root, row, direction);
  }
  if (row.parentElement === before.list && row.nextElementSibling === before.before) return;
  if (button.isConnected) button.focus();
  tell(list, where(list, row));
  done(list, row, before);
}

/** Tells the page of a move that has been made, and offers to undo it. */
function done(list, element, before) {
  const { root } = list;
  announce(list, element);
  toast(`Moved “${places.labelOf(element)}”.`, {
    undo: () => {
      const focused = document.activeElement;
      places.put(element, before.before?.parentElement === before.list ? before : { ...before, before: null });
      announce(list, element);
      const handle = element.querySelector("[data-handle], [data-group-handle]");
      if (!focused?.isConnected || focused === document.body || element.contains(focused)) handle?.focus();
      tell(list, `Moved back. ${where(list, element)}`);
    },
  });
}

function announce({ root }, element) {
  places.renumber(root);
  const moves = places.movesOf(root, places.movedRows(element));
  const detail = { moves, element, order: places.rowsOf(root).map((row) => row.dataset.item) };
  root.dispatchEvent(new CustomEvent("handrail:move", { bubbles: true, detail }));
}

function where({ root }, element) {
  if (element.matches("[data-item]")) return places.placeText(root, element);
  const groups = [...root.querySelectorAll("[data-group]")];
  return `Section ${groups.indexOf(element) + 1} of ${groups.length}`;
}

function tell({ live }, text) {
  live.textContent = text;
}

for (const root of document.querySelectorAll("[data-reorder]")) arrange(root);
