// Validates keys and values for the fake, with the host's rules and messages.

import { DEFAULT_VALUE_LIMIT, MAX_DEPTH, MAX_INTEGER, MAX_KEY_BYTES } from "./limits.js";

const EXCERPT_CHARS = 32;

const SPACE = /[ \n\r\t]*/y;
const PLAIN = /[^"\\\x00-\x1f]*/y;
const DIGITS = /\d*/y;
const WORD = /true|false|null/y;
const UNICODE = /\\u[\da-f]{4}/iy;
const HIGH = /\\ud[89ab][\da-f]{2}/iy;
const INTEGER = /^(0|-?[1-9]\d*)$/;
const LOW = /\\ud[c-f][\da-f]{2}/iy;

/** Throws the host's error for an invalid key. */
export function checkKey(key) {
  const size = Buffer.byteLength(key);
  if (size > 0 && size <= MAX_KEY_BYTES) return;
  const shown = size === 0 ? '""' : `${excerpt(key)} of ${size} bytes`;
  refuse("invalid-key", `invalid key ${shown}: a key must be 1 to ${MAX_KEY_BYTES} bytes`);
}

/** Throws the host's error for an invalid value. */
export function checkValue(text) {
  const size = Buffer.byteLength(text);
  if (size > DEFAULT_VALUE_LIMIT) {
    const rule = `a value must be at most ${DEFAULT_VALUE_LIMIT} bytes here`;
    refuse("too-large", `value ${excerpt(text)} of ${size} bytes is too large: ${rule}`);
  }
  const reader = new Reader(text);
  const flaw = reader.read();
  if (flaw === undefined) return;
  const found = reader.at < text.length ? excerpt(text.slice(reader.at)) : "the end";
  const offset = Buffer.byteLength(text.slice(0, reader.at));
  refuse("invalid-value", `invalid value at byte ${offset}: ${flaw}, found ${found}`);
}

/**
 * Returns the sum of a stored integer and a delta. Throws the host's error if `text` is not an
 * integer, or if this integer or the sum is out of range.
 */
export function sumOf(text, delta) {
  const value = Number(text);
  if (!INTEGER.test(text) || Math.abs(value) > MAX_INTEGER) {
    const form = "written without fraction, exponent and spaces";
    const rule = `is not an integer from -(2^53 - 1) to 2^53 - 1, ${form}`;
    refuse("invalid-value", `value ${excerpt(text)} ${rule}`);
  }
  if (Math.abs(value + delta) > MAX_INTEGER) {
    const rule = "is not from -(2^53 - 1) to 2^53 - 1";
    refuse("invalid-value", `the sum of ${value} and ${delta} ${rule}`);
  }
  return value + delta;
}

function refuse(kind, message) {
  throw Object.assign(new Error(message), { payload: { kind, message } });
}

const SHORT = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0" };

/**
 * Returns the beginning of a text, quoted and escaped as in the host's messages, except that
 * combining marks are not escaped.
 */
function excerpt(text) {
  const chars = Array.from(text);
  const shown = chars.slice(0, EXCERPT_CHARS).map((char) => {
    if (char in SHORT) return SHORT[char];
    const isShown = /[^\p{C}\p{Z}]| /u.test(char);
    return isShown ? char : `\\u{${char.codePointAt(0).toString(16)}}`;
  });
  return `"${shown.join("")}"${chars.length > EXCERPT_CHARS ? "..." : ""}`;
}

/** A non-recursive JSON validator: deep nesting cannot overflow the stack. */
class Reader {
  at = 0;
  #open = [];
  #text;

  constructor(text) {
    this.#text = text;
  }

  /**
   * Returns the reason why the text is not a valid value, and sets `at` to the place of the error.
   * Returns undefined if the text is valid.
   */
  read() {
    try {
      while (this.#beginValue() || this.#endValue());
      return undefined;
    } catch (flaw) {
      if (typeof flaw !== "string") throw flaw;
      return flaw;
    }
  }

  /** Skips a match of the pattern at the current place. Returns the length, 0 without a match. */
  #skip(pattern) {
    pattern.lastIndex = this.at;
    const length = pattern.exec(this.#text)?.[0].length ?? 0;
    this.at += length;
    return length;
  }

  #next() {
    this.#skip(SPACE);
    return this.#text[this.at];
  }

  /** Reads a scalar, or opens an array or object. Returns true if a value must follow. */
  #beginValue() {
    const first = this.#next();
    if (first === "[" || first === "{") return this.#openContainer(first);
    if (first === '"') this.#string();
    else if (/[-\d]/.test(first ?? "")) this.#number();
    else if (this.#skip(WORD) === 0) throw "expected a value";
    return false;
  }

  /**
   * Closes the arrays and objects that end after a value. Returns true if another value follows.
   */
  #endValue() {
    for (;;) {
      const next = this.#next();
      const innermost = this.#open.at(-1);
      if (innermost === undefined) {
        if (next !== undefined) throw "expected nothing after the value";
        return false;
      }
      const closing = innermost === "{" ? "}" : "]";
      if (next !== closing && next !== ",") throw `expected a comma or ${closing}`;
      this.at++;
      if (next === ",") {
        if (innermost === "{") this.#memberName();
        return true;
      }
      this.#open.pop();
    }
  }

  #openContainer(first) {
    if (this.#open.length === MAX_DEPTH) throw `nested deeper than ${MAX_DEPTH} arrays and objects`;
    this.#open.push(first);
    this.at++;
    if (this.#next() === (first === "{" ? "}" : "]")) return false;
    if (first === "{") this.#memberName();
    return true;
  }

  #memberName() {
    if (this.#next() !== '"') throw "expected a member's name in double quotes";
    this.#string();
    if (this.#next() !== ":") throw "expected a colon";
    this.at++;
  }

  #number() {
    const start = this.at;
    if (this.#text[this.at] === "-") this.at++;
    const first = this.#text[this.at];
    if (this.#digits() > 1 && first === "0") {
      this.at = start;
      throw "a number with a leading zero";
    }
    if (this.#text[this.at] === ".") {
      this.at++;
      this.#digits();
    }
    if (/[eE]/.test(this.#text[this.at] ?? "")) {
      this.at++;
      if (/[-+]/.test(this.#text[this.at] ?? "")) this.at++;
      this.#digits();
    }
    if (Number.isFinite(Number(this.#text.slice(start, this.at)))) return;
    this.at = start;
    throw "a number that is not finite as a binary64";
  }

  #digits() {
    const count = this.#skip(DIGITS);
    if (count === 0) throw "expected a digit";
    return count;
  }

  #string() {
    this.at++;
    for (;;) {
      this.#skip(PLAIN);
      const next = this.#text[this.at];
      if (next === '"') {
        this.at++;
        return;
      }
      if (next === "\\") this.#escape();
      else if (next !== undefined) throw "a control character that is not escaped";
      else throw "expected the closing quote of a string";
    }
  }

  #escape() {
    const letter = this.#text[this.at + 1];
    if (letter === undefined) {
      this.at++;
      throw "expected the closing quote of a string";
    }
    if ('"\\/bfnrt'.includes(letter)) {
      this.at += 2;
      return;
    }
    if (letter !== "u") throw "an unknown escape";
    if (this.#skip(HIGH) > 0) {
      if (this.#skip(LOW) > 0) return;
      this.at -= 6;
      throw "a high surrogate without a low one after it";
    }
    if (this.#skip(LOW) > 0) {
      this.at -= 6;
      throw "a low surrogate without a high one before it";
    }
    if (this.#skip(UNICODE) === 0) throw "an escape without four hexadecimal digits";
  }
}
