// The steps that test atomic operations, leases, batches, and the expiry and listing of entries.

import { Failure, cache } from "hostel-sdk";

/** Returns an options object. Omits an option that is undefined or null. */
function options(expiry, early) {
  return { ...(isGiven(expiry) && { expiry }), ...(isGiven(early) && { early }) };
}

const isGiven = (value) => value !== undefined && value !== null;

/** Throws a failure if the step has `fail`, as a service's callback may do. */
function failIfTold(args) {
  if (args?.fail) throw Failure.conflict("as the step requests");
}

/** Runs `act` and returns its result, or the kind of its Failure. Throws any other error. */
function answer(act) {
  try {
    return act();
  } catch (error) {
    if (error instanceof Failure) return { failure: error.kind };
    throw error;
  }
}

/** Returns a step that repeats one call, for benchmarks. */
const many = (call) => ({ key, value }) => {
  for (let times = 0; times < value; times++) call(key);
  return null;
};

function missing() {
  throw new Error("no value is available");
}

const HUNDRED = (key) => Array.from({ length: 100 }, () => key);

const ONE_MINUTE = { expiry: 60 };

export const changes = {
  "set-if-absent": ({ key, value, expiry }) => cache.setIfAbsent(key, value, options(expiry)),
  increment: ({ key, args, expiry }) => cache.increment(key, args.delta, options(expiry)),
  "compare-and-swap": ({ key, args: { expected, wanted, lifetime } }) => {
    const [from, to] = [expected ?? undefined, wanted ?? undefined];
    const swap = cache.compareAndSwapRaw(key, from, to, { expiry: lifetime });
    return swap.swapped ? "swapped" : { changed: swap.current ?? null };
  },
  /**
   * Appends the step's value to the list under the key. With `fail`, the change function fails
   * instead.
   */
  update: ({ key, value, args }) => {
    const change = (list = []) => {
      failIfTold(args);
      return [...list, value];
    };
    return answer(() => cache.update(key, change));
  },
  take: ({ key }) => cache.take(key) ?? null,
  "take-raw": ({ key }) => cache.takeRaw(key) ?? null,
  /**
   * Returns the value and whether `compute` was called. `compute` returns the step's value, or
   * throws a failure if the step has `fail`.
   */
  "get-or-set": ({ key, value, args, expiry }) => {
    let computed = false;
    const compute = () => {
      computed = true;
      failIfTold(args);
      return value;
    };
    return answer(() => {
      const found = cache.getOrSet(key, compute, options(expiry ?? args?.expiry, args?.early));
      return { value: found ?? null, computed };
    });
  },
  "batch-get": ({ args }) => cache.getMany(args.keys).map((value) => value ?? null),
  "batch-set": ({ args, expiry }) => {
    cache.setMany(args.entries, options(expiry));
    return null;
  },
  "batch-delete": ({ args }) => cache.deleteMany(args.keys),
  ttl: ({ key }) => {
    const left = cache.ttl(key);
    return left === undefined ? "missing" : left === Infinity ? "unlimited" : left;
  },
  expire: ({ key, args }) => cache.expire(key, args.expiry ?? "unlimited"),
  keys: ({ args }) => Array.from(cache.keys(args.prefix)).sort(),
  "delete-prefix": ({ args }) => cache.deletePrefix(args.prefix),
  "get-or-set-many": many((key) => cache.getOrSet(key, missing, ONE_MINUTE)),
  "increment-many": many((key) => cache.increment(key)),
  "batch-get-many": many((key) => cache.getMany(HUNDRED(key))),
};
