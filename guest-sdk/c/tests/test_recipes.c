/* The recipes of docs/recipes.md, verbatim. */

#include "check.h"

#ifndef __wasm__
#include <sys/random.h>
#endif
#include <unistd.h>

static hostel_result check_rate(hostel_ctx *ctx, const hostel_request *req)
{
    int64_t calls;
    hostel_str client = hostel_request_client_address(req);
    hostel_str key = hostel_format(ctx, "calls:%.*s", HOSTEL_ARG(client));
    HOSTEL_TRY(hostel_cache_increment(ctx, key, 1, 60, &calls));
    if (calls > 100) {
        hostel_fail(ctx, HOSTEL_TOO_MANY_REQUESTS, "at most 100 calls a minute");
        return hostel_failure_header(ctx, "retry-after", HOSTEL_STR("60"));
    }
    return HOSTEL_OK;
}

static hostel_result issue(hostel_ctx *ctx, hostel_str token, hostel_str user)
{
    hostel_str key = hostel_format(ctx, "token:%.*s", HOSTEL_ARG(token));
    return hostel_cache_set(ctx, key, hostel_json_of_string(ctx, user), 600);
}

static hostel_result redeem(hostel_ctx *ctx, hostel_str token, hostel_str *user)
{
    hostel_json taken;
    hostel_str key = hostel_format(ctx, "token:%.*s", HOSTEL_ARG(token));
    HOSTEL_TRY(hostel_cache_take(ctx, key, &taken));
    if (!hostel_json_has(ctx, taken, ""))
        return hostel_fail(ctx, HOSTEL_UNAUTHORIZED, "the link is used or has expired");
    return hostel_json_string(ctx, taken, "", user);
}

static hostel_result report(hostel_ctx *ctx, hostel_result (*make)(hostel_ctx *ctx))
{
    bool locked;
    uint64_t number;
    hostel_str key = HOSTEL_STR("lock:report");
    if (getentropy(&number, sizeof number) != 0)
        return hostel_fail(ctx, HOSTEL_INTERNAL, "there is no random number");
    hostel_str mine = hostel_json_of_unsigned(ctx, number);
    HOSTEL_TRY(hostel_cache_set_if_absent(ctx, key, mine, 30, &locked));
    if (!locked)
        return hostel_fail(ctx, HOSTEL_CONFLICT, "the report is being made");
    hostel_result made = make(ctx);
    hostel_result unlocked =
        hostel_cache_compare_and_swap_raw(ctx, key, &mine, NULL, HOSTEL_KEEP_EXPIRY, NULL);
    return made == HOSTEL_OK ? unlocked : made;
}

static hostel_result add_search(hostel_ctx *ctx, void *search, hostel_json old, hostel_str *json)
{
    hostel_writer searches = hostel_write(ctx);
    hostel_write_array(&searches);
    hostel_write_string(&searches, *(hostel_str *)search);
    hostel_items each = hostel_json_items(ctx, old);
    for (int kept = 1; kept < 3 && hostel_json_next(&each); kept++)
        hostel_write_raw(&searches, each.value.text);
    hostel_write_end(&searches);
    *json = hostel_written(&searches);
    return HOSTEL_OK;
}

static hostel_result last_searches(hostel_ctx *ctx, hostel_str user, hostel_str search,
                                   hostel_json *searches)
{
    hostel_str key = hostel_format(ctx, "searches:%.*s", HOSTEL_ARG(user));
    return hostel_cache_update(ctx, key, add_search, &search, searches);
}

static hostel_result read_price(hostel_ctx *ctx, void *item, hostel_str *json);

static hostel_result draw(hostel_ctx *ctx, void *unused, hostel_str *json)
{
    uint64_t number;
    (void)unused;
    if (getentropy(&number, sizeof number) != 0)
        return hostel_fail(ctx, HOSTEL_INTERNAL, "there is no random number");
    *json = hostel_json_of_unsigned(ctx, number);
    return HOSTEL_OK;
}

static hostel_result price(hostel_ctx *ctx, hostel_str item, int64_t *price)
{
    hostel_json generation, value;
    HOSTEL_TRY(hostel_cache_get_or_set(ctx, HOSTEL_STR("prices"), HOSTEL_NO_EXPIRY, draw, NULL,
                                       &generation));
    hostel_str key = hostel_format(ctx, "price:%.*s:%.*s", HOSTEL_ARG(generation.text),
                                   HOSTEL_ARG(item));
    HOSTEL_TRY(hostel_cache_get_or_set(ctx, key, 3600, read_price, &item, &value));
    return hostel_json_integer(ctx, value, "", price);
}

static hostel_result drop_prices(hostel_ctx *ctx)
{
    return hostel_cache_delete(ctx, HOSTEL_STR("prices"), NULL);
}

static hostel_fake *fake;

static hostel_result check_rate_of(hostel_ctx *ctx, hostel_str client)
{
    const hostel_http http = {.client = client};
    return check_rate(ctx, &(hostel_request){.http = &http});
}

static void rate_limiter_refuses_the_hundred_and_first_call_of_a_minute(hostel_ctx *ctx)
{
    for (int port = 0; port < 100; port++)
        CHECK(check_rate_of(ctx, hostel_format(ctx, "192.0.2.1:%d", port)) == HOSTEL_OK);
    hostel_str same = HOSTEL_STR("192.0.2.1:7");
    CHECK(check_rate_of(ctx, same) == HOSTEL_TOO_MANY_REQUESTS);
    CHECK(check_rate_of(ctx, HOSTEL_STR("192.0.2.2:7")) == HOSTEL_OK);
    hostel_fake_advance(fake, 60000);
    CHECK(check_rate_of(ctx, same) == HOSTEL_OK);
}

static void token_is_redeemed_once(hostel_ctx *ctx)
{
    hostel_str user, token = HOSTEL_STR("abc123");
    CHECK(issue(ctx, token, HOSTEL_STR("ada")) == HOSTEL_OK);
    CHECK(redeem(ctx, token, &user) == HOSTEL_OK);
    CHECK_TEXT(user, "ada");
    CHECK(redeem(ctx, token, &user) == HOSTEL_UNAUTHORIZED);
}

static hostel_result nothing(hostel_ctx *ctx)
{
    (void)ctx;
    return HOSTEL_OK;
}

static hostel_result report_again(hostel_ctx *ctx)
{
    return report(ctx, nothing);
}

static hostel_result be_late(hostel_ctx *ctx)
{
    bool locked;
    hostel_fake_advance(fake, 30000);
    HOSTEL_TRY(hostel_cache_set_if_absent(ctx, HOSTEL_STR("lock:report"),
                                          HOSTEL_STR("\"another\""), 30, &locked));
    CHECK(locked);
    return HOSTEL_OK;
}

static void lock_lets_one_in_and_is_released_by_its_owner_alone(hostel_ctx *ctx)
{
    CHECK(report(ctx, report_again) == HOSTEL_CONFLICT);
    CHECK_TEXT(hostel_message(ctx), "the report is being made");
    CHECK(report(ctx, be_late) == HOSTEL_OK);
    CHECK_TEXT(stored(ctx, "lock:report"), "\"another\"");
}

static void last_three_searches_stay(hostel_ctx *ctx)
{
    static const char *const typed[] = {"a", "b", "c", "d"};
    hostel_json searches;
    for (int i = 0; i < 4; i++)
        CHECK(last_searches(ctx, HOSTEL_STR("ada"), hostel_str_of(typed[i]), &searches) ==
              HOSTEL_OK);
    CHECK_TEXT(searches.text, "[\"d\",\"c\",\"b\"]");
}

static int prices_read;

static hostel_result read_price(hostel_ctx *ctx, void *item, hostel_str *json)
{
    CHECK_TEXT(*(hostel_str *)item, "tea");
    *json = hostel_json_of_integer(ctx, ++prices_read);
    return HOSTEL_OK;
}

static void dropped_prices_are_read_anew(hostel_ctx *ctx)
{
    int64_t paid;
    for (int generation = 1; generation <= 2; generation++) {
        for (int time = 0; time < 2; time++)
            CHECK(price(ctx, HOSTEL_STR("tea"), &paid) == HOSTEL_OK && paid == generation);
        CHECK(drop_prices(ctx) == HOSTEL_OK);
    }
}

static void on_a_new_fake(void (*claim)(hostel_ctx *ctx))
{
    fake = hostel_fake_new();
    claim(hostel_fake_ctx(fake));
    hostel_fake_free(fake);
}

void test_recipes(void)
{
    on_a_new_fake(rate_limiter_refuses_the_hundred_and_first_call_of_a_minute);
    on_a_new_fake(token_is_redeemed_once);
    on_a_new_fake(lock_lets_one_in_and_is_released_by_its_owner_alone);
    on_a_new_fake(last_three_searches_stay);
    on_a_new_fake(dropped_prices_are_read_anew);
}
