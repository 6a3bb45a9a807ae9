// A form whose answer takes a host's time says that it waits, and is sent once.
const WORRY_MS = 10_000;

for (const form of document.querySelectorAll("form[data-waits]")) {
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  form.append(status);
  form.addEventListener("submit", (event) => {
    if (form.dataset.waiting) return event.preventDefault();
    // Going back asks no host.
    if (event.submitter?.hasAttribute("formnovalidate")) return undefined;
    form.dataset.waiting = "yes";
    event.submitter?.setAttribute("aria-disabled", "true");
    status.textContent = `${form.dataset.waits}…`;
    setTimeout(() => {
      status.textContent = `${form.dataset.waits}: no answer yet. It is waited for a minute at most, then this page says so.`;
    }, WORRY_MS);
    return undefined;
  });
  // The page is shown again, as it was left, when somebody goes back.
  addEventListener("pageshow", () => {
    delete form.dataset.waiting;
    status.textContent = "";
    form.querySelectorAll("[aria-disabled]").forEach((button) => button.removeAttribute("aria-disabled"));
  });
}
