// The editor's page: what scripts make better on it. Without them its form works as it is.
import "./save.js";
import "./editor_list.js";
import "./editor_presence.js";
import { openLibrary, storePicture } from "./editor_pictures.js";
import { openPublish } from "./editor_publish.js";
import { actInPage, followHistory, hasUnsaved, openStep, showSaved } from "./editor_steps.js";

const form = document.querySelector("#draft");
document.documentElement.classList.add("scripted");

form.addEventListener("handrail:saved", ({ detail }) => {
  for (const problem of form.querySelectorAll("[data-drawn-problem]")) problem.remove();
  showSaved(detail);
});

/** Waits until what was typed is saved: the next page must show it. */
async function saved() {
  await form.handrailSave?.flush();
  return !hasUnsaved();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-after-save]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  if (link.matches("[data-item] a, [data-view-link], [data-pictures-link]")) return openStep(link.href);
  if (link.matches("[data-library]")) return openLibrary(link.href);
  if (!(await saved())) return; // the status says what stops it
  if (link.id === "publish") openPublish(link.href);
  else location.assign(link.href);
});

document.addEventListener("submit", async (event) => {
  const { target, submitter } = event;
  if (!target.matches("form[data-after-save]") || !hasUnsaved()) return;
  event.preventDefault();
  if (await saved()) target.requestSubmit(submitter);
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!(await actInPage(event.submitter))) await saved();
});

window.addEventListener("popstate", followHistory);

// A picture of a paste, a drop or a choice: the server says how the text names it.
form.addEventListener("handrail:picture", async (event) => {
  if (!form.dataset.pictures) return;
  event.preventDefault();
  const { file, insert, refuse } = event.detail;
  try {
    const answer = await storePicture(file, askToSignIn);
    if (answer.ok) return insert((await answer.json()).path);
    const told = await answer.json().catch(() => ({}));
    refuse(told.error ?? "the server did not take it.");
  } catch {
    refuse("the server cannot be reached. Try again.");
  }
});

form.addEventListener("handrail:sign-in", async ({ detail }) => {
  const csrf = await askToSignIn();
  if (csrf) detail.done(csrf);
});

let asked = null;

/** Asks for the password again inside the page, once; returns the new token, none if put off. */
function askToSignIn() {
  asked ??= new Promise(openSignIn).finally(() => (asked = null));
  return asked;
}

/** Opens the dialog; the text that is typed stays where it is. */
function openSignIn(done) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog sign-in";
  dialog.setAttribute("aria-labelledby", "sign-in-title");
  dialog.innerHTML = `<form method="dialog"><h2 id="sign-in-title">Sign in to go on saving</h2>
    <p role="alert"></p>
    <label for="sign-in-email">E-mail</label><input id="sign-in-email" type="email" autocomplete="username" required>
    <label for="sign-in-password">Password</label><input id="sign-in-password" type="password" autocomplete="current-password" required>
    <p class="buttons"><button class="primary">Sign in</button> <button type="button" value="later">Later</button></p></form>`;
  document.body.append(dialog);
  dialog.showModal();
  const told = dialog.querySelector("[role=alert]");
  let token = null;
  dialog.querySelector("[value=later]").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    done(token);
  });
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const [email, password] = dialog.querySelectorAll("input");
    token = await signIn(email.value, password.value);
    if (token) return dialog.close();
    told.textContent = "That did not work. Check the e-mail address and the password.";
    password.select();
  });
}

/** Signs in; returns the token for the forms of this page, or nothing. */
async function signIn(email, password) {
  const csrf = await tokenOf("/admin/login", "input[name=csrf_token]", "value");
  const body = new URLSearchParams({ email, password, csrf_token: csrf });
  const answer = await fetch("/admin/login", { method: "POST", body });
  if (!answer.ok || new URL(answer.url).pathname.endsWith("/login")) return null;
  const fresh = await tokenOf(location.href, "meta[name=csrf-token]", "content");
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = fresh;
  document.querySelector("meta[name=csrf-token]").content = fresh;
  return fresh;
}

async function tokenOf(address, selector, attribute) {
  const page = new DOMParser().parseFromString(await (await fetch(address)).text(), "text/html");
  return page.querySelector(selector)?.getAttribute(attribute) ?? null;
}
