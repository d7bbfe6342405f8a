// The arguments of the SDK's methods, which are checked before the host is called.

import { fromText } from "./json.js";
import { MAX_EXPIRY_SECONDS } from "./limits.js";

/** The longest time that a call of the host waits, in milliseconds: some seven weeks. */
export const MAX_MILLIS = 2 ** 32 - 1;

export function checkKey(key) {
  if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
}

/** The error of a text that no host takes; `called` is what the argument is. */
export function noKey(key, called = "key") {
  return typeof key === "string"
    ? new TypeError(`the ${called} ${shortened(key)} holds half of a surrogate pair`)
    : new TypeError(`the ${called} is ${shown(key)}: it must be a string`);
}

/** Refuses a second argument that may be meant as a default of `get` or the like. */
export function checkAlone(method, [, given]) {
  if (given === undefined) return;
  const fix = `for a default, cache.${method}(key) ?? ${shown(given)}`;
  throw new TypeError(`cache.${method} takes a key and nothing else, not ${shown(given)}: ${fix}`);
}

/** Refuses what is no JSON text to begin with. The host checks the rest. */
export function checkText(text, called = "the JSON text") {
  if (typeof text !== "string") {
    const rule = "it must be a string; set makes JSON of any value";
    throw new TypeError(`${called} is ${shown(text)}: ${rule}`);
  }
  if (!text.isWellFormed()) {
    throw new TypeError(`${called} is ${shown(text)}: it holds half of a surrogate pair`);
  }
}

/** The value of a text that was under the key; undefined where there is none, and for a null. */
export function valueUnder(key, text) {
  try {
    return fromText(text, true) ?? undefined;
  } catch (error) {
    const fix = "getRaw gives its text";
    throw new RangeError(`the value under ${shortened(key)}: ${error.message}; ${fix}`);
  }
}

/**
 * Refuses options that a method does not have, and a value in their place. `call` is how the method
 * is written before its options, `set(key, value` for example.
 */
export function checkOptions(options, call, names) {
  if (typeof options !== "object" || options === null) {
    const [name] = names;
    throw new TypeError(`${name} is an option: ${call}, { ${name}: ${shown(options)} })`);
  }
  for (const name in options) {
    if (names.includes(name)) continue;
    const method = call.slice(0, call.indexOf("("));
    throw new TypeError(`${method} has no option ${name}, only ${names.join(", ")}`);
  }
}

const EXPIRY = ["expiry"];

/** The expiry of the options in whole seconds, if there is one. */
export function expiryOf(options, call) {
  checkOptions(options, call, EXPIRY);
  return options.expiry === undefined ? undefined : wholeSeconds(options.expiry, "expiry");
}

/** Refuses what is not whole seconds in range; `or` is what else is accepted, in words. */
export function wholeSeconds(seconds, name, or = "") {
  const rule = `it must be whole seconds, 1 to ${MAX_EXPIRY_SECONDS} (ten years)`;
  if (typeof seconds !== "number") {
    const fix = isNumeric(seconds) ? "; Number(..) is" : "";
    throw new TypeError(`${name} is ${shown(seconds)}: ${rule}, as a number${or}${fix}`);
  }
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRY_SECONDS) {
    const isBetween = seconds > 1 && seconds < MAX_EXPIRY_SECONDS;
    const fix = isBetween ? `; Math.round(${seconds}) is` : "";
    throw new RangeError(`${name} is ${seconds}: ${rule}${or}${fix}`);
  }
  return seconds;
}

/** Whether `Number` may make a number of it that is meant. */
export function isNumeric(value) {
  return typeof value === "string" || typeof value === "bigint";
}

export function shown(value) {
  if (typeof value === "string") return shortened(value);
  if (Array.isArray(value)) return "[..]";
  return typeof value === "object" && value !== null ? "{..}" : String(value);
}

/** The text in quotes, cut to what an error message can carry. */
export function shortened(text) {
  return text.length > 64 ? `${JSON.stringify(text.slice(0, 64))}..` : JSON.stringify(text);
}
