// Fills the lists, and keeps what was told of moves.
window.told = [];
window.moves = [];
window.published = 0;
document.addEventListener("securitypolicyviolation", (event) => window.told.push(`${event.violatedDirective} ${event.sample}`));
document.addEventListener("handrail:move", (event) => window.moves.push(event.detail.moves));
document.querySelector("#publish").addEventListener("click", () => (window.published += 1));
const template = document.querySelector("#row");
let number = 0;
document.querySelectorAll("[data-list]").forEach((list, at) => {
  const titles = at ? ["Cool", "Drink"] : ["Ask", "Boil", "Brew"];
  for (const title of titles) {
    const row = template.content.cloneNode(true).firstElementChild;
    row.dataset.item = title.toLowerCase();
    row.querySelector("[data-handle]").setAttribute("aria-label", `Move ${title}`);
    row.querySelector("[data-move=up]").setAttribute("aria-label", `Move ${title} up`);
    row.querySelector("[data-move=to]").setAttribute("aria-label", `Move ${title} to…`);
    row.querySelector("[data-label]").textContent = title;
    row.querySelector("[data-number]").textContent = String((number += 1));
    list.append(row);
  }
});
