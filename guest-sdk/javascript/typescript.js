// Lets Node run a test in TypeScript: `node --import hostel-sdk/typescript --test *.test.ts`.
// Node does so itself from 22.18 on; before that the compiler is the one that builds the service.

import { existsSync, readdirSync } from "node:fs";
import { createRequire, register } from "node:module";
import { fileURLToPath } from "node:url";

/** Where the tools are, seen from where the SDK is laid out. */
const TOOLS = new URL("../../tools/", import.meta.url);

if (!process.features.typescript) {
  process.setSourceMapsEnabled(true);
  register(import.meta.url);
}

/** Compiles a module in TypeScript; a hook of Node's. */
export async function load(url, context, next) {
  const path = new URL(url).pathname;
  if (!/\.m?ts$/.test(path)) return next(url, context);
  const { source } = await next(url, { ...context, format: "module" });
  const options = { loader: "ts", format: "esm", sourcefile: fileURLToPath(url) };
  const { code } = compiler().transformSync(String(source), { ...options, sourcemap: "inline" });
  return { format: "module", source: code, shortCircuit: true };
}

/** The compiler that the newest build of a service has fetched. */
function compiler() {
  const folders = existsSync(TOOLS) ? readdirSync(TOOLS) : [];
  const folder = folders.filter((name) => name.startsWith("esbuild-")).at(-1);
  if (folder === undefined) {
    throw new Error(
      `Node ${process.versions.node} does not read TypeScript: run \`hostel build .\` first, ` +
        "which fetches what does, or use Node 22.18 or newer",
    );
  }
  return createRequire(new URL(`${folder}/`, TOOLS))("esbuild");
}
