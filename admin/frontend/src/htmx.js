// htmx, set up for a page whose policy allows neither inline code nor inline styles.
import htmx from "htmx.org";
import { toast } from "./toast.js";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false, // they stand in components.css
  selfRequestsOnly: true,
  historyCacheSize: 0, // a page of one member must not come back to another from the browser's store
  refreshOnHistoryMiss: true,
  defaultFocusScroll: false,
  scrollBehavior: "instant",
});

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="csrf-token"]')?.content;
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token;
});

// A request of somebody who is signed out ends at the page of sign-in, which is no part of this page.
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (!new URL(detail.xhr.responseURL, location.href).pathname.endsWith("/login")) return;
  detail.shouldSwap = false;
  toast("Your session has ended. Reload the page to sign in again.");
});

window.htmx = htmx;
