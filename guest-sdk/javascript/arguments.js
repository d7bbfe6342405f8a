// Validates the arguments of the SDK's methods before a call to the host.

import { fromText } from "./json.js";
import { MAX_EXPIRY_SECONDS } from "./limits.js";

/** The maximum wait or timeout in a call to the host, in milliseconds: the largest `u32`. */
export const MAX_MILLIS = 2 ** 32 - 1;

export function checkKey(key) {
  if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
}

/** Returns the error for an invalid key. `called` names the argument. */
export function noKey(key, called = "key") {
  return typeof key === "string"
    ? new TypeError(`the ${called} ${shortened(key)} contains a lone surrogate`)
    : new TypeError(`the ${called} is ${shown(key)}: it must be a string`);
}

/** Refuses a second argument, which may be meant as a default value. Accepts `undefined`. */
export function checkAlone(method, [, given]) {
  if (given === undefined) return;
  const fix = `for a default, write cache.${method}(key) ?? ${shown(given)}`;
  throw new TypeError(`cache.${method} has only the parameter key, not ${shown(given)}: ${fix}`);
}

/** Refuses a value that is not a well-formed string. The host checks that the text is JSON. */
export function checkText(text, called = "the JSON text") {
  if (typeof text !== "string") {
    const rule = "it must be a string; use set to store a value as JSON";
    throw new TypeError(`${called} is ${shown(text)}: ${rule}`);
  }
  if (!text.isWellFormed()) {
    throw new TypeError(`${called} is ${shown(text)}: it contains a lone surrogate`);
  }
}

/**
 * Parses the text that was stored under the key. Returns undefined for a stored null. Throws a
 * RangeError if an integer in the text would be rounded.
 */
export function valueUnder(key, text) {
  try {
    return fromText(text, true) ?? undefined;
  } catch (error) {
    const fix = "getRaw returns its text";
    throw new RangeError(`the value under ${shortened(key)}: ${error.message}; ${fix}`);
  }
}

/**
 * Refuses a value that is not an object, and an object with an option that is not in `names`.
 * `call` is the text of the call before the options, for example `set(key, value`. Error messages
 * use `call`.
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

/** Validates the options and returns `expiry` in seconds, or `undefined` if it is not set. */
export function expiryOf(options, call) {
  checkOptions(options, call, EXPIRY);
  return options.expiry === undefined ? undefined : wholeSeconds(options.expiry, "expiry");
}

/**
 * Returns `seconds` if it is a whole number from 1 to `MAX_EXPIRY_SECONDS`, and throws otherwise.
 * The error message calls the value `name`. `or` names other values that the caller accepts, for
 * the message.
 */
export function wholeSeconds(seconds, name, or = "") {
  const rule = `it must be whole seconds, 1 to ${MAX_EXPIRY_SECONDS} (ten years)`;
  if (typeof seconds !== "number") {
    const fix = isNumeric(seconds) ? "; write Number(..)" : "";
    throw new TypeError(`${name} is ${shown(seconds)}: ${rule}, as a number${or}${fix}`);
  }
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > MAX_EXPIRY_SECONDS) {
    const isBetween = seconds > 1 && seconds < MAX_EXPIRY_SECONDS;
    const fix = isBetween ? `; write Math.round(${seconds})` : "";
    throw new RangeError(`${name} is ${seconds}: ${rule}${or}${fix}`);
  }
  return seconds;
}

/** Returns true if the caller may have meant `Number(value)`. */
export function isNumeric(value) {
  return typeof value === "string" || typeof value === "bigint";
}

export function shown(value) {
  if (typeof value === "string") return shortened(value);
  if (Array.isArray(value)) return "[..]";
  return typeof value === "object" && value !== null ? "{..}" : String(value);
}

/** Returns the text in quotes, cut to 64 characters for error messages. */
export function shortened(text) {
  return text.length > 64 ? `${JSON.stringify(text.slice(0, 64))}..` : JSON.stringify(text);
}
