// The pictures of a walkthrough in the editor: stores new ones, and puts stored ones into a text.
import { element, showDialog, toast } from "./save.js";

const form = document.querySelector("#draft");
/** The text that had the focus last. */
let written = null;

form.addEventListener("focusin", (event) => {
  written = event.target.closest(".text")?.querySelector("textarea") ?? written;
});

/** Sends a picture; if the session has ended, once more after *askToSignIn* has given a token. */
export async function storePicture(file, askToSignIn) {
  const token = form.querySelector("input[name=csrf_token]").value;
  const headers = { "X-CSRFToken": token, Accept: "application/json", "Content-Type": file.type };
  const answer = await fetch(form.dataset.pictures, { method: "POST", headers, body: file });
  if (answer.status !== 401) return answer;
  const fresh = await askToSignIn();
  if (!fresh) return answer;
  headers["X-CSRFToken"] = fresh;
  return fetch(form.dataset.pictures, { method: "POST", headers, body: file });
}

/** Lets the member choose one of the pictures that are stored, and puts it where they write. */
export async function openLibrary(address) {
  const page = await read(address);
  if (!page) return toast("The pictures cannot be shown without a connection.");
  const chosen = await showDialog("Pictures of this walkthrough", (close) => [
    choices([...page.querySelectorAll("[data-picture]")], close),
    element("p", { class: "buttons" },
      element("a", { class: "button", href: address }, "Replace or delete"),
      element("button", { type: "button", onclick: () => close() }, "Cancel")),
  ], "wide");
  if (chosen) insert(chosen);
}

async function read(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok || answer.redirected) return null;
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return null;
  }
}

function choices(pictures, close) {
  if (!pictures.length) return element("p", {}, "There are none yet. Paste one into the text, or drop it there.");
  return element("ul", { class: "picture-choice" }, ...pictures.map(({ dataset }) => {
    const words = dataset.alt || "No text says what it shows";
    const shown = element("img", { src: dataset.src, alt: "", loading: "lazy" });
    const about = element("span", {}, words, element("small", {}, dataset.size));
    return element("li", {}, element("button", { type: "button", onclick: () => close(dataset) }, shown, about));
  }));
}

/** Writes the picture where the cursor is, in the text that had the focus last. */
function insert({ picture, alt }) {
  const field = written?.isConnected && !written.readOnly ? written : form.querySelector("#step-text");
  const text = `![${(alt ?? "").replace(/[[\]\\]/g, "\\$&")}](i/${picture})`;
  const view = field.handrailEditor?.view;
  if (view) {
    const { from } = view.state.selection.main;
    view.dispatch(view.state.replaceSelection(text));
    if (!alt) view.dispatch({ selection: { anchor: from + 2 } }); // where its words go
    return view.focus();
  }
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.focus();
}
