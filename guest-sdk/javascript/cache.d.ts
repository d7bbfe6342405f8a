// The types of the cache; `index.d.ts` has them too.

/**
 * The cache that the host bound to this plugin, shared by all its instances.
 *
 * - Values are JSON: whatever one language stores, every other can read.
 * - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte. Values are at most 1 MiB of JSON,
 *   100 levels deep, unless the host's configuration says otherwise.
 * - A cache may forget: a full one evicts what was not used for a while. A value worth keeping has
 *   its source elsewhere.
 * - Each method is one step for its key. A `get` with a `set` after it is not: of two calls that do
 *   both at the same time, one change may be lost. `increment`, `update`, `take` and `setIfAbsent`
 *   lose none.
 * - Every method throws a TypeError when the key is no string or holds half of a surrogate pair,
 *   and a {@link CacheError} when the host refuses. After an error the old entry is untouched,
 *   except after `unavailable`: there the write may have happened, and the SDK repeats none.
 * - Arguments are checked first, whatever is in the cache. A default is `cache.get(key) ?? value`.
 * - The methods from `setIfAbsent` on are built into a component when a file of the service names
 *   them, for example as `cache.increment`, so that its imports show what it can do.
 */
export interface Cache {
  /**
   * The value under `key`; `undefined` when it is missing or expired, and when it is a stored
   * `null` (`exists` tells them apart). Never extends the expiry. Nothing checks that it is a `T`.
   *
   * Throws a RangeError when an integer in it would be rounded, as 2^53 + 1 would.
   */
  get<T = unknown>(key: string): T | undefined;

  /**
   * The integer under `key`; `undefined` as `get` has it.
   *
   * Throws a RangeError when the value is anything else, `1.0` too, or is beyond 2^53 - 1.
   */
  getInteger(key: string): number | undefined;

  /**
   * The JSON text under `key`, byte for byte as it was stored; `undefined` when it is missing or
   * expired. A stored `null` is `"null"`. `BigInt` takes the text of any integer.
   */
  getRaw(key: string): string | undefined;

  /**
   * Stores `value` under `key` until it expires or is replaced, deleted or evicted. Replaces value
   * and expiry of the entry that was there; without one it has none, whatever that one had.
   *
   * `expiry` is whole seconds, 1 to 315,360,000 (ten years).
   *
   * Throws before the host is called, a TypeError or a RangeError that names the place
   * (`value.items[2]`), when the value holds what JSON does not: NaN, an infinity, `undefined`, a
   * function, a symbol, also as a key, a BigInt, half of a surrogate pair, itself, more than 100
   * levels, a member of an array that is no element, or an object that is not plain, as a Date, a
   * Map or an instance of a class is. Likewise when the expiry is no such number; `undefined` is
   * none.
   */
  set(key: string, value: unknown, options?: { expiry?: number | undefined }): void;

  /**
   * As `set`, with a value that is a JSON text already, which is stored byte for byte: for numbers
   * that no type here holds, as those of a BigInt, and to pass a value on unread.
   *
   * Throws an `invalid-value` when the text is not JSON, a TypeError when it is no text.
   */
  setRaw(key: string, text: string, options?: { expiry?: number | undefined }): void;

  /** Removes the entry; true when a live one was there. Deleting a missing key is no error. */
  delete(key: string): boolean;

  /** True for a live entry, also for one whose value is `null`. No use, as eviction counts it. */
  exists(key: string): boolean;

  /**
   * As `set`, where there is no live entry; true when it stored the value. A live entry stays
   * untouched, also one whose value is `null`.
   */
  setIfAbsent(key: string, value: unknown, options?: { expiry?: number | undefined }): boolean;

  /**
   * Adds `delta`, 1 unless given, to the integer under `key` and returns the sum. A missing entry
   * counts as 0, and only then the expiry applies: an entry that is there keeps its own, so a count
   * ends that long after it began.
   *
   * ```js
   * const calls = cache.increment("calls", 1, { expiry: 60 });
   * ```
   *
   * Throws before the host is called, a TypeError or a RangeError, when `delta` is not an integer
   * from -(2^53 - 1) to 2^53 - 1; an `invalid-value` when the sum or the value under the key is not.
   * A value such as `1.0` or `"1"` is not one.
   */
  increment(key: string, delta?: number, options?: { expiry?: number | undefined }): number;

  /**
   * Replaces the entry if its JSON text is `expected`, byte for byte. `undefined` stands for "no live
   * entry" on either side: as `expected` it creates the entry, as `wanted` it removes it.
   *
   * The entry keeps its expiry, and a new one has none. With another `expiry` it gets that: whole
   * seconds, or `"unlimited"` for none. `getRaw` returns such a text; `update` is the common use.
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
   * Replaces the value under `key` by the one that `change` returns for it, and returns the new one.
   * No other change of the entry is lost: where one came between, `change` is called again with the
   * value that is there then. It must do nothing else than compute, and is not `async`.
   *
   * `change` gets `undefined` where `get` returns it. An entry that is there keeps its expiry; a new
   * one has none, and `expire` gives it one.
   *
   * ```js
   * const tags = cache.update("tags", (tags = []) => [...tags, "new"]);
   * ```
   *
   * Throws what `change` throws, and what `get` and `set` do; the entry is then untouched. An
   * `unavailable` when other callers changed the entry each time, which is tried 100 times.
   */
  update<T>(key: string, change: (old: T | undefined) => T): T;

  /**
   * Removes the entry and returns its value, as `get` does: of several callers one gets it. A value
   * at which `get` throws is removed as well; `takeRaw` returns any.
   */
  take<T = unknown>(key: string): T | undefined;

  /** As `take`, with the JSON text as it was stored. A `null` is `"null"`. */
  takeRaw(key: string): string | undefined;

  /**
   * The value under `key`. If there is none, `compute` makes one, which is stored with the expiry.
   *
   * Of all calls that miss the key at the same time, on all hosts that share the cache, one
   * computes; the others wait up to `wait` seconds for its value. Then they compute as well, without
   * storing the result. So `compute` may still run more than once: this is no lock.
   *
   * ```js
   * const rates = cache.getOrSet("rates", readRates, { expiry: 60, early: 5 });
   * ```
   *
   * `compute` may be `async`. Then `await` the result: it is a promise where the value is computed,
   * and the plain value where it is there already.
   *
   * A computed `undefined` is stored as `null`, and a stored `null` is not computed again. Both are
   * returned as `undefined`, as `get` does. A value that was set, or a key that was deleted, while
   * `compute` ran is newer than its result: the result is then returned and not stored.
   *
   * Throws what `compute` throws, and the next call computes. Throws as `get` and `set` do; only
   * where the computed value cannot be stored because the cache is `unavailable`, it is returned all
   * the same, and a warning is logged.
   */
  getOrSet<T>(key: string, compute: () => T, options?: GetOrSetOptions): Computed<T>;

  /**
   * The values under the keys, in their order, each as `get` returns it.
   *
   * At most 1,000 keys a call, here and in the next two: more are `too-large` without a call to the
   * host, which also refuses values that are too large together. Each key by itself is as in the
   * method for one key; all together are not one step.
   */
  getMany<T = unknown>(keys: Iterable<string>): (T | undefined)[];

  /**
   * Stores the values under their keys, in their order, all with the expiry. The entries are an
   * object, a Map, or pairs. After `unavailable` some of them may be set.
   */
  setMany(
    entries: Readonly<Record<string, unknown>> | Iterable<readonly [key: string, value: unknown]>,
    options?: { expiry?: number | undefined },
  ): void;

  /**
   * Removes the entries, and returns how many live ones there were. After `unavailable` some of them
   * may be gone.
   */
  deleteMany(keys: Iterable<string>): number;

  /**
   * How many seconds the entry still lives, rounded up and never 0; `Infinity` when it has no expiry,
   * `undefined` when it is missing. No use, as eviction counts it.
   */
  ttl(key: string): number | undefined;

  /**
   * Gives a live entry another expiry, counted from now; `"unlimited"` takes its expiry away. True
   * when there is a live entry.
   */
  expire(key: string, expiry: number | "unlimited"): boolean;

  /**
   * The keys that begin with `prefix`, which is plain text, in no order. The empty prefix is that of
   * every key. The host is called for the next keys when the loop needs them.
   *
   * ```js
   * for (const key of cache.keys("session:")) log.info(key);
   * ```
   *
   * A key that lives throughout the walk is in it, and may be in it more than once. One that is set
   * or removed meanwhile may be in it or not.
   */
  keys(prefix: string): IterableIterator<string>;

  /**
   * Removes the entries whose keys begin with `prefix`, and returns how many live ones there were.
   * Together this is not one step: an entry that is set meanwhile may stay. After `unavailable` some
   * of them may be gone.
   */
  deletePrefix(prefix: string): number;
}

/** The result of `compareAndSwapRaw`: `current` is the JSON text that is there instead, if any. */
export type Swap =
  | { swapped: true; current?: undefined }
  | { swapped: false; current: string | undefined };

/** How `getOrSet` stores a value, and how it waits for one. */
export interface GetOrSetOptions {
  /** The value is stored with this expiry, as `set` takes it, or without one. */
  expiry?: number | undefined;
  /**
   * The value is computed anew before it expires, by one call in the last `early` seconds of its
   * life. The other calls get the old value meanwhile, so none has to wait. When it cannot be
   * computed, a warning is logged and the old value returned. Whole seconds: choose far fewer than
   * the expiry, or most calls compute.
   */
  early?: number | undefined;
  /**
   * The most seconds that a call waits for another one that computes the value: 5 unless given, and
   * at most three quarters of the time that the call has left. 0 never waits.
   */
  wait?: number | undefined;
}

/** What `getOrSet` returns for a function that returns a `T`: a `null` comes as `undefined`. */
export type Computed<T> =
  T extends PromiseLike<infer V>
    ? Computed<V> | Promise<Computed<V>>
    : T extends null
      ? undefined
      : T;

/** The cache of this plugin. */
export const cache: Cache;

/** Why the host refused a call of the cache. */
export type CacheErrorKind =
  | "invalid-key"
  | "invalid-value"
  | "invalid-expiry"
  | "too-large"
  | "denied"
  | "unavailable";

/** A call of the cache that the host refused. */
export class CacheError extends Error {
  constructor(kind: CacheErrorKind, message: string);
  /** What a program can act upon. */
  readonly kind: CacheErrorKind;
}
