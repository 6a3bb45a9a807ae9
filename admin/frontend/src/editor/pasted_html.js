// Turns the clipboard's HTML, as Google Docs, Word and browsers write it, into Markdown.
import { tables, taskListItems } from "@joplin/turndown-plugin-gfm";
import TurndownService from "turndown";
import { nestLists, wordLists } from "./pasted_lists.js";
import { HIDDEN_TAG, hideStyles, pastedStyle } from "./pasted_styles.js";

/** What a word processor sends for 64 KiB of text is about ten times as long. */
const MAX_HTML = 2 * 1024 * 1024;
const MONOSPACE = /mono|courier|consolas|menlo|source code/;
const GONE = `${HIDDEN_TAG}, script, colgroup, title, meta, link, xml, template, noscript, iframe, object, svg`;
const BLOCKS = "h1, h2, h3, h4, h5, h6, ul, ol, table, pre, blockquote, hr";
const MARKS = "b, strong, i, em, code, a[href], del, s, strike, img, input";

/**
 * Returns the Markdown of pasted HTML, and how many pictures were left out.
 *
 * Returns null if the HTML says nothing that its plain text does not, or is larger than a text that
 * may be pasted can be.
 *
 * @param {string} html
 * @param {number} maxBytes how much text it may hold
 * @returns {{ markdown: string, pictures: number } | null}
 */
export function toMarkdown(html, maxBytes) {
  if (html.length > MAX_HTML) return null;
  const source = hideStyles(html);
  if (source === null) return null;
  const { body } = new DOMParser().parseFromString(source, "text/html");
  removeComments(body);
  body.querySelectorAll(GONE).forEach((element) => element.remove());
  if (body.textContent.replace(/\s+/g, " ").length > maxBytes) return null;
  wordLists(body);
  nestLists(body);
  nameStyles(body);
  tidyBlocks(body);
  const pictures = replacePictures(body);
  safeLinks(body);
  joinCode(body);
  tidyHeadings(body);
  if (!pictures && !body.querySelector(`${BLOCKS}, ${MARKS}`)) {
    if (body.querySelectorAll("p").length < 2) return null;
  }
  return { markdown: tidy(converter().turndown(body)), pictures };
}

/** Removes comments, by which Word hides what is for old programs, and its own elements. */
function removeComments(body) {
  const walker = body.ownerDocument.createTreeWalker(body, NodeFilter.SHOW_COMMENT);
  const comments = [];
  while (walker.nextNode()) comments.push(walker.currentNode);
  comments.forEach((comment) => comment.remove());
  for (const element of [...body.querySelectorAll("*")]) {
    if (element.localName === "o:p" || element.localName.startsWith("v:")) element.remove();
  }
}

/** Removes breaks beside blocks, which only make room, and gives each table a heading row. */
function tidyBlocks(body) {
  for (const element of body.querySelectorAll("br")) {
    const isLast = element.matches(".Apple-interchange-newline");
    if (isLast || isBlock(element.previousElementSibling) || isBlock(element.nextElementSibling)) element.remove();
  }
  for (const table of body.querySelectorAll("table")) {
    if (table.querySelector("th")) continue;
    for (const cell of [...(table.querySelector("tr")?.children ?? [])]) rename(cell, "th");
  }
}

function isBlock(element) {
  return element?.matches("p, div, table, h1, h2, h3, h4, h5, h6, ul, ol, pre, blockquote, hr") ?? false;
}

/** Replaces bold, italic and code that only a style tells by elements that have a name. */
function nameStyles(body) {
  // From the inside, so that a wrapper is met when what it holds is done.
  for (const element of [...body.querySelectorAll("span, b, i, strong, em, font, p.MsoTitle")].reverse()) {
    const style = pastedStyle(element);
    const weight = style.get("font-weight");
    const tag = element.localName;
    if (tag === "p") {
      rename(element, "h1");
    } else if ((tag === "b" || tag === "strong") && (weight === "normal" || Number(weight) < 600)) {
      element.replaceWith(...element.childNodes); // Google Docs wraps all that it copies
    } else if ((tag === "i" || tag === "em") && style.get("font-style") === "normal") {
      element.replaceWith(...element.childNodes);
    } else if (tag === "span" || tag === "font") {
      nameSpan(element, style, weight);
    }
  }
}

function nameSpan(element, style, weight) {
  const names = [];
  if (MONOSPACE.test(style.get("font-family") ?? "")) names.push("code");
  if (weight === "bold" || Number(weight) >= 600) names.push("strong");
  if (style.get("font-style") === "italic") names.push("em");
  const line = `${style.get("text-decoration") ?? ""} ${style.get("text-decoration-line") ?? ""}`;
  if (line.includes("line-through")) names.push("del");
  let inner = [...element.childNodes];
  for (const name of element.textContent.trim() ? names : []) {
    const wrapper = element.ownerDocument.createElement(name);
    wrapper.append(...inner);
    inner = [wrapper];
  }
  element.replaceWith(...inner);
}

/** Replaces pictures by what they show: their addresses need a sign-in, or end with the session. */
function replacePictures(body) {
  let count = 0;
  for (const picture of body.querySelectorAll("img")) {
    const isCheckBox = picture.closest("[role=checkbox]");
    if (!isCheckBox) count += 1;
    picture.replaceWith(isCheckBox ? "" : (picture.getAttribute("alt") ?? ""));
  }
  return count;
}

/** Keeps links to pages and mail; takes the address out of Google's and the anchors of the page away. */
function safeLinks(body) {
  for (const link of body.querySelectorAll("a")) {
    const href = (link.getAttribute("href") ?? "").trim();
    if (!/^(https?:|mailto:)/i.test(href) || !link.textContent.trim()) {
      link.replaceWith(...link.childNodes);
    } else if (/^https:\/\/www\.google\.com\/url\?/.test(href)) {
      link.setAttribute("href", new URL(href).searchParams.get("q") ?? href);
    }
  }
}

/** Makes one block of code of paragraphs that follow each other and are code alone. */
function joinCode(body) {
  for (const paragraph of [...body.querySelectorAll("p, div")]) {
    if (!paragraph.isConnected || !isCodeAlone(paragraph)) continue;
    const lines = [paragraph];
    for (let next = paragraph.nextElementSibling; next && isCodeAlone(next); next = next.nextElementSibling) {
      lines.push(next);
    }
    const text = lines.map((line) => codeText(line)).join("\n");
    const block = body.ownerDocument.createElement("pre");
    const code = body.ownerDocument.createElement("code");
    code.textContent = text.replaceAll("\u00a0", " ");
    block.append(code);
    lines.slice(1).forEach((line) => line.remove());
    paragraph.replaceWith(block);
  }
}

function codeText(line) {
  line.querySelectorAll("br").forEach((element) => element.replaceWith("\n"));
  return line.textContent;
}

function isCodeAlone(element) {
  return (
    element.matches("p, div") &&
    !element.closest("li, td, th, pre") &&
    element.textContent.trim() !== "" &&
    [...element.childNodes].every((node) => node.nodeName === "CODE" || node.nodeName === "BR" || !node.textContent.trim())
  );
}

/** A heading is bold by itself, and has one line; an empty one is none. */
function tidyHeadings(body) {
  for (const heading of body.querySelectorAll("h1, h2, h3, h4, h5, h6")) {
    heading.querySelectorAll("strong, b, br").forEach((element) => element.replaceWith(...element.childNodes));
    if (!heading.textContent.trim()) heading.remove();
  }
}

function rename(element, name) {
  const renamed = element.ownerDocument.createElement(name);
  renamed.append(...element.childNodes);
  element.replaceWith(renamed);
  return renamed;
}

function converter() {
  const service = new TurndownService({
    headingStyle: "atx",
    bulletListMarker: "-",
    codeBlockStyle: "fenced",
    emDelimiter: "*",
    hr: "---",
    br: "\\",
  });
  service.use([tables, taskListItems]);
  service.addRule("item", { filter: "li", replacement: itemText });
  service.addRule("struck", { filter: ["del", "s", "strike"], replacement: (text) => `~~${text}~~` });
  return service;
}

/** Writes a list item with one blank behind its marker, and what belongs to it below its text. */
function itemText(content, node) {
  const list = node.parentNode;
  const start = Number(list.getAttribute?.("start") ?? 1);
  const place = Number(node.getAttribute("data-place"));
  const box = node.getAttribute("aria-checked");
  const marker = list.nodeName === "OL" ? `${start + place}. ` : "- ";
  const check = box === null ? "" : box === "true" ? "[x] " : "[ ] ";
  const text = content.trim().replace(/\n\n(?=(?:- |\d{1,9}\. ))/g, "\n");
  const indented = text.replaceAll("\n", `\n${" ".repeat(marker.length)}`);
  return `${marker}${check}${indented}${node.nextElementSibling ? "\n" : ""}`;
}

/** A no-break space stays between words; elsewhere it only makes room. */
function tidy(markdown) {
  return markdown
    .replace(/(?<![^\s\u00a0])\u00a0+|\u00a0+(?![^\s\u00a0])/g, " ")
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
}
