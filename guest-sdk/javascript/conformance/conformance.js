// The JavaScript conformance plugin. The service `conformance` runs the step of a scenario that its
// request contains, with the public SDK only. A request without a step does nothing.

import { CacheError, Failure, cache, log } from "hostel-sdk";

import { changes } from "./changes.js";
import { exchanges, readers } from "./http.js";
import { sources } from "./sources.js";

const steps = {
  ...changes,
  get: ({ key }) => cache.get(key) ?? null,
  "get-many": ({ key, value }) => {
    for (let call = 0; call < value; call++) cache.get(key);
    return null;
  },
  "raw-many": ({ key, value }) => {
    for (let call = 0; call < value; call++) cache.getRaw(key);
    return null;
  },
  "exists-many": ({ key, value }) => {
    for (let call = 0; call < value; call++) cache.exists(key);
    return null;
  },
  "get-integer": ({ key }) => cache.getInteger(key)?.toString() ?? null,
  "set-raw": ({ key, what, ...step }) => {
    cache.setRaw(key, what, "expiry" in step ? { expiry: step.expiry } : undefined);
    return null;
  },
  "set-unsigned": ({ key, what }) => {
    cache.setRaw(key, what);
    return null;
  },
  "get-unsigned": ({ key }) => BigInt(cache.getRaw(key)).toString(),
  "get-bits": ({ key }) => bitsOf(cache.get(key)),
  "set-bits": ({ key, what }) => {
    view.setBigUint64(0, BigInt(`0x${what}`));
    cache.set(key, view.getFloat64(0));
    return null;
  },
  "bits-loop": ({ key, value: rounds }) => {
    let state = 1n;
    for (let round = 0; round < rounds; round++) {
      state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
      view.setBigUint64(0, state);
      const whole = Math.trunc(Number(view.getBigInt64(0)) * 2 ** ((round % 40) - 30));
      for (const number of [view.getFloat64(0), whole].filter(Number.isFinite)) {
        cache.set(key, number);
        const read = cache.get(key);
        if (!Object.is(read, number)) return `${number}: ${read}`;
      }
    }
    return null;
  },
  raw: ({ key }) => cache.getRaw(key) ?? null,
  set: ({ key, value, ...step }) => {
    if ("expiry" in step) cache.set(key, value, { expiry: step.expiry });
    else cache.set(key, value);
    return null;
  },
  delete: ({ key }) => cache.delete(key),
  exists: ({ key }) => cache.exists(key),
  "set-special": ({ key, what }) => {
    if (!(what in specials)) return undefined;
    cache.set(key, specials[what]());
    return null;
  },
  mutate: ({ key }) => {
    cache.set(key, { a: [1] });
    cache.get(key).a.push(2);
    return cache.get(key);
  },
  log: ({ value: level, what: message }) => {
    log[level](message);
    return null;
  },
  fail: ({ value: kind, what: message }) => {
    throw new Failure(kind, message);
  },
  random: () => [
    `Math.random:${Math.random()}`,
    `crypto.getRandomValues:${crypto.getRandomValues(new Uint32Array(4)).join("-")}`,
    `crypto.randomUUID:${crypto.randomUUID()}`,
  ],
};

const view = new DataView(new ArrayBuffer(8));

function bitsOf(number) {
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

const specials = {
  nan: () => NaN,
  infinity: () => Infinity,
  "-infinity": () => -Infinity,
  cycle: () => {
    const cycle = {};
    cycle.self = cycle;
    return cycle;
  },
  function: () => () => {},
  set: () => new Set([1]),
  date: () => new Date(),
  bytes: () => new Uint8Array([1, 2]),
  undefined: () => undefined,
  map: () => new Map([["a", 1]]),
  bigint: () => 2n ** 70n,
  "integer-keys": () => ({ 1: "a" }),
  tuple: () => [1, "a"],
  "lone-surrogate": () => "\ud800",
};

/**
 * Returns the kind of a CacheError, or the kind of the host's error that corresponds to an argument
 * error of the SDK. Throws any other error.
 */
function kindOf(error) {
  if (error instanceof CacheError) return error.kind;
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  return /^(expiry|early)\b/.test(error.message) ? "invalid-expiry" : "invalid-value";
}

/**
 * Returns the step that a request contains. The step is in the header `x-step`, or in the body if
 * the request does not have this header. Returns undefined if the request has neither.
 */
function stepOf(request) {
  const step = request.header("x-step");
  return step === undefined ? request.json() : JSON.parse(step);
}

function conformance(request) {
  const step = stepOf(request);
  // Do nothing for an empty request: benchmarks measure the cost of such a call.
  if (step === undefined) return undefined;
  if (step.op in exchanges) return exchanges[step.op](step);
  if (step.op === "read") return { ok: readers[step.what](request, step.key) ?? null };
  try {
    const ok = steps[step.op]?.(step);
    return ok === undefined ? { skip: true } : { ok };
  } catch (error) {
    return { error: kindOf(error), message: error.message };
  }
}
conformance.description = "Interprets one step of a scenario.";

export default { conformance, ...sources };
