// What forms do with a script; without one, every part of them works all the same.
"use strict";

// A password can be looked at while it is typed.
for (const button of document.querySelectorAll("[data-shows]")) {
  const field = document.getElementById(button.dataset.shows);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
  // A browser keeps what was typed into a field of text.
  field.form.addEventListener("submit", () => { field.type = "password"; });
}

// A choice can be saved once it is another one.
for (const button of document.querySelectorAll("[data-when-changed]")) {
  const select = button.form.querySelector("select");
  const show = () => { button.hidden = select.selectedOptions[0].defaultSelected; };
  select.addEventListener("change", show);
  show();
}

// A button that waits for another machine says so, and is not pressed twice.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if (!button?.dataset.waits) return;
  if (button.ariaDisabled) return event.preventDefault();
  button.ariaDisabled = "true";
  button.textContent = button.dataset.waits;
});
addEventListener("pageshow", (event) => event.persisted && location.reload());
