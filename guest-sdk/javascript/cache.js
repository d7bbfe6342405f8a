import { CacheError } from "./error.js";
import { host } from "./host.js";
import { fromText, toText } from "./json.js";
import { MAX_DEPTH, MAX_EXPIRY_SECONDS } from "./limits.js";

class Cache {
  get(key) {
    const text = this.getRaw(key);
    if (text === undefined) return undefined;
    try {
      return fromText(text, true) ?? undefined;
    } catch (error) {
      throw new RangeError(
        `the value under ${shortened(key)}: ${error.message}; getRaw gives its text`,
      );
    }
  }

  getInteger(key) {
    const text = this.getRaw(key);
    if (text === undefined || text === "null") return undefined;
    const value = Number(text);
    // A regular expression takes longer than all the rest.
    const isInteger = String(value) === text || /^\s*-?\d+\s*$/.test(text);
    if (isInteger && Number.isSafeInteger(value)) return value;
    throw new RangeError(
      `the value under ${shortened(key)}, ${shortened(text)}, is no integer of up to 2^53 - 1; ` +
        "getRaw gives its text",
    );
  }

  getRaw(key) {
    if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
    try {
      return host.get(key) ?? undefined;
    } catch (error) {
      throw refused(error);
    }
  }

  set(key, value, options) {
    if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
    const expiry = options === undefined ? undefined : expiryOf(options);
    const text = toText(value, "value", MAX_DEPTH);
    try {
      host.set(key, text, expiry);
    } catch (error) {
      throw refused(error);
    }
  }

  delete(key) {
    if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
    try {
      return host.delete(key);
    } catch (error) {
      throw refused(error);
    }
  }

  exists(key) {
    if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
    try {
      return host.exists(key);
    } catch (error) {
      throw refused(error);
    }
  }
}

export const cache = new Cache();

function noKey(key) {
  return typeof key === "string"
    ? new TypeError(`the key ${shortened(key)} holds half of a surrogate pair`)
    : new TypeError(`the key ${String(key)} is no string`);
}

/** The expiry of the options in whole seconds, if there is one. */
function expiryOf(options) {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`expiry is an option: set(key, value, { expiry: ${shown(options)} })`);
  }
  for (const name in options) {
    if (name !== "expiry") throw new TypeError(`set has no option ${name}, only expiry`);
  }
  const { expiry } = options;
  if (expiry === undefined) return undefined;
  if (typeof expiry !== "number") {
    throw new TypeError(`expiry is ${shown(expiry)}: it must be a number of seconds`);
  }
  if (!Number.isInteger(expiry) || expiry < 1 || expiry > MAX_EXPIRY_SECONDS) {
    throw new RangeError(
      `expiry is ${expiry}: it must be whole seconds, 1 to ${MAX_EXPIRY_SECONDS} (ten years)`,
    );
  }
  return expiry;
}

/** The host's refusal as a CacheError; any other error as it is. */
function refused(error) {
  const { payload } = error;
  return payload?.kind === undefined ? error : new CacheError(payload.kind, payload.message);
}

function shown(value) {
  return typeof value === "string" ? shortened(value) : String(value);
}

/** The text in quotes, cut to what an error message can carry. */
function shortened(text) {
  return text.length > 64 ? `${JSON.stringify(text.slice(0, 64))}..` : JSON.stringify(text);
}
