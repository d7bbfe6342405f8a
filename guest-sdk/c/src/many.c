/* Several entries in one call to the host. */

#include "ctx.h"

hostel_result hostel_cache_get_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                    hostel_json *values)
{
    struct texts found;
    HOSTEL_TRY(check_keys(ctx, keys, count));
    HOSTEL_TRY(host_get_many(ctx, keys, count, &found));
    /* The caller's array has exactly `count` elements: a longer result would overflow it. */
    if (found.count != count)
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the host returned %zu values for %zu keys",
                           found.count, count);
    for (size_t i = 0; i < count; i++)
        values[i] = json_value(found.texts[i], hostel_copy(ctx, keys[i]), HOSTEL_INVALID_VALUE);
    return HOSTEL_OK;
}

/* Adds a key to the host's message: the key of the first entry whose value is not JSON, which is
 * the entry that the host refused. */
static hostel_result refused_entry(hostel_ctx *ctx, const hostel_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        hostel_str json = entries[i].json;
        if (check_json(ctx, json, HOSTEL_MAX_DEPTH).reason != NULL)
            return refused_value(ctx, entries[i].key, json);
    }
    return HOSTEL_INVALID_VALUE;
}

hostel_result hostel_cache_set_many(hostel_ctx *ctx, const hostel_entry *entries, size_t count,
                                    double expiry_seconds)
{
    uint32_t seconds;
    HOSTEL_TRY(check_count(ctx, count));
    for (size_t i = 0; i < count; i++) {
        HOSTEL_TRY(check_key(ctx, entries[i].key));
        HOSTEL_TRY(check_value(ctx, entries[i].key, entries[i].json));
    }
    HOSTEL_TRY(whole_seconds(ctx, expiry_seconds, &seconds));
    hostel_result result = host_set_many(ctx, entries, count, seconds);
    return result == HOSTEL_INVALID_VALUE ? refused_entry(ctx, entries, count) : result;
}

hostel_result hostel_cache_delete_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                       uint32_t *deleted)
{
    uint32_t ignored;
    HOSTEL_TRY(check_keys(ctx, keys, count));
    return host_delete_many(ctx, keys, count, deleted == NULL ? &ignored : deleted);
}
