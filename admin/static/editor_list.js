// The list of steps: sections that fold, and a filter for long lists.
const form = document.querySelector("#draft");
const pane = form.querySelector(".steps-pane");
const field = pane.querySelector("[data-filter]");
const told = pane.querySelector("[data-filter-found]");
/** Steps from which on a list has a filter. */
const LONG = 15;
const STORE = `folded ${location.pathname}`;
const folded = new Set(stored());

function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE)) ?? [];
  } catch {
    return [];
  }
}

function keep() {
  try {
    sessionStorage.setItem(STORE, JSON.stringify([...folded]));
  } catch {
    // The browser keeps nothing: sections are open again after a reload.
  }
}

/** Shows the list as it is folded and filtered, also after it was drawn again. */
function show() {
  const rows = [...pane.querySelectorAll("[data-item]")];
  field.parentElement.hidden = rows.length < LONG;
  const words = field.parentElement.hidden ? "" : field.value.trim().toLocaleLowerCase();
  let found = 0;
  for (const row of rows) {
    const isFound = row.querySelector("[data-label]").textContent.toLocaleLowerCase().includes(words);
    row.hidden = !isFound;
    found += isFound;
  }
  pane.classList.toggle("filtered", words !== "");
  const text = words ? `${found} of ${rows.length} steps` : "";
  if (told.textContent !== text) told.textContent = text;
  for (const group of pane.querySelectorAll("[data-group]")) {
    const isFolded = !words && folded.has(group.dataset.group);
    group.querySelector("[data-list]").hidden = isFolded;
    group.hidden = words !== "" && !group.querySelector("[data-item]:not([hidden])");
    group.querySelector("[data-fold]")?.setAttribute("aria-expanded", String(!isFolded));
  }
}

function unfold(...names) {
  for (const name of names) folded.delete(name);
  keep();
  show();
}

pane.addEventListener("click", (event) => {
  const button = event.target.closest("[data-fold]");
  if (!button) return;
  const name = button.closest("[data-group]").dataset.group;
  if (!folded.delete(name)) folded.add(name);
  keep();
  show();
});
// A row that is moved may go into any section: it must not vanish on its way.
pane.addEventListener("keydown", (event) => {
  if (folded.size && (event.key === " " || event.key === "Enter") && event.target.closest("[data-handle]")) unfold(...folded);
}, true);
pane.addEventListener("handrail:move", ({ detail }) => unfold(detail.element.closest("[data-group]")?.dataset.group));
pane.addEventListener("htmx:load", show);
field.addEventListener("input", show);
field.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault(); // it would send the form
  if (event.key !== "Escape" || !field.value) return;
  field.value = "";
  show();
});
show();
