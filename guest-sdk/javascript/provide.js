// Adds the web APIs of `web/` that a plugin may use. QuickJS needs all of them, SpiderMonkey only a
// few. Used only in a build.

import { cpSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";

const SDK = dirname(fileURLToPath(import.meta.url));

const WEB = join(SDK, "web") + sep;

/** The files that SpiderMonkey needs too. It has the other APIs itself. */
const ON_EVERY_ENGINE = ["console", "fetch", "headers", "messages"];

/**
 * Files in `web/`, each with the global names that it defines. A plugin includes only the files
 * whose names it uses, and the files that those need.
 */
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

/**
 * Files that are added if the plugin's text matches a pattern, because no single global name
 * represents them.
 */
const LOCALES = { file: "runtime/locale.js", mention: /\b(?:toLocale\w+|localeCompare)\b/ };
const SUBTLE = { file: "web/subtle.js", mention: /\bsubtle\b/ };
const DEADLINES = {
  file: "web/deadlines.js",
  mention: /^(?=[^]*\buseFetches\b)[^]*\bAbortSignal\b/,
};

/** The npm package that `web/url.js` uses, and small replacements for its large imports. */
const URL_PACKAGE = "whatwg-url";
const STAND_INS = {
  "tr46": "domain.js",
  "@exodus/bytes/encoding.js": "query.js",
  "@exodus/bytes/whatwg.js": "query.js",
};

/** Returns the additional files that a plugin with this text needs. */
export function mentionedIn(script, isQuickJs) {
  const all = isQuickJs ? [LOCALES, SUBTLE, DEADLINES] : [LOCALES];
  return all.filter(({ mention }) => mention.test(script)).map(({ file }) => file);
}

/**
 * Returns the bundler's options that add the web APIs. `packages` is the folder with the npm
 * packages that `web/` imports on QuickJS, and undefined on SpiderMonkey. `work` is a folder for
 * the generated module, and `mentioned` is the result of `mentionedIn`.
 */
export function provided(packages, work, mentioned) {
  const inject = join(work, "globals.js");
  // These modules come first in the bundle, so the engine-specific module and its imports are
  // evaluated before all others.
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

/**
 * Returns a bundler plugin that resolves the npm packages of `web/` and the replacements of their
 * imports.
 */
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
      // The package reads the prototype of an async generator, which the build cannot provide and
      // the package does not need.
      onLoad({ filter: /\/whatwg-url\/lib\/utils\.js$/ }, ({ path }) =>
        path.startsWith(folder)
          ? { contents: readFileSync(path, "utf8").replaceAll("async function*", "function*") }
          : undefined,
      );
    },
  };
}

/**
 * Returns the clock interfaces among the imports. Only `web/timers.js` imports them. Copies their
 * WIT into `deps`, the dependency folder of the world, if there are any.
 */
export function clocksAmong(imports, deps) {
  const clocks = imports.filter((name) => name.startsWith("wasi:clocks/"));
  if (clocks.length > 0) cpSync(join(SDK, "web", "wit"), deps, { recursive: true });
  return clocks;
}
