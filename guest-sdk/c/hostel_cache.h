/* The plugin's cache: JSON values, each with a key and an optional expiry. Part of <hostel.h>,
 * which documents the ownership of memory.
 *
 * All instances of the plugin in one host share the cache. The host's configuration can also let
 * several plugins share a cache.
 *
 * - Values are JSON, so plugins in any language can read them.
 * - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte; NUL is a byte like any other. Values
 *   are JSON of at most 100 levels and 1 MiB; the host's configuration can change the size limit.
 * - A cache may lose entries: a full cache in memory evicts entries that have not been used
 *   recently. A Redis server evicts by its own `maxmemory-policy`, or refuses each set.
 * - A get followed by a set is not atomic: if two concurrent calls do both, one change may be lost.
 *   The functions for atomic operations never lose a change: hostel_cache_set_if_absent,
 *   hostel_cache_increment, hostel_cache_compare_and_swap_raw, hostel_cache_update,
 *   hostel_cache_take and hostel_cache_take_raw.
 * - Every function that returns a hostel_result may return HOSTEL_DENIED or HOSTEL_UNAVAILABLE, and
 *   HOSTEL_INVALID_KEY if it takes a key or a prefix. After an error the out parameter is
 *   unchanged.
 * - After an error the entry is unchanged. The exception is HOSTEL_UNAVAILABLE: the write may have
 *   happened, so a retry may apply a change twice. The SDK does not retry after an error.
 */
#ifndef HOSTEL_CACHE_H
#define HOSTEL_CACHE_H

#ifndef HOSTEL_H
#error "include <hostel.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- one entry ----------------------------------------------------------------------------- */

/* The expiry of an entry that does not expire. */
#define HOSTEL_NO_EXPIRY (-DBL_MAX)

/* Keeps the expiry of the existing entry. Only hostel_cache_compare_and_swap_raw accepts this
 * value. */
#define HOSTEL_KEEP_EXPIRY (-DBL_MAX / 2)

/* Reads the value under `key`. The kind of `*value` is HOSTEL_MISSING if there is no live entry.
 * hostel_json_has(ctx, *value, "") is false for this kind and for a stored null. A read never
 * extends the expiry. `*value` belongs to `ctx`. */
HOSTEL_MUST_USE hostel_result hostel_cache_get(hostel_ctx *ctx, hostel_str key,
                                               hostel_json *value);

/* Reads the JSON text under `key`, byte for byte as it was stored. Use this function for numbers
 * that no C type represents. The `ptr` of `*text` is NULL if there is no live entry; a stored null
 * is the text "null". `*text` belongs to `ctx`. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_raw(hostel_ctx *ctx, hostel_str key,
                                                   hostel_str *text);

/* Stores a JSON text under `key`, replacing any existing entry and its expiry.
 *
 * `expiry_seconds` is HOSTEL_NO_EXPIRY, or whole seconds, 1 to 315,360,000 (ten years), after which
 * the entry expires. The parameter is a double so that the SDK can refuse 1.5 and 2^32 + 60 instead
 * of truncating them. For an invalid expiry the SDK returns HOSTEL_INVALID_EXPIRY without a call to
 * the host.
 *
 * `json` is any JSON text, such as the result of hostel_json_of_integer, hostel_written or
 * hostel_cache_get_raw. Returns HOSTEL_INVALID_VALUE if `json` is not JSON. A `ptr` of NULL stands
 * for a value without a JSON form, such as NaN. The SDK refuses such a value, and text that is not
 * UTF-8, without a call to the host. Returns HOSTEL_TOO_LARGE if the text exceeds the cache's
 * limit. */
HOSTEL_MUST_USE hostel_result hostel_cache_set(hostel_ctx *ctx, hostel_str key, hostel_str json,
                                               double expiry_seconds);

/* Removes the entry under `key`. `*deleted` is true if a live entry existed; `deleted` may be
 * NULL. */
HOSTEL_MUST_USE hostel_result hostel_cache_delete(hostel_ctx *ctx, hostel_str key, bool *deleted);

/* Sets `*exists` to true if there is a live entry, even if its value is null. Unlike a call of
 * hostel_cache_get, the call does not count as a use of the entry. */
HOSTEL_MUST_USE hostel_result hostel_cache_exists(hostel_ctx *ctx, hostel_str key, bool *exists);

/* --- atomic operations on one entry -------------------------------------------------------- */

/* Like hostel_cache_set, but stores the value only if there is no live entry. `*created` is true
 * when the value was stored; `created` may be NULL. A live entry stays unchanged, even if its value
 * is null. */
HOSTEL_MUST_USE hostel_result hostel_cache_set_if_absent(hostel_ctx *ctx, hostel_str key,
                                                         hostel_str json, double expiry_seconds,
                                                         bool *created);

/* Adds `delta` to the integer under `key`. `*sum` is the result; `sum` may be NULL. A missing entry
 * counts as 0. The expiry applies only to an entry that this call creates; an existing entry keeps
 * its expiry. So a counter expires `expiry_seconds` after its first increment.
 *
 * Returns HOSTEL_INVALID_VALUE if the delta, the sum or the stored value is not an integer from
 * -(2^53 - 1) to 2^53 - 1. A stored 1.0 or "1" is not an integer. The delta is a double so that the
 * SDK can refuse 1.5 instead of truncating it. The SDK refuses an invalid delta without a call to
 * the host. */
HOSTEL_MUST_USE hostel_result hostel_cache_increment(hostel_ctx *ctx, hostel_str key, double delta,
                                                     double expiry_seconds, int64_t *sum);

/* The result of hostel_cache_compare_and_swap_raw. */
typedef struct hostel_swap {
    bool swapped;       /* True if the entry matched `expected` and was changed. */
    hostel_str current; /* If not swapped, the JSON text of the live entry. `ptr` is NULL if there
                           is no live entry, or if swapped. */
} hostel_swap;

/* Replaces the entry if its JSON text is `*expected`, byte for byte. NULL stands for no live entry:
 * as `expected`, it requires that no live entry exists; as `wanted`, it removes the entry. An
 * `expected` whose `ptr` is NULL, as hostel_cache_get_raw returns it, also stands for no live
 * entry. A `wanted` whose `ptr` is NULL stands for a value without a JSON form, such as NaN: the
 * call returns HOSTEL_INVALID_VALUE and removes nothing.
 *
 * `expiry_seconds` is as in hostel_cache_set, or HOSTEL_KEEP_EXPIRY; with HOSTEL_KEEP_EXPIRY, a
 * newly created entry has no expiry. The call ignores `expiry_seconds` when `wanted` is NULL.
 *
 * `swap->current` belongs to `ctx`; `swap` may be NULL. hostel_cache_update is easier to use: it
 * swaps again if the entry changed meanwhile. */
HOSTEL_MUST_USE hostel_result hostel_cache_compare_and_swap_raw(hostel_ctx *ctx, hostel_str key,
                                                                const hostel_str *expected,
                                                                const hostel_str *wanted,
                                                                double expiry_seconds,
                                                                hostel_swap *swap);

/* Computes the new value of an entry from `old`, the value that hostel_cache_get would read. The
 * function sets `*json` to a JSON text that belongs to `ctx`, or to a literal. `user_data` is the
 * argument of hostel_cache_update. */
typedef hostel_result hostel_change(hostel_ctx *ctx, void *user_data, hostel_json old,
                                    hostel_str *json);

/* Replaces the value under `key` with the value that `change` computes from the current value. If
 * another caller changes the entry meanwhile, the SDK calls `change` again, with the new current
 * value, so no change is lost. Because of these repeated calls, `change` must have no side effects.
 *
 * `*value` is the new value, which belongs to `ctx`; `value` may be NULL. An existing entry keeps
 * its expiry. A new entry has no expiry; hostel_cache_expire sets one.
 *
 * If `change` does not return HOSTEL_OK, the call returns the same result; the entry is unchanged.
 * Otherwise the call may return the errors of hostel_cache_get and hostel_cache_set. It also
 * returns HOSTEL_UNAVAILABLE if other callers changed the entry during each of 100 tries. */
HOSTEL_MUST_USE hostel_result hostel_cache_update(hostel_ctx *ctx, hostel_str key,
                                                  hostel_change *change, void *user_data,
                                                  hostel_json *value);

/* Removes the entry and reads its value as hostel_cache_get does. If several callers take the same
 * entry, only one gets the value. */
HOSTEL_MUST_USE hostel_result hostel_cache_take(hostel_ctx *ctx, hostel_str key,
                                                hostel_json *value);

/* Like hostel_cache_take, but reads the JSON text, as hostel_cache_get_raw does. */
HOSTEL_MUST_USE hostel_result hostel_cache_take_raw(hostel_ctx *ctx, hostel_str key,
                                                    hostel_str *text);

/* --- a value that one call computes for other calls ---------------------------------------- */

/* Computes a value: sets `*json` to a JSON text that belongs to `ctx`, or to a literal. `user_data`
 * is the argument of hostel_cache_get_or_set or hostel_cache_get_or_set_with. */
typedef hostel_result hostel_compute(hostel_ctx *ctx, void *user_data, hostel_str *json);

/* Reads the value under `key`. If the value is missing, calls `compute` and stores the computed
 * value. `expiry_seconds` is as in hostel_cache_set.
 *
 * If several calls miss the key at the same time, on any host that shares the cache, one of them
 * computes the value. The others wait for the value, up to 5 seconds; the host may shorten the
 * wait. If the first call fails, one of the waiting calls computes and stores the value instead. A
 * call whose wait times out, or that reaches a limit of the host, computes its own value and does
 * not store it. So `compute` can run in several calls at the same time: the function is not a lock.
 *
 * A stored null counts as a value. If the entry is set, changed or deleted while `compute` runs,
 * `*value` is the computed value. The SDK does not store this value, because the other change is
 * newer.
 *
 * If `compute` does not return HOSTEL_OK, this call returns the same result, and the next call
 * computes the value. Otherwise the call may return the errors of hostel_cache_get and
 * hostel_cache_set, with one exception: if the cache is unavailable when the SDK stores the
 * computed value, the SDK logs a warning, and the call succeeds with this value. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_or_set(hostel_ctx *ctx, hostel_str key,
                                                      double expiry_seconds,
                                                      hostel_compute *compute, void *user_data,
                                                      hostel_json *value);

/* Options of hostel_cache_get_or_set_with: when a value expires, when a call refreshes it, and how
 * long a call waits while another call computes it. */
typedef struct hostel_get_or_set {
    double expiry_seconds; /* The expiry of a stored value, as in hostel_cache_set. */

    /* Refreshes the value before it expires: when fewer than `early_seconds` remain, one call
     * recomputes the value. Meanwhile other calls get the old value without waiting, until it
     * expires.
     *
     * `early_seconds` is HOSTEL_NO_EXPIRY for no early refresh, or whole seconds: at least 1 and
     * less than `expiry_seconds`, so an expiry is required. 0 is refused. Choose a small part of
     * the expiry; otherwise the value is recomputed too often. */
    double early_seconds;

    /* The longest time that a call waits while another call computes the value: 0 or more. The
     * host limits the wait to three quarters of the call's remaining time. With 0, the call never
     * waits. */
    double wait_seconds;
} hostel_get_or_set;

/* Options with this expiry, no early refresh, and a wait of up to 5 seconds:
 *
 *     hostel_get_or_set minute = hostel_get_or_set_expiry(60);
 *     minute.early_seconds = 5;
 */
hostel_get_or_set hostel_get_or_set_expiry(double expiry_seconds);

/* Like hostel_cache_get_or_set, with options. Returns HOSTEL_INVALID_EXPIRY for an invalid option,
 * before anything is computed.
 *
 * If an early refresh fails, `*value` is the old value, and the SDK logs a warning. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_or_set_with(hostel_ctx *ctx, hostel_str key,
                                                           hostel_get_or_set options,
                                                           hostel_compute *compute,
                                                           void *user_data, hostel_json *value);

/* --- several entries in one call ----------------------------------------------------------- *
 *
 * Each key is handled as in the function for one key; the whole call is not atomic. All arguments
 * are checked before any entry changes. A call with more than 1,000 keys returns HOSTEL_TOO_LARGE,
 * without a call to the host.
 */

/* A key and the JSON text to store under it. */
typedef struct hostel_entry {
    hostel_str key;
    hostel_str json;
} hostel_entry;

/* Reads the values of `count` keys into `values`, an array of `count` elements, in the order of the
 * keys. Each element is as hostel_cache_get would read it. Also returns HOSTEL_TOO_LARGE if the
 * values together exceed the host's limit for one call. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_many(hostel_ctx *ctx, const hostel_str *keys,
                                                    size_t count, hostel_json *values);

/* Stores `count` entries, all with the same expiry. If a key occurs more than once, its last value
 * is stored. After HOSTEL_UNAVAILABLE some entries may already be stored. */
HOSTEL_MUST_USE hostel_result hostel_cache_set_many(hostel_ctx *ctx, const hostel_entry *entries,
                                                    size_t count, double expiry_seconds);

/* Removes the entries of `count` keys. `*deleted` is the number of live entries removed; `deleted`
 * may be NULL. After HOSTEL_UNAVAILABLE some entries may already be removed. */
HOSTEL_MUST_USE hostel_result hostel_cache_delete_many(hostel_ctx *ctx, const hostel_str *keys,
                                                       size_t count, uint32_t *deleted);

/* --- expiry, iteration and removal by prefix ----------------------------------------------- */

/* Whether an entry exists, and whether it expires. */
typedef enum hostel_ttl_kind {
    HOSTEL_TTL_MISSING = 0, /* There is no live entry. */
    HOSTEL_TTL_UNLIMITED,   /* The entry has no expiry. */
    HOSTEL_TTL_LIMITED      /* The entry expires. */
} hostel_ttl_kind;

/* The remaining lifetime of an entry. */
typedef struct hostel_ttl {
    hostel_ttl_kind kind;
    uint32_t seconds; /* The remaining seconds for HOSTEL_TTL_LIMITED, rounded up: never 0. 0 for
                         the other kinds. */
} hostel_ttl;

/* Reads the remaining lifetime of the entry. Unlike a call of hostel_cache_get, the call does not
 * count as a use of the entry. */
HOSTEL_MUST_USE hostel_result hostel_cache_ttl(hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl);

/* Sets the expiry of a live entry, counted from now; HOSTEL_NO_EXPIRY removes the expiry.
 * `expiry_seconds` is as in hostel_cache_set. `*exists` is true when there is a live entry;
 * `exists` may be NULL. */
HOSTEL_MUST_USE hostel_result hostel_cache_expire(hostel_ctx *ctx, hostel_str key,
                                                  double expiry_seconds, bool *exists);

/* An iterator over the keys that begin with a prefix:
 *
 *     hostel_keys each = hostel_cache_keys(ctx, HOSTEL_STR("session:"));
 *     while (hostel_cache_next_key(&each))
 *         use(each.key);
 *     HOSTEL_TRY(each.result);
 */
typedef struct hostel_keys {
    hostel_str key;       /* The current key, which belongs to `ctx`. */
    hostel_result result; /* Why the iteration ended; HOSTEL_OK after the last key. */
    hostel_ctx *ctx;      /* This and the following fields are private. */
    hostel_str prefix;
    hostel_str cursor;
    const hostel_str *page;
    size_t left;
    bool is_last_page;
} hostel_keys;

/* Starts an iteration. The prefix is literal text and may be empty; the function copies it. The
 * order of the keys is not defined. */
hostel_keys hostel_cache_keys(hostel_ctx *ctx, hostel_str prefix);

/* Advances to the next key; returns false after the last key and after an error. Fetches further
 * keys from the host as needed.
 *
 * A key that exists during the whole iteration occurs at least once. A key that is created or
 * removed during the iteration may or may not occur. `result` is HOSTEL_INVALID_KEY if the prefix
 * is not UTF-8. */
bool hostel_cache_next_key(hostel_keys *keys);

/* Removes the entries whose keys begin with a prefix, which may be empty. `*deleted` is the number
 * of live entries removed; `deleted` may be NULL. The call is not atomic: an entry that is set
 * meanwhile may remain. After HOSTEL_UNAVAILABLE some entries may already be removed. */
HOSTEL_MUST_USE hostel_result hostel_cache_delete_prefix(hostel_ctx *ctx, hostel_str prefix,
                                                         uint64_t *deleted);

#ifdef __cplusplus
}
#endif

#endif
