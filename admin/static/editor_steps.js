// The steps of the editor's page: opens one without loading the page, adds and deletes, renames sections.
import { showView } from "./editor_views.js";
import { element, newKey, showDialog, toast } from "./save.js";

const form = document.querySelector("#draft");
let turn = 0;
let isReading = false;
/** How many pages are being read: they may be older than an answer to a save. */
let reading = 0;
let shown = location.search;

const saver = () => form.handrailSave;

/** Returns whether something is not saved, such as a text in conflict. */
export const hasUnsaved = () => (saver()?.queue.all.length ?? 0) > 0;

/** Opens a step, or a view of it, at once: saves, and shows the parts of its page in this one. */
export async function openStep(address) {
  const search = new URL(address, location.href).search;
  if (search === shown) return; // it is open: keys are not lost
  await saver()?.flush();
  if (isOpen(search) ? view(search) : await readStep(address)) history.pushState(null, "", address);
}

/** Goes back or forth in the history. */
export function followHistory() {
  if (location.search === shown) return; // only the hash is another one
  if (isOpen(location.search)) view(location.search);
  else readStep(location.href);
}

/** Returns whether the step that an address names is the one that is open. */
function isOpen(search) {
  const first = form.querySelector("[data-item]")?.dataset.item;
  return (new URLSearchParams(search).get("step") ?? first) === openId();
}

/** Shows another view of the step that is open. What is typed in it stays. */
function view(search) {
  const hid = hidesPictures(shown);
  shown = search;
  showView(search);
  if (hidesPictures(search) !== hid) refresh();
  return true;
}

/** Returns whether an address asks for the words of pictures in their place. */
const hidesPictures = (search) => new URLSearchParams(search).get("pictures") === "no";

/** Shows the step at *address*; returns whether it is shown. */
async function readStep(address) {
  isReading = true;
  const page = await read(address, () => openStep(address));
  isReading = false;
  if (!page) return false;
  shown = new URL(address, location.href).search;
  const [old, fresh] = [form, page].map((each) => each.querySelector(".step-pane"));
  for (const text of old.querySelectorAll("textarea")) text.handrailEditor?.destroy();
  old.replaceWith(fresh);
  document.title = page.title;
  showAround(page);
  fresh.dispatchEvent(new Event("htmx:load", { bubbles: true }));
  showView(shown);
  fresh.dispatchEvent(new Event("handrail:step", { bubbles: true }));
  return true;
}

/**
 * Shows what an answer to a save says. If texts of one step alone have changed, it says all of it;
 * else the page is read again, which takes longer the more steps there are.
 */
export function showSaved({ shown, has_changes: hasChanges }) {
  const hadChanges = document.querySelector("#buttons form") !== null;
  if (!shown || reading || hasChanges !== hadChanges || hidesPictures(location.search)) return refresh();
  form.dataset.asOf = shown.as_of; // what is to be compared with when others are asked about
  if (shown.step === null) return;
  const row = form.querySelector(`[data-item="${CSS.escape(shown.step)}"]`);
  for (const old of row?.querySelectorAll(".mark:not(.mark-here)") ?? []) old.remove();
  const title = shown.by ? `Last written by ${shown.by}` : null;
  const marks = shown.marks.map((mark) => element("span", { class: `mark mark-${mark}`, title }, mark));
  row?.querySelector(".row-text").append(...marks.flatMap((mark) => [mark, " "]));
  if (shown.step !== openId()) return;
  const preview = form.querySelector("#preview");
  const fresh = preview.cloneNode();
  fresh.innerHTML = shown.preview;
  preview.replaceWith(keepOpen(fresh));
}

/** Shows again what is around the texts: list, preview, state, and texts that others wrote. */
export async function refresh() {
  if (isReading) return;
  const pictures = hidesPictures(shown) ? "&pictures=no" : "";
  const page = await read(openId() ? addressOf(openId()) + pictures : location.pathname);
  if (!page) return;
  showAround(page);
  const save = saver();
  for (const field of page.querySelectorAll("#draft [data-field]")) {
    save?.take({ step: field.dataset.step ?? null, field: field.dataset.field, value: field.value });
  }
}

/** Returns a page, or null if it cannot be had or is late; *again* is called after a sign-in. */
async function read(address, again = null) {
  reading += 1;
  try {
    return await readPage(address, again);
  } finally {
    reading -= 1;
  }
}

async function readPage(address, again) {
  const mine = ++turn;
  let answer;
  try {
    answer = await fetch(address);
  } catch {
    if (again) toast("The step cannot be opened without a connection. What you wrote is kept.");
    return null;
  }
  if (mine !== turn) return null;
  if (answer.redirected && again) {
    const done = async (csrf) => {
      await saver()?.resume(csrf);
      again();
    };
    form.dispatchEvent(new CustomEvent("handrail:sign-in", { detail: { done } }));
  }
  if (!answer.ok || answer.redirected) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return mine === turn && page.querySelector(".step-pane") ? page : null;
}

function showAround(page) {
  form.dataset.asOf = page.querySelector("#draft").dataset.asOf;
  form.querySelector("#preview").replaceWith(keepOpen(page.querySelector("#preview")));
  showList(page);
  for (const place of ["h1", ".trail", ".bar strong", "#state", "#views", "#buttons", "#stale", "#git-state"]) {
    const [old, fresh] = [document, page].map((each) => each.querySelector(place));
    if (!old || !fresh || toldBy(old) === toldBy(fresh)) continue;
    if (!old.contains(document.activeElement)) old.replaceWith(fresh);
  }
}

/** Returns what a part of the page says, and where it leads. */
function toldBy(part) {
  return [part.textContent, ...[...part.querySelectorAll("a")].map((link) => link.href)].join(" ");
}

/** Opens what the member has opened in the preview that is there now. */
function keepOpen(preview) {
  const isOpen = form.querySelector("#preview details")?.open;
  if (isOpen) preview.querySelector("details")?.setAttribute("open", "");
  return preview;
}

/** Draws the list of steps again, unless a row is on its way; the focus stays on its row. */
function showList(page) {
  if (document.querySelector(".reorder-lifted, .reorder-dragged")) return;
  const [old, fresh] = [form, page].map((each) => each.querySelector(".steps-pane [data-rows]"));
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const row = focused?.closest("[data-item]")?.dataset.item;
  const kind = ["data-handle", "data-label", "data-move"].find((name) => focused?.hasAttribute(name));
  old.replaceWith(fresh);
  fresh.dispatchEvent(new Event("htmx:load", { bubbles: true }));
  if (row && kind) fresh.querySelector(`[data-item="${CSS.escape(row)}"] [${kind}]`)?.focus();
  nameOpenRow();
}

/** Writes the title that is being typed into the open row. */
function nameOpenRow() {
  const title = form.querySelector("#step-title");
  const label = form.querySelector("[data-item].open [data-label]");
  if (title && label) label.textContent = title.value.trim() || "Untitled";
}

/** Does what a button of the form asks for, in the page; returns whether it is one of those. */
export async function actInPage(button) {
  const [verb, step] = (button?.value ?? "").split(" ");
  if (verb === "add") await add();
  else if (verb === "delete") await remove(step);
  else return false;
  return true;
}

/** Returns the author id of the step that is open. */
export const openId = () => form.querySelector("input[name=step]")?.value;
const addressOf = (step) => (step ? `?step=${encodeURIComponent(step)}` : location.pathname);

async function add() {
  const step = newKey(12);
  saver().change({ kind: "add_step", step, after: openId() ?? null });
  await openStep(addressOf(step));
  if (openId() === step) form.querySelector("#step-title").focus();
}

async function remove(step) {
  const rows = [...form.querySelectorAll("[data-item]")].map((row) => row.dataset.item);
  const at = rows.indexOf(step);
  const texts = Object.fromEntries([...form.querySelectorAll("[data-step]")].map((each) => [each.dataset.field, each.value]));
  saver().change({ kind: "delete_step", step });
  await openStep(addressOf(rows[at + 1] ?? rows[at - 1]));
  if (hasUnsaved()) return;
  form.querySelector("[data-item].open [data-label]")?.focus();
  toast(`Deleted “${texts.title || "Untitled"}”.`, {
    undo: () => {
      saver().change({ kind: "add_step", step, after: rows[at - 1] ?? null, ...texts });
      openStep(addressOf(step));
    },
  });
}

async function rename(section) {
  const name = await showDialog("Rename the section", (close) => {
    const input = element("input", { id: "section-name", value: section, autocomplete: "off", maxlength: 200 });
    const save = element("button", { class: "primary" }, "Rename");
    const cancel = element("button", { type: "button", onclick: () => close() }, "Cancel");
    const onsubmit = (event) => {
      event.preventDefault();
      close(input.value.trim());
    };
    return [element("form", { onsubmit }, element("label", { for: input.id }, "Name"), input, element("p", { class: "buttons" }, save, cancel))];
  });
  if (name === undefined || name === section) return;
  saver().change({ kind: "rename_section", section, value: name });
  await saver().flush();
}

form.addEventListener("click", (event) => {
  const button = event.target.closest("[data-rename]");
  if (button) rename(button.closest("[data-group]").dataset.group);
});
form.addEventListener("input", (event) => {
  if (event.target.id === "step-title") nameOpenRow();
});
