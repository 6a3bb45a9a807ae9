// "Move to…": a place and a section for a row, chosen in a dialog.
import { element, newId, showDialog } from "../dom.js";
import { labelOf, listsOf, rowsOf, sectionOf } from "./places.js";

/** Asks where *row* shall go; resolves to the place, or undefined. */
export function askPlace(root, row) {
  const lists = listsOf(root);
  const hasSections = lists.some((list) => sectionOf(list));
  return showDialog(`Move “${labelOf(row)}”`, (close) => {
    const section = element("select", { id: newId() });
    lists.forEach((list, at) => section.append(new Option(sectionOf(list) || "No section", String(at))));
    section.value = String(lists.indexOf(row.parentElement));
    const place = element("input", { id: newId(), type: "number", min: 1, required: true });
    const chosen = () => (hasSections ? lists[Number(section.value)] : lists[0]);
    const limit = () => {
      const others = rowsIn(chosen()).filter((each) => each !== row);
      place.max = String(others.length + 1);
      place.value = chosen() === row.parentElement ? String(rowsIn(chosen()).indexOf(row) + 1) : place.max;
    };
    section.addEventListener("change", limit);
    limit();
    const form = element(
      "form",
      { method: "dialog" },
      ...(hasSections ? [element("label", { for: section.id }, "Section"), section] : []),
      element("label", { for: place.id }, hasSections ? "Place in the section" : `Place, of ${rowsOf(root).length}`),
      place,
      element(
        "p",
        { class: "buttons" },
        element("button", { type: "submit", class: "primary" }, "Move"),
        element("button", { type: "button", onclick: () => close() }, "Cancel"),
      ),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const others = rowsIn(chosen()).filter((each) => each !== row);
      close({ list: chosen(), before: others[Number(place.value) - 1] ?? null });
    });
    return [form];
  });
}

function rowsIn(list) {
  return [...list.children].filter((each) => each.matches("[data-item]"));
}
