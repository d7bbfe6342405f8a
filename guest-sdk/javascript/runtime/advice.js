// What is said of an error whose own words do not help: about a name that other places where
// JavaScript runs know and a service does not, and about one that QuickJS places too early.

const NETWORK = ": a service has no network";

const NODE = ": a service has nothing of Node's own";

const ELSEWHERE = 'choose SpiderMonkey in package.json, "hostel": {"engine": "spidermonkey"}';

const NETWORKS = ["fetch", "WebSocket", "XMLHttpRequest", "EventSource"];

const NODES = ["require", "process", "Buffer", "__dirname", "__filename", "setImmediate"];

const TIMERS = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"];

const SPIDERMONKEYS = ["URL", "URLSearchParams", "Blob", "ReadableStream", "structuredClone"];

/** QuickJS knows no line of a pattern, and tells that of what it ran before. */
const PATTERN = "Cannot convert undefined or null to object";

const BELOW = " (is it `const { a } = ..` of nothing, at or below the line told?)";

/** What follows an error's message, maybe nothing. */
export function advice(message, isQuickJs) {
  if (isQuickJs && message === PATTERN) return BELOW;
  const [, name] = /^'?([\w$]+)'? is not defined$/.exec(message) ?? [];
  if (NETWORKS.includes(name)) return NETWORK;
  if (NODES.includes(name)) return NODE;
  if (!isQuickJs) return "";
  if (TIMERS.includes(name)) return `: there are no timers on QuickJS, ${ELSEWHERE}`;
  return SPIDERMONKEYS.includes(name) ? `: QuickJS has none, ${ELSEWHERE}` : "";
}
