// Atomic operations on one entry.

import {
  checkAlone,
  checkKey,
  checkOptions,
  checkText,
  expiryOf,
  isNumeric,
  shortened,
  shown,
  valueUnder,
  wholeSeconds,
} from "./arguments.js";
import { CacheError, refused } from "./error.js";
import { ask, host } from "./host.js";
import { toText } from "./json.js";
import { MAX_DEPTH, MAX_INTEGER } from "./limits.js";

/**
 * The maximum number of times that `update` tries to replace the value. `update` tries again only
 * if the entry has changed since the last read, so only a key with very many writers reaches the
 * limit.
 */
const UPDATE_TRIES = 100;

export class Atomics {
  setIfAbsent(key, value, options) {
    checkKey(key);
    const expiry = options === undefined ? undefined : expiryOf(options, "setIfAbsent(key, value");
    return ask("setIfAbsent", key, toText(value, "value", MAX_DEPTH), expiry);
  }

  increment(key, delta = 1, options = undefined) {
    checkKey(key);
    if (!Number.isInteger(delta) || delta > MAX_INTEGER || delta < -MAX_INTEGER) {
      throw noDelta(delta);
    }
    const expiry = options === undefined ? undefined : expiryOf(options, "increment(key, delta");
    try {
      return host.increment(key, delta, expiry);
    } catch (error) {
      throw refused(error);
    }
  }

  compareAndSwapRaw(key, expected, wanted, options) {
    checkKey(key);
    checkTextOrNone(expected, "the expected text");
    checkTextOrNone(wanted, "the wanted text");
    const lifetime = options === undefined ? KEEP : lifetimeOf(options, wanted);
    const swap = ask("compareAndSwap", key, expected, wanted, lifetime);
    if (swap.tag === "swapped") return { swapped: true };
    return { swapped: false, current: swap.val ?? undefined };
  }

  update(key, change, options) {
    checkKey(key);
    if (options !== undefined) {
      throw new TypeError(
        `update takes no options, not ${shown(options)}: an entry keeps its expiry, and ` +
          "cache.expire(key, seconds) changes it",
      );
    }
    if (typeof change !== "function") {
      throw new TypeError(`change is ${shown(change)}: it must be a function of the old value`);
    }
    let old = ask("get", key) ?? undefined;
    for (let tries = 0; tries < UPDATE_TRIES; tries++) {
      const value = change(old === undefined ? undefined : valueUnder(key, old));
      const swap = ask("compareAndSwap", key, old, toText(value, "value", MAX_DEPTH), KEEP);
      if (swap.tag === "swapped") return value;
      old = swap.val ?? undefined;
    }
    const why = `other callers changed it ${UPDATE_TRIES} times`;
    throw new CacheError("unavailable", `the value under ${shortened(key)} is not updated: ${why}`);
  }

  take(key) {
    if (arguments.length > 1) checkAlone("take", arguments);
    const text = this.takeRaw(key);
    return text === undefined ? undefined : valueUnder(key, text);
  }

  takeRaw(key) {
    if (arguments.length > 1) checkAlone("takeRaw", arguments);
    checkKey(key);
    return ask("take", key) ?? undefined;
  }
}

function noDelta(delta) {
  const rule = "it must be an integer from -(2^53 - 1) to 2^53 - 1";
  const why = `delta is ${shown(delta)}: ${rule}`;
  if (typeof delta === "number") return new RangeError(why);
  const isOptions = typeof delta === "object" && delta !== null;
  const fix = isNumeric(delta) ? "; write Number(..)" : isOptions ? "; options come after it" : "";
  return new TypeError(`${why}${fix}`);
}

/** Refuses a value that is neither a well-formed string nor `undefined`, which means no entry. */
function checkTextOrNone(text, called) {
  if (text === null) {
    const fix = 'use undefined for no entry, and "null" for a stored null';
    throw new TypeError(`${called} is null: ${fix}`);
  }
  if (text !== undefined) checkText(text, called);
}

const KEEP = { tag: "keep" };

/**
 * Converts the option `expiry` to the WIT type `lifetime`. Ignores the option if `wanted` is
 * `undefined`, because the entry is then removed.
 */
function lifetimeOf(options, wanted) {
  checkOptions(options, "compareAndSwapRaw(key, expected, wanted", ["expiry"]);
  const { expiry = "keep" } = options;
  if (wanted === undefined || expiry === "keep") return KEEP;
  if (expiry === "unlimited") return { tag: "unlimited" };
  return { tag: "after", val: wholeSeconds(expiry, "expiry", ', or "keep" or "unlimited"') };
}
