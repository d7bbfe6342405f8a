// Operations on several entries in one call to the host.

import { checkKey, expiryOf, shortened, shown, valueUnder } from "./arguments.js";
import { CacheError } from "./error.js";
import { ask } from "./host.js";
import { toText } from "./json.js";
import { MAX_DEPTH, MAX_KEYS } from "./limits.js";

export class Batch {
  getMany(keys) {
    const checked = checkedKeys(keys);
    const texts = ask("getMany", checked);
    return texts.map((text, at) => {
      return text === null || text === undefined ? undefined : valueUnder(checked[at], text);
    });
  }

  setMany(entries, options) {
    const expiry = options === undefined ? undefined : expiryOf(options, "setMany(entries");
    const pairs = pairsOf(entries);
    checkCount(pairs.length);
    const texts = pairs.map(([key, value]) => {
      checkKey(key);
      return [key, toText(value, `the value for ${shortened(key)}`, MAX_DEPTH)];
    });
    ask("setMany", texts, expiry);
  }

  deleteMany(keys) {
    return ask("deleteMany", checkedKeys(keys));
  }
}

/** Validates the keys and returns them as an array. Refuses a string, although it is iterable. */
function checkedKeys(keys) {
  if (typeof keys === "string" || typeof keys?.[Symbol.iterator] !== "function") {
    throw new TypeError(`keys is ${shown(keys)}: it must be an array of keys`);
  }
  const checked = Array.from(keys);
  checkCount(checked.length);
  checked.forEach(checkKey);
  return checked;
}

function checkCount(keys) {
  if (keys <= MAX_KEYS) return;
  const rule = `the maximum is ${MAX_KEYS}; make several calls`;
  throw new CacheError("too-large", `${keys} keys in one call: ${rule}`);
}

/** Converts an object, a Map or pairs to an array of pairs of key and value. */
function pairsOf(entries) {
  if (typeof entries === "object" && entries !== null) {
    if (typeof entries[Symbol.iterator] === "function") {
      const pairs = Array.from(entries);
      pairs.forEach(checkPair);
      return pairs;
    }
    const prototype = Object.getPrototypeOf(entries);
    if (prototype === Object.prototype || prototype === null) return Object.entries(entries);
  }
  const rule = "it must be an object, a Map, or pairs of key and value";
  throw new TypeError(`entries is ${shown(entries)}: ${rule}`);
}

function checkPair(pair, at) {
  if (Array.isArray(pair) && pair.length === 2) return;
  throw new TypeError(`entries[${at}] is ${shown(pair)}: it must be a pair, [key, value]`);
}
