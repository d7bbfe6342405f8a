/* Expiry of entries, iteration over keys, and removal by prefix. */

#include "ctx.h"

hostel_result hostel_cache_ttl(hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl)
{
    HOSTEL_TRY(check_key(ctx, key));
    return host_ttl(ctx, key, ttl);
}

hostel_result hostel_cache_expire(hostel_ctx *ctx, hostel_str key, double expiry_seconds,
                                  bool *exists)
{
    uint32_t seconds;
    bool ignored;
    HOSTEL_TRY(check_key(ctx, key));
    HOSTEL_TRY(whole_seconds(ctx, expiry_seconds, &seconds));
    return host_expire(ctx, key, seconds, exists == NULL ? &ignored : exists);
}

static hostel_result check_prefix(hostel_ctx *ctx, hostel_str prefix)
{
    size_t valid = valid_utf8(prefix);
    if (valid == prefix.len)
        return HOSTEL_OK;
    hostel_str shown = quoted(ctx, prefix);
    return hostel_fail(ctx, HOSTEL_INVALID_KEY, "the prefix %.*s is not UTF-8 from byte %zu on",
                       HOSTEL_ARG(shown), valid);
}

hostel_keys hostel_cache_keys(hostel_ctx *ctx, hostel_str prefix)
{
    hostel_str copy = hostel_copy(ctx, prefix);
    return (hostel_keys){.key = NO_TEXT, .ctx = ctx, .prefix = copy, .cursor = NO_TEXT};
}

static hostel_result next_page(hostel_keys *keys)
{
    struct texts page;
    hostel_str next;
    HOSTEL_TRY(check_prefix(keys->ctx, keys->prefix));
    HOSTEL_TRY(host_keys(keys->ctx, keys->prefix, keys->cursor, &page, &next));
    keys->page = page.texts;
    keys->left = page.count;
    keys->cursor = next;
    keys->is_last_page = next.ptr == NULL;
    return HOSTEL_OK;
}

bool hostel_cache_next_key(hostel_keys *keys)
{
    /* A page may be empty without being the last one. */
    while (keys->left == 0) {
        if (keys->result != HOSTEL_OK || keys->is_last_page)
            return false;
        keys->result = next_page(keys);
    }
    keys->key = *keys->page++;
    keys->left--;
    return true;
}

hostel_result hostel_cache_delete_prefix(hostel_ctx *ctx, hostel_str prefix, uint64_t *deleted)
{
    uint64_t sum = 0;
    hostel_str cursor = NO_TEXT;
    HOSTEL_TRY(check_prefix(ctx, prefix));
    do {
        uint32_t count;
        HOSTEL_TRY(host_delete_prefix(ctx, prefix, cursor, &count, &cursor));
        sum += count;
    } while (cursor.ptr != NULL);
    if (deleted != NULL)
        *deleted = sum;
    return HOSTEL_OK;
}
