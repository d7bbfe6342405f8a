// Determines the interfaces that a plugin uses, so that its component imports only these. Used only
// in a build.
//
// Searches the author's files for the names of the cache's methods, `http` and `config`. The result
// may include unused interfaces. The result may lack an interface, for example if the code
// constructs a name at run time; the error at run time then explains what to write. The bundler
// finds uses of `fetch`.

import { readFileSync } from "node:fs";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { INTERFACES } from "./interfaces.js";

const SDK = dirname(fileURLToPath(import.meta.url));

const PARTS = join(SDK, "parts.js");

/** The bundler's loader for each file name extension of source files. */
const LOADERS = {
  ...{ ".js": "js", ".mjs": "js", ".cjs": "js", ".jsx": "jsx" },
  ...{ ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" },
};

/**
 * Names of cache methods that other objects have too, each with the number of arguments that the
 * cache's method needs. A call of such a method counts only if it has at least that many arguments,
 * or if the object is named `cache`.
 */
const COMMON = { keys: 1, update: 2, take: 1, expire: 2, ttl: 1 };

/** Calls of common methods that certainly belong to other objects. */
const OF_OTHERS = /\bObject\.keys\b/g;

/**
 * The exports of the SDK that need an optional interface outside `hostel:cache`. Each has the
 * interface's import specifier, the interface's functions by their names in the SDK, and the file
 * that defines the export.
 */
const EXPORTS = {
  http: {
    specifier: "hostel:http/client@0.1.0",
    functions: { httpSend: "send", httpSendMany: "sendMany" },
    file: join(SDK, "http", "http.js"),
  },
  config: {
    specifier: "hostel:config/config@0.1.0",
    functions: { configGet: "get", configNames: "names" },
    file: join(SDK, "http", "config.js"),
  },
};

/** A file that is in each bundle that uses `fetch`. It needs the interface of `http`. */
const FETCH = join(SDK, "web", "fetch.js");

/** Returns the import specifier of an interface. */
const specifier = (name) => EXPORTS[name]?.specifier ?? `hostel:cache/${name}@0.1.1`;

/**
 * Returns the interfaces that the files of a bundle use. `inputs` is from esbuild's metafile, whose
 * paths are relative to `folder`. `isAuthors` returns true for files that are not the build's own.
 */
export async function interfacesOf({ inputs, folder, isAuthors, esbuild }) {
  const names = new Set();
  const files = new Set(inputs.map(([path]) => resolve(folder, path)));
  for (const [path, { imports }] of inputs) {
    const file = resolve(folder, path);
    const loader = LOADERS[extname(file)];
    // Skip a package's file that does not import the SDK: its names would add unused interfaces.
    // This also skips a file to which the service passes the cache.
    const isOfSdk = imports.some((each) => resolve(folder, each.path).startsWith(SDK + sep));
    const isPackages = file.includes(`${sep}node_modules${sep}`);
    if (loader === undefined || !isAuthors(file) || (isPackages && !isOfSdk)) continue;
    for (const name of namedIn(await plain(file, loader, esbuild))) names.add(name);
  }
  const isUsed = ([, methods]) => methods.some((method) => names.has(method));
  const ofCache = Object.entries(INTERFACES).filter(isUsed).map(([name]) => name);
  // If a CommonJS file uses the SDK, the bundle includes all exports: check the names too.
  const isExported = ([name, { file }]) => names.has(name) && files.has(file);
  const exported = Object.entries(EXPORTS).filter(isExported).map(([name]) => name);
  return [...new Set([...ofCache, ...exported, ...(files.has(FETCH) ? ["http"] : [])])];
}

/** Returns the code of a file without comments, types and unnecessary white space. */
async function plain(file, loader, esbuild) {
  const text = readFileSync(file, "utf8");
  const options = { loader, minifyWhitespace: true, legalComments: "none", logLevel: "silent" };
  // If the code cannot be parsed without the project's settings, search the original text.
  return esbuild.transform(text, options).then(({ code }) => code, () => text);
}

/**
 * Returns the cache methods and SDK exports that `code` may use. A name in a comment counts as a
 * use, so the caller should remove comments first.
 */
export function namedIn(code) {
  const all = [...Object.values(INTERFACES).flat(), ...Object.keys(EXPORTS)];
  return all.filter((name) => (name in COMMON ? isCalled(code, name) : isNamed(code, name)));
}

/** Returns true if the name occurs as a property, a string, or a member of `{ .. }`. */
function isNamed(code, name) {
  return new RegExp(`\\.${name}\\b|["'\`]${name}["'\`]|[{,]${name}( as |[:,=}])`).test(code);
}

function isCalled(code, name) {
  const ours = code.replaceAll(OF_OTHERS, "");
  if (new RegExp(`\\bcache\\??\\.${name}\\b|\\{[^{}]*\\b${name}\\b[^{}]*\\}=cache\\b`).test(ours)) {
    return true;
  }
  const calls = ours.matchAll(new RegExp(`\\.${name}(\\?\\.)?\\(`, "g"));
  return Array.from(calls).some(({ index, 0: call }) => {
    return hasArguments(ours.slice(index + call.length), COMMON[name]);
  });
}

/**
 * Returns true if a call may have at least `least` arguments. `text` begins with the first
 * argument.
 */
function hasArguments(text, least) {
  // The first argument of the methods in `COMMON` is a key or prefix, never a number.
  if (/^[\d)]/.test(text)) return false;
  let depth = 0;
  let found = 1;
  for (const [part] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\.\.\.|[()[\]{},]/g)) {
    if (found >= least || part === "...") return true;
    if ("([{".includes(part)) depth++;
    else if (depth === 0 && part === ",") found++;
    else if (")]}".includes(part) && depth-- === 0) return false;
  }
  return true;
}

/** Returns the import statements of these interfaces. */
export function importsOf(interfaces) {
  return interfaces.map((name) => `import * as ${name} from "${specifier(name)}";\n`).join("");
}

/**
 * Returns the source text of an array with one object for each of these interfaces: the functions
 * of the interface, by their names in the SDK.
 */
export function functionsOf(interfaces) {
  const functions = interfaces.map((name) => {
    if (EXPORTS[name] === undefined) return name;
    const pairs = Object.entries(EXPORTS[name].functions);
    return `{ ${pairs.map(([called, own]) => `${called}: ${name}.${own}`).join(", ")} }`;
  });
  return `[${functions.join(", ")}]`;
}

/** Returns the optional interfaces among a component's imports. */
export function interfacesAmong(imports) {
  const all = [...Object.keys(INTERFACES), ...Object.keys(EXPORTS)].map(specifier);
  return imports.filter((name) => all.includes(name));
}

/** Returns a bundler plugin that includes only the parts of the cache for these interfaces. */
export function partsOf(interfaces) {
  const names = interfaces.filter((name) => name in INTERFACES);
  const kinds = names.map((name) => name[0].toUpperCase() + name.slice(1));
  const lines = kinds.map((kind, at) => `import { ${kind} } from "./${names[at]}.js";\n`);
  const contents = `${lines.join("")}export const PARTS = [${kinds}];\n`;
  return {
    name: "parts",
    setup({ onLoad }) {
      const filter = /[/\\]parts\.js$/;
      const used = { contents, resolveDir: SDK };
      onLoad({ filter }, ({ path }) => (path === PARTS ? used : undefined));
    },
  };
}
