// Puts what `web/` has into a plugin, each part of it only when the plugin uses it: on QuickJS what
// other engines have, and on both the console and fetch. Only in a build.

import { cpSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const SDK = dirname(fileURLToPath(import.meta.url));

const WEB = join(SDK, "web") + sep;

/** Of these files, those for SpiderMonkey too: it has the rest itself. */
const ON_EVERY_ENGINE = ["console", "fetch", "headers", "messages"];

/** The names that are global in a plugin which mentions them, by their files in `web/`. */
export const PROVIDED = {
  clone: ["structuredClone"],
  console: ["console"],
  events: ["AbortController", "AbortSignal", "CustomEvent", "Event", "EventTarget"],
  fetch: ["fetch"],
  headers: ["Headers"],
  messages: ["Request", "Response"],
  timers: ["clearInterval", "clearTimeout", "setInterval", "setTimeout"],
  text: ["TextDecoder"],
  url: ["URL", "URLSearchParams"],
};

/** Files that go by what the plugin's text mentions, as no name alone stands for them. */
const LOCALES = { file: "runtime/locale.js", mention: /\b(?:toLocale\w+|localeCompare)\b/ };
const SUBTLE = { file: "web/subtle.js", mention: /\bsubtle\b/ };
const DEADLINES = {
  file: "web/deadlines.js",
  mention: /^(?=[^]*\buseFetches\b)[^]*\bAbortSignal\b/,
};

/** The package of `web/url.js`, and what stands in for the larger part of what it imports. */
const URL_PACKAGE = "whatwg-url";
const STAND_INS = {
  "tr46": "domain.js",
  "@exodus/bytes/encoding.js": "query.js",
  "@exodus/bytes/whatwg.js": "query.js",
};

/** The more files that a plugin of this text needs. */
export function mentionedIn(script, isQuickJs) {
  const all = isQuickJs ? [LOCALES, SUBTLE, DEADLINES] : [LOCALES];
  return all.filter(({ mention }) => mention.test(script)).map(({ file }) => file);
}

/**
 * The bundler's options for it. `packages` is the folder with the npm packages that `web/`
 * imports, on QuickJS; `work` is a folder for a module that lists the names; `mentioned` are more
 * files, from `mentionedIn`.
 */
export function provided(packages, work, mentioned) {
  const inject = join(work, "globals.js");
  // A plugin's modules begin with these, so the engine's part comes before.
  const first = ["hostel-engine", ...mentioned.map((file) => join(SDK, file))];
  const imports = first.map((module) => `import ${JSON.stringify(module)};\n`);
  const files = packages ? Object.keys(PROVIDED) : ON_EVERY_ENGINE;
  const exports = files.map((file) => {
    const names = PROVIDED[file].flatMap((name) => [name, `${name} as "globalThis.${name}"`]);
    const module = join(SDK, "web", `${file}.js`);
    return `export { ${names} } from ${JSON.stringify(module)};\n`;
  });
  writeFileSync(inject, [...imports, ...exports].join(""));
  return { inject: [inject], plugins: packages ? [packagesOf(realpathSync(packages))] : [] };
}

/** Finds the packages for the SDK's own files, and the stand-ins for those of the package. */
function packagesOf(folder) {
  const own = new RegExp(`^(${URL_PACKAGE}$|punycode/|@noble/)`);
  const inPackages = createRequire(join(folder, "package.json"));
  return {
    name: "hostel",
    setup({ onLoad, onResolve }) {
      onResolve({ filter: own }, ({ path, importer }) =>
        importer.startsWith(WEB) ? { path: inPackages.resolve(path) } : undefined,
      );
      const filter = /^(tr46$|@exodus\/bytes\/)/;
      onResolve({ filter }, ({ path, importer }) =>
        importer.startsWith(folder + sep) ? { path: join(SDK, "web", STAND_INS[path]) } : undefined,
      );
      // It looks for the prototype of what the build turns into another, and needs none of it.
      onLoad({ filter: /\/whatwg-url\/lib\/utils\.js$/ }, ({ path }) =>
        path.startsWith(folder)
          ? { contents: readFileSync(path, "utf8").replaceAll("async function*", "function*") }
          : undefined,
      );
    },
  };
}

/**
 * The clocks among the imports, which `web/timers.js` has. Their WIT is put into the folder of what
 * the world includes.
 */
export function clocksAmong(imports, deps) {
  const clocks = imports.filter((name) => name.startsWith("wasi:clocks/"));
  if (clocks.length > 0) cpSync(join(SDK, "web", "wit"), deps, { recursive: true });
  return clocks;
}
