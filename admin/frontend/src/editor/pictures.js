// Pictures for the text: asks for what stands for them, and hands them to the page to store.
import { StateEffect, StateField } from "@codemirror/state";
import { element, newId, showDialog } from "../dom.js";
import { sizeText } from "./limits.js";

const TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"];
const MAX_PICTURE_BYTES = 1024 * 1024;

const track = StateEffect.define({ map: (value, changes) => ({ ...value, at: changes.mapPos(value.at) }) });
const forget = StateEffect.define();

/** Where each picture that is being stored goes: the place moves with the text. */
const places = StateField.define({
  create: () => new Map(),
  update(value, transaction) {
    let next = value;
    if (transaction.docChanged && value.size) {
      next = new Map([...value].map(([key, at]) => [key, transaction.changes.mapPos(at)]));
    }
    for (const effect of transaction.effects) {
      if (effect.is(track)) next = new Map(next).set(effect.value.key, effect.value.at);
      if (effect.is(forget)) {
        next = new Map(next);
        next.delete(effect.value);
      }
    }
    return next;
  },
});

/**
 * Returns the extension, and what takes pictures of a paste, a drop or a choice.
 *
 * @param {HTMLTextAreaElement} textarea `handrail:picture` is dispatched on it; its
 *   `data-max-picture-bytes` says how large a file may be
 * @param {() => import("@codemirror/view").EditorView} getView
 * @param {(text: string) => void} tell
 */
export function pictureInput(textarea, getView, tell) {
  const maxBytes = Number(textarea.dataset.maxPictureBytes) || MAX_PICTURE_BYTES;
  const add = async (files, at) => {
    const view = getView();
    for (const file of files) {
      const wrong = refusal(file, maxBytes);
      if (wrong) {
        tell(wrong);
        continue;
      }
      const key = {};
      view.dispatch({ effects: track.of({ key, at }) });
      const alt = await askAlt(file);
      if (alt === undefined) view.dispatch({ effects: forget.of(key) });
      else offer(textarea, view, key, file, alt, tell);
    }
    view.focus();
  };
  const choose = () => {
    const input = element("input", { type: "file", accept: TYPES.join(","), multiple: true });
    input.addEventListener("change", () => add([...input.files], getView().state.selection.main.from));
    input.click();
  };
  return { extension: places, add, choose };
}

function refusal(file, maxBytes) {
  if (!TYPES.includes(file.type)) return `Not added: ${file.name} is no PNG, JPEG, WebP or GIF.`;
  if (file.size > maxBytes) {
    return `Not added: ${file.name} has ${sizeText(file.size)}, and a picture may have ${sizeText(maxBytes)}.`;
  }
  return "";
}

/** Dispatches the event that the page answers with `insert` or `refuse`. */
function offer(textarea, view, key, file, alt, tell) {
  const end = () => view.dispatch({ effects: forget.of(key) });
  const insert = (path) => {
    const at = view.state.field(places).get(key);
    if (at === undefined) return;
    const line = view.state.doc.lineAt(at);
    const text = `![${alt.replace(/[[\]\\]/g, "\\$&").replace(/\s+/g, " ")}](${path})`;
    const lead = at > line.from && !/\s$/.test(line.text.slice(0, at - line.from)) ? " " : "";
    view.dispatch({
      changes: { from: at, insert: lead + text },
      selection: { anchor: at + lead.length + text.length },
      effects: forget.of(key),
      userEvent: "input.picture",
    });
    tell(`Picture added: ${alt}`);
  };
  const refuse = (reason) => {
    end();
    tell(`Picture not added: ${reason}`);
  };
  tell(`Storing ${file.name}…`);
  const detail = { file, alt, insert, refuse };
  const event = new CustomEvent("handrail:picture", { bubbles: true, cancelable: true, detail });
  const isTaken = !textarea.dispatchEvent(event);
  if (!isTaken) refuse("this page cannot store pictures.");
}

/** Asks what the picture shows; resolves to undefined if it was cancelled. */
async function askAlt(file) {
  const url = await dataUrl(file);
  return showDialog("Describe the picture", (close) => {
    const about = element("p", { id: newId() }, "Assistants that cannot show pictures say this instead. Say what a reader needs from it.");
    const input = element("input", { id: newId(), required: true, maxlength: 300, autocomplete: "off", "aria-describedby": about.id });
    const form = element(
      "form",
      { method: "dialog" },
      element("img", { src: url, alt: "", class: "picture" }),
      element("label", { for: input.id }, "What does it show?"),
      input,
      about,
      element(
        "p",
        { class: "buttons" },
        element("button", { type: "submit", class: "primary" }, "Add picture"),
        element("button", { type: "button", onclick: () => close() }, "Cancel"),
      ),
    );
    input.setAttribute("autofocus", "");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (input.value.trim()) close(input.value.trim());
      else input.setCustomValidity("Say what the picture shows.");
      input.reportValidity();
    });
    input.addEventListener("input", () => input.setCustomValidity(""));
    return [form];
  });
}

/** Returns the file as an address that the page's policy lets a picture have. */
function dataUrl(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
