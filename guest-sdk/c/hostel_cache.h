/* The plugin's cache: JSON under a key, with an expiry. Part of <hostel.h>, which documents the
 * ownership of memory.
 *
 * The host bound the cache to this plugin, and all instances of the plugin share it.
 *
 * - Values are JSON: every language can read the values of every other.
 * - Keys are 1 to 1,024 bytes of UTF-8, compared byte by byte; NUL is a byte like any other.
 *   Values are at most 1 MiB of JSON, 100 levels deep, unless the host is configured otherwise.
 * - A cache may forget: a full one evicts entries that were not used for a while.
 * - Each function is one step for its key. A get with a set after it is not: of two calls that do
 *   both at the same time, one change may be lost. hostel_cache_increment, hostel_cache_update,
 *   hostel_cache_take and hostel_cache_set_if_absent lose none.
 * - Every function may return HOSTEL_DENIED and HOSTEL_UNAVAILABLE, and HOSTEL_INVALID_KEY where it
 *   takes a key. Its out parameter is untouched then.
 * - After an error the old entry is untouched, except after HOSTEL_UNAVAILABLE: there the write may
 *   have happened, so a repeated call may make a change twice. The SDK repeats none.
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

/* The expiry of an entry that has none. */
#define HOSTEL_NO_EXPIRY (-DBL_MAX)

/* The expiry that the entry has already, in hostel_cache_compare_and_swap_raw. */
#define HOSTEL_KEEP_EXPIRY (-DBL_MAX / 2)

/* Reads the value under `key`. When the key is missing or expired the value is one of kind
 * HOSTEL_MISSING; hostel_json_has(ctx, *value, "") is false then, and for a stored null. Never
 * extends the expiry. `*value` belongs to `ctx`. */
HOSTEL_MUST_USE hostel_result hostel_cache_get(hostel_ctx *ctx, hostel_str key,
                                               hostel_json *value);

/* Reads the JSON text under `key`, byte for byte as it was stored: for numbers that no type of C
 * holds. A `ptr` of NULL when the key is missing; "null" for a stored null. `*text` belongs to
 * `ctx`. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_raw(hostel_ctx *ctx, hostel_str key,
                                                   hostel_str *text);

/* Stores a JSON text under `key`, in place of the entry that was there and of its expiry.
 *
 * `expiry_seconds` is HOSTEL_NO_EXPIRY, or whole seconds, 1 to 315,360,000 (ten years): the entry
 * is gone from the first instant at which they have passed. It is a double, so that 1.5 and
 * 2^32 + 60 are refused and not cut: HOSTEL_INVALID_EXPIRY without a call to the host.
 *
 * `json` is a result of hostel_json_of_integer and its kin, of hostel_written or of
 * hostel_cache_get_raw, or any JSON text. HOSTEL_INVALID_VALUE when it is not JSON; without a call
 * to the host when its `ptr` is NULL, as it is for a value without a JSON form (NaN), and when it
 * is not UTF-8. HOSTEL_TOO_LARGE from the host. */
HOSTEL_MUST_USE hostel_result hostel_cache_set(hostel_ctx *ctx, hostel_str key, hostel_str json,
                                               double expiry_seconds);

/* Removes the entry. `*deleted` is true when a live one was there; `deleted` may be NULL. */
HOSTEL_MUST_USE hostel_result hostel_cache_delete(hostel_ctx *ctx, hostel_str key, bool *deleted);

/* `*exists` is true when there is a live entry, also one whose value is null. Not a use of the
 * entry for eviction. */
HOSTEL_MUST_USE hostel_result hostel_cache_exists(hostel_ctx *ctx, hostel_str key, bool *exists);

/* --- reading and changing one entry in one step -------------------------------------------- */

/* Stores as hostel_cache_set does, but only where there is no live entry. `*created` is true when
 * it did; `created` may be NULL. A live entry stays untouched, also one whose value is null. */
HOSTEL_MUST_USE hostel_result hostel_cache_set_if_absent(hostel_ctx *ctx, hostel_str key,
                                                         hostel_str json, double expiry_seconds,
                                                         bool *created);

/* Adds `delta` to the integer under `key`. `*sum` is the result; `sum` may be NULL. A missing entry
 * counts as 0, and only the entry that is created then has the expiry: one that is there keeps its
 * own, so a count ends this long after it began.
 *
 * HOSTEL_INVALID_VALUE when the delta, the sum or the value under the key is not an integer from
 * -(2^53 - 1) to 2^53 - 1; of the delta without a call to the host, and it is a double so that 1.5
 * is refused and not cut. A value such as 1.0 or "1" is not an integer. */
HOSTEL_MUST_USE hostel_result hostel_cache_increment(hostel_ctx *ctx, hostel_str key, double delta,
                                                     double expiry_seconds, int64_t *sum);

/* The result of hostel_cache_compare_and_swap_raw. */
typedef struct hostel_swap {
    bool swapped;       /* The entry was as expected, and is now as wanted. */
    hostel_str current; /* Where it was not: its JSON text; `ptr` is NULL without a live entry. */
} hostel_swap;

/* Replaces the entry if its JSON text is `*expected`, byte for byte. On either side NULL stands for
 * no live entry: as `expected` it creates the entry, as `wanted` it removes it. An `expected` whose
 * `ptr` is NULL, as hostel_cache_get_raw returns it, does the same. A `wanted` whose `ptr` is NULL
 * may be a NaN: it is HOSTEL_INVALID_VALUE, and removes nothing.
 *
 * `expiry_seconds` is that of hostel_cache_set, or HOSTEL_KEEP_EXPIRY, with which an entry that
 * replaces none has no expiry. It does not count where `wanted` is NULL.
 *
 * `*swap` belongs to `ctx`; `swap` may be NULL. hostel_cache_update is the common use. */
HOSTEL_MUST_USE hostel_result hostel_cache_compare_and_swap_raw(hostel_ctx *ctx, hostel_str key,
                                                                const hostel_str *expected,
                                                                const hostel_str *wanted,
                                                                double expiry_seconds,
                                                                hostel_swap *swap);

/* Makes the new value of an entry of its old one, which is as hostel_cache_get returns it. `*json`
 * is a JSON text that belongs to `ctx`, or a literal. `user_data` is that of
 * hostel_cache_update. */
typedef hostel_result hostel_change(hostel_ctx *ctx, void *user_data, hostel_json old,
                                    hostel_str *json);

/* Replaces the value under `key` by the one that `change` makes of it. No other change of the entry
 * is lost: where one came between, `change` is called again with the value that is there then. It
 * must do nothing else than compute.
 *
 * `*value` is the new value, which belongs to `ctx`; `value` may be NULL. An entry that is there
 * keeps its expiry; a new one has none, and hostel_cache_expire gives it one.
 *
 * A result of `change` that is not HOSTEL_OK is returned, and the entry is untouched. Otherwise
 * those of hostel_cache_set; also HOSTEL_UNAVAILABLE when other callers changed the entry each
 * time, which is tried 100 times. */
HOSTEL_MUST_USE hostel_result hostel_cache_update(hostel_ctx *ctx, hostel_str key,
                                                  hostel_change *change, void *user_data,
                                                  hostel_json *value);

/* Removes the entry and reads its value as hostel_cache_get does: of several callers one gets
 * it. */
HOSTEL_MUST_USE hostel_result hostel_cache_take(hostel_ctx *ctx, hostel_str key,
                                                hostel_json *value);

/* The same with the JSON text, as hostel_cache_get_raw reads it. */
HOSTEL_MUST_USE hostel_result hostel_cache_take_raw(hostel_ctx *ctx, hostel_str key,
                                                    hostel_str *text);

/* --- a value that is computed once --------------------------------------------------------- */

/* Computes a value. `*json` is a JSON text that belongs to `ctx`, or a literal. `user_data` is that
 * of hostel_cache_get_or_set. */
typedef hostel_result hostel_compute(hostel_ctx *ctx, void *user_data, hostel_str *json);

/* Reads the value under `key`. If the key has none, `compute` makes one, which is stored with the
 * expiry, as hostel_cache_set takes it.
 *
 * Of all calls that miss the key at the same time, on all hosts that share the cache, one computes;
 * the others wait up to 5 seconds for its value. Then they compute as well, without storing the
 * result. So `compute` may still run more than once: this is no lock.
 *
 * A stored null is a value here. A value that was set, or a key that was deleted, while `compute`
 * ran is newer than its result: the result is then `*value`, and not stored.
 *
 * A result of `compute` that is not HOSTEL_OK is returned, and the next call computes. Otherwise
 * those of hostel_cache_get and hostel_cache_set; only where the computed value cannot be stored
 * because the cache is unavailable, it is `*value` all the same, and a warning is logged. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_or_set(hostel_ctx *ctx, hostel_str key,
                                                      double expiry_seconds,
                                                      hostel_compute *compute, void *user_data,
                                                      hostel_json *value);

/* How hostel_cache_get_or_set_with stores a value, and how it waits for one. */
typedef struct hostel_get_or_set {
    double expiry_seconds; /* As hostel_cache_set takes it. */

    /* The value is computed anew before it expires, by one call in so many last seconds of its
     * life. The other calls get the old value meanwhile, so none has to wait. Whole seconds,
     * less than the expiry, which must be set: choose far fewer, or most calls compute.
     * HOSTEL_NO_EXPIRY for never. */
    double early_seconds;

    /* The longest time that a call waits for another one that computes the value, at most three
     * quarters of the time that the call has left. 0 never waits. */
    double wait_seconds;
} hostel_get_or_set;

/* Options with this expiry, never early, and a wait of 5 seconds:
 *
 *     hostel_get_or_set minute = hostel_get_or_set_expiry(60);
 *     minute.early_seconds = 5;
 */
hostel_get_or_set hostel_get_or_set_expiry(double expiry_seconds);

/* As hostel_cache_get_or_set, with options. HOSTEL_INVALID_EXPIRY, before anything is computed, of
 * each of them.
 *
 * When a value cannot be computed anew early, the old one is `*value`, and a warning is logged. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_or_set_with(hostel_ctx *ctx, hostel_str key,
                                                           hostel_get_or_set options,
                                                           hostel_compute *compute,
                                                           void *user_data, hostel_json *value);

/* --- several entries in one call ----------------------------------------------------------- *
 *
 * Each key by itself is as in the function for one key; all together are not one step. Arguments
 * are checked before anything is done. At most 1,000 keys a call: more are HOSTEL_TOO_LARGE,
 * without a call to the host.
 */

/* A key, and the JSON text to store under it. */
typedef struct hostel_entry {
    hostel_str key;
    hostel_str json;
} hostel_entry;

/* Reads the values of so many keys into an array of as many, in their order, each as
 * hostel_cache_get reads it. HOSTEL_TOO_LARGE also when the values together are larger than the
 * host reads at once. */
HOSTEL_MUST_USE hostel_result hostel_cache_get_many(hostel_ctx *ctx, const hostel_str *keys,
                                                    size_t count, hostel_json *values);

/* Stores so many entries, in their order, all with this expiry. After HOSTEL_UNAVAILABLE some of
 * them may be stored. */
HOSTEL_MUST_USE hostel_result hostel_cache_set_many(hostel_ctx *ctx, const hostel_entry *entries,
                                                    size_t count, double expiry_seconds);

/* Removes the entries of so many keys. `*deleted` is how many live ones there were; `deleted` may
 * be NULL. After HOSTEL_UNAVAILABLE some of them may be gone. */
HOSTEL_MUST_USE hostel_result hostel_cache_delete_many(hostel_ctx *ctx, const hostel_str *keys,
                                                       size_t count, uint32_t *deleted);

/* --- how long entries live, and all keys that begin alike ---------------------------------- */

/* Whether an entry lives, and whether its life has an end. */
typedef enum hostel_ttl_kind {
    HOSTEL_TTL_MISSING = 0, /* There is no live entry. */
    HOSTEL_TTL_UNLIMITED,   /* It has no expiry. */
    HOSTEL_TTL_LIMITED      /* It expires. */
} hostel_ttl_kind;

/* How long an entry still lives. */
typedef struct hostel_ttl {
    hostel_ttl_kind kind;
    uint32_t seconds; /* Of HOSTEL_TTL_LIMITED, rounded up: never 0. Otherwise 0. */
} hostel_ttl;

/* Reads how long the entry still lives. Not a use of the entry for eviction. */
HOSTEL_MUST_USE hostel_result hostel_cache_ttl(hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl);

/* Gives a live entry another expiry, counted from now, as hostel_cache_set takes it;
 * HOSTEL_NO_EXPIRY takes its expiry away. `*exists` is true when there is a live entry; `exists`
 * may be NULL. */
HOSTEL_MUST_USE hostel_result hostel_cache_expire(hostel_ctx *ctx, hostel_str key,
                                                  double expiry_seconds, bool *exists);

/* A walk through the keys that begin with a prefix:
 *
 *     hostel_keys each = hostel_cache_keys(ctx, HOSTEL_STR("session:"));
 *     while (hostel_cache_next_key(&each))
 *         use(each.key);
 *     HOSTEL_TRY(each.result);
 */
typedef struct hostel_keys {
    hostel_str key;       /* Belongs to `ctx`. */
    hostel_result result; /* Why the walk is over; HOSTEL_OK past the last key. */
    hostel_ctx *ctx;      /* This and the rest are the walk's own. */
    hostel_str prefix;
    hostel_str cursor;
    const hostel_str *page;
    size_t left;
    bool is_last_page;
} hostel_keys;

/* Begins a walk. A prefix is plain text and may be empty. The keys come in no order. */
hostel_keys hostel_cache_keys(hostel_ctx *ctx, hostel_str prefix);

/* Goes one step; false past the last key and after an error. The host is called for the next keys
 * when they are needed.
 *
 * A key that lives throughout the walk is in it, and may be in it more than once. One that is set
 * or removed meanwhile may be in it or not. HOSTEL_INVALID_KEY when the prefix is not UTF-8. */
bool hostel_cache_next_key(hostel_keys *keys);

/* Removes the entries whose keys begin with a prefix, as hostel_cache_keys takes it. `*deleted` is
 * how many live ones there were; `deleted` may be NULL. Together this is not one step: an entry
 * that is set meanwhile may stay. After HOSTEL_UNAVAILABLE some of them may be gone. */
HOSTEL_MUST_USE hostel_result hostel_cache_delete_prefix(hostel_ctx *ctx, hostel_str prefix,
                                                         uint64_t *deleted);

#ifdef __cplusplus
}
#endif

#endif
