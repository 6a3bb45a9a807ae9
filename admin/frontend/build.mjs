// Builds admin/static from the sources beside this file. `node build.mjs [FOLDER]` writes to another folder.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { joined, licencesOf, packagesIn, sha256 } from "./packages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");
const scripts = ["editor", "save", "reorder", "keys", "htmx", "live", "toast"];

const written = new Map();
mkdirSync(out, { recursive: true });
const packages = await bundle();
write("icons.svg", sprite());
write("licences.txt", licences());
writeFileSync(join(out, "frontend.json"), `${JSON.stringify(facts(), null, 2)}\n`);

/** Bundles each script apart, since a page loads those that it needs; returns the packages in them. */
async function bundle() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: scripts.map((name) => `src/${name}.js`),
    outdir: out,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none", // the licences stand in licences.txt
    alias: {
      "@codemirror/lang-html": "./src/stubs/lang_html.js",
      "style-mod": "./src/stubs/style_mod.js",
    },
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  for (const file of result.outputFiles) write(basename(file.path), file.text);
  return packagesIn(result.metafile);
}

/** Returns one file with all icons as symbols; `icons.svg#pencil` is one of them. */
function sprite() {
  const symbols = readdirSync(join(here, "icons"))
    .filter((name) => name.endsWith(".svg"))
    .sort()
    .map((name) => symbol(basename(name, ".svg"), readFileSync(join(here, "icons", name), "utf8")));
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

/** Returns one icon of 24 by 24. A symbol keeps the colour of the text that it stands in. */
function symbol(id, svg) {
  const shapes = svg
    .replace(/^[^]*?<svg[^>]*>/, "")
    .replace("</svg>", "")
    .replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "")
    .replace(/\s*\n\s*/g, "");
  return (
    `<symbol id="${id}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" ` +
    `stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`
  );
}

/** Returns the licences of all that is in the files, as they ask for. */
function licences() {
  const icons = readFileSync(join(here, "icons", "LICENSE"), "utf8").trim();
  return joined([...licencesOf(packages), `@tabler/icons ${iconsVersion()} (icons.svg)\n\n${icons}\n`]);
}

/** Returns what the files are made of, and their hashes. */
function facts() {
  const used = [...packages, { name: "@tabler/icons", version: iconsVersion(), license: "MIT" }];
  return {
    about: "Built by admin/frontend/build.mjs. Do not change by hand.",
    sha256: Object.fromEntries(sorted(written)),
    packages: used,
  };
}

function iconsVersion() {
  return readFileSync(join(here, "icons", "VERSION"), "utf8").trim();
}

function sorted(map) {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function write(name, text) {
  writeFileSync(join(out, name), text);
  written.set(name, sha256(text));
}
