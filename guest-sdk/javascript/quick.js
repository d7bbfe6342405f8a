// Quick builds, which load a script into a base so that QuickJS is not compiled again. A base is a
// component with QuickJS but without a plugin. Used only in a build.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BASE = join(dirname(fileURLToPath(import.meta.url)), "base.js");

/** The file name that stack traces show for a script that a base loads. */
export const SCRIPT = "<input>";

/**
 * The exit code of the snapshot program if the plugin has an error. The program then prints the
 * reason to stderr.
 */
const DOES_NOT_BUILD = 3;

/** The script failed while it loaded. */
export class LoadError extends Error {}

/** The script took too long to load. */
export class TooLongError extends Error {}

/**
 * Builds the component of a script and returns true. Throws a LoadError or a TooLongError if the
 * script does not load. Returns false if the snapshot program fails for another reason. Throws the
 * error of `make` if the base cannot be built.
 *
 * `bases` is the folder of cached bases, `imports` has the names of the script's imports, and
 * `make` builds a base from the text of its main module.
 */
export async function loadOnBase({ script, imports, out, bases, program, seconds, make }) {
  const base = join(bases, `${digest(imports)}.wasm`);
  if (!existsSync(base)) {
    const made = `${base}.${process.pid}`;
    writeFileSync(made, await make(moduleOf(imports)));
    renameSync(made, base);
  }
  const file = `${out}.js`;
  writeFileSync(file, script);
  const options = { timeout: seconds * 1000, killSignal: "SIGKILL", encoding: "utf8" };
  const { error, status, stderr } = spawnSync(
    program,
    ["take-snapshot", base, out, "script", "", file],
    { ...options, stdio: ["ignore", "ignore", "pipe"] },
  );
  if (error?.code === "ETIMEDOUT") throw new TooLongError();
  if (status === DOES_NOT_BUILD) throw new LoadError(stderr);
  return status === 0;
}

function digest(imports) {
  return createHash("sha256").update(imports.join("\n")).digest("hex");
}

/** Returns the main module of a base with these imports. */
function moduleOf(imports) {
  const lines = imports.map((name, at) => `import * as i${at} from ${JSON.stringify(name)};\n`);
  const modules = imports.map((name, at) => `${JSON.stringify(name)}: i${at}`);
  return `${lines.join("")}const modules = { ${modules} };\n${readFileSync(BASE, "utf8")}`;
}
