// What a server offers is arranged in the page; the server is told of each move.
const form = document.querySelector("#order");
document.documentElement.classList.add("scripted");

// The buttons send the form where there are no scripts; here the list has moved the row already.
form?.addEventListener("submit", (event) => {
  if (event.submitter?.matches("[data-move]")) event.preventDefault();
});

let last = Promise.resolve();
form?.addEventListener("handrail:move", ({ detail }) => {
  showEnds();
  for (const { step, after } of detail.moves) last = last.then(() => send(`move ${step} ${after ?? ""}`.trim()));
});

/** Tells the server of one move, then shows what assistants see; what it refuses is shown again. */
async function send(change) {
  try {
    const body = new URLSearchParams({ change, csrf_token: form.elements.csrf_token.value });
    const answer = await fetch(form.action, { method: "POST", body });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("#listed");
    if (!answer.ok || !fresh || page.querySelector("[role=alert]")) throw new Error("refused");
    document.querySelector("#listed").replaceWith(fresh);
  } catch {
    location.reload();
  }
}

/** The first row has no way up, and the last one none down. */
function showEnds() {
  const rows = [...form.querySelectorAll("[data-item]")];
  rows.forEach((row, at) => {
    row.querySelector("[data-move=up]").hidden = at === 0;
    row.querySelector("[data-move=down]").hidden = at === rows.length - 1;
  });
}
