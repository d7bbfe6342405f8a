// The types of the cache, re-exported by `index.d.ts`.

/**
 * The cache that the host assigns to this plugin. All instances of the plugin share the cache, and
 * the host's configuration can let other plugins share it.
 *
 * - Values are stored as JSON, so services in any language can read them.
 * - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte. Values are JSON of at most 100
 *   levels and 1 MiB; the host's configuration can change the size limit.
 * - A cache may lose entries: a full cache in memory evicts entries that have not been used
 *   recently. A Redis server evicts by its own `maxmemory-policy`, or refuses each `set`. Do not
 *   keep the only copy of important data in a cache.
 * - A `get` followed by a `set` is not atomic: if two calls do this at the same time, one change
 *   may be lost. `increment`, `update`, `take`, `setIfAbsent` and `compareAndSwapRaw` are atomic
 *   and lose no change.
 * - Every method throws a TypeError if the key is not a string or contains a lone surrogate, and a
 *   {@link CacheError} if the host refuses the call. A refused call leaves the entry unchanged. But
 *   after the kind `unavailable`, the write may have happened. The SDK does not repeat such a call.
 * - The SDK validates the types of arguments before it calls the host. No method has a parameter
 *   for a default value: write `cache.get(key) ?? value`.
 * - Every component has the methods before `setIfAbsent`. The build adds another method if a file
 *   of the service names the method, for example as `cache.increment`. So the component's imports
 *   show what it can do.
 */
export interface Cache {
  /**
   * Returns the value under `key`. Returns `undefined` if the entry is missing or expired, or if
   * its value is `null` (`exists` distinguishes these cases). Never extends the expiry. The type
   * `T` is not checked.
   *
   * Throws a RangeError if an integer in the value would be rounded, such as 2^53 + 1.
   */
  get<T = unknown>(key: string): T | undefined;

  /**
   * Returns the integer under `key`, or `undefined` when `get` would return `undefined`.
   *
   * Throws a RangeError if the value is not an integer from -(2^53 - 1) to 2^53 - 1. `1.0` is not
   * an integer.
   */
  getInteger(key: string): number | undefined;

  /**
   * Returns the JSON text under `key`, byte for byte as stored, or `undefined` if the entry is
   * missing or expired. A stored `null` is `"null"`. `BigInt` parses the text of any integer.
   */
  getRaw(key: string): string | undefined;

  /**
   * Stores `value` under `key` until the entry expires or is replaced, deleted or evicted. Without
   * `expiry` the new entry has no expiry, even if it replaces an entry that had one.
   *
   * `expiry` is a whole number of seconds from 1 to 315,360,000 (ten years).
   *
   * Throws a TypeError or a RangeError, without a call to the host, if the value has no JSON form.
   * The message names the place, such as `value.items[2]`. These have no JSON form: NaN, an
   * infinity, `undefined`, a function, a symbol (also as a key), a BigInt, a lone surrogate, a
   * cycle, more than 100 levels, an array with extra properties, and an object that is not plain,
   * such as a Date, a Map or an instance of a class. Also throws for an invalid expiry; `undefined`
   * means no expiry.
   */
  set(key: string, value: unknown, options?: { expiry?: number | undefined }): void;

  /**
   * Like `set`, but stores a JSON text byte for byte. Use this method for integers that need a
   * BigInt, or to pass a value on without parsing it.
   *
   * Throws an `invalid-value` error if the text is not JSON. Throws a TypeError if the text is not
   * a string or contains a lone surrogate.
   */
  setRaw(key: string, text: string, options?: { expiry?: number | undefined }): void;

  /**
   * Removes the entry. Returns true if it existed and had not expired. Deleting a missing key is
   * not an error.
   */
  delete(key: string): boolean;

  /**
   * Returns true if the entry exists and has not expired, even if its value is `null`. For
   * eviction, this call does not count as a use of the entry.
   */
  exists(key: string): boolean;

  /**
   * Like `set`, but stores the value only if there is no live entry. Returns true if it stored the
   * value. A live entry stays unchanged, even if its value is `null`.
   */
  setIfAbsent(key: string, value: unknown, options?: { expiry?: number | undefined }): boolean;

  /**
   * Adds `delta` (default 1) to the integer under `key` and returns the sum. A missing entry counts
   * as 0. `expiry` applies only to a new entry: an existing entry keeps its expiry, so the count
   * expires `expiry` seconds after the first increment.
   *
   * ```js
   * const calls = cache.increment("calls", 1, { expiry: 60 });
   * ```
   *
   * Throws a TypeError or a RangeError, without a call to the host, if `delta` is not an integer
   * from -(2^53 - 1) to 2^53 - 1. Throws an `invalid-value` error if the sum or the value under the
   * key is not such an integer. Values such as `1.0` and `"1"` are not integers.
   */
  increment(key: string, delta?: number, options?: { expiry?: number | undefined }): number;

  /**
   * Replaces the entry if its JSON text equals `expected`, byte for byte. If `expected` is
   * `undefined`, the entry must not exist. If `wanted` is `undefined`, the method removes the
   * entry.
   *
   * `expiry` is whole seconds, `"unlimited"` for no expiry, or `"keep"`, the default. With
   * `"keep"`, an existing entry keeps its expiry, and a new entry has no expiry. `getRaw` returns
   * the text to compare with. In most cases `update` is simpler.
   *
   * ```js
   * const { swapped } = cache.compareAndSwapRaw("flag", "true", undefined);
   * ```
   */
  compareAndSwapRaw(
    key: string,
    expected: string | undefined,
    wanted: string | undefined,
    options?: { expiry?: number | "keep" | "unlimited" | undefined },
  ): Swap;

  /**
   * Replaces the value under `key` with the result of `change` and returns the new value. If
   * another caller changes the entry meanwhile, `change` is called again with the current value, so
   * no change is lost. `change` must have no side effects and cannot be `async`.
   *
   * `change` receives `undefined` when `get` would return `undefined`. An existing entry keeps its
   * expiry. A new entry has no expiry; `expire` sets one.
   *
   * ```js
   * const tags = cache.update("tags", (tags = []) => [...tags, "new"]);
   * ```
   *
   * Throws the errors of `change`, `get` and `set`. The entry then stays unchanged, unless the
   * error is `unavailable`. Also throws an `unavailable` error if other callers changed the entry
   * during each of 100 tries.
   */
  update<T>(key: string, change: (old: T | undefined) => T): T;

  /**
   * Removes the entry and returns the value that `get` would return. If several callers take the
   * same entry, only one gets the value. If `get` would throw for the value, `take` throws the same
   * error and the value is lost; `takeRaw` returns any value.
   */
  take<T = unknown>(key: string): T | undefined;

  /** Like `take`, but returns the JSON text as stored. A `null` is `"null"`. */
  takeRaw(key: string): string | undefined;

  /**
   * Returns the value under `key`. If the value is missing, calls `compute`, stores the result with
   * the expiry, and returns it.
   *
   * If several calls miss the key at the same time, on any hosts that share the cache, one of them
   * computes the value. The others wait for the value, at most `wait` seconds; after that each
   * computes its own value and does not store it. So `compute` can run more than once: this method
   * is not a lock.
   *
   * ```js
   * const rates = cache.getOrSet("rates", readRates, { expiry: 60, early: 5 });
   * ```
   *
   * `compute` may be `async`. Then `await` the result: it is a promise if the value is computed,
   * and a plain value if it is already in the cache.
   *
   * A computed `undefined` is stored as `null`, and a stored `null` is not computed again. Both are
   * returned as `undefined`, as by `get`. If the key is set or deleted while `compute` runs, the
   * computed value is returned but not stored, because the other change is newer.
   *
   * Throws the errors of `compute`; the next call then computes again. Also throws the errors of
   * `get` and `set`. In two cases the method logs a warning instead. If a refresh fails, the method
   * returns the old value. If storing fails as `unavailable`, the method returns the new value.
   */
  getOrSet<T>(key: string, compute: () => T, options?: GetOrSetOptions): Computed<T>;

  /**
   * Returns the values under the keys, in the same order, each as `get` returns it.
   *
   * `getMany`, `setMany` and `deleteMany` throw a `too-large` error for more than 1,000 keys,
   * without a call to the host. `getMany` also throws this error if the values together exceed the
   * host's limit for one call. These methods handle each key atomically, but the whole call is not
   * atomic.
   */
  getMany<T = unknown>(keys: Iterable<string>): (T | undefined)[];

  /**
   * Stores the values under their keys, in the given order; every entry gets the expiry. `entries`
   * is an object, a Map, or pairs. After `unavailable` some entries may already be set.
   */
  setMany(
    entries: Readonly<Record<string, unknown>> | Iterable<readonly [key: string, value: unknown]>,
    options?: { expiry?: number | undefined },
  ): void;

  /**
   * Removes the entries and returns the number of removed live entries. After `unavailable` some
   * entries may already be removed.
   */
  deleteMany(keys: Iterable<string>): number;

  /**
   * Returns the remaining lifetime of the entry in seconds, rounded up and never 0. Returns
   * `Infinity` if the entry has no expiry, and `undefined` if the entry is missing. For eviction,
   * this call does not count as a use of the entry.
   */
  ttl(key: string): number | undefined;

  /**
   * Sets the expiry of a live entry, counted from now; `"unlimited"` removes its expiry. Returns
   * true if there is a live entry.
   */
  expire(key: string, expiry: number | "unlimited"): boolean;

  /**
   * Iterates over the keys that begin with `prefix`, in no particular order. `prefix` is literal
   * text, not a pattern; an empty prefix matches every key. The iterator asks the host for one page
   * of keys at a time.
   *
   * ```js
   * for (const key of cache.keys("session:")) log.info(key);
   * ```
   *
   * A key that exists during the whole iteration is returned, possibly more than once. A key that
   * is created or removed during the iteration may or may not be returned.
   */
  keys(prefix: string): IterableIterator<string>;

  /**
   * Removes the entries whose keys begin with `prefix` and returns the number of removed live
   * entries. Not atomic: an entry that is set meanwhile may remain. After `unavailable` some
   * entries may already be removed.
   */
  deletePrefix(prefix: string): number;
}

/**
 * The result of `compareAndSwapRaw`. If the entry was not as expected, `swapped` is false.
 * `current` is then the entry's JSON text, or `undefined` if the entry does not exist.
 */
export type Swap =
  | { swapped: true; current?: undefined }
  | { swapped: false; current: string | undefined };

/** Options of `getOrSet`. */
export interface GetOrSetOptions {
  /** The expiry of the stored value, as in `set`. By default it has no expiry. */
  expiry?: number | undefined;
  /**
   * Refreshes the value before it expires: one call during the last `early` seconds of its lifetime
   * recomputes it. Meanwhile, other calls get the old value without waiting. If a refresh fails,
   * the method logs a warning and returns the old value. `early` is whole seconds, at least 1 and
   * less than `expiry`, which must be set. `early` should be much shorter than `expiry`; otherwise
   * the value is recomputed too often.
   */
  early?: number | undefined;
  /**
   * The longest time in seconds that a call waits while another call computes the value. The
   * default is 5; the maximum is three quarters of the call's remaining time. With 0, the call
   * never waits.
   */
  wait?: number | undefined;
}

/** The result of `getOrSet` for a function that returns a `T`. `null` becomes `undefined`. */
export type Computed<T> =
  T extends PromiseLike<infer V>
    ? Computed<V> | Promise<Computed<V>>
    : T extends null
      ? undefined
      : T;

/** The cache of this plugin. */
export const cache: Cache;

/** Why a cache call failed. */
export type CacheErrorKind =
  | "invalid-key"
  | "invalid-value"
  | "invalid-expiry"
  | "too-large"
  | "denied"
  | "unavailable";

/** A failed cache call. */
export class CacheError extends Error {
  constructor(kind: CacheErrorKind, message: string);
  /** The kind of failure, for code that handles the error. */
  readonly kind: CacheErrorKind;
}
