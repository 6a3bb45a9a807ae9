// What the builds tell of the packages that are in what they write.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const modules = join(dirname(fileURLToPath(import.meta.url)), "node_modules");

/** Returns what is known of each package that has code in a bundle, sorted by name. */
export function packagesIn({ outputs }) {
  const names = new Set();
  for (const output of Object.values(outputs)) {
    for (const [path, input] of Object.entries(output.inputs)) {
      const name = /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
      if (name && input.bytesInOutput > 0) names.add(name);
    }
  }
  return [...names].sort().map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
    return { name, version, license };
  });
}

/** Returns the licence of each package, as it asks for. */
export function licencesOf(packages) {
  return packages.map(({ name, version, license }) => {
    const folder = join(modules, name);
    const file = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
    const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
    return `${name} ${version}\n\n${text}\n`;
  });
}

/** Returns texts one after the other, with a line between them. */
export const joined = (texts) => texts.join(`\n${"-".repeat(80)}\n`);

export const sha256 = (text, encoding = "hex") => createHash("sha256").update(text).digest(encoding);
