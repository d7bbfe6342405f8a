import { log } from "../log.js";

const levels = { debug: "debug", error: "error", info: "info", log: "info", warn: "warn" };

/** Makes the console write log lines. */
export function install() {
  const console = { ...globalThis.console };
  for (const [method, level] of Object.entries(levels)) {
    console[method] = (...values) => log[level](...values);
  }
  const property = { value: console, configurable: true, writable: true };
  Object.defineProperty(globalThis, "console", property);
}
