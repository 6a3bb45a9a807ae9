// The palette: type a few letters, choose a page or an action.
import { element, newId, showDialog } from "../dom.js";

const ASK_AFTER_MS = 150;
const MOST = 12;

/**
 * @typedef {object} Entry
 * @property {string} label
 * @property {string} kind such as "Walkthrough"
 * @property {() => void} run
 */

/**
 * Opens the palette. Its entries are the links of the navigation, all `[data-palette]` of the page,
 * and what `data-palette-url` of the body answers to `?q=` with: `[{"label", "kind", "url"}]`.
 */
export async function openPalette() {
  const chosen = await showDialog("Go to", (close) => build(close), "palette");
  chosen?.run();
}

function build(close) {
  const list = element("ul", { id: newId(), role: "listbox", "aria-label": "Found" });
  const status = element("p", { role: "status" });
  const input = element("input", {
    type: "text", role: "combobox", "aria-label": "Go to a page, a walkthrough, an action", "aria-expanded": "true",
    "aria-controls": list.id, "aria-autocomplete": "list", autocomplete: "off", placeholder: "Go to…",
  });
  const own = entriesOfPage();
  const state = { found: [], at: 0 };
  const show = (found) => {
    state.found = found.slice(0, MOST);
    state.at = 0;
    list.replaceChildren(...state.found.map((entry, at) => option(entry, at, close)));
    list.hidden = state.found.length === 0;
    input.setAttribute("aria-expanded", String(state.found.length > 0));
    status.textContent = state.found.length ? "" : "Nothing has that name.";
    mark(input, list, state);
  };
  const ask = asker(own, show);
  input.addEventListener("input", () => ask(input.value));
  input.addEventListener("keydown", (event) => {
    const last = state.found.length - 1;
    const to = { ArrowDown: state.at === last ? 0 : state.at + 1, ArrowUp: state.at === 0 ? last : state.at - 1 }[event.key];
    if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (state.found[state.at]) close(state.found[state.at]);
    } else if (to !== undefined) {
      event.preventDefault();
      state.at = to;
      mark(input, list, state);
    }
  });
  show(own);
  return [input, list, status];
}

function option(entry, at, close) {
  const item = element("li", { id: newId(), role: "option" }, element("span", {}, entry.label), element("small", {}, entry.kind));
  item.addEventListener("click", () => close(entry));
  return item;
}

function mark(input, list, { at }) {
  [...list.children].forEach((item, each) => item.setAttribute("aria-selected", String(each === at)));
  const item = list.children[at];
  item?.scrollIntoView({ block: "nearest" });
  if (item) input.setAttribute("aria-activedescendant", item.id);
  else input.removeAttribute("aria-activedescendant");
}

/** Returns the entries that the page itself has. */
function entriesOfPage() {
  const places = [...document.querySelectorAll("nav a[href], [data-palette]")];
  return places.map((place) => ({
    label: place.dataset.palette || place.getAttribute("aria-label") || place.textContent.trim(),
    kind: place.dataset.paletteKind ?? (place.matches("a") ? "Page" : "Action"),
    run: () => place.click(),
  }));
}

/** Returns what shows the entries for a text: the page's at once, the server's a little later. */
function asker(own, show) {
  const url = document.body.dataset.paletteUrl;
  let timer;
  let request;
  return (text) => {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const near = own.filter(({ label }) => words.every((word) => label.toLowerCase().includes(word)));
    show(near);
    clearTimeout(timer);
    request?.abort();
    if (!url || !words.length) return;
    timer = setTimeout(async () => {
      request = new AbortController();
      const found = await fetchEntries(url, text, request.signal);
      if (found.length) show([...near, ...found]);
    }, ASK_AFTER_MS);
  };
}

async function fetchEntries(url, text, signal) {
  try {
    const address = new URL(url, location.href);
    address.searchParams.set("q", text);
    const response = await fetch(address, { signal, headers: { Accept: "application/json" } });
    const entries = response.ok ? await response.json() : [];
    return entries.map(({ label, kind, url: to }) => ({ label, kind, run: () => location.assign(to) }));
  } catch {
    return []; // the entries of the page are enough
  }
}
