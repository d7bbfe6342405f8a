// `getOrSet`: one call computes a missing value, while other calls wait for it.

import {
  MAX_MILLIS,
  checkKey,
  checkOptions,
  shortened,
  shown,
  valueUnder,
  wholeSeconds,
} from "./arguments.js";
import { refused } from "./error.js";
import { ask, host } from "./host.js";
import { toText } from "./json.js";
import { MAX_DEPTH } from "./limits.js";
import { log } from "./log.js";

const DEFAULT_WAIT = 5;

export class Lease {
  getOrSet(key, compute, options) {
    checkKey(key);
    if (typeof compute !== "function") {
      throw new TypeError(`compute is ${shown(compute)}: it must be a function without arguments`);
    }
    const given = options === undefined ? {} : checkedOptions(options);
    // Try a plain `get` first: a hit needs no lease.
    if (given.early === undefined) {
      const text = textUnder(key);
      if (text !== undefined) return valueUnder(key, text);
    }
    const found = ask("getOrLease", key, given.early, millisOf(given.wait));
    switch (found.tag) {
      case "value":
        return valueUnder(key, found.val);
      case "compute":
        return computeAndFill(key, compute, given.expiry);
      case "refresh":
        return refresh(key, compute, given.expiry, found.val);
      default:
        return once(compute(), (value) => value ?? undefined);
    }
  }
}

function checkedOptions(options) {
  checkOptions(options, "getOrSet(key, compute", ["expiry", "early", "wait"]);
  const { expiry, early, wait } = options;
  if (expiry !== undefined) wholeSeconds(expiry, "expiry");
  if (early !== undefined) checkEarly(early, expiry);
  millisOf(wait);
  return options;
}

function checkEarly(early, expiry) {
  wholeSeconds(early, "early");
  if (expiry === undefined) {
    throw new RangeError(`early is ${early} s, but there is no expiry: set a longer expiry`);
  }
  if (early >= expiry) {
    throw new RangeError(`early is ${early} s: it must be less than the expiry, ${expiry} s`);
  }
}

function millisOf(seconds = DEFAULT_WAIT) {
  if (typeof seconds !== "number") {
    throw new TypeError(`wait is ${shown(seconds)}: it must be seconds, as a number`);
  }
  if (!(seconds >= 0)) throw new RangeError(`wait is ${seconds}: it must be 0 seconds or more`);
  return Math.min(Math.trunc(seconds * 1000), MAX_MILLIS);
}

function textUnder(key) {
  try {
    return host.get(key) ?? undefined;
  } catch (error) {
    throw refused(error);
  }
}

/** Applies `next` to a value, or to the result of a promise. */
function once(value, next) {
  return typeof value?.then === "function" ? Promise.resolve(value).then(next) : next(value);
}

/** Returns the result of `act`. On an exception or a rejection, the result is `failed(error)`. */
function attempt(act, failed) {
  let made;
  try {
    made = act();
  } catch (error) {
    return failed(error);
  }
  return typeof made?.then === "function" ? Promise.resolve(made).catch(failed) : made;
}

function computeAndFill(key, compute, expiry) {
  const computed = () => once(compute(), (value) => fill(key, value, expiry));
  return attempt(computed, (error) => {
    release(key);
    throw error;
  });
}

function refresh(key, compute, expiry, old) {
  return attempt(
    () => computeAndFill(key, compute, expiry),
    (error) => {
      log.warn(`the value under ${shortened(key)} could not be refreshed:`, error);
      return valueUnder(key, old);
    },
  );
}

/**
 * Returns a computed value, and stores it unless the lease has ended. Logs an `unavailable` error
 * as a warning, because the service still gets the value.
 */
function fill(key, value, expiry) {
  const text = toText(value ?? null, "value", MAX_DEPTH);
  try {
    ask("fill", key, text, expiry);
  } catch (error) {
    if (error?.kind !== "unavailable") throw error;
    log.warn(`the value under ${shortened(key)} may not have been stored:`, error);
  }
  return value ?? undefined;
}

/** Releases the lease of a key. Errors are ignored, because the lease ends with the call anyway. */
function release(key) {
  try {
    host.release(key);
  } catch {}
}
