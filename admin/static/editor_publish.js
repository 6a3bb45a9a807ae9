// Publishing from the editor's page: the page that says what would happen, in a dialog.
import { element, showDialog } from "./save.js";

/** Shows the publish page at *address* over the editor; without a connection nothing opens. */
export async function openPublish(address) {
  const page = await read(await fetch(address));
  if (!page) return location.assign(address);
  await showDialog(page.querySelector("#main h1").textContent, (close) => {
    const box = element("div", { class: "publish-box" });
    fill(box, page, address, close);
    box.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      box.querySelector("form.publish button.primary:not(:disabled)")?.click();
    });
    return [box];
  }, "wide");
}

/** Returns the publish page of an answer, or null if it is another page. */
async function read(answer) {
  if (!answer.ok || answer.redirected) return null;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return page.querySelector("form.publish") ? page : null;
}

function fill(box, page, address, close) {
  const main = page.querySelector("#main");
  for (const part of main.querySelectorAll("h1, .trail")) part.remove();
  box.replaceChildren(...main.children);
  const form = box.querySelector("form.publish");
  form.querySelector("a.button")?.addEventListener("click", (event) => {
    event.preventDefault();
    close();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.dataset.isSent) return;
    form.dataset.isSent = "1";
    // What the next page tells would be told to this request if it followed the redirect.
    const answer = await fetch(address, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" });
    const refused = answer.type === "opaqueredirect" ? null : await read(answer);
    if (!refused) return location.assign(location.pathname + location.search);
    fill(box, refused, address, close);
    box.querySelector("[role=alert]")?.scrollIntoView();
  });
}
