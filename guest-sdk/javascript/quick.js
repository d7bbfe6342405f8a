// Quick builds: a script is loaded into a base, a component in which QuickJS runs and no plugin is.
// QuickJS is then not compiled again. Only in a build.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const BASE = join(dirname(fileURLToPath(import.meta.url)), "base.js");

/** What stacks call a script that a base loads. */
export const SCRIPT = "<input>";

/** The exit code of the program where the author is told why. */
const DOES_NOT_BUILD = 3;

/** An error that the script has thrown while it loaded. */
export class LoadError extends Error {}

/** An error of a script that took longer. */
export class TooLongError extends Error {}

/**
 * Writes the component of a script, and says whether it could. `bases` is the folder where bases are
 * kept, `imports` are the names of what the script imports, and `make` makes the component of a
 * module's text.
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

/** The module of a base for a script that imports these. */
function moduleOf(imports) {
  const lines = imports.map((name, at) => `import * as i${at} from ${JSON.stringify(name)};\n`);
  const modules = imports.map((name, at) => `${JSON.stringify(name)}: i${at}`);
  return `${lines.join("")}const modules = { ${modules} };\n${readFileSync(BASE, "utf8")}`;
}
