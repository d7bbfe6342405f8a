// What is said of a name that other places where JavaScript runs know, and a service does not.

const NETWORK = ": a service has no network";

const NODE = ": a service has nothing of Node's own";

const ELSEWHERE = 'choose SpiderMonkey in package.json, "hostel": {"engine": "spidermonkey"}';

const NETWORKS = ["fetch", "WebSocket", "XMLHttpRequest", "EventSource"];

const NODES = ["require", "process", "Buffer", "__dirname", "__filename", "setImmediate"];

const TIMERS = ["setTimeout", "setInterval", "clearTimeout", "clearInterval"];

const SPIDERMONKEYS = ["URL", "URLSearchParams", "Blob", "ReadableStream", "structuredClone"];

/** What follows an error's message, when that is that a name is not defined; else nothing. */
export function advice(message, isQuickJs) {
  const [, name] = /^'?([\w$]+)'? is not defined$/.exec(message) ?? [];
  if (NETWORKS.includes(name)) return NETWORK;
  if (NODES.includes(name)) return NODE;
  if (!isQuickJs) return "";
  if (TIMERS.includes(name)) return `: there are no timers on QuickJS, ${ELSEWHERE}`;
  return SPIDERMONKEYS.includes(name) ? `: QuickJS has none, ${ELSEWHERE}` : "";
}
