/* Tests of the atomic operations on one entry. */

#include "check.h"

#include <math.h>

static hostel_fake *fake;
static hostel_ctx *ctx;

static bool set_if_absent(const char *json, double expiry)
{
    bool created;
    CHECK(hostel_cache_set_if_absent(ctx, HOSTEL_STR("k"), hostel_str_of(json), expiry,
                                     &created) == HOSTEL_OK);
    return created;
}

static void set_if_absent_stores_once_and_a_stored_null_counts(void)
{
    CHECK(set_if_absent("\"a\"", HOSTEL_NO_EXPIRY) && !set_if_absent("\"b\"", HOSTEL_NO_EXPIRY));
    CHECK_TEXT(stored(ctx, "k"), "\"a\"");
    store(ctx, "k", "null", HOSTEL_NO_EXPIRY);
    CHECK(!set_if_absent("\"b\"", HOSTEL_NO_EXPIRY));
    CHECK_TEXT(stored(ctx, "k"), "null");
    CHECK(hostel_cache_set_if_absent(ctx, HOSTEL_STR("k"), HOSTEL_STR("1"), 1, NULL) == HOSTEL_OK);
}

static void set_if_absent_sets_the_expiry_of_new_entries_only(void)
{
    CHECK(set_if_absent("1", 60));
    hostel_fake_advance(fake, 30000);
    CHECK(!set_if_absent("2", 60) && !set_if_absent("2", HOSTEL_NO_EXPIRY));
    hostel_fake_advance(fake, 30000);
    CHECK(set_if_absent("2", HOSTEL_NO_EXPIRY));
    CHECK(seconds_left(ctx, "k") == UNLIMITED);
}

static void set_if_absent_refuses_what_set_refuses(void)
{
    bool created = true;
    hostel_str key = HOSTEL_STR("k"), text = HOSTEL_STR("hello");
    CHECK(hostel_cache_set_if_absent(ctx, key, text, 1, &created) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" is refused: ");
    CHECK_SAYS(hostel_message(ctx), "hostel_json_of_string");
    CHECK(hostel_cache_set_if_absent(ctx, key, HOSTEL_STR("1"), 0, &created) ==
          HOSTEL_INVALID_EXPIRY);
    CHECK(hostel_cache_set_if_absent(ctx, key, HOSTEL_STR("\"\xFF\""), 1, &created) ==
          HOSTEL_INVALID_VALUE);
    CHECK(hostel_cache_set_if_absent(ctx, HOSTEL_STR("\xFF"), HOSTEL_STR("1"), 1, &created) ==
          HOSTEL_INVALID_KEY);
    CHECK(created && stored(ctx, "k").ptr == NULL);
}

static int64_t increment(double delta, double expiry)
{
    int64_t sum;
    CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), delta, expiry, &sum) == HOSTEL_OK);
    return sum;
}

static void increment_counts_from_zero_and_keeps_the_first_expiry(void)
{
    CHECK(increment(5, 60) == 5);
    hostel_fake_advance(fake, 30000);
    CHECK(increment(-7, 60) == -2 && increment(1, HOSTEL_NO_EXPIRY) == -1);
    CHECK_TEXT(stored(ctx, "k"), "-1");
    CHECK(seconds_left(ctx, "k") == 30);
    hostel_fake_advance(fake, 30000);
    CHECK(increment(1, HOSTEL_NO_EXPIRY) == 1);
    CHECK(seconds_left(ctx, "k") == UNLIMITED);
    CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), 1, 60, NULL) == HOSTEL_OK);
    CHECK_TEXT(stored(ctx, "k"), "2");
}

static void increment_is_exact_up_to_the_largest_integer_and_refuses_other_values(void)
{
    const int64_t most = HOSTEL_MAX_INTEGER;
    int64_t sum = 7;
    hostel_str key = HOSTEL_STR("k");
    CHECK(increment(HOSTEL_MAX_INTEGER, HOSTEL_NO_EXPIRY) == most);
    CHECK(hostel_cache_increment(ctx, key, 1, HOSTEL_NO_EXPIRY, &sum) == HOSTEL_INVALID_VALUE);
    CHECK_TEXT(hostel_message(ctx),
               "the sum of 9007199254740991 and 1 is not from -(2^53 - 1) to 2^53 - 1");
    CHECK(increment(-HOSTEL_MAX_INTEGER, HOSTEL_NO_EXPIRY) == 0);
    CHECK(increment(-HOSTEL_MAX_INTEGER, HOSTEL_NO_EXPIRY) == -most);
    static const char *const refused[] = {"1.0", "1e2", "-0", " 1", "1 ", "\"1\"", "null", "[1]",
                                          "true", "9007199254740992", "-9007199254740992",
                                          "18446744073709551616"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        store(ctx, "k", refused[i], HOSTEL_NO_EXPIRY);
        CHECK(hostel_cache_increment(ctx, key, 1, HOSTEL_NO_EXPIRY, &sum) == HOSTEL_INVALID_VALUE);
        CHECK_SAYS(hostel_message(ctx), "is not an integer from -(2^53 - 1) to 2^53 - 1");
        CHECK_TEXT(stored(ctx, "k"), refused[i]);
    }
    CHECK(sum == 7);
}

static void delta_that_is_not_an_integer_in_range_is_refused(void)
{
    int64_t sum = 7;
    const double refused[] = {1.5, 9007199254740992.0, -9007199254740992.0, 1e300, (double)NAN,
                              (double)INFINITY, (double)-INFINITY, (double)UINT64_MAX};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), refused[i], 60, &sum) ==
              HOSTEL_INVALID_VALUE);
        CHECK_SAYS(hostel_message(ctx), "a delta of ");
    }
    CHECK(hostel_cache_increment(ctx, HOSTEL_STR("k"), 1, 0, &sum) == HOSTEL_INVALID_EXPIRY);
    CHECK(hostel_cache_increment(ctx, HOSTEL_STR("\xFF"), 1, 60, &sum) == HOSTEL_INVALID_KEY);
    CHECK(sum == 7 && stored(ctx, "k").ptr == NULL);
    CHECK(increment(-0.0, 60) == 0);
}

/* Calls compare-and-swap; NULL stands for no entry. Returns whether the call swapped. If not,
 * checks that the call returned `current`. */
static bool swap(const char *expected, const char *wanted, double expiry, const char *current)
{
    hostel_swap swap;
    hostel_str old = hostel_str_of(expected), next = hostel_str_of(wanted);
    CHECK(hostel_cache_compare_and_swap_raw(ctx, HOSTEL_STR("k"), expected == NULL ? NULL : &old,
                                            wanted == NULL ? NULL : &next, expiry,
                                            &swap) == HOSTEL_OK);
    CHECK((swap.current.ptr == NULL) == (swap.swapped || current == NULL));
    if (swap.current.ptr != NULL)
        CHECK_TEXT(swap.current, current);
    return swap.swapped;
}

static void swap_compares_byte_for_byte_and_returns_the_current_value(void)
{
    const double keep = HOSTEL_KEEP_EXPIRY;
    CHECK(!swap("1", "2", keep, NULL));
    CHECK(swap(NULL, "1.0", keep, NULL));
    CHECK(!swap(NULL, "2", keep, "1.0") && !swap("1", "2", keep, "1.0"));
    CHECK(!swap("1", NULL, keep, "1.0") && !swap(NULL, NULL, keep, "1.0"));
    CHECK(swap("1.0", " 2 ", keep, NULL));
    CHECK_TEXT(stored(ctx, "k"), " 2 ");
    CHECK(swap(" 2 ", NULL, 1.5, NULL));
    CHECK(stored(ctx, "k").ptr == NULL);
    CHECK(swap(NULL, NULL, keep, NULL));
}

static void swap_treats_a_missing_text_as_no_entry(void)
{
    hostel_str key = HOSTEL_STR("k"), one = HOSTEL_STR("1"), read = stored(ctx, "k");
    CHECK(hostel_cache_compare_and_swap_raw(ctx, key, &read, &one, 60, NULL) == HOSTEL_OK);
    CHECK_TEXT(stored(ctx, "k"), "1");
}

static void wanted_value_without_a_json_form_removes_nothing(void)
{
    hostel_swap swap = {.swapped = true};
    hostel_str key = HOSTEL_STR("k"), one = HOSTEL_STR("1"), wrong = HOSTEL_STR("{'a'}");
    hostel_str nan = hostel_json_of_double(ctx, (double)NAN);
    store(ctx, "k", "1", HOSTEL_NO_EXPIRY);
    CHECK(hostel_cache_compare_and_swap_raw(ctx, key, &one, &nan, 60, &swap) ==
          HOSTEL_INVALID_VALUE);
    CHECK_TEXT(hostel_message(ctx), "the value for \"k\" has no JSON form: the number NaN");
    CHECK(hostel_cache_compare_and_swap_raw(ctx, key, &one, &wrong, 60, &swap) ==
          HOSTEL_INVALID_VALUE);
    CHECK(hostel_cache_compare_and_swap_raw(ctx, key, &wrong, &one, 60, &swap) ==
          HOSTEL_INVALID_VALUE);
    CHECK(hostel_cache_compare_and_swap_raw(ctx, key, &one, &one, 1.5, &swap) ==
          HOSTEL_INVALID_EXPIRY);
    CHECK(swap.swapped);
    CHECK_TEXT(stored(ctx, "k"), "1");
}

static void swap_keeps_removes_or_replaces_the_expiry(void)
{
    CHECK(swap(NULL, "1", HOSTEL_KEEP_EXPIRY, NULL) && seconds_left(ctx, "k") == UNLIMITED);
    CHECK(swap("1", "1", 60, NULL) && seconds_left(ctx, "k") == 60);
    hostel_fake_advance(fake, 20000);
    CHECK(swap("1", "2", HOSTEL_KEEP_EXPIRY, NULL) && seconds_left(ctx, "k") == 40);
    CHECK(swap("2", "1", HOSTEL_NO_EXPIRY, NULL) && seconds_left(ctx, "k") == UNLIMITED);
}

static void expiry_is_kept_only_by_swaps(void)
{
    CHECK(hostel_cache_set(ctx, HOSTEL_STR("k"), HOSTEL_STR("1"), HOSTEL_KEEP_EXPIRY) ==
          HOSTEL_INVALID_EXPIRY);
}

/* The side effect and the result of a change function, and the number of its side effects. */
struct change {
    int calls;
    void (*meanwhile)(int call);
    hostel_result result;
};

static hostel_result add_one(hostel_ctx *ctx, void *user_data, hostel_json old, hostel_str *json)
{
    struct change *change = (struct change *)user_data;
    int64_t number = 100;
    if (change->meanwhile != NULL)
        change->meanwhile(++change->calls);
    if (change->result != HOSTEL_OK)
        return hostel_fail(ctx, change->result, "no");
    if (hostel_json_has(ctx, old, ""))
        HOSTEL_TRY(hostel_json_integer(ctx, old, "", &number));
    *json = hostel_json_of_integer(ctx, number + 1);
    return HOSTEL_OK;
}

static hostel_result update(struct change *change, hostel_json *value)
{
    return hostel_cache_update(ctx, HOSTEL_STR("k"), add_one, change, value);
}

static void update_starts_from_the_current_value_and_keeps_the_expiry(void)
{
    hostel_json value;
    struct change change = {0};
    CHECK(update(&change, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "101");
    CHECK(seconds_left(ctx, "k") == UNLIMITED);
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR("k"), 60, NULL) == HOSTEL_OK);
    CHECK(update(&change, NULL) == HOSTEL_OK);
    CHECK_TEXT(stored(ctx, "k"), "102");
    CHECK(seconds_left(ctx, "k") == 60);
    store(ctx, "k", "null", HOSTEL_NO_EXPIRY);
    CHECK(update(&change, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "101");
}

static void set_then_delete(int call)
{
    if (call == 1)
        store(ctx, "k", "10", HOSTEL_NO_EXPIRY);
    if (call == 2)
        CHECK(hostel_cache_delete(ctx, HOSTEL_STR("k"), NULL) == HOSTEL_OK);
}

static void update_loses_no_concurrent_change(void)
{
    struct change change = {.meanwhile = set_then_delete};
    store(ctx, "k", "1", HOSTEL_NO_EXPIRY);
    CHECK(update(&change, NULL) == HOSTEL_OK && change.calls == 3);
    CHECK_TEXT(stored(ctx, "k"), "101");
}

static void set_number(int call)
{
    store(ctx, "k", hostel_format(ctx, "%d", call).ptr, HOSTEL_NO_EXPIRY);
}

static void update_of_a_key_that_always_changes_ends_and_names_the_key(void)
{
    hostel_json value = {.misfit = HOSTEL_CONFLICT};
    struct change change = {.meanwhile = set_number};
    CHECK(update(&change, &value) == HOSTEL_UNAVAILABLE && change.calls == 100);
    CHECK_TEXT(hostel_message(ctx),
               "the value under \"k\" is not updated: other callers changed it 100 times");
    CHECK_TEXT(stored(ctx, "k"), "100");
    CHECK(value.misfit == HOSTEL_CONFLICT);
}

static hostel_result write_text(hostel_ctx *ctx, void *text, hostel_json old, hostel_str *json)
{
    (void)ctx, (void)old;
    if (text != NULL)
        *json = hostel_str_of((const char *)text);
    return HOSTEL_OK;
}

static void update_that_fails_leaves_the_entry(void)
{
    struct change change = {.result = HOSTEL_CONFLICT};
    hostel_str key = HOSTEL_STR("k");
    store(ctx, "k", "1", HOSTEL_NO_EXPIRY);
    CHECK(update(&change, NULL) == HOSTEL_CONFLICT);
    CHECK_TEXT(hostel_message(ctx), "no");
    char no_json[] = "hello", no_utf8[] = "\"\xFF\"";
    CHECK(hostel_cache_update(ctx, key, write_text, no_json, NULL) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" is refused: ");
    CHECK(hostel_cache_update(ctx, key, write_text, no_utf8, NULL) == HOSTEL_INVALID_VALUE);
    CHECK(hostel_cache_update(ctx, key, write_text, NULL, NULL) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value for \"k\" has no JSON form");
    CHECK_TEXT(stored(ctx, "k"), "1");
}

static void take_returns_a_value_once(void)
{
    hostel_json value;
    hostel_str text, key = HOSTEL_STR("k");
    int64_t integer;
    store(ctx, "k", "\"v\"", HOSTEL_NO_EXPIRY);
    CHECK(hostel_cache_take(ctx, key, &value) == HOSTEL_OK);
    CHECK_TEXT(value.text, "\"v\"");
    CHECK(hostel_json_integer(ctx, value, "", &integer) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value under \"k\" is ");
    CHECK(hostel_cache_take(ctx, key, &value) == HOSTEL_OK);
    CHECK(hostel_json_kind_of(value) == HOSTEL_MISSING);
    store(ctx, "k", " null", HOSTEL_NO_EXPIRY);
    CHECK(hostel_cache_take_raw(ctx, key, &text) == HOSTEL_OK);
    CHECK_TEXT(text, " null");
    CHECK(hostel_cache_take_raw(ctx, key, &text) == HOSTEL_OK && text.ptr == NULL);
    CHECK(hostel_cache_take_raw(ctx, HOSTEL_STR(""), &text) == HOSTEL_INVALID_KEY);
    CHECK(hostel_cache_take(ctx, HOSTEL_STR("\xFF"), &value) == HOSTEL_INVALID_KEY);
}

static void on_a_new_fake(void (*claim)(void))
{
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    claim();
    hostel_fake_free(fake);
}

void test_atomics(void)
{
    on_a_new_fake(set_if_absent_stores_once_and_a_stored_null_counts);
    on_a_new_fake(set_if_absent_sets_the_expiry_of_new_entries_only);
    on_a_new_fake(set_if_absent_refuses_what_set_refuses);
    on_a_new_fake(increment_counts_from_zero_and_keeps_the_first_expiry);
    on_a_new_fake(increment_is_exact_up_to_the_largest_integer_and_refuses_other_values);
    on_a_new_fake(delta_that_is_not_an_integer_in_range_is_refused);
    on_a_new_fake(swap_compares_byte_for_byte_and_returns_the_current_value);
    on_a_new_fake(swap_treats_a_missing_text_as_no_entry);
    on_a_new_fake(wanted_value_without_a_json_form_removes_nothing);
    on_a_new_fake(swap_keeps_removes_or_replaces_the_expiry);
    on_a_new_fake(expiry_is_kept_only_by_swaps);
    on_a_new_fake(update_starts_from_the_current_value_and_keeps_the_expiry);
    on_a_new_fake(update_loses_no_concurrent_change);
    on_a_new_fake(update_of_a_key_that_always_changes_ends_and_names_the_key);
    on_a_new_fake(update_that_fails_leaves_the_entry);
    on_a_new_fake(take_returns_a_value_once);
}
