import { CacheError } from "./error.js";
import { host } from "./host.js";
import { fromText, toText } from "./json.js";
import { MAX_DEPTH, MAX_EXPIRY_SECONDS } from "./limits.js";

class Cache {
  get(key) {
    if (arguments.length > 1) checkAlone("get", arguments);
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
    if (arguments.length > 1) checkAlone("getInteger", arguments);
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
    if (arguments.length > 1) checkAlone("getRaw", arguments);
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

  setRaw(key, text, options) {
    if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
    const expiry = options === undefined ? undefined : expiryOf(options);
    if (typeof text !== "string" || !text.isWellFormed()) {
      throw new TypeError(`the JSON text is ${shown(text)}: ${textRule(text)}`);
    }
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

const METHODS = Object.getOwnPropertyNames(Cache.prototype).slice(1); // Without the constructor.

// What awaits, writes or prints an object asks it for.
const ASKED_OF_ANY = ["asymmetricMatch", "inspect", "nodeType", "then", "toJSON"];

// Asked only for what the cache does not have, so that its own methods cost nothing more.
Object.setPrototypeOf(
  Cache.prototype,
  new Proxy(Object.prototype, {
    get(target, name, receiver) {
      if (typeof name === "symbol" || name in target || ASKED_OF_ANY.includes(name)) {
        return Reflect.get(target, name, receiver);
      }
      throw new TypeError(`cache.${name} is not offered; cache has: ${METHODS.join(", ")}`);
    },
  }),
);

export const cache = new Cache();

/** Refuses what may be meant as a default: it would be used when the entry is missing. */
function checkAlone(method, [, given]) {
  if (given === undefined) return;
  const fix = `for a default, cache.${method}(key) ?? ${shown(given)}`;
  throw new TypeError(`cache.${method} takes a key and nothing else, not ${shown(given)}: ${fix}`);
}

function noKey(key) {
  return typeof key === "string"
    ? new TypeError(`the key ${shortened(key)} holds half of a surrogate pair`)
    : new TypeError(`the key ${shown(key)} is no string`);
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
  const rule = `it must be whole seconds, 1 to ${MAX_EXPIRY_SECONDS} (ten years)`;
  if (typeof expiry !== "number") {
    const fix = typeof expiry === "string" || typeof expiry === "bigint" ? "; Number(..) is" : "";
    throw new TypeError(`expiry is ${shown(expiry)}: ${rule}, as a number${fix}`);
  }
  if (!Number.isInteger(expiry) || expiry < 1 || expiry > MAX_EXPIRY_SECONDS) {
    const fix = expiry > 1 && expiry < MAX_EXPIRY_SECONDS ? `; Math.round(${expiry}) is` : "";
    throw new RangeError(`expiry is ${expiry}: ${rule}${fix}`);
  }
  return expiry;
}

/** The host's refusal as a CacheError; any other error as it is. */
function refused(error) {
  const { payload } = error;
  return payload?.kind === undefined ? error : new CacheError(payload.kind, payload.message);
}

function textRule(text) {
  return typeof text === "string"
    ? "it holds half of a surrogate pair"
    : "it must be a string; set makes JSON of any value";
}

function shown(value) {
  if (typeof value === "string") return shortened(value);
  if (Array.isArray(value)) return "[..]";
  return typeof value === "object" && value !== null ? "{..}" : String(value);
}

/** The text in quotes, cut to what an error message can carry. */
function shortened(text) {
  return text.length > 64 ? `${JSON.stringify(text.slice(0, 64))}..` : JSON.stringify(text);
}
