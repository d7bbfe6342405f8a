// The cache of a fake: the host's functions and rules, on the fake's clock. Used only in tests.

import { checkKey, checkValue, sumOf } from "../grammar.js";

/** The maximum number of keys in a page. */
const PAGE = 1000;

/** The lease holders: the test's own calls, and a simulated other call. */
const [OWN, OTHER] = ["own", "other"];

/** An in-process cache that never evicts entries and never throws `denied` or `unavailable`. */
export class FakeCache {
  stats = {
    ...{ sets: 0, hits: 0, misses: 0, exists: 0, deletes: 0 },
    ...{ increments: 0, swaps: 0, takes: 0, expires: 0 },
  };
  #clock;
  #entries = new Map();
  /** The lease holder of each key. Each change of an entry ends its lease. */
  #leases = new Map();

  constructor(clock) {
    this.#clock = clock;
  }

  /** Returns the host's functions, by name. */
  functions() {
    return {
      get: (key) => this.#read(this.#live(key)),
      set: (key, value, expiry) => this.#set(key, value, expiry),
      delete: (key) => this.#delete(key),
      exists: (key) => this.#exists(key),
      setIfAbsent: (key, value, expiry) => this.#setIfAbsent(key, value, expiry),
      increment: (key, delta, expiry) => this.#increment(key, delta, expiry),
      compareAndSwap: (...given) => this.#compareAndSwap(...given),
      take: (key) => this.#take(key),
      getOrLease: (key, early) => this.#getOrLease(key, early),
      fill: (key, value, expiry) => this.#fill(key, value, expiry),
      release: (key) => this.#release(key),
      getMany: (keys) => this.#getMany(keys),
      setMany: (entries, expiry) => this.#setMany(entries, expiry),
      deleteMany: (keys) => this.#deleteMany(keys),
      ttl: (key) => this.#ttl(key),
      expire: (key, expiry) => this.#expire(key, expiry),
      keys: (prefix, cursor) => this.#keys(prefix, cursor),
      deletePrefix: (prefix, cursor) => this.#deletePrefix(prefix, cursor),
    };
  }

  /** Gives the lease of a key to the simulated other call. */
  hold(key) {
    this.#end(key, OWN);
    this.#begin(key, OTHER);
  }

  /** Releases the lease of the simulated other call. */
  letGo(key) {
    this.#end(key, OTHER);
  }

  #set(key, value, expiry) {
    checkKey(key);
    checkValue(value);
    this.#write(key, value, this.#deadline(expiry));
    this.stats.sets++;
  }

  #delete(key) {
    const was = this.#remove(key) !== undefined;
    if (was) this.stats.deletes++;
    return was;
  }

  #exists(key) {
    const is = this.#live(key) !== undefined;
    this.stats.exists++;
    return is;
  }

  #setIfAbsent(key, value, expiry) {
    const isAbsent = this.#live(key) === undefined;
    checkValue(value);
    if (isAbsent) this.#set(key, value, expiry);
    return isAbsent;
  }

  #increment(key, delta, expiry) {
    const entry = this.#live(key);
    // End the lease even if the sum is refused.
    this.#leases.delete(key);
    const sum = sumOf(entry?.value ?? "0", delta);
    this.#write(key, String(sum), entry === undefined ? this.#deadline(expiry) : entry.deadline);
    this.stats.increments++;
    return sum;
  }

  #compareAndSwap(key, expected, wanted, lifetime) {
    const entry = this.#live(key);
    for (const text of [expected, wanted]) if (text !== undefined) checkValue(text);
    // End the lease even if nothing is swapped.
    this.#leases.delete(key);
    if (entry?.value !== expected) return { tag: "changed", val: entry?.value };
    if (wanted !== undefined) {
      const deadline = lifetime.tag === "keep" ? entry?.deadline : this.#deadline(lifetime.val);
      this.#write(key, wanted, deadline);
    }
    if (wanted !== undefined || this.#remove(key) !== undefined) this.stats.swaps++;
    return { tag: "swapped" };
  }

  #take(key) {
    const entry = this.#remove(key);
    if (entry !== undefined) this.stats.takes++;
    return entry?.value;
  }

  /** Never waits: this function is synchronous, so no other code could fill the key meanwhile. */
  #getOrLease(key, early = 0) {
    const entry = this.#live(key);
    const val = this.#read(entry);
    if (entry === undefined) return { tag: this.#begin(key, OWN) ? "compute" : "busy" };
    const isNear = entry.deadline - this.#clock.millis < early * 1000;
    return { tag: isNear && this.#begin(key, OWN) ? "refresh" : "value", val };
  }

  #fill(key, value, expiry) {
    checkKey(key);
    checkValue(value);
    const isValid = this.#leases.get(key) === OWN;
    if (isValid) this.#set(key, value, expiry);
    return isValid;
  }

  #release(key) {
    checkKey(key);
    this.#end(key, OWN);
  }

  #getMany(keys) {
    // Check all keys before counting: a refused call is not counted.
    const entries = keys.map((key) => this.#live(key));
    return entries.map((entry) => this.#read(entry));
  }

  #setMany(entries, expiry) {
    for (const [key, value] of entries) {
      checkKey(key);
      checkValue(value);
    }
    for (const [key, value] of entries) this.#set(key, value, expiry);
  }

  #deleteMany(keys) {
    keys.forEach(checkKey);
    return keys.filter((key) => this.#delete(key)).length;
  }

  #ttl(key) {
    const entry = this.#live(key);
    if (entry === undefined) return { tag: "missing" };
    if (entry.deadline === undefined) return { tag: "unlimited" };
    return { tag: "seconds", val: Math.ceil((entry.deadline - this.#clock.millis) / 1000) };
  }

  #expire(key, expiry) {
    const entry = this.#live(key);
    this.#leases.delete(key);
    if (entry === undefined) return false;
    entry.deadline = this.#deadline(expiry);
    this.stats.expires++;
    return true;
  }

  /** The cursor is the last key of the previous page. */
  #keys(prefix, cursor = "") {
    const isNext = (key) => key.startsWith(prefix) && key > cursor && this.#live(key) !== undefined;
    const found = Array.from(this.#entries.keys()).filter(isNext).sort();
    const keys = found.slice(0, PAGE);
    return { keys, cursor: found.length > PAGE ? keys.at(-1) : undefined };
  }

  #deletePrefix(prefix, after) {
    const { keys, cursor } = this.#keys(prefix, after);
    for (const key of this.#leases.keys()) if (key.startsWith(prefix)) this.#leases.delete(key);
    return [this.#deleteMany(keys), cursor];
  }

  #live(key) {
    checkKey(key);
    const entry = this.#entries.get(key);
    if (!(entry?.deadline <= this.#clock.millis)) return entry;
    this.#entries.delete(key);
    return undefined;
  }

  /** Counts a hit or a miss. Returns the text of the entry, or undefined if it does not exist. */
  #read(entry) {
    this.stats[entry === undefined ? "misses" : "hits"]++;
    return entry?.value;
  }

  #write(key, value, deadline) {
    this.#entries.set(key, { value, deadline });
    this.#leases.delete(key);
  }

  #remove(key) {
    const entry = this.#live(key);
    this.#entries.delete(key);
    this.#leases.delete(key);
    return entry;
  }

  #deadline(expiry) {
    return expiry === undefined ? undefined : this.#clock.millis + expiry * 1000;
  }

  /** Gives the lease of a key to a holder. Returns false if another holder has the lease. */
  #begin(key, holder) {
    if ((this.#leases.get(key) ?? holder) !== holder) return false;
    this.#leases.set(key, holder);
    return true;
  }

  #end(key, holder) {
    if (this.#leases.get(key) === holder) this.#leases.delete(key);
  }
}
