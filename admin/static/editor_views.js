// The editor on a narrow screen: steps, one step or its preview at a time, and tools above the keyboard.
const form = document.querySelector("#draft");
const phone = matchMedia("(max-width: 46rem)");
const VIEWS = ["steps", "text", "preview", "assistant"];
const PANES = { steps: ".steps-pane", text: ".step-pane", preview: ".preview-pane", assistant: ".preview-pane" };
/** How far each view was scrolled when it was left. */
const scrolled = new Map();

/** Returns the view that an address names, by the rule of the server. */
function viewOf(search) {
  const query = new URLSearchParams(search);
  const named = query.get("view");
  if (VIEWS.includes(named)) return named;
  return query.get("step") ? "text" : "steps";
}

/** Shows the view that an address names. On a wide screen all of them are there anyway. */
export function showView(search) {
  const [old, view] = [form.dataset.view, viewOf(search)];
  scrolled.set(old, scrollY);
  form.dataset.view = view;
  form.elements.view.value = view;
  for (const link of document.querySelectorAll("[data-view-link]")) {
    const isShown = PANES[link.dataset.viewLink] === PANES[view];
    if (isShown) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  if (view === "assistant") form.querySelector(".answer")?.setAttribute("open", "");
  if (phone.matches) arrive(view);
}

/** Goes to where the view was left, and gives the focus to it if what had the focus is hidden. */
function arrive(view) {
  scrollTo(0, view === "steps" ? (scrolled.get(view) ?? 0) : 0);
  const focused = document.activeElement;
  if (focused !== document.body && focused?.checkVisibility()) return;
  const pane = form.querySelector(PANES[view]);
  (view === "steps" ? pane.querySelector(".open [data-label]") : pane)?.focus({ preventScroll: true });
}

/** Says how much of the page the keyboard covers: the tools of the text stand above it. */
function followKeyboard() {
  const { height, offsetTop } = visualViewport;
  const covered = Math.max(0, Math.round(innerHeight - height - offsetTop));
  document.documentElement.style.setProperty("--keyboard", `${covered}px`);
}

visualViewport?.addEventListener("resize", followKeyboard);
visualViewport?.addEventListener("scroll", followKeyboard);
// A tool that is pressed does not take the focus from the text: the keyboard would go away.
form.addEventListener("mousedown", (event) => {
  if (event.target.closest(".editor-tools button")) event.preventDefault();
});
