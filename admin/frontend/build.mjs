// Builds admin/static from the sources beside this file. `node build.mjs [FOLDER]` writes to another folder.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "static");
const scripts = ["editor", "save", "reorder", "keys", "htmx", "live"];

const packages = new Map();
const written = new Map();
mkdirSync(out, { recursive: true });
await bundle();
write("icons.svg", sprite());
write("licences.txt", licences());
writeFileSync(join(out, "frontend.json"), `${JSON.stringify(facts(), null, 2)}\n`);

/** Bundles each script apart: a page loads those that it needs, as modules. */
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
  for (const output of Object.values(result.metafile.outputs)) {
    for (const [path, input] of Object.entries(output.inputs)) {
      const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      if (name && input.bytesInOutput > 0) packages.set(name, manifest(name));
    }
  }
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
  const parts = sorted(packages).map(([name, { version, license }]) => {
    const folder = join(here, "node_modules", name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
  const icons = readFileSync(join(here, "icons", "LICENSE"), "utf8").trim();
  parts.push(`@tabler/icons ${iconsVersion()} (icons.svg)\n\n${icons}\n`);
  return parts.join(`\n${"-".repeat(80)}\n`);
}

/** Returns what the files are made of, and their hashes. */
function facts() {
  const used = sorted(packages).map(([name, { version, license }]) => ({ name, version, license }));
  used.push({ name: "@tabler/icons", version: iconsVersion(), license: "MIT" });
  const sha256 = Object.fromEntries(sorted(written));
  return { about: "Built by admin/frontend/build.mjs. Do not change by hand.", sha256, packages: used };
}

function iconsVersion() {
  return readFileSync(join(here, "icons", "VERSION"), "utf8").trim();
}

function manifest(name) {
  return JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
}

function sorted(map) {
  return [...map].sort(([a], [b]) => (a < b ? -1 : 1));
}

function write(name, text) {
  writeFileSync(join(out, name), text);
  written.set(name, createHash("sha256").update(text).digest("hex"));
}
