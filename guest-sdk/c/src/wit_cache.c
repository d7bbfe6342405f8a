/* Hand-written bindings of the cache's interfaces in `wit/`; see wit.c. The linker drops the
 * imports of functions that a service does not call, so a component imports only the interfaces
 * that it uses. */

#include "ctx.h"

#define CACHE __attribute__((import_module("hostel:cache/cache@0.1.1")))
#define ATOMICS __attribute__((import_module("hostel:cache/atomics@0.1.1")))
#define LEASE __attribute__((import_module("hostel:cache/lease@0.1.1")))
#define BATCH __attribute__((import_module("hostel:cache/batch@0.1.1")))
#define ENTRIES __attribute__((import_module("hostel:cache/entries@0.1.1")))

/* The result of every function but `increment`: result<T, error>. The union has a member for the
 * error and one for each T. The host only writes the bytes of the member that the function
 * returns. */
struct wit_cache_answer {
    uint8_t failed;
    union {
        struct wit_error error;
        uint8_t boolean;
        uint32_t count;
        struct wit_option text;
        struct {
            uint8_t changed; /* 0 for `swapped`, 1 for `changed`. */
            struct wit_option current;
        } swap;
        struct {
            uint8_t found;
            hostel_str text; /* Only set for a value or a refresh. */
        } lease;
        struct {
            const struct wit_option *options;
            size_t count;
        } options;
        struct {
            uint8_t kind;
            uint32_t seconds;
        } ttl;
        struct {
            struct texts keys;
            struct wit_option cursor;
        } page;
        struct {
            uint32_t count;
            struct wit_option cursor;
        } deleted;
    } as;
};

/* result<integer, error>, separate because a double is aligned to 8 bytes. */
struct wit_sum_answer {
    uint8_t failed;
    union {
        struct wit_error error;
        double sum;
    } as;
};

#define LAYOUT(claim) _Static_assert(claim, "the canonical ABI's layout")
LAYOUT(sizeof(struct wit_option) == 12 && offsetof(struct wit_option, text) == 4);
LAYOUT(sizeof(struct wit_error) == 12 && offsetof(struct wit_error, message) == 4);
LAYOUT(sizeof(struct wit_cache_answer) == 24 && offsetof(struct wit_cache_answer, as) == 4);
LAYOUT(offsetof(struct wit_cache_answer, as.swap.current) == 8);
LAYOUT(offsetof(struct wit_cache_answer, as.lease.text) == 8);
LAYOUT(offsetof(struct wit_cache_answer, as.ttl.seconds) == 8);
LAYOUT(offsetof(struct wit_cache_answer, as.page.cursor) == 12);
LAYOUT(offsetof(struct wit_cache_answer, as.deleted.cursor) == 8);
LAYOUT(sizeof(struct wit_sum_answer) == 24 && offsetof(struct wit_sum_answer, as) == 8);
/* The elements of list<string> and list<tuple<string, json>>. */
LAYOUT(sizeof(hostel_str) == 8 && sizeof(hostel_entry) == 16);

/* The canonical ABI flattens parameters: option<seconds> takes two parameters, and option<string>
 * takes three. The variant `lifetime` takes two: one for its case and one for its seconds. */
CACHE IMPORT("get") void wit_get(const char *key, size_t key_len, struct wit_cache_answer *answer);
CACHE IMPORT("set") void wit_set(const char *key, size_t key_len, const char *json,
                                 size_t json_len, int32_t has_expiry, uint32_t expiry,
                                 struct wit_cache_answer *answer);
CACHE IMPORT("delete") void wit_delete(const char *key, size_t key_len,
                                       struct wit_cache_answer *answer);
CACHE IMPORT("exists") void wit_exists(const char *key, size_t key_len,
                                       struct wit_cache_answer *answer);

ATOMICS IMPORT("set-if-absent")
void wit_set_if_absent(const char *key, size_t key_len, const char *json, size_t json_len,
                       int32_t has_expiry, uint32_t expiry, struct wit_cache_answer *answer);
ATOMICS IMPORT("increment")
void wit_increment(const char *key, size_t key_len, double delta, int32_t has_expiry,
                   uint32_t expiry, struct wit_sum_answer *answer);
ATOMICS IMPORT("compare-and-swap")
void wit_compare_and_swap(const char *key, size_t key_len, int32_t has_expected,
                          const char *expected, size_t expected_len, int32_t has_wanted,
                          const char *wanted, size_t wanted_len, int32_t lifetime, uint32_t expiry,
                          struct wit_cache_answer *answer);
ATOMICS IMPORT("take")
void wit_take(const char *key, size_t key_len, struct wit_cache_answer *answer);

LEASE IMPORT("get-or-lease")
void wit_get_or_lease(const char *key, size_t key_len, int32_t has_early, uint32_t early,
                      uint32_t wait, struct wit_cache_answer *answer);
LEASE IMPORT("fill")
void wit_fill(const char *key, size_t key_len, const char *json, size_t json_len,
              int32_t has_expiry, uint32_t expiry, struct wit_cache_answer *answer);
LEASE IMPORT("release")
void wit_release(const char *key, size_t key_len, struct wit_cache_answer *answer);

BATCH IMPORT("get-many")
void wit_get_many(const hostel_str *keys, size_t count, struct wit_cache_answer *answer);
BATCH IMPORT("set-many")
void wit_set_many(const hostel_entry *entries, size_t count, int32_t has_expiry, uint32_t expiry,
                  struct wit_cache_answer *answer);
BATCH IMPORT("delete-many")
void wit_delete_many(const hostel_str *keys, size_t count, struct wit_cache_answer *answer);

ENTRIES IMPORT("ttl")
void wit_ttl(const char *key, size_t key_len, struct wit_cache_answer *answer);
ENTRIES IMPORT("expire")
void wit_expire(const char *key, size_t key_len, int32_t has_expiry, uint32_t expiry,
                struct wit_cache_answer *answer);
ENTRIES IMPORT("keys")
void wit_keys(const char *prefix, size_t prefix_len, int32_t has_cursor, const char *cursor,
              size_t cursor_len, struct wit_cache_answer *answer);
ENTRIES IMPORT("delete-prefix")
void wit_delete_prefix(const char *prefix, size_t prefix_len, int32_t has_cursor,
                       const char *cursor, size_t cursor_len, struct wit_cache_answer *answer);

static hostel_result refused(hostel_ctx *ctx, struct wit_error error)
{
    static const hostel_result kinds[] = {
        HOSTEL_INVALID_KEY, HOSTEL_INVALID_VALUE, HOSTEL_INVALID_EXPIRY,
        HOSTEL_TOO_LARGE,   HOSTEL_DENIED,        HOSTEL_UNAVAILABLE,
    };
    bool known = error.kind < sizeof kinds / sizeof *kinds;
    ctx->failure = (struct failure){
        .result = known ? kinds[error.kind] : HOSTEL_INTERNAL,
        .message = error.message,
    };
    return ctx->failure.result;
}

/* Returns HOSTEL_OK, or converts the host's error. */
static hostel_result result_of(hostel_ctx *ctx, const struct wit_cache_answer *answer)
{
    return answer->failed ? refused(ctx, answer->as.error) : HOSTEL_OK;
}

static hostel_str text_of(struct wit_option option)
{
    return option.present ? present(option.text) : NO_TEXT;
}

static hostel_result host_get(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    struct wit_cache_answer answer;
    wit_get(key.ptr, key.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *text = text_of(answer.as.text);
    return HOSTEL_OK;
}

static hostel_result host_set(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry)
{
    struct wit_cache_answer answer;
    wit_set(key.ptr, key.len, json.ptr, json.len, expiry > 0, expiry, &answer);
    return result_of(ctx, &answer);
}

static hostel_result host_delete(hostel_ctx *ctx, hostel_str key, bool *deleted)
{
    struct wit_cache_answer answer;
    wit_delete(key.ptr, key.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *deleted = answer.as.boolean;
    return HOSTEL_OK;
}

static hostel_result host_exists(hostel_ctx *ctx, hostel_str key, bool *exists)
{
    struct wit_cache_answer answer;
    wit_exists(key.ptr, key.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *exists = answer.as.boolean;
    return HOSTEL_OK;
}

static hostel_result host_set_if_absent(hostel_ctx *ctx, hostel_str key, hostel_str json,
                                        uint32_t expiry, bool *created)
{
    struct wit_cache_answer answer;
    wit_set_if_absent(key.ptr, key.len, json.ptr, json.len, expiry > 0, expiry, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *created = answer.as.boolean;
    return HOSTEL_OK;
}

static hostel_result host_increment(hostel_ctx *ctx, hostel_str key, double delta, uint32_t expiry,
                                    double *sum)
{
    struct wit_sum_answer answer;
    wit_increment(key.ptr, key.len, delta, expiry > 0, expiry, &answer);
    if (answer.failed)
        return refused(ctx, answer.as.error);
    *sum = answer.as.sum;
    return HOSTEL_OK;
}

static hostel_result host_compare_and_swap(hostel_ctx *ctx, hostel_str key, hostel_str expected,
                                           hostel_str wanted, enum lifetime lifetime,
                                           uint32_t expiry, hostel_swap *swap)
{
    struct wit_cache_answer answer;
    wit_compare_and_swap(key.ptr, key.len, expected.ptr != NULL, expected.ptr, expected.len,
                         wanted.ptr != NULL, wanted.ptr, wanted.len, lifetime, expiry, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    bool changed = answer.as.swap.changed;
    *swap = (hostel_swap){!changed, changed ? text_of(answer.as.swap.current) : NO_TEXT};
    return HOSTEL_OK;
}

static hostel_result host_take(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    struct wit_cache_answer answer;
    wit_take(key.ptr, key.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *text = text_of(answer.as.text);
    return HOSTEL_OK;
}

static hostel_result host_get_or_lease(hostel_ctx *ctx, hostel_str key, uint32_t early,
                                       uint32_t wait, enum found *found, hostel_str *text)
{
    struct wit_cache_answer answer;
    wit_get_or_lease(key.ptr, key.len, early > 0, early, wait, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *found = (enum found)answer.as.lease.found;
    bool has_text = *found == FOUND_VALUE || *found == FOUND_REFRESH;
    *text = has_text ? present(answer.as.lease.text) : NO_TEXT;
    return HOSTEL_OK;
}

static hostel_result host_fill(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry,
                               bool *filled)
{
    struct wit_cache_answer answer;
    wit_fill(key.ptr, key.len, json.ptr, json.len, expiry > 0, expiry, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *filled = answer.as.boolean;
    return HOSTEL_OK;
}

static hostel_result host_release(hostel_ctx *ctx, hostel_str key)
{
    struct wit_cache_answer answer;
    wit_release(key.ptr, key.len, &answer);
    return result_of(ctx, &answer);
}

static hostel_result host_get_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                   struct texts *found)
{
    struct wit_cache_answer answer;
    wit_get_many(keys, count, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    /* The size below cannot overflow: a text is smaller than an option, and the host's array of
     * options fits in memory. */
    size_t texts = answer.as.options.count;
    hostel_str *list = (hostel_str *)hostel_alloc(ctx, texts * sizeof *list);
    for (size_t i = 0; i < texts; i++)
        list[i] = text_of(answer.as.options.options[i]);
    *found = (struct texts){list, texts};
    return HOSTEL_OK;
}

static hostel_result host_set_many(hostel_ctx *ctx, const hostel_entry *entries, size_t count,
                                   uint32_t expiry)
{
    struct wit_cache_answer answer;
    wit_set_many(entries, count, expiry > 0, expiry, &answer);
    return result_of(ctx, &answer);
}

static hostel_result host_delete_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                      uint32_t *deleted)
{
    struct wit_cache_answer answer;
    wit_delete_many(keys, count, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *deleted = answer.as.count;
    return HOSTEL_OK;
}

static hostel_result host_ttl(hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl)
{
    struct wit_cache_answer answer;
    wit_ttl(key.ptr, key.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    ttl->kind = (hostel_ttl_kind)answer.as.ttl.kind;
    ttl->seconds = ttl->kind == HOSTEL_TTL_LIMITED ? answer.as.ttl.seconds : 0;
    return HOSTEL_OK;
}

static hostel_result host_expire(hostel_ctx *ctx, hostel_str key, uint32_t expiry, bool *exists)
{
    struct wit_cache_answer answer;
    wit_expire(key.ptr, key.len, expiry > 0, expiry, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *exists = answer.as.boolean;
    return HOSTEL_OK;
}

static hostel_result host_keys(hostel_ctx *ctx, hostel_str prefix, hostel_str cursor,
                               struct texts *page, hostel_str *next)
{
    struct wit_cache_answer answer;
    wit_keys(prefix.ptr, prefix.len, cursor.ptr != NULL, cursor.ptr, cursor.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *page = answer.as.page.keys;
    *next = text_of(answer.as.page.cursor);
    return HOSTEL_OK;
}

static hostel_result host_delete_prefix(hostel_ctx *ctx, hostel_str prefix, hostel_str cursor,
                                        uint32_t *deleted, hostel_str *next)
{
    struct wit_cache_answer answer;
    wit_delete_prefix(prefix.ptr, prefix.len, cursor.ptr != NULL, cursor.ptr, cursor.len, &answer);
    HOSTEL_TRY(result_of(ctx, &answer));
    *deleted = answer.as.deleted.count;
    *next = text_of(answer.as.deleted.cursor);
    return HOSTEL_OK;
}
