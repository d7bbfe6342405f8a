/* The plugin's cache: JSON values, each with a key and an optional expiry. */

#include "ctx.h"

hostel_result hostel_cache_get(hostel_ctx *ctx, hostel_str key, hostel_json *value)
{
    hostel_str text;
    HOSTEL_TRY(hostel_cache_get_raw(ctx, key, &text));
    *value = json_value(text, hostel_copy(ctx, key), HOSTEL_INVALID_VALUE);
    return HOSTEL_OK;
}

hostel_result hostel_cache_get_raw(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    HOSTEL_TRY(check_key(ctx, key));
    return host_get(ctx, key, text);
}

hostel_result hostel_cache_set(hostel_ctx *ctx, hostel_str key, hostel_str json,
                               double expiry_seconds)
{
    uint32_t seconds;
    HOSTEL_TRY(check_key(ctx, key));
    HOSTEL_TRY(check_value(ctx, key, json));
    HOSTEL_TRY(whole_seconds(ctx, expiry_seconds, &seconds));
    hostel_result result = host_set(ctx, key, json, seconds);
    return result == HOSTEL_INVALID_VALUE ? refused_value(ctx, key, json) : result;
}

hostel_result hostel_cache_delete(hostel_ctx *ctx, hostel_str key, bool *deleted)
{
    bool ignored;
    HOSTEL_TRY(check_key(ctx, key));
    return host_delete(ctx, key, deleted == NULL ? &ignored : deleted);
}

hostel_result hostel_cache_exists(hostel_ctx *ctx, hostel_str key, bool *exists)
{
    HOSTEL_TRY(check_key(ctx, key));
    return host_exists(ctx, key, exists);
}
