/* Atomic operations on one entry. */

#include "ctx.h"

/* The maximum number of tries of hostel_cache_update. A further try is necessary only if the entry
 * changed meanwhile. */
#define UPDATE_TRIES 100

hostel_result hostel_cache_set_if_absent(hostel_ctx *ctx, hostel_str key, hostel_str json,
                                         double expiry_seconds, bool *created)
{
    uint32_t seconds;
    bool ignored;
    HOSTEL_TRY(check_key(ctx, key));
    HOSTEL_TRY(check_value(ctx, key, json));
    HOSTEL_TRY(whole_seconds(ctx, expiry_seconds, &seconds));
    hostel_result result =
        host_set_if_absent(ctx, key, json, seconds, created == NULL ? &ignored : created);
    return result == HOSTEL_INVALID_VALUE ? refused_value(ctx, key, json) : result;
}

hostel_result hostel_cache_increment(hostel_ctx *ctx, hostel_str key, double delta,
                                     double expiry_seconds, int64_t *sum)
{
    uint32_t seconds;
    double found;
    HOSTEL_TRY(check_key(ctx, key));
    if (!is_integer_in_range(delta)) {
        hostel_str shown = hostel_format(ctx, "%.17g", delta);
        return hostel_fail(ctx, HOSTEL_INVALID_VALUE,
                           "a delta of %.*s: it must be an integer from -(2^53 - 1) to 2^53 - 1",
                           HOSTEL_ARG(shown));
    }
    HOSTEL_TRY(whole_seconds(ctx, expiry_seconds, &seconds));
    HOSTEL_TRY(host_increment(ctx, key, delta, seconds, &found));
    /* Check first: converting a NaN or a double beyond int64_t to an integer is undefined. */
    if (!is_integer_in_range(found))
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the host returned a sum that is not an integer");
    if (sum != NULL)
        *sum = (int64_t)found;
    return HOSTEL_OK;
}

/* Validates the expiry of hostel_cache_compare_and_swap_raw and converts it to the host's form. */
static hostel_result lifetime_of(hostel_ctx *ctx, double expiry, enum lifetime *lifetime,
                                 uint32_t *seconds)
{
    *lifetime = LIFETIME_KEEP;
    *seconds = 0;
    if (expiry == HOSTEL_KEEP_EXPIRY)
        return HOSTEL_OK;
    HOSTEL_TRY(whole_seconds(ctx, expiry, seconds));
    *lifetime = *seconds == 0 ? LIFETIME_UNLIMITED : LIFETIME_AFTER;
    return HOSTEL_OK;
}

static hostel_result swap_in(hostel_ctx *ctx, hostel_str key, hostel_str expected,
                             hostel_str wanted, enum lifetime lifetime, uint32_t seconds,
                             hostel_swap *swap)
{
    hostel_result result =
        host_compare_and_swap(ctx, key, expected, wanted, lifetime, seconds, swap);
    if (result != HOSTEL_INVALID_VALUE)
        return result;
    return refused_value(ctx, key, wanted.ptr == NULL ? expected : wanted);
}

hostel_result hostel_cache_compare_and_swap_raw(hostel_ctx *ctx, hostel_str key,
                                                const hostel_str *expected,
                                                const hostel_str *wanted, double expiry_seconds,
                                                hostel_swap *swap)
{
    enum lifetime lifetime;
    uint32_t seconds;
    hostel_swap ignored;
    hostel_str old = expected == NULL ? NO_TEXT : *expected;
    hostel_str next = wanted == NULL ? NO_TEXT : *wanted;
    HOSTEL_TRY(check_key(ctx, key));
    if (old.ptr != NULL)
        HOSTEL_TRY(check_value(ctx, key, old));
    if (wanted != NULL)
        HOSTEL_TRY(check_value(ctx, key, next));
    /* A removal ignores the lifetime. */
    double expiry = wanted == NULL ? HOSTEL_KEEP_EXPIRY : expiry_seconds;
    HOSTEL_TRY(lifetime_of(ctx, expiry, &lifetime, &seconds));
    return swap_in(ctx, key, old, next, lifetime, seconds, swap == NULL ? &ignored : swap);
}

hostel_result hostel_cache_update(hostel_ctx *ctx, hostel_str key, hostel_change *change,
                                  void *user_data, hostel_json *value)
{
    hostel_str old, source = hostel_copy(ctx, key);
    HOSTEL_TRY(hostel_cache_get_raw(ctx, key, &old));
    for (int tries = 0; tries < UPDATE_TRIES; tries++) {
        hostel_swap swap;
        hostel_str next = NO_TEXT;
        hostel_json current = json_value(old, source, HOSTEL_INVALID_VALUE);
        HOSTEL_TRY(change(ctx, user_data, current, &next));
        HOSTEL_TRY(check_value(ctx, key, next));
        HOSTEL_TRY(swap_in(ctx, key, old, next, LIFETIME_KEEP, 0, &swap));
        if (swap.swapped) {
            if (value != NULL)
                *value = json_value(next, source, HOSTEL_INVALID_VALUE);
            return HOSTEL_OK;
        }
        old = swap.current;
    }
    hostel_str shown = quoted(ctx, key);
    return hostel_fail(ctx, HOSTEL_UNAVAILABLE,
                       "the value under %.*s is not updated: other callers changed it %d times",
                       HOSTEL_ARG(shown), UPDATE_TRIES);
}

hostel_result hostel_cache_take(hostel_ctx *ctx, hostel_str key, hostel_json *value)
{
    hostel_str text;
    HOSTEL_TRY(hostel_cache_take_raw(ctx, key, &text));
    *value = json_value(text, hostel_copy(ctx, key), HOSTEL_INVALID_VALUE);
    return HOSTEL_OK;
}

hostel_result hostel_cache_take_raw(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    HOSTEL_TRY(check_key(ctx, key));
    return host_take(ctx, key, text);
}
