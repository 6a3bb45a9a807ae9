// Two people changed the same text: shows both, and asks which it shall be.
import { element, newId, showDialog } from "../dom.js";
import { pair } from "./compare.js";

/**
 * Asks what a text shall be. Resolves to `{ value }`, where null means the other's; to undefined if
 * nobody chose.
 *
 * @param {{ field: string, mine: string, theirs: string, by?: string }} conflict
 */
export function askConflict(conflict) {
  const who = conflict.by || "Somebody else";
  return showDialog(
    `${who} changed the same text`,
    (close) => {
      const merged = element("textarea", { id: newId(), class: "markdown" });
      merged.value = conflict.mine;
      const edit = element("div", { hidden: true }, element("label", { for: merged.id }, "Merged text"), merged);
      const button = (text, act, style = "") => element("button", { type: "button", class: style, onclick: act }, text);
      const save = button("Save merged text", () => close({ value: merged.value }), "primary");
      save.hidden = true;
      const open = button("Edit merged", () => {
        edit.hidden = false;
        save.hidden = false;
        open.hidden = true;
        merged.focus();
      });
      return [
        element("p", {}, "Both are kept: the one you do not choose goes to the history."),
        pair("Yours", conflict.mine, `By ${who}`, conflict.theirs),
        edit,
        element(
          "p",
          { class: "buttons" },
          button("Keep mine", () => close({ value: conflict.mine })),
          button("Take theirs", () => close({ value: null })),
          open,
          save,
        ),
      ];
    },
    "wide",
  );
}
