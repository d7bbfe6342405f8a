// Advice about names and modules of other JavaScript environments, such as Node and browsers, that
// a service's engine does not have. Used only in a build.

import { builtinModules } from "node:module";

const NETWORK = "a service can open no connections: use `fetch` or the SDK's `http`";

const PAGE = "a service does not run in a browser";

const STORAGE = "a service has no storage except its cache: `import { cache } from \"hostel-sdk\"`";

const THREADS = "a service has no threads: concurrent calls run in separate instances";

const NODE = "a service does not run on Node";

const SPIDERMONKEY =
  "QuickJS does not have it: choose SpiderMonkey in package.json, " +
  '"hostel": {"engine": "spidermonkey"}';

const LOCALES =
  "a service has no locale data: format with a package that includes it, such as date-fns or " +
  "@formatjs/intl";

const STREAMS = "use TextEncoder and TextDecoder, for a stream with `{ stream: true }`";

/** Pairs: a text of advice, and the names to which it applies, separated by spaces. */
const NAMES = [
  [NETWORK, "WebSocket XMLHttpRequest EventSource WebTransport RTCPeerConnection"],
  [PAGE, "document window navigator location history screen alert confirm prompt"],
  [PAGE, "HTMLElement Element Node Image DOMParser requestAnimationFrame FileReader"],
  [STORAGE, "localStorage sessionStorage indexedDB caches"],
  [THREADS, "Worker SharedWorker BroadcastChannel MessageChannel MessagePort importScripts"],
  [`${NODE}: write globalThis`, "self"],
  [`${NODE}: read settings with the SDK's \`config\``, "process"],
  [`${NODE}: use \`import\``, "require module exports"],
  [`${NODE}: import a file as a module; it becomes part of the service`, "__dirname __filename"],
  [`${NODE}: use setTimeout(.., 0)`, "setImmediate clearImmediate"],
  [`${NODE}: use Uint8Array with TextEncoder, or \`npm install buffer\``, "Buffer"],
  [`${NODE}: a service cannot read files; import data as a module`, "fs"],
  [LOCALES, "Intl"],
  [STREAMS, "TextEncoderStream TextDecoderStream"],
  ["a service cannot run WebAssembly: it is compiled to WebAssembly itself", "WebAssembly"],
  ["a service does not run on Deno or Bun", "Deno Bun"],
];

const SPIDERMONKEYS =
  "Blob File FormData ReadableStream WritableStream TransformStream CompressionStream " +
  "DecompressionStream ByteLengthQueuingStrategy CountQueuingStrategy";

const NOT_HERE = new Map(
  NAMES.flatMap(([advice, names]) => names.split(" ").map((name) => [name, advice])),
);

const ON_SPIDERMONKEY = new Set(SPIDERMONKEYS.split(" "));

/** Returns the advice about an undefined name. Returns `undefined` for a name without advice. */
export function adviceOn(name, isQuickJs) {
  return NOT_HERE.get(name) ?? (isQuickJs && ON_SPIDERMONKEY.has(name) ? SPIDERMONKEY : undefined);
}

/**
 * Maps the names in a script to the advice about them. The plugin contains only this part of the
 * advice.
 */
export function adviceFor(script, isQuickJs) {
  const words = new Set(script.match(/[\w$]+/g));
  const isMentioned = (name) => words.has(name) && adviceOn(name, isQuickJs) !== undefined;
  const names = [...NOT_HERE.keys(), ...ON_SPIDERMONKEY].filter(isMentioned);
  return Object.fromEntries(names.map((name) => [name, adviceOn(name, isQuickJs)]));
}

/** npm packages that replace the Node modules of the same name. */
const PACKAGES_LIKE_NODES = [
  ...["assert", "buffer", "events", "path", "punycode", "querystring", "string_decoder", "url"],
  "util",
];

/** Returns the error message for a module that the bundler cannot resolve. */
export function notResolved(name, isQuickJs) {
  const bare = name.replace(/^node:/, "");
  if (name.startsWith("node:") || builtinModules.includes(bare)) {
    const none = `"${name}" is a module of Node, which a service does not have`;
    return `${none}${instead(bare, isQuickJs)}`;
  }
  const fix = /^[./]/.test(name) ? "the file does not exist" : `try \`npm install ${name}\``;
  return `"${name}" cannot be found: ${fix}`;
}

/** Returns the end of the error message: how to replace a Node module. May be empty. */
function instead(name, isQuickJs) {
  const [top] = name.split("/");
  if (PACKAGES_LIKE_NODES.includes(top)) return `: \`npm install ${top}\` installs a replacement`;
  if (top === "crypto") return ": use the global `crypto`, without an import";
  if (top === "timers") return ": use the global `setTimeout`, without an import";
  const advised = adviceOn(top, isQuickJs);
  return advised === undefined ? "" : `: ${advised}`;
}
