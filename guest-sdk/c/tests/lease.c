/* Tests of values that one call computes for other calls. */

#include "check.h"

#include <math.h>

static hostel_fake *fake;
static hostel_ctx *ctx;

/* The value, the result, the side effect and the number of calls of a compute function. */
struct computing {
    const char *json; /* NULL for no value. */
    hostel_result result;
    void (*meanwhile)(void);
    int calls;
};

static hostel_result compute(hostel_ctx *ctx, void *user_data, hostel_str *json)
{
    struct computing *computing = (struct computing *)user_data;
    computing->calls++;
    if (computing->meanwhile != NULL)
        computing->meanwhile();
    if (computing->result == HOSTEL_CONFLICT)
        return hostel_fail(ctx, HOSTEL_CONFLICT, "no rates");
    if (computing->json != NULL)
        *json = hostel_str_of(computing->json);
    return computing->result;
}

static hostel_get_or_set minute(bool is_early)
{
    hostel_get_or_set options = hostel_get_or_set_expiry(60);
    if (is_early)
        options.early_seconds = 5;
    return options;
}

static hostel_result get_with(bool is_early, struct computing computing, hostel_json *value)
{
    return hostel_cache_get_or_set_with(ctx, HOSTEL_STR("k"), minute(is_early), compute,
                                        &computing, value);
}

/* Gets the value or, if it is missing, computes it as `json`, with an expiry of a minute. */
static hostel_str get(const char *json)
{
    hostel_json value;
    struct computing computing = {.json = json};
    CHECK(hostel_cache_get_or_set(ctx, HOSTEL_STR("k"), 60, compute, &computing, &value) ==
          HOSTEL_OK);
    return value.text;
}

/* Like `get`, with an early refresh in the last five seconds. */
static hostel_str get_early(const char *json)
{
    hostel_json value;
    CHECK(get_with(true, (struct computing){.json = json}, &value) == HOSTEL_OK);
    return value.text;
}

static void value_is_computed_once_in_its_life(void)
{
    CHECK_TEXT(get("1"), "1");
    hostel_fake_advance(fake, 59999);
    CHECK_TEXT(get("2"), "1");
    hostel_fake_advance(fake, 1);
    CHECK_TEXT(get("2"), "2");
    CHECK_TEXT(get("3"), "2");
}

static void value_without_an_expiry_stays(void)
{
    hostel_json value;
    struct computing computing = {.json = "1"};
    CHECK(hostel_cache_get_or_set(ctx, HOSTEL_STR("k"), HOSTEL_NO_EXPIRY, compute, &computing,
                                  &value) == HOSTEL_OK);
    CHECK(seconds_left(ctx, "k") == UNLIMITED);
}

static void stored_null_is_a_hit(void)
{
    CHECK_TEXT(get("null"), "null");
    CHECK_TEXT(get("1"), "null");
    CHECK_TEXT(get_early("1"), "null");
}

static void value_is_refreshed_in_its_last_seconds(void)
{
    CHECK_TEXT(get_early("1"), "1");
    hostel_fake_advance(fake, 55000);
    CHECK_TEXT(get_early("2"), "1");
    hostel_fake_advance(fake, 1);
    CHECK_TEXT(get("2"), "1");
    CHECK_TEXT(get_early("3"), "3");
    CHECK_TEXT(stored(ctx, "k"), "3");
    CHECK(seconds_left(ctx, "k") == 60);
}

static void failure_to_compute_is_returned_and_the_next_call_computes(void)
{
    hostel_json value = {.misfit = HOSTEL_CONFLICT};
    CHECK(get_with(false, (struct computing){.result = HOSTEL_CONFLICT}, &value) ==
          HOSTEL_CONFLICT);
    CHECK_TEXT(hostel_message(ctx), "no rates");
    CHECK(value.misfit == HOSTEL_CONFLICT && hostel_fake_log(fake, 0) == NULL);
    CHECK_TEXT(get("1"), "1");
    CHECK_TEXT(stored(ctx, "k"), "1");
}

static void old_value_is_returned_if_its_refresh_fails(void)
{
    hostel_json value;
    CHECK_TEXT(get_early("1.5"), "1.5");
    hostel_fake_advance(fake, 58000);
    CHECK(get_with(true, (struct computing){.result = HOSTEL_CONFLICT}, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "1.5");
    CHECK_TEXT(hostel_str_of(hostel_fake_log(fake, 0)),
               "warn: the value under \"k\" could not be refreshed: no rates");
    CHECK(get_with(true, (struct computing){.result = HOSTEL_NOT_FOUND}, &value) == HOSTEL_OK);
    CHECK_TEXT(hostel_str_of(hostel_fake_log(fake, 1)),
               "warn: the value under \"k\" could not be refreshed: result 4");
    CHECK_TEXT(get_early("hello"), "1.5");
    CHECK_TEXT(get_early(NULL), "1.5");
    /* A failure that the SDK handled leaves no message. */
    CHECK_TEXT(hostel_message(ctx), "");
    hostel_fake_advance(fake, 2000);
    CHECK(get_with(true, (struct computing){.result = HOSTEL_CONFLICT}, &value) ==
          HOSTEL_CONFLICT);
}

static void value_of_a_key_that_another_call_computes_is_computed_and_not_stored(void)
{
    hostel_json value;
    hostel_fake_hold(fake, HOSTEL_STR("k"));
    CHECK_TEXT(get("1"), "1");
    CHECK(get_with(false, (struct computing){.json = "hello"}, &value) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" is refused: ");
    CHECK_SAYS(hostel_message(ctx), "hostel_json_of_string");
    CHECK(get_with(false, (struct computing){.result = HOSTEL_CONFLICT}, &value) ==
          HOSTEL_CONFLICT);
    CHECK(stored(ctx, "k").ptr == NULL);
    hostel_fake_let_go(fake, HOSTEL_STR("k"));
    CHECK_TEXT(get("3"), "3");
    CHECK_TEXT(stored(ctx, "k"), "3");
}

static void hold(void)
{
    hostel_fake_hold(fake, HOSTEL_STR("k"));
}

static void failed_computation_keeps_a_lease_that_another_call_got_meanwhile(void)
{
    hostel_json value;
    struct computing computing = {.result = HOSTEL_CONFLICT, .meanwhile = hold};
    CHECK(get_with(false, computing, &value) == HOSTEL_CONFLICT);
    CHECK_TEXT(get("1"), "1");
    CHECK(stored(ctx, "k").ptr == NULL);
}

static void old_value_is_returned_while_another_call_computes_the_next(void)
{
    store(ctx, "k", "1", 60);
    hostel_fake_advance(fake, 58000);
    hold();
    CHECK_TEXT(get_early("2"), "1");
    hostel_fake_let_go(fake, HOSTEL_STR("k"));
    CHECK_TEXT(get_early("2"), "2");
}

static void set_it(void)
{
    store(ctx, "k", "7", HOSTEL_NO_EXPIRY);
}

static void set_many(void)
{
    hostel_entry entry = {HOSTEL_STR("k"), HOSTEL_STR("7")};
    CHECK(hostel_cache_set_many(ctx, &entry, 1, HOSTEL_NO_EXPIRY) == HOSTEL_OK);
}

static void set_if_absent(void)
{
    CHECK(hostel_cache_set_if_absent(ctx, HOSTEL_STR("k"), HOSTEL_STR("7"), 60, NULL) ==
          HOSTEL_OK);
}

static void increment(void)
{
    CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), 7, 60, NULL) == HOSTEL_OK);
}

static void swap(void)
{
    hostel_str seven = HOSTEL_STR("7");
    CHECK(hostel_cache_compare_and_swap_raw(ctx, HOSTEL_STR("k"), NULL, &seven, 60, NULL) ==
          HOSTEL_OK);
}

static void get_seven(void)
{
    CHECK_TEXT(get("7"), "7");
}

static void delete_it(void)
{
    CHECK(hostel_cache_delete(ctx, HOSTEL_STR("k"), NULL) == HOSTEL_OK);
}

static void set_other(void)
{
    store(ctx, "other", "7", 60);
}

static void expire(void)
{
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR("k"), 60, NULL) == HOSTEL_OK);
}

static void take(void)
{
    hostel_str text;
    CHECK(hostel_cache_take_raw(ctx, HOSTEL_STR("k"), &text) == HOSTEL_OK);
}

static void delete_many(void)
{
    hostel_str key = HOSTEL_STR("k");
    CHECK(hostel_cache_delete_many(ctx, &key, 1, NULL) == HOSTEL_OK);
}

static void delete_all(void)
{
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR(""), NULL) == HOSTEL_OK);
}

static void delete_others(void)
{
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR("other"), NULL) == HOSTEL_OK);
}

/* Runs `meanwhile` while a call computes a missing value or refreshes an old one. Checks that the
 * call returns the computed value, and that the key then has the value `json`, or no value if
 * `json` is NULL. */
static void check_newer(void (*meanwhile)(void), bool is_refresh, const char *json)
{
    hostel_json value;
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    if (is_refresh) {
        store(ctx, "k", "0", 60);
        hostel_fake_advance(fake, 58000);
    }
    struct computing computing = {.json = "1", .meanwhile = meanwhile};
    CHECK(get_with(is_refresh, computing, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "1");
    CHECK_TEXT(stored(ctx, "k"), json);
    hostel_fake_free(fake);
}

static void change_during_a_computation_is_kept(void)
{
    check_newer(set_it, false, "7");
    check_newer(set_many, false, "7");
    check_newer(set_if_absent, false, "7");
    check_newer(increment, false, "7");
    check_newer(swap, false, "7");
    check_newer(get_seven, false, "7");
    check_newer(delete_it, false, NULL);
    check_newer(hold, false, NULL);
    check_newer(delete_all, false, NULL);
    check_newer(set_other, false, "1");
    check_newer(expire, true, "0");
    check_newer(swap, true, "0");
    check_newer(take, true, NULL);
    check_newer(delete_many, true, NULL);
    check_newer(delete_all, true, NULL);
    check_newer(delete_others, true, "1");
    check_newer(set_if_absent, true, "1");
}

static void value_that_cannot_be_stored_is_an_error_and_the_next_call_computes(void)
{
    hostel_json value;
    size_t size = HOSTEL_DEFAULT_VALUE_LIMIT + 2;
    char *large = (char *)hostel_alloc(ctx, size);
    memset(large, '1', size);
    large[0] = large[size - 2] = '"';
    large[size - 1] = '\0';
    CHECK(get_with(false, (struct computing){.json = large}, &value) == HOSTEL_TOO_LARGE);
    CHECK(get_with(false, (struct computing){.json = "hello"}, &value) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" is refused: ");
    CHECK(get_with(false, (struct computing){.json = NULL}, &value) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" has no JSON form");
    CHECK_TEXT(get("1"), "1");
    CHECK_TEXT(stored(ctx, "k"), "1");
}

/* Checks that invalid options are refused before anything is computed. */
static void check_refused(hostel_get_or_set options, const char *words)
{
    hostel_json value;
    struct computing computing = {.json = "1"};
    CHECK(hostel_cache_get_or_set_with(ctx, HOSTEL_STR("k"), options, compute, &computing,
                                       &value) == HOSTEL_INVALID_EXPIRY);
    CHECK_SAYS(hostel_message(ctx), words);
    CHECK(computing.calls == 0);
}

static void options_are_checked_before_anything_is_computed(void)
{
    hostel_get_or_set options = minute(true);
    CHECK(options.wait_seconds == 5);
    check_refused(hostel_get_or_set_expiry(1.5), "1 to 315360000");
    check_refused(hostel_get_or_set_expiry(0), "1 to 315360000");
    options.early_seconds = 0;
    check_refused(options, "1 to 315360000");
    options.early_seconds = 60;
    check_refused(options, "early is 60 s: it must be less than the expiry, 60 s");
    options.expiry_seconds = HOSTEL_NO_EXPIRY;
    check_refused(options, "early is 60 s, but there is no expiry: set a longer expiry");
    options = minute(false);
    options.wait_seconds = -1;
    check_refused(options, "a wait of -1 seconds");
    options.wait_seconds = (double)NAN;
    check_refused(options, "a wait of ");
    hostel_json value;
    struct computing computing = {.json = "1"};
    CHECK(hostel_cache_get_or_set(ctx, HOSTEL_STR("\xFF"), 60, compute, &computing, &value) ==
          HOSTEL_INVALID_KEY);
    CHECK(hostel_cache_get_or_set(ctx, HOSTEL_STR(""), 60, compute, &computing, &value) ==
          HOSTEL_INVALID_KEY);
    CHECK(computing.calls == 0);
}

static void value_of_another_type_names_its_key(void)
{
    hostel_json value;
    int64_t integer;
    for (int is_early = 0; is_early < 2; is_early++) {
        CHECK(get_with(is_early, (struct computing){.json = "\"v\""}, &value) == HOSTEL_OK);
        CHECK(hostel_json_integer(ctx, value, "", &integer) == HOSTEL_INVALID_VALUE);
        CHECK_SAYS(hostel_message(ctx), "the value under \"k\" is ");
    }
}

static void on_a_new_fake(void (*claim)(void))
{
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    claim();
    hostel_fake_free(fake);
}

void test_lease(void)
{
    on_a_new_fake(value_is_computed_once_in_its_life);
    on_a_new_fake(value_without_an_expiry_stays);
    on_a_new_fake(stored_null_is_a_hit);
    on_a_new_fake(value_is_refreshed_in_its_last_seconds);
    on_a_new_fake(failure_to_compute_is_returned_and_the_next_call_computes);
    on_a_new_fake(old_value_is_returned_if_its_refresh_fails);
    on_a_new_fake(value_of_a_key_that_another_call_computes_is_computed_and_not_stored);
    on_a_new_fake(failed_computation_keeps_a_lease_that_another_call_got_meanwhile);
    on_a_new_fake(old_value_is_returned_while_another_call_computes_the_next);
    change_during_a_computation_is_kept();
    on_a_new_fake(value_that_cannot_be_stored_is_an_error_and_the_next_call_computes);
    on_a_new_fake(options_are_checked_before_anything_is_computed);
    on_a_new_fake(value_of_another_type_names_its_key);
}
