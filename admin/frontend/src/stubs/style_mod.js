// Stands for style-mod, whose style element `style-src 'self'` forbids.
//
// Constructable style sheets are made by a script that the policy lets run, and need no nonce.
import { StyleModule as Rules } from "../../node_modules/style-mod/src/style-mod.js";

const sheets = new WeakMap();

export class StyleModule extends Rules {
  /** Gives *root* the rules of each module once, in the order of *modules*. */
  static mount(root, modules) {
    const given = [modules].flat().map(sheetOf);
    const others = root.adoptedStyleSheets.filter((sheet) => !given.includes(sheet));
    const wanted = [...others, ...given];
    const isSame = wanted.every((sheet, at) => sheet === root.adoptedStyleSheets[at]);
    if (!isSame) root.adoptedStyleSheets = wanted;
  }
}

function sheetOf(module) {
  if (!sheets.has(module)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(module.getRules());
    sheets.set(module, sheet);
  }
  return sheets.get(module);
}
