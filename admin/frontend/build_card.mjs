// Builds the step card, one page without outside requests. `node build_card.mjs [FOLDER]` writes to
// another folder than walkthroughs/mcp_server/card.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { joined, licencesOf, packagesIn, sha256 } from "./packages.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "..", "..", "walkthroughs", "mcp_server", "card");

const [script, packages] = await bundled("card.js");
const [style] = await bundled("card.css");
// A browser would end the script there, or read on after its end.
if (/<\/?script/i.test(script)) throw new Error("The script of the card names its own element.");
const page = filled(readFileSync(join(here, "src", "card", "card.html"), "utf8"), {
  STYLE: style,
  SCRIPT: script,
});
const files = { "step.html": page, "licences.txt": joined(licencesOf(packages)) };
const facts = {
  about: "Built by admin/frontend/build_card.mjs. Do not change by hand.",
  sha256: Object.fromEntries(Object.entries(files).map(([name, text]) => [name, sha256(text)])),
  packages,
};
mkdirSync(out, { recursive: true });
for (const [name, text] of Object.entries(files)) writeFileSync(join(out, name), text);
writeFileSync(join(out, "card.json"), `${JSON.stringify(facts, null, 2)}\n`);

async function bundled(name) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [`src/card/${name}`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    legalComments: "none", // the licences stand in licences.txt
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  return [result.outputFiles[0].text.trim(), packagesIn(result.metafile)];
}

function filled(template, values) {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => values[name]);
}
