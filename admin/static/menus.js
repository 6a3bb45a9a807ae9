// Menus that are details: Escape closes one and gives the focus back, a press beside it closes it.
const OPEN = ":is(.menu, .pop, .organization)[open]";

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const menu = event.target.closest?.(OPEN);
  if (!menu) return;
  // On a narrow screen one of them is in the menu of the page, which stays.
  event.preventDefault();
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll(OPEN)) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
