// The console, which writes to the log, with Node's format directives.

import { log, shown } from "../log.js";
import { now } from "../runtime/clock.js";

const levels = {
  ...{ debug: "debug", error: "error", info: "info", log: "info", trace: "debug", warn: "warn" },
  ...{ group: "info", groupCollapsed: "info" },
};

const integer = (value) => (typeof value === "bigint" ? `${value}n` : String(parseInt(value, 10)));

const number = (value) =>
  typeof value === "bigint" ? `${value}n` : String(typeof value === "symbol" ? NaN : Number(value));

/** The conversion of each format directive. */
const directives = {
  s: (value) => (typeof value === "string" ? value : shown(value)),
  d: number,
  i: integer,
  f: (value) => String(typeof value === "symbol" ? NaN : parseFloat(value)),
  j: (value) => json(value),
  o: shown,
  O: shown,
  // A style, which is ignored because a log has no styles.
  c: () => "",
};

function json(value) {
  try {
    return String(JSON.stringify(value));
  } catch (error) {
    return `[${error.message}]`;
  }
}

/** Replaces Node's format directives in the first value with the other values. */
export function formatted(values) {
  const [format, ...rest] = values;
  if (typeof format !== "string" || rest.length === 0) return values;
  let at = 0;
  const text = format.replace(/%([sdifjoOc%])/g, (directive, letter) => {
    if (letter === "%") return "%";
    return at < rest.length ? directives[letter](rest[at++]) : directive;
  });
  return [text, ...rest.slice(at)];
}

const write = (level) => (...values) => log[level](...formatted(values));

const counts = new Map();

const stopwatches = new Map();

function elapsed(label, ...values) {
  const start = stopwatches.get(label);
  if (start !== undefined) write("info")(`${label}: ${(now() - start).toFixed(3)}ms`, ...values);
}

export const console = {
  ...Object.fromEntries(Object.entries(levels).map(([name, level]) => [name, write(level)])),
  dir: (value) => log.info(shown(value)),
  table: (value) => log.info(shown(value)),
  assert(condition, ...values) {
    if (!condition) write("error")("assertion failed", ...values);
  },
  count(label = "default") {
    counts.set(label, (counts.get(label) ?? 0) + 1);
    write("info")(`${label}: ${counts.get(label)}`);
  },
  countReset: (label = "default") => void counts.delete(label),
  time: (label = "default") => void stopwatches.set(label, now()),
  timeLog: (label = "default", ...values) => elapsed(label, ...values),
  timeEnd(label = "default") {
    elapsed(label);
    stopwatches.delete(label);
  },
  clear() {},
  groupEnd() {},
};
