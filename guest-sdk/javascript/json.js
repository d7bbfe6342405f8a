// JSON without silent loss. The built-in JSON rounds large integers, and drops or changes some
// values. This module writes such a value exactly, or throws an error.

import { MAX_INTEGER } from "./limits.js";

/** Matches an exponent that may make a number infinite. The cache refuses infinite numbers. */
const LARGE_EXPONENT = /[eE]\+?\d{3}/;

/** An integer with fewer digits is always exact. */
const DIGITS = 16;

const LONG_NUMBER = /\d{16}/;

const [ZERO, NINE] = [48, 57];

const NUMBER = /-?\d[\d.eE+-]*/g;

/**
 * Converts a value to JSON, with at most `levels` of nesting. Error messages call the value `name`.
 *
 * If a part of the value has no JSON form, throws a TypeError or a RangeError that names the part.
 */
export function toText(value, name, levels) {
  needsExactNumbers = false;
  try {
    check(value, levels);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const path = error.path.length > 64 ? `${error.path.slice(0, 64)}..` : error.path;
    throw new error.Kind(`${name}${path} ${error.why}`);
  }
  return needsExactNumbers ? exactText(value) : JSON.stringify(value);
}

/**
 * Parses a JSON text. `fromCache` means that the cache has already validated the text.
 *
 * Throws a SyntaxError if the text is not JSON, and a RangeError if an integer would be rounded or
 * a number is not finite.
 */
export function fromText(text, fromCache) {
  const value = JSON.parse(text);
  if (typeof value === "number") {
    if (value > MAX_INTEGER || value < -MAX_INTEGER) checkNumber(text.trim());
  } else if (typeof value === "object" && text.length > 6) {
    if (hasLongNumber(text) || (!fromCache && LARGE_EXPONENT.test(text))) checkNumbers(text);
  }
  return value;
}

/**
 * The reason why a value has no JSON form. Each level of nesting adds its part of the path when it
 * passes the error on.
 */
class Refusal {
  path = "";

  constructor(Kind, why) {
    this.Kind = Kind;
    this.why = why;
  }
}

/**
 * True if the last checked value contains a number that `JSON.stringify` may change.
 * `JSON.stringify` writes -0 as 0, and it may write a whole number beyond 2^53 - 1 with the digits
 * of another integer.
 */
let needsExactNumbers = false;

/** Converts a checked value to JSON with numbers that every reader parses exactly. */
function exactText(value) {
  if (typeof value === "number") return numberText(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(exactText).join()}]`;
  const member = (key) => `${JSON.stringify(key)}:${exactText(value[key])}`;
  return `{${Object.keys(value).map(member).join()}}`;
}

/**
 * Formats a number. Writes -0 and a whole number beyond 2^53 - 1 as floats, because readers would
 * parse their digits as another integer.
 */
function numberText(value) {
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return Math.abs(value) > MAX_INTEGER && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** Checks that a value has a JSON form. `levels` is the remaining nesting depth. */
function check(value, levels) {
  switch (typeof value) {
    case "string":
      if (!value.isWellFormed()) throw halfAPair();
      return;
    case "number":
      // The difference is 0 if the value is finite and NaN otherwise; this avoids a function call.
      if (value - value !== 0) {
        const fix = "use null or a string";
        throw new Refusal(RangeError, `is ${value}, which is not a JSON number: ${fix}`);
      }
      if (value > MAX_INTEGER || value < -MAX_INTEGER || (value === 0 && 1 / value < 0)) {
        needsExactNumbers = true;
      }
      return;
    case "boolean":
      return;
    case "object":
      if (value !== null) checkContainer(value, levels);
      return;
    case "undefined":
      throw new Refusal(TypeError, "is undefined, which JSON does not have: omit it, or use null");
    case "bigint":
      throw new Refusal(TypeError, "is a BigInt, which a JSON number would round: use String(..)");
    default:
      throw new Refusal(TypeError, `is a ${typeof value}, which has no JSON form`);
  }
}

function checkContainer(value, levels) {
  if (levels === 0) throw new Refusal(RangeError, "is nested too deep, or contains itself");
  if (Array.isArray(value)) return checkArray(value, levels - 1);
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    const what = prototype.constructor?.name || "object that is not plain";
    throw new Refusal(TypeError, `is a ${what}: ${REMEDIES[what] ?? "make it a plain object"}`);
  }
  checkObject(value, levels - 1);
}

const REMEDIES = {
  Date: "store its toISOString()",
  Map: "store Object.fromEntries(..) of it",
  Promise: "await it first",
  Response: "await its json() or its text()",
  Set: "store [...] of it",
  Uint8Array: "store a string, for example base64",
};

function checkArray(values, levels) {
  checkSymbols(values);
  const keys = Object.keys(values);
  if (keys.length > values.length) {
    const lost = keys.find((key) => !/^\d+$/.test(key) || key >= values.length);
    const why = "is a property of an array, which JSON omits: store [...values]";
    throw Object.assign(new Refusal(TypeError, why), { path: member(lost) });
  }
  let at = 0;
  try {
    for (; at < values.length; at++) check(values[at], levels);
  } catch (error) {
    if (error instanceof Refusal) error.path = `[${at}]${error.path}`;
    throw error;
  }
}

function checkSymbols(value) {
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (!Object.prototype.propertyIsEnumerable.call(value, symbol)) continue;
    const why = `has the key ${String(symbol)}, which JSON omits: use a string as the key`;
    throw new Refusal(TypeError, why);
  }
}

function checkObject(value, levels) {
  checkSymbols(value);
  const keys = Object.keys(value);
  let at = 0;
  try {
    for (; at < keys.length; at++) {
      if (!keys[at].isWellFormed()) throw halfAPair();
      check(value[keys[at]], levels);
    }
  } catch (error) {
    if (error instanceof Refusal) error.path = member(keys[at]) + error.path;
    throw error;
  }
}

function halfAPair() {
  return new Refusal(TypeError, "contains a lone surrogate: toWellFormed() replaces it");
}

/** Formats a key as part of a path, for example `.name`. */
export function member(key) {
  return /^[\w$]+$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

/**
 * Returns true if the text has `DIGITS` digits in a row. First checks only every `DIGITS`th
 * character, because `DIGITS` digits in a row include one of these characters.
 */
function hasLongNumber(text) {
  for (let at = DIGITS - 1; at < text.length; at += DIGITS) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) return LONG_NUMBER.test(text);
  }
  return false;
}

/** Checks every number outside strings in a valid JSON text. */
function checkNumbers(text) {
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const end = quote === -1 ? text.length : quote;
    for (const number of text.slice(at, end).match(NUMBER) ?? []) checkNumber(number);
    if (quote === -1) return;
    at = stringEnd(text, quote + 1);
  }
}

/** Returns the position after the string whose content begins at `at`. */
function stringEnd(text, at) {
  for (;;) {
    const quote = text.indexOf('"', at);
    let before = quote - 1;
    while (text[before] === "\\") before--;
    if ((quote - before) % 2 === 1) return quote + 1;
    at = quote + 1;
  }
}

function checkNumber(text) {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return;
  if (Number.isFinite(value) && (!/^-?\d+$/.test(text) || BigInt(text) === BigInt(value))) return;
  const shown = text.length > 40 ? `${text.slice(0, 40)}..` : text;
  throw new RangeError(`${shown} does not fit a number without rounding`);
}
