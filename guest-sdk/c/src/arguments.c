/* Argument checks of the cache's functions before the call to the host, and the message for a value
 * that the host refuses. */

#include "ctx.h"

static hostel_result check_key(hostel_ctx *ctx, hostel_str key)
{
    size_t valid = valid_utf8(key);
    if (valid == key.len)
        return HOSTEL_OK;
    hostel_str shown = quoted(ctx, key);
    return hostel_fail(ctx, HOSTEL_INVALID_KEY, "the key %.*s is not UTF-8 from byte %zu on",
                       HOSTEL_ARG(shown), valid);
}

static hostel_result check_count(hostel_ctx *ctx, size_t count)
{
    if (count <= HOSTEL_MAX_KEYS)
        return HOSTEL_OK;
    return hostel_fail(ctx, HOSTEL_TOO_LARGE,
                       "%zu keys in one call: the maximum is %d; make several calls", count,
                       HOSTEL_MAX_KEYS);
}

static hostel_result check_keys(hostel_ctx *ctx, const hostel_str *keys, size_t count)
{
    HOSTEL_TRY(check_count(ctx, count));
    for (size_t i = 0; i < count; i++)
        HOSTEL_TRY(check_key(ctx, keys[i]));
    return HOSTEL_OK;
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

static hostel_result refused_value(hostel_ctx *ctx, hostel_str key, hostel_str json)
{
    bool is_text = json.len > 0 && strchr("{[\"-0123456789", json.ptr[0]) == NULL;
    hostel_str why = hostel_message(ctx);
    hostel_str shown = quoted(ctx, key);
    return hostel_fail(ctx, HOSTEL_INVALID_VALUE, "the value for %.*s is refused: %.*s%s",
                       HOSTEL_ARG(shown), HOSTEL_ARG(why),
                       is_text ? "; hostel_json_of_string makes JSON of a text" : "");
}

static hostel_result whole_seconds(hostel_ctx *ctx, double expiry, uint32_t *seconds)
{
    if (expiry == HOSTEL_NO_EXPIRY) {
        *seconds = 0;
        return HOSTEL_OK;
    }
    /* These comparisons are false for a NaN, so the SDK refuses a NaN as well. */
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

static bool is_integer_in_range(double number)
{
    const double most = (double)HOSTEL_MAX_INTEGER;
    return number >= -most && number <= most && number == (double)(int64_t)number;
}
