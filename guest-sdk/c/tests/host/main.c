/* Tests of the SDK's calls to the host, and of host results that the fake never produces.
 *
 * The host is in noting_host.h, which includes the SDK's sources, so this program is one file:
 *
 *     cc -fsanitize=address,undefined -I../.. main.c && ./a.out
 */

#include "noting_host.h"

static hostel_fake *fake;
static hostel_ctx *ctx;

static void check_calls(const char *calls)
{
    CHECK_TEXT(hostel_str_of(host.calls), calls);
    host.calls[0] = '\0';
}

static hostel_result compute(hostel_ctx *ctx, void *json, hostel_str *computed)
{
    if (json == NULL)
        return hostel_fail(ctx, HOSTEL_CONFLICT, "no rates");
    *computed = hostel_str_of((const char *)json);
    return HOSTEL_OK;
}

static hostel_result get_or_set(char *json, double early, hostel_json *value)
{
    hostel_get_or_set options = hostel_get_or_set_expiry(60);
    options.early_seconds = early;
    return hostel_cache_get_or_set_with(ctx, HOSTEL_STR("k"), options, compute, json, value);
}

static char one[] = "1", two[] = "2", no_json[] = "hello";

static void hit_is_one_read_and_only_a_miss_requests_a_lease(void)
{
    hostel_json value;
    CHECK(get_or_set(one, HOSTEL_NO_EXPIRY, &value) == HOSTEL_OK);
    check_calls("get get_or_lease fill ");
    CHECK(get_or_set(two, HOSTEL_NO_EXPIRY, &value) == HOSTEL_OK);
    check_calls("get ");
    CHECK(get_or_set(two, 5, &value) == HOSTEL_OK);
    check_calls("get_or_lease ");
    CHECK_TEXT(value.text, "1");
}

static void busy_call_computes_without_further_calls(void)
{
    hostel_json value;
    hostel_fake_hold(fake, HOSTEL_STR("k"));
    CHECK(get_or_set(one, HOSTEL_NO_EXPIRY, &value) == HOSTEL_OK);
    CHECK(get_or_set(NULL, HOSTEL_NO_EXPIRY, &value) == HOSTEL_CONFLICT);
    check_calls("get get_or_lease get get_or_lease ");
}

static void failure_to_compute_or_to_fill_releases_the_lease(void)
{
    hostel_json value;
    host.release_fails = true;
    CHECK(get_or_set(NULL, 5, &value) == HOSTEL_CONFLICT);
    CHECK_TEXT(hostel_message(ctx), "no rates");
    check_calls("get_or_lease release ");
    CHECK(get_or_set(no_json, 5, &value) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" is refused: ");
    check_calls("get_or_lease fill release ");
    host.refuses = "fill";
    host.result = HOSTEL_DENIED;
    CHECK(get_or_set(one, 5, &value) == HOSTEL_DENIED);
    CHECK_TEXT(hostel_message(ctx), "no response");
    check_calls("get_or_lease fill release ");
    store(ctx, "k", "1", 3);
    host.calls[0] = '\0';
    CHECK(get_or_set(two, 5, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "1");
    check_calls("get_or_lease fill release ");
    CHECK_TEXT(hostel_str_of(hostel_fake_log(fake, 0)),
               "warn: the value under \"k\" could not be refreshed: no response");
}

static void value_that_an_unavailable_cache_may_not_have_stored_is_returned_with_a_warning(void)
{
    hostel_json value;
    host.refuses = "fill";
    host.result = HOSTEL_UNAVAILABLE;
    CHECK(hostel_fail(ctx, HOSTEL_CONFLICT, "before") == HOSTEL_CONFLICT);
    CHECK(get_or_set(one, HOSTEL_NO_EXPIRY, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "1");
    /* The SDK tries only once to store the value, and keeps the message of an earlier failure. */
    check_calls("get get_or_lease fill ");
    CHECK_TEXT(hostel_message(ctx), "before");
    CHECK_TEXT(hostel_str_of(hostel_fake_log(fake, 0)),
               "warn: the value under \"k\" may not have been stored: no response");
}

static void call_waits_for_five_seconds_by_default(void)
{
    static const struct {
        double seconds;
        uint32_t millis;
    } waits[] = {{0, 0}, {1.5, 1500}, {4294967.295, 4294967295}, {1e300, UINT32_MAX}};
    hostel_json value;
    CHECK(get_or_set(one, 5, &value) == HOSTEL_OK && host.wait == 5000 && host.early == 5);
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
        hostel_get_or_set options = {60, 7, waits[i].seconds};
        CHECK(hostel_cache_get_or_set_with(ctx, HOSTEL_STR("k"), options, compute, one, &value) ==
              HOSTEL_OK);
        CHECK(host.wait == waits[i].millis && host.early == 7);
    }
}

static void sum_that_is_not_an_integer_is_refused(void)
{
    const double sums[] = {0.5, 9007199254740992.0, -1e300, 1e308 * 10, (1e308 * 10) * 0};
    int64_t sum = 7;
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        host.sum = &sums[i];
        CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), 1, 60, &sum) == HOSTEL_INTERNAL);
    }
    CHECK(sum == 7);
}

static void more_or_fewer_values_than_keys_are_refused(void)
{
    const hostel_str keys[] = {HOSTEL_STR("a"), HOSTEL_STR("b")};
    hostel_json values[2] = {{.misfit = HOSTEL_CONFLICT}};
    host.more_values = 1;
    CHECK(hostel_cache_get_many(ctx, keys, 2, values) == HOSTEL_INTERNAL);
    CHECK_TEXT(hostel_message(ctx), "the host returned 3 values for 2 keys");
    host.more_values = 0;
    host.fewer_values = true;
    CHECK(hostel_cache_get_many(ctx, keys, 2, values) == HOSTEL_INTERNAL);
    CHECK(values[0].misfit == HOSTEL_CONFLICT);
}

static hostel_result change(hostel_ctx *ctx, void *json, hostel_json old, hostel_str *next)
{
    (void)old;
    return compute(ctx, json, next);
}

static void write_is_not_repeated(void)
{
    static const struct {
        const char *name, *calls;
    } writes[] = {{"compare_and_swap", "get compare_and_swap "}, {"get", "get "}};
    host.result = HOSTEL_UNAVAILABLE;
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        host.refuses = writes[i].name;
        CHECK(hostel_cache_update(ctx, HOSTEL_STR("k"), change, one, NULL) == HOSTEL_UNAVAILABLE);
        CHECK_TEXT(hostel_message(ctx), "no response");
        check_calls(writes[i].calls);
    }
    host.refuses = "increment";
    CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), 1, 60, NULL) == HOSTEL_UNAVAILABLE);
    check_calls("increment ");
}

/* A change function that counts its calls and sets the entry during the first call. */
static hostel_result change_late(hostel_ctx *ctx, void *calls, hostel_json old, hostel_str *next)
{
    (void)old;
    if (++*(int *)calls == 1)
        store(ctx, "k", "7", 60);
    *next = HOSTEL_STR("8");
    return HOSTEL_OK;
}

static void failed_swap_returns_the_current_value_which_is_not_read_again(void)
{
    int calls = 0;
    CHECK(hostel_cache_update(ctx, HOSTEL_STR("k"), change_late, &calls, NULL) == HOSTEL_OK);
    CHECK(calls == 2);
    check_calls("get set compare_and_swap compare_and_swap ");
}

static void walk_ends_at_an_error(void)
{
    hostel_keys each = hostel_cache_keys(ctx, HOSTEL_STR(""));
    uint64_t deleted = 7;
    for (int i = 0; i < 1500; i++)
        store(ctx, hostel_format(ctx, "%d", i).ptr, "1", 60);
    host.calls[0] = '\0';
    int count = 0;
    for (; hostel_cache_next_key(&each); count++) {
        host.refuses = "keys";
        host.result = HOSTEL_UNAVAILABLE;
    }
    CHECK(count == 1000 && each.result == HOSTEL_UNAVAILABLE);
    CHECK(!hostel_cache_next_key(&each));
    check_calls("keys keys ");
    host.refuses = "delete_prefix";
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR(""), &deleted) == HOSTEL_UNAVAILABLE);
    CHECK(deleted == 7);
}

static void invalid_arguments_are_refused_without_a_call(void)
{
    static hostel_str keys[1001];
    static hostel_entry entries[1001];
    const hostel_str key = HOSTEL_STR("k"), wrong_key = HOSTEL_STR("\xFF");
    const hostel_str json = HOSTEL_STR("1"), no_text = NO_TEXT;
    const hostel_entry wrong_entry = {key, no_text};
    hostel_str text;
    hostel_json value;
    hostel_ttl ttl;
    bool flag;
    const hostel_result results[] = {
        hostel_cache_set_if_absent(ctx, wrong_key, json, 60, &flag),
        hostel_cache_set_if_absent(ctx, key, no_text, 60, &flag),
        hostel_cache_set_if_absent(ctx, key, json, 0.5, &flag),
        hostel_cache_increment(ctx, wrong_key, 1, 60, NULL),
        hostel_cache_increment(ctx, key, 0.5, 60, NULL),
        hostel_cache_increment(ctx, key, 9007199254740992.0, 60, NULL),
        hostel_cache_increment(ctx, key, 1, 0.5, NULL),
        hostel_cache_compare_and_swap_raw(ctx, wrong_key, NULL, &json, 60, NULL),
        hostel_cache_compare_and_swap_raw(ctx, key, &wrong_key, &json, 60, NULL),
        hostel_cache_compare_and_swap_raw(ctx, key, NULL, &wrong_key, 60, NULL),
        hostel_cache_compare_and_swap_raw(ctx, key, NULL, &no_text, 60, NULL),
        hostel_cache_compare_and_swap_raw(ctx, key, NULL, &json, 0.5, NULL),
        hostel_cache_update(ctx, wrong_key, change, one, NULL),
        hostel_cache_take(ctx, wrong_key, &value),
        hostel_cache_take_raw(ctx, wrong_key, &text),
        hostel_cache_get_or_set(ctx, wrong_key, 60, compute, one, &value),
        hostel_cache_get_or_set(ctx, key, 0.5, compute, one, &value),
        get_or_set(one, 0.5, &value),
        hostel_cache_get_many(ctx, &wrong_key, 1, &value),
        hostel_cache_get_many(ctx, keys, 1001, &value),
        hostel_cache_set_many(ctx, &wrong_entry, 1, 60),
        hostel_cache_set_many(ctx, entries, 1001, 60),
        hostel_cache_set_many(ctx, entries, 0, 0.5),
        hostel_cache_delete_many(ctx, &wrong_key, 1, NULL),
        hostel_cache_delete_many(ctx, keys, 1001, NULL),
        hostel_cache_ttl(ctx, wrong_key, &ttl),
        hostel_cache_expire(ctx, wrong_key, 60, &flag),
        hostel_cache_expire(ctx, key, 0.5, &flag),
        hostel_cache_delete_prefix(ctx, wrong_key, NULL),
    };
    for (size_t i = 0; i < sizeof results / sizeof *results; i++)
        CHECK(results[i] >= HOSTEL_INVALID_KEY && results[i] <= HOSTEL_TOO_LARGE);
    hostel_keys each = hostel_cache_keys(ctx, wrong_key);
    CHECK(!hostel_cache_next_key(&each) && each.result == HOSTEL_INVALID_KEY);
    check_calls("");
}

static void valid_requests_are_sent_in_one_call_and_the_first_failure_sets_the_message(void)
{
    hostel_http_result results[3];
    const hostel_http_request requests[] = {
        hostel_http_request_of("GET", HOSTEL_STR("\xFF")),
        hostel_http_request_of("GET", HOSTEL_STR("http://a")),
        hostel_http_request_of("GET", HOSTEL_STR("http://b")),
    };
    hostel_fake_route_error(fake, "GET", "http*", HOSTEL_HTTP_TIMEOUT);
    hostel_http_send_many(ctx, requests, 1, results);
    check_calls("");
    hostel_http_send_many(ctx, requests, 3, results);
    check_calls("send_many ");
    CHECK(results[0].result == HOSTEL_HTTP_INVALID_REQUEST);
    CHECK(ctx->failure.result == results[0].result);
    CHECK_SAYS(hostel_message(ctx), "is not UTF-8");
}

static void value_of_a_setting_ends_with_a_nul(void)
{
    hostel_fake_set_config(fake, "a", "1");
    CHECK(hostel_config_get(ctx, "\xFF").ptr == NULL);
    check_calls("");
    CHECK(strcmp(hostel_config_get(ctx, "a").ptr, "1") == 0);
    check_calls("setting ");
}

HOSTEL_SERVICES({"none", "", NULL})

static void on_a_new_host(void (*claim)(void))
{
    memset(&host, 0, sizeof host);
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    claim();
    hostel_fake_free(fake);
}

int main(void)
{
    on_a_new_host(hit_is_one_read_and_only_a_miss_requests_a_lease);
    on_a_new_host(busy_call_computes_without_further_calls);
    on_a_new_host(failure_to_compute_or_to_fill_releases_the_lease);
    on_a_new_host(value_that_an_unavailable_cache_may_not_have_stored_is_returned_with_a_warning);
    on_a_new_host(call_waits_for_five_seconds_by_default);
    on_a_new_host(sum_that_is_not_an_integer_is_refused);
    on_a_new_host(more_or_fewer_values_than_keys_are_refused);
    on_a_new_host(write_is_not_repeated);
    on_a_new_host(failed_swap_returns_the_current_value_which_is_not_read_again);
    on_a_new_host(walk_ends_at_an_error);
    on_a_new_host(invalid_arguments_are_refused_without_a_call);
    on_a_new_host(valid_requests_are_sent_in_one_call_and_the_first_failure_sets_the_message);
    on_a_new_host(value_of_a_setting_ends_with_a_nul);
    puts("all passed");
    return 0;
}
