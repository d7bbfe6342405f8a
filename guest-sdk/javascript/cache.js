import {
  checkAlone,
  checkText,
  expiryOf,
  noKey,
  shortened,
  valueUnder,
} from "./arguments.js";
import { refused } from "./error.js";
import { host } from "./host.js";
import { INTERFACES } from "./interfaces.js";
import { toText } from "./json.js";
import { MAX_DEPTH } from "./limits.js";
import { methodsOf, offered } from "./offered.js";
import { PARTS } from "./parts.js";

class Cache {
  get(key) {
    if (arguments.length > 1) checkAlone("get", arguments);
    const text = this.getRaw(key);
    return text === undefined ? undefined : valueUnder(key, text);
  }

  getInteger(key) {
    if (arguments.length > 1) checkAlone("getInteger", arguments);
    const text = this.getRaw(key);
    if (text === undefined || text === "null") return undefined;
    const value = Number(text);
    // Test the common form first, because the regular expression is slower.
    const isInteger = String(value) === text || /^\s*-?\d+\s*$/.test(text);
    if (isInteger && Number.isSafeInteger(value)) return value;
    if (text.trim() === "null") return undefined;
    throw new RangeError(
      `the value under ${shortened(key)}, ${shortened(text)}, is not an integer up to 2^53 - 1; ` +
        "getRaw returns its text",
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
    const expiry = options === undefined ? undefined : expiryOf(options, "set(key, value");
    const text = toText(value, "value", MAX_DEPTH);
    try {
      host.set(key, text, expiry);
    } catch (error) {
      throw refused(error);
    }
  }

  setRaw(key, text, options) {
    if (typeof key !== "string" || !key.isWellFormed()) throw noKey(key);
    const expiry = options === undefined ? undefined : expiryOf(options, "setRaw(key, text");
    checkText(text);
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

const METHODS = methodsOf(Cache);
const OF_PARTS = Object.values(INTERFACES).flat();

for (const { prototype } of PARTS) {
  const { constructor, ...methods } = Object.getOwnPropertyDescriptors(prototype);
  Object.defineProperties(Cache.prototype, methods);
}

export const cache = offered(Cache, (name) => {
  if (OF_PARTS.includes(name)) {
    throw new TypeError(
      `cache.${name} is not in this component: the build includes only what the ` +
        `service's files name: write cache.${name}(..) in one of them`,
    );
  }
  const all = [...METHODS, ...OF_PARTS].join(", ");
  throw new TypeError(`cache.${name} is not offered; cache has: ${all}`);
});
