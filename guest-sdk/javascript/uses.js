// Which interfaces of the contract a plugin uses, so that its component imports these and no
// others. Only in a build.
//
// They are found by the names of the cache's methods, and by `http` and `config`, in the author's
// files. So more may be found than is used, and less only where a name is put together when the
// plugin runs: the error then names what to write. `fetch` is found by the bundler.

import { readFileSync } from "node:fs";
import { dirname, extname, join, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

import { INTERFACES } from "./interfaces.js";

const SDK = dirname(fileURLToPath(import.meta.url));

const PARTS = join(SDK, "parts.js");

/** The loaders of the files that are code. */
const LOADERS = {
  ...{ ".js": "js", ".mjs": "js", ".cjs": "js", ".jsx": "jsx" },
  ...{ ".ts": "ts", ".mts": "ts", ".cts": "ts", ".tsx": "tsx" },
};

/**
 * Methods that other things have as well, with the least number of arguments that the cache's
 * takes. They count where they are called with so many, or are the cache's by its usual name.
 */
const COMMON = { keys: 1, update: 2, take: 1, expire: 2, ttl: 1 };

/** Common methods, of other things for sure. */
const OF_OTHERS = /\bObject\.keys\b/g;

/**
 * What the SDK exports that needs an interface of its own: by its name, how a component imports
 * that, the functions that it has, by how the SDK calls them, and the file that is in a bundle with
 * it.
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

/** In a bundle that uses `fetch`, which needs what `http` does. */
const FETCH = join(SDK, "web", "fetch.js");

/** How a component imports an interface. */
const specifier = (name) => EXPORTS[name]?.specifier ?? `hostel:cache/${name}@0.1.1`;

/**
 * The interfaces that the files of a bundle use. `inputs` are those of esbuild's metafile that are
 * in it, `folder` is where its paths begin, and `isAuthors` tells which are not the build's own.
 */
export async function interfacesOf({ inputs, folder, isAuthors, esbuild }) {
  const names = new Set();
  const files = new Set(inputs.map(([path]) => resolve(folder, path)));
  for (const [path, { imports }] of inputs) {
    const file = resolve(folder, path);
    const loader = LOADERS[extname(file)];
    // A package that does not import the SDK has no cache.
    const isOfSdk = imports.some((each) => resolve(folder, each.path).startsWith(SDK + sep));
    const isPackages = file.includes(`${sep}node_modules${sep}`);
    if (loader === undefined || !isAuthors(file) || (isPackages && !isOfSdk)) continue;
    for (const name of namedIn(await plain(file, loader, esbuild))) names.add(name);
  }
  const isUsed = ([, methods]) => methods.some((method) => names.has(method));
  const ofCache = Object.entries(INTERFACES).filter(isUsed).map(([name]) => name);
  // A file in CommonJS brings all that the SDK exports.
  const isExported = ([name, { file }]) => names.has(name) && files.has(file);
  const exported = Object.entries(EXPORTS).filter(isExported).map(([name]) => name);
  return [...new Set([...ofCache, ...exported, ...(files.has(FETCH) ? ["http"] : [])])];
}

/** The code of a file without comments, types, and spaces that mean nothing. */
async function plain(file, loader, esbuild) {
  const text = readFileSync(file, "utf8");
  const options = { loader, minifyWhitespace: true, legalComments: "none", logLevel: "silent" };
  // What needs the project's settings to be read is looked at as it is.
  return esbuild.transform(text, options).then(({ code }) => code, () => text);
}

/** The methods of the cache, and the exports of the SDK, that a code without comments may use. */
export function namedIn(code) {
  const all = [...Object.values(INTERFACES).flat(), ...Object.keys(EXPORTS)];
  return all.filter((name) => (name in COMMON ? isCalled(code, name) : isNamed(code, name)));
}

/** Whether the name is a property, a text, or a member of `{ .. }`. */
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

/** Whether a call may have so many arguments, of the text from the first one on. */
function hasArguments(text, least) {
  // The first one is a key, or the beginning of keys.
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

/** The lines that import these interfaces, by their names. */
export function importsOf(interfaces) {
  return interfaces.map((name) => `import * as ${name} from "${specifier(name)}";\n`).join("");
}

/** The text of an array with the functions of these interfaces, by how the SDK calls them. */
export function functionsOf(interfaces) {
  const functions = interfaces.map((name) => {
    if (EXPORTS[name] === undefined) return name;
    const pairs = Object.entries(EXPORTS[name].functions);
    return `{ ${pairs.map(([called, own]) => `${called}: ${name}.${own}`).join(", ")} }`;
  });
  return `[${functions.join(", ")}]`;
}

/** Of what a component imports, the interfaces that not every component has. */
export function interfacesAmong(imports) {
  const all = [...Object.keys(INTERFACES), ...Object.keys(EXPORTS)].map(specifier);
  return imports.filter((name) => all.includes(name));
}

/** The bundler's plugin that leaves out the parts of the cache that need other interfaces. */
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
