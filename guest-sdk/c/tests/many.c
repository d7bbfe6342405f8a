/* Tests of the functions for several entries. */

#include "check.h"

#include <math.h>

static hostel_fake *fake;
static hostel_ctx *ctx;

/* An entry of two string literals. */
#define ENTRY(key, json) {HOSTEL_STR(key), HOSTEL_STR(json)}

static void values_come_back_in_the_order_of_their_keys(void)
{
    const hostel_entry entries[] = {ENTRY("a", "1"), ENTRY("b", "2"), ENTRY("c", "null"),
                                    ENTRY("a", "3")};
    hostel_str keys[] = {HOSTEL_STR("b"), HOSTEL_STR("missing"), HOSTEL_STR("a"),
                         HOSTEL_STR("c"), HOSTEL_STR("b")};
    const char *const expected[] = {"2", NULL, "3", "null", "2"};
    hostel_json values[5];
    CHECK(hostel_cache_set_many(ctx, entries, 4, HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    CHECK(hostel_cache_get_many(ctx, keys, 5, values) == HOSTEL_OK);
    for (int i = 0; i < 5; i++)
        CHECK_TEXT(values[i].text, expected[i]);
    CHECK(hostel_json_kind_of(values[1]) == HOSTEL_MISSING);
    CHECK(hostel_json_kind_of(values[3]) == HOSTEL_NULL);
    CHECK(seconds_left(ctx, "a") == UNLIMITED);
}

static void value_of_another_type_names_its_key(void)
{
    char name[] = "b";
    const hostel_str key = hostel_str_of(name);
    hostel_json value;
    int64_t integer;
    store(ctx, "b", "\"v\"", HOSTEL_NO_EXPIRY);
    CHECK(hostel_cache_get_many(ctx, &key, 1, &value) == HOSTEL_OK);
    /* The message must not borrow the caller's key, which the caller may change or free. */
    name[0] = '?';
    CHECK(hostel_json_integer(ctx, value, "", &integer) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the value under \"b\" is ");
}

static void empty_list_of_keys_is_not_an_error(void)
{
    uint32_t deleted = 7;
    CHECK(hostel_cache_get_many(ctx, NULL, 0, NULL) == HOSTEL_OK);
    CHECK(hostel_cache_set_many(ctx, NULL, 0, 60) == HOSTEL_OK);
    CHECK(hostel_cache_delete_many(ctx, NULL, 0, &deleted) == HOSTEL_OK && deleted == 0);
}

static void all_entries_get_the_same_expiry(void)
{
    const hostel_entry entries[] = {ENTRY("a", "1"), ENTRY("b", "2")};
    CHECK(hostel_cache_set_many(ctx, entries, 2, 60) == HOSTEL_OK);
    hostel_fake_advance(fake, 59999);
    CHECK(seconds_left(ctx, "a") == 1 && seconds_left(ctx, "b") == 1);
    hostel_fake_advance(fake, 1);
    CHECK(seconds_left(ctx, "a") == MISSING && seconds_left(ctx, "b") == MISSING);
}

static void delete_many_counts_live_entries(void)
{
    const hostel_entry entries[] = {ENTRY("a", "1"), ENTRY("b", "2"), ENTRY("c", "3")};
    hostel_str keys[] = {HOSTEL_STR("a"), HOSTEL_STR("missing"), HOSTEL_STR("b"),
                         HOSTEL_STR("a")};
    uint32_t deleted;
    CHECK(hostel_cache_set_many(ctx, entries, 3, HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    CHECK(hostel_cache_delete_many(ctx, keys, 4, &deleted) == HOSTEL_OK && deleted == 2);
    CHECK(stored(ctx, "b").ptr == NULL);
    CHECK_TEXT(stored(ctx, "c"), "3");
    CHECK(hostel_cache_delete_many(ctx, keys, 4, NULL) == HOSTEL_OK);
}

/* Calls hostel_cache_set_many with a valid entry, `wrong` and `expiry`. Checks the error, and that
 * the valid entry is not stored. */
static void check_nothing_set(hostel_entry wrong, double expiry, hostel_result result,
                              const char *words)
{
    hostel_entry entries[] = {ENTRY("a", "1"), wrong};
    CHECK(hostel_cache_set_many(ctx, entries, 2, expiry) == result);
    CHECK_SAYS(hostel_message(ctx), words);
    CHECK(stored(ctx, "a").ptr == NULL);
}

static void one_invalid_argument_leaves_all_entries(void)
{
    hostel_str nan = hostel_json_of_double(ctx, (double)NAN);
    check_nothing_set((hostel_entry)ENTRY("", "1"), 60, HOSTEL_INVALID_KEY, "invalid key");
    check_nothing_set((hostel_entry)ENTRY("\xFF", "1"), 60, HOSTEL_INVALID_KEY, "not UTF-8");
    check_nothing_set((hostel_entry){HOSTEL_STR("b"), nan}, 60, HOSTEL_INVALID_VALUE,
                      "the value for \"b\" has no JSON form: the number NaN");
    check_nothing_set((hostel_entry)ENTRY("b", "hello"), 60, HOSTEL_INVALID_VALUE,
                      "the value for \"b\" is refused: ");
    check_nothing_set((hostel_entry)ENTRY("b", "1"), 1.5, HOSTEL_INVALID_EXPIRY, "1 to 315360000");
    hostel_str keys[] = {HOSTEL_STR("a"), HOSTEL_STR("")};
    hostel_json values[] = {{.misfit = HOSTEL_CONFLICT}, {.misfit = HOSTEL_CONFLICT}};
    uint32_t deleted = 7;
    store(ctx, "a", "1", HOSTEL_NO_EXPIRY);
    for (int i = 0; i < 2; i++) {
        CHECK(hostel_cache_delete_many(ctx, keys, 2, &deleted) == HOSTEL_INVALID_KEY);
        CHECK(hostel_cache_get_many(ctx, keys, 2, values) == HOSTEL_INVALID_KEY);
        keys[1] = HOSTEL_STR("\xFF");
    }
    CHECK(deleted == 7 && values[0].misfit == HOSTEL_CONFLICT);
    CHECK_TEXT(stored(ctx, "a"), "1");
}

static void a_call_has_at_most_a_thousand_keys(void)
{
    static hostel_str keys[1001];
    static hostel_entry entries[1001];
    static hostel_json values[1001];
    uint32_t deleted;
    for (int i = 0; i < 1001; i++) {
        keys[i] = hostel_format(ctx, "%d", i);
        entries[i] = (hostel_entry){keys[i], keys[i]};
    }
    CHECK(hostel_cache_set_many(ctx, entries, 1001, 60) == HOSTEL_TOO_LARGE);
    CHECK_TEXT(hostel_message(ctx),
               "1001 keys in one call: the maximum is 1000; make several calls");
    CHECK(hostel_cache_get_many(ctx, keys, 1001, values) == HOSTEL_TOO_LARGE);
    CHECK(hostel_cache_delete_many(ctx, keys, 1001, &deleted) == HOSTEL_TOO_LARGE);
    CHECK(hostel_cache_set_many(ctx, entries, 1000, 60) == HOSTEL_OK);
    CHECK(hostel_cache_get_many(ctx, keys, 1000, values) == HOSTEL_OK);
    CHECK_TEXT(values[999].text, "999");
    CHECK(hostel_cache_delete_many(ctx, keys, 1000, &deleted) == HOSTEL_OK && deleted == 1000);
}

static void on_a_new_fake(void (*claim)(void))
{
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    claim();
    hostel_fake_free(fake);
}

void test_many(void)
{
    on_a_new_fake(values_come_back_in_the_order_of_their_keys);
    on_a_new_fake(value_of_another_type_names_its_key);
    on_a_new_fake(empty_list_of_keys_is_not_an_error);
    on_a_new_fake(all_entries_get_the_same_expiry);
    on_a_new_fake(delete_many_counts_live_entries);
    on_a_new_fake(one_invalid_argument_leaves_all_entries);
    on_a_new_fake(a_call_has_at_most_a_thousand_keys);
}
