// Lets Node run tests in TypeScript: `node --import hostel-sdk/typescript --test *.test.ts`. If a
// version of Node cannot do this itself, for example a version before 22.18, this module uses the
// compiler of the service's build.

import { existsSync, readdirSync } from "node:fs";
import { createRequire, register } from "node:module";
import { fileURLToPath } from "node:url";

/** The folder of the tools, relative to the installed SDK. */
const TOOLS = new URL("../../tools/", import.meta.url);

if (!process.features.typescript) {
  process.setSourceMapsEnabled(true);
  register(import.meta.url);
}

/** A module hook of Node that compiles TypeScript. */
export async function load(url, context, next) {
  const path = new URL(url).pathname;
  if (!/\.m?ts$/.test(path)) return next(url, context);
  const { source } = await next(url, { ...context, format: "module" });
  const options = { loader: "ts", format: "esm", sourcefile: fileURLToPath(url) };
  const { code } = compiler().transformSync(String(source), { ...options, sourcemap: "inline" });
  return { format: "module", source: code, shortCircuit: true };
}

/** Returns esbuild, which a build of a service downloaded. Throws an Error if it is missing. */
function compiler() {
  const folders = existsSync(TOOLS) ? readdirSync(TOOLS) : [];
  const folder = folders.filter((name) => name.startsWith("esbuild-")).at(-1);
  if (folder === undefined) {
    throw new Error(
      `Node ${process.versions.node} does not read TypeScript: run \`hostel build .\` first, ` +
        "which downloads a compiler, or use Node 22.18 or newer",
    );
  }
  return createRequire(new URL(`${folder}/`, TOOLS))("esbuild");
}
