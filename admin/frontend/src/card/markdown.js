// Makes nodes of the Markdown of a step. An author's text is hostile until it is sanitized.
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { ATTRIBUTES, ELEMENTS } from "./html.js";

const MARKDOWN = new Marked({ gfm: true });
const RULES = {
  ALLOWED_TAGS: ELEMENTS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  // Links and pictures of other kinds lead nowhere from here.
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  RETURN_DOM_FRAGMENT: true,
};

/** Returns the nodes of a text with paragraphs. */
export function blocks(text) {
  return dressed(MARKDOWN.parse(text));
}

/** Returns the nodes of a text: without a paragraph around it, if it has one line. */
export function words(text) {
  return dressed(text.includes("\n") ? MARKDOWN.parse(text) : MARKDOWN.parseInline(text));
}

function dressed(html) {
  const made = DOMPurify.sanitize(html, RULES);
  for (const heading of made.querySelectorAll("h1")) lower(heading);
  for (const picture of made.querySelectorAll("img")) {
    if (!picture.hasAttribute("alt")) picture.alt = "";
    const giveUp = () => picture.replaceWith(linkTo(picture));
    if (picture.src) picture.addEventListener("error", giveUp, { once: true });
    else giveUp();
  }
  // What is wider than the card is moved by keys, too.
  for (const wide of made.querySelectorAll("pre, table")) wide.tabIndex = 0;
  return made;
}

/** The step's title is the page's first heading, so an author's is a second one. */
function lower(heading) {
  const other = document.createElement("h2");
  other.append(...heading.childNodes);
  heading.replaceWith(other);
}

/** Returns a link to a picture that the host does not load. */
function linkTo(picture) {
  const link = document.createElement(picture.src ? "a" : "span");
  if (picture.src) link.href = picture.src;
  link.textContent = picture.alt ? `Picture: ${picture.alt}` : "Picture";
  return link;
}
