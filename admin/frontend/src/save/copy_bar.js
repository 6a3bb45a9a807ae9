// Offers a copy that this browser kept: a bar with Compare, Restore and Drop.
import { element, showDialog } from "../dom.js";
import { pair } from "./compare.js";

/**
 * Shows the bar above *place*. Nothing of the page changes before somebody chooses.
 *
 * @param {HTMLElement} place
 * @param {import("./store.js").Copy} copy
 * @param {{ restore: () => void, drop: () => void, here: (change: object) => string | null, name: (change: object) => string }} options
 */
export function offerCopy(place, copy, { restore, drop, here, name }) {
  const end = (act) => () => {
    bar.remove();
    act();
  };
  const restoreHere = end(restore);
  const compare = async () => {
    const isWanted = await showDialog("Text kept in this browser", (close) => [
      ...copy.changes.filter((each) => typeof each.value === "string").map((each) => pair(`${name(each)}: in this browser`, each.value, `${name(each)}: on this page`, here(each) ?? "")),
      element(
        "p",
        { class: "buttons" },
        element("button", { type: "button", class: "primary", onclick: () => close(true) }, "Restore"),
        element("button", { type: "button", onclick: () => close() }, "Close"),
      ),
    ], "wide");
    if (isWanted) restoreHere();
  };
  const bar = element(
    "div",
    { class: "message plain copy-bar", role: "region", "aria-label": "Unsaved text" },
    element("p", {}, `Unsaved text from ${clock(copy.at)}`),
    element("button", { type: "button", onclick: compare }, "Compare"),
    element("button", { type: "button", onclick: restoreHere }, "Restore"),
    element("button", { type: "button", onclick: end(drop) }, "Drop"),
  );
  place.before(bar);
  return bar;
}

/** Returns a time for people: `10:42`, with the day if it is not today. */
export function clock(at) {
  const time = new Date(at);
  const isToday = time.toDateString() === new Date().toDateString();
  const hours = time.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
  return isToday ? hours : `${time.toLocaleDateString("en-GB", { day: "numeric", month: "short" })}, ${hours}`;
}
