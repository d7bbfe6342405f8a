/* Values that one call computes while other calls wait for the result. */

#include "ctx.h"

/* The default of `wait_seconds`. */
#define USUAL_WAIT 5

hostel_get_or_set hostel_get_or_set_expiry(double expiry_seconds)
{
    return (hostel_get_or_set){expiry_seconds, HOSTEL_NO_EXPIRY, USUAL_WAIT};
}

/* Validates `wait_seconds` and converts it to the host's form: milliseconds, at most UINT32_MAX. */
static hostel_result milliseconds(hostel_ctx *ctx, double wait, uint32_t *millis)
{
    /* This comparison is false for a NaN, so the SDK refuses a NaN as well. */
    if (!(wait >= 0)) {
        hostel_str shown = hostel_format(ctx, "%.17g", wait);
        return hostel_fail(ctx, HOSTEL_INVALID_EXPIRY,
                           "a wait of %.*s seconds: it must be 0 seconds or more",
                           HOSTEL_ARG(shown));
    }
    *millis = wait * 1000 < UINT32_MAX ? (uint32_t)(wait * 1000) : UINT32_MAX;
    return HOSTEL_OK;
}

/* Validates `early_seconds` and converts it to the host's form: 0 means no early refresh. */
static hostel_result early_seconds(hostel_ctx *ctx, double early, uint32_t expiry,
                                   uint32_t *seconds)
{
    HOSTEL_TRY(whole_seconds(ctx, early, seconds));
    if (*seconds == 0 || *seconds < expiry)
        return HOSTEL_OK;
    if (expiry == 0)
        return hostel_fail(ctx, HOSTEL_INVALID_EXPIRY,
                           "early is %u s, but there is no expiry: set a longer expiry",
                           (unsigned)*seconds);
    return hostel_fail(ctx, HOSTEL_INVALID_EXPIRY,
                       "early is %u s: it must be less than the expiry, %u s",
                       (unsigned)*seconds, (unsigned)expiry);
}

static void warn(hostel_ctx *ctx, hostel_str key, const char *what, hostel_str why)
{
    hostel_str shown = quoted(ctx, key);
    hostel_log(ctx, HOSTEL_WARN, "the value under %.*s %s: %.*s", HOSTEL_ARG(shown), what,
               HOSTEL_ARG(why));
}

static hostel_result compute_text(hostel_ctx *ctx, hostel_str key, hostel_compute *compute,
                                  void *user_data, hostel_str *json)
{
    hostel_str computed = NO_TEXT;
    HOSTEL_TRY(compute(ctx, user_data, &computed));
    HOSTEL_TRY(check_value(ctx, key, computed));
    *json = computed;
    return HOSTEL_OK;
}

/* Stores the computed value if this call still holds the lease. If the cache is unavailable,
 * only logs a warning: the service already has the value. */
static hostel_result fill(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t seconds)
{
    bool filled;
    struct failure before = ctx->failure;
    hostel_result result = host_fill(ctx, key, json, seconds, &filled);
    if (result == HOSTEL_INVALID_VALUE)
        return refused_value(ctx, key, json);
    if (result != HOSTEL_UNAVAILABLE)
        return result;
    warn(ctx, key, "may not have been stored", hostel_message(ctx));
    ctx->failure = before;
    return HOSTEL_OK;
}

static hostel_result compute_and_fill(hostel_ctx *ctx, hostel_str key, hostel_compute *compute,
                                      void *user_data, uint32_t seconds, hostel_str *json)
{
    hostel_str computed;
    hostel_result result = compute_text(ctx, key, compute, user_data, &computed);
    if (result == HOSTEL_OK)
        result = fill(ctx, key, computed, seconds);
    if (result == HOSTEL_OK) {
        *json = computed;
        return HOSTEL_OK;
    }
    /* Ignore an error of the release: the host tries again when the call ends. */
    struct failure why = ctx->failure;
    host_release(ctx, key);
    ctx->failure = why;
    return result;
}

/* Computes a value without a lease. The host does not receive the text, so the SDK validates it. */
static hostel_result compute_alone(hostel_ctx *ctx, hostel_str key, hostel_compute *compute,
                                   void *user_data, hostel_str *json)
{
    hostel_str computed;
    HOSTEL_TRY(compute_text(ctx, key, compute, user_data, &computed));
    struct flaw flaw = check_json(ctx, computed, HOSTEL_MAX_DEPTH);
    if (flaw.reason != NULL) {
        hostel_fail(ctx, HOSTEL_INVALID_VALUE, "invalid value at byte %zu: %s", flaw.offset,
                    flaw.reason);
        return refused_value(ctx, key, computed);
    }
    *json = computed;
    return HOSTEL_OK;
}

/* Computes and stores the next value of an entry. If either fails, logs a warning and leaves the
 * old value in `*json`. Exception: if the cache is unavailable for storing, `*json` is the new
 * value. */
static void refresh(hostel_ctx *ctx, hostel_str key, hostel_compute *compute, void *user_data,
                    uint32_t seconds, hostel_str *json)
{
    struct failure before = ctx->failure;
    hostel_result result = compute_and_fill(ctx, key, compute, user_data, seconds, json);
    if (result == HOSTEL_OK)
        return;
    /* The message may belong to an earlier failure: use it only if that failure has the same
     * result. */
    hostel_str why = hostel_format(ctx, "result %d", (int)result);
    if (result == ctx->failure.result)
        why = hostel_message(ctx);
    warn(ctx, key, "could not be refreshed", why);
    ctx->failure = before;
}

hostel_result hostel_cache_get_or_set(hostel_ctx *ctx, hostel_str key, double expiry_seconds,
                                      hostel_compute *compute, void *user_data,
                                      hostel_json *value)
{
    hostel_get_or_set options = hostel_get_or_set_expiry(expiry_seconds);
    return hostel_cache_get_or_set_with(ctx, key, options, compute, user_data, value);
}

hostel_result hostel_cache_get_or_set_with(hostel_ctx *ctx, hostel_str key,
                                           hostel_get_or_set options, hostel_compute *compute,
                                           void *user_data, hostel_json *value)
{
    uint32_t expiry, early, wait;
    enum found found = FOUND_VALUE;
    hostel_str text = NO_TEXT;
    HOSTEL_TRY(check_key(ctx, key));
    HOSTEL_TRY(whole_seconds(ctx, options.expiry_seconds, &expiry));
    HOSTEL_TRY(early_seconds(ctx, options.early_seconds, expiry, &early));
    HOSTEL_TRY(milliseconds(ctx, options.wait_seconds, &wait));
    /* Without early refresh, try a plain get first, so that a hit costs no more than a get. */
    if (early == 0)
        HOSTEL_TRY(host_get(ctx, key, &text));
    if (text.ptr == NULL)
        HOSTEL_TRY(host_get_or_lease(ctx, key, early, wait, &found, &text));
    switch (found) {
    case FOUND_VALUE: break;
    case FOUND_REFRESH: refresh(ctx, key, compute, user_data, expiry, &text); break;
    case FOUND_COMPUTE:
        HOSTEL_TRY(compute_and_fill(ctx, key, compute, user_data, expiry, &text));
        break;
    case FOUND_BUSY: HOSTEL_TRY(compute_alone(ctx, key, compute, user_data, &text)); break;
    }
    *value = json_value(text, hostel_copy(ctx, key), HOSTEL_INVALID_VALUE);
    return HOSTEL_OK;
}
