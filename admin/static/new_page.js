// Files for an import: dropped or chosen, looked at for their size, and sent with their paths. And
// the id that is made of the title, which htmx asks for.
document.documentElement.classList.add("scripted");

// An answer to a title takes nothing from who is in the field meanwhile.
document.addEventListener("htmx:oobBeforeSwap", (event) => {
  if (event.detail.target === document.activeElement) event.detail.shouldSwap = false;
});
document.addEventListener("htmx:afterSwap", () => {
  const isWrong = document.querySelector("#own-id-told .error") !== null;
  const field = document.querySelector("#own-id");
  field.setAttribute("aria-invalid", isWrong);
  field.closest(".field").classList.toggle("wrong", isWrong);
});

const zone = document.querySelector("[data-drop]");
const fault = document.querySelector("[data-fault]");
const progress = document.querySelector("[data-progress]");
const mostBytes = Number(zone.dataset.mostBytes);
const mostFiles = Number(zone.dataset.mostFiles);

for (const form of zone.querySelectorAll("[data-files]")) {
  form.addEventListener("submit", (event) => {
    const files = [...form.elements.files.files];
    if (refuse(files)) event.preventDefault();
    else say(files.length);
  });
}

zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("is-over");
});
zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
zone.addEventListener("drop", async (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  // What was dropped can be read only while the event is handled; a folder is no file.
  const items = [...event.dataTransfer.items].filter(({ kind }) => kind === "file");
  const dropped = items.map((item) => [item.webkitGetAsEntry(), item.getAsFile()]);
  const found = [];
  for (const [entry, file] of dropped) {
    if (entry) await collect(entry, found);
    else if (file) found.push({ file, path: file.name });
  }
  if (found.length === 0 || refuse(found.map(({ file }) => file))) return;
  say(found.length);
  await send(found);
});

/** Adds the files below an entry, with their paths; no more than one beyond the limit. */
async function collect(entry, found) {
  if (found.length > mostFiles) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const each of some) await collect(each, found);
  }
}

/** Posts what was dropped, and goes where a form would have gone. */
async function send(found) {
  const form = zone.querySelector("[data-files]");
  const body = new FormData();
  body.append("csrf_token", form.elements.csrf_token.value);
  for (const { file, path } of found) body.append("files", file, path);
  try {
    const answer = await fetch(form.action, { method: "POST", body });
    if (answer.redirected) location.assign(answer.url);
    else show("This could not be taken. Reload the page, and try again.");
  } catch {
    show("The server could not be reached. Try again in a moment.");
  }
}

function refuse(files) {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  if (files.length > mostFiles) {
    show(`There are more than ${mostFiles.toLocaleString("en")} files in it. Choose a part of them.`);
  } else if (size > mostBytes) {
    const mib = (bytes) => Math.ceil(bytes / 1024 ** 2);
    show(`That is ${mib(size)} MiB; an import may have ${mib(mostBytes)} MiB. Choose a part of it.`);
  } else return false;
  return true;
}

function show(words) {
  fault.textContent = words;
  fault.hidden = false;
  progress.textContent = "";
}

function say(count) {
  fault.hidden = true;
  progress.textContent = count === 1 ? "Reading 1 file…" : `Reading ${count.toLocaleString("en")} files…`;
}
