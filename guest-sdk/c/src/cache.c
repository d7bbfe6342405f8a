/* The plugin's cache: JSON under a key, with an expiry. */

#include "ctx.h"

/* The host traps on a text that is not UTF-8, so it is refused here. */
static hostel_result check_key(hostel_ctx *ctx, hostel_str key)
{
    size_t valid = valid_utf8(key);
    if (valid == key.len)
        return HOSTEL_OK;
    hostel_str shown = quoted(ctx, key);
    return hostel_fail(ctx, HOSTEL_INVALID_KEY, "the key %.*s is not UTF-8 from byte %zu on",
                       HOSTEL_ARG(shown), valid);
}

static hostel_result check_value(hostel_ctx *ctx, hostel_str key, hostel_str json)
{
    size_t valid = valid_utf8(json);
    if (json.ptr != NULL && valid == json.len)
        return HOSTEL_OK;
    hostel_str shown = quoted(ctx, key);
    if (json.ptr != NULL)
        return hostel_fail(ctx, HOSTEL_INVALID_VALUE,
                           "the value for %.*s is not UTF-8 from byte %zu on", HOSTEL_ARG(shown),
                           valid);
    hostel_str why = why_unwritten(ctx);
    return hostel_fail(ctx, HOSTEL_INVALID_VALUE, "the value for %.*s has no JSON form: %.*s",
                       HOSTEL_ARG(shown), HOSTEL_ARG(why));
}

/* The host names neither the key nor the function that makes JSON of a text. */
static hostel_result refused_value(hostel_ctx *ctx, hostel_str key, hostel_str json)
{
    bool is_text = json.len > 0 && strchr("{[\"-0123456789", json.ptr[0]) == NULL;
    hostel_str why = hostel_message(ctx);
    hostel_str shown = quoted(ctx, key);
    return hostel_fail(ctx, HOSTEL_INVALID_VALUE, "the value for %.*s is refused: %.*s%s",
                       HOSTEL_ARG(shown), HOSTEL_ARG(why),
                       is_text ? "; hostel_json_of_string makes JSON of a text" : "");
}

/* The expiry as the host takes it: whole seconds, 0 for none. */
static hostel_result whole_seconds(hostel_ctx *ctx, double expiry, uint32_t *seconds)
{
    if (expiry == HOSTEL_NO_EXPIRY) {
        *seconds = 0;
        return HOSTEL_OK;
    }
    /* Comparisons that are false for a NaN, so that it is refused as well. */
    bool in_range = expiry >= 1 && expiry <= HOSTEL_MAX_EXPIRY_SECONDS;
    if (!in_range || expiry != (double)(uint32_t)expiry) {
        hostel_str shown = hostel_format(ctx, "%.17g", expiry);
        return hostel_fail(ctx, HOSTEL_INVALID_EXPIRY,
                           "an expiry of %.*s seconds: it must be whole seconds, 1 to %d (ten "
                           "years), or HOSTEL_NO_EXPIRY",
                           HOSTEL_ARG(shown), HOSTEL_MAX_EXPIRY_SECONDS);
    }
    *seconds = (uint32_t)expiry;
    return HOSTEL_OK;
}

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
