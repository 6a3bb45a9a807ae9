// Lists as word processors write them: Word's are paragraphs, Google Docs' stand beside their items.
import { pastedStyle } from "./pasted_styles.js";

/** Makes lists of Word's paragraphs, whose style names the list and the level. */
export function wordLists(body) {
  let open = []; // the lists that are open, outermost first
  for (const paragraph of [...body.querySelectorAll("p, h1, h2, h3, h4, h5, h6")]) {
    const level = wordLevel(paragraph);
    const isNext = open.length > 0 && paragraph.previousElementSibling === open[0];
    if (!isNext) open = [];
    if (level === 0) continue;
    const isOrdered = takeMarker(paragraph);
    while (open.length > level) open.pop();
    if (open.length === level && open.at(-1).localName !== (isOrdered ? "ol" : "ul")) open.pop();
    while (open.length < level) open.push(newList(open.at(-1), paragraph, isOrdered));
    const item = body.ownerDocument.createElement("li");
    item.append(...paragraph.childNodes);
    open.at(-1).append(item);
    paragraph.remove();
  }
}

/** Returns the level of a paragraph of a list, from 1 to 9; 0 if it is of none. */
function wordLevel(paragraph) {
  const found = /^l\d+ level([1-9])/.exec(pastedStyle(paragraph).get("mso-list") ?? "");
  return found ? Number(found[1]) : 0;
}

/** Takes the marker out of the paragraph; returns whether it is a number or a letter. */
function takeMarker(paragraph) {
  let marker = "";
  for (const span of [...paragraph.querySelectorAll("span")]) {
    if (pastedStyle(span).get("mso-list") !== "ignore") continue;
    marker = span.textContent;
    span.remove();
  }
  return /^\s*\(?(?:\d+|[a-z]|[ivxlc]+)[.)]/i.test(marker);
}

function newList(parent, paragraph, isOrdered) {
  const list = paragraph.ownerDocument.createElement(isOrdered ? "ol" : "ul");
  if (!parent) {
    paragraph.before(list);
    return list;
  }
  if (!parent.lastElementChild) parent.append(paragraph.ownerDocument.createElement("li"));
  parent.lastElementChild.append(list);
  return list;
}

/** Puts a list that stands between items into the item before it, and unwraps their paragraphs. */
export function nestLists(body) {
  for (const list of [...body.querySelectorAll("ul > ul, ul > ol, ol > ul, ol > ol")]) {
    const item = list.previousElementSibling;
    if (item?.localName === "li") item.append(list);
  }
  byLevel(body);
  for (const list of body.querySelectorAll("ul, ol")) {
    const items = [...list.children].filter((each) => each.localName === "li");
    items.forEach((item, place) => item.setAttribute("data-place", String(place)));
  }
  for (const item of body.querySelectorAll("li")) {
    const paragraphs = [...item.children].filter((each) => each.localName === "p");
    if (paragraphs.length === 1) paragraphs[0].replaceWith(...paragraphs[0].childNodes);
  }
}

/** Joins the lists of Word for the web, which has one for each item, and nests them by their level. */
function byLevel(body) {
  for (const wrapper of body.querySelectorAll(".ListContainerWrapper")) {
    wrapper.replaceWith(...wrapper.childNodes);
  }
  for (const list of [...body.querySelectorAll("ul, ol")]) {
    const item = list.firstElementChild;
    const level = Number(item?.getAttribute("data-aria-level") ?? 0);
    const before = list.previousElementSibling;
    if (!level || !before?.matches("ul, ol")) continue;
    let target = before;
    for (let depth = 1; depth < level; depth += 1) {
      const inner = target.lastElementChild?.lastElementChild;
      if (!inner?.matches("ul, ol")) break;
      target = inner;
    }
    const isDeeper = level > depthOf(target, before);
    if (isDeeper) target.lastElementChild.append(list);
    else if (target.localName === list.localName) {
      target.append(...list.childNodes);
      list.remove();
    }
  }
}

function depthOf(list, top) {
  let depth = 1;
  for (let each = list; each !== top; each = each.parentElement.closest("ul, ol")) depth += 1;
  return depth;
}
