// What a server offers is arranged in the page; the server is told of each move.
const form = document.querySelector("#order");
document.documentElement.classList.add("scripted");

// The buttons send the form where there are no scripts; here the list has moved the row already.
form?.addEventListener("submit", (event) => {
  if (event.submitter?.matches("[data-move]")) event.preventDefault();
});

let last = Promise.resolve();
let waiting = 0;
form?.addEventListener("handrail:move", ({ detail }) => {
  showEnds();
  for (const { step, after } of detail.moves) {
    waiting += 1;
    last = last.then(() => send(`move ${step} ${after ?? ""}`.trim())).finally(() => (waiting -= 1));
  }
});

/** Tells the server of one move, then shows what assistants see; what it refuses is shown again. */
async function send(change) {
  try {
    const { csrf_token: token, seen } = form.elements;
    const body = new URLSearchParams({ change, csrf_token: token.value, seen: seen.value });
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#listed");
    if (!answer.ok || !fresh || page.querySelector("[role=alert]")) throw new Error("refused");
    document.querySelector("#listed").replaceWith(fresh);
    seen.value = page.querySelector("[name=seen]").value;
    takeOver(page.querySelector("#assignments"));
  } catch {
    location.reload();
  }
}

/** Shows what others have changed meanwhile, and says so. The last of several moves does it. */
function takeOver(fresh) {
  const list = form.querySelector("#assignments");
  const order = (rows) => [...rows.querySelectorAll("[data-item]")].map((row) => row.dataset.item).join(" ");
  if (waiting > 1 || order(list) === order(fresh) || form.querySelector(".reorder-lifted, .reorder-dragged")) return;
  const focused = document.activeElement.closest("[data-item]")?.dataset.item;
  list.replaceChildren(...fresh.children);
  form.dispatchEvent(new Event("htmx:load")); // the new rows can be arranged, too
  if (focused) list.querySelector(`[data-item="${focused}"] [data-handle]`)?.focus();
  document.querySelector("#told").textContent = "The list was changed elsewhere meanwhile: both changes are in.";
}

/** The first row has no way up, and the last one none down. */
function showEnds() {
  const rows = [...form.querySelectorAll("[data-item]")];
  rows.forEach((row, at) => {
    row.querySelector("[data-move=up]").hidden = at === 0;
    row.querySelector("[data-move=down]").hidden = at === rows.length - 1;
  });
}
