/* Tests of the cache: the fake's behavior and the SDK's argument checks. */

#include "check.h"

#include <math.h>

static hostel_fake *fake;
static hostel_ctx *ctx;

static hostel_str raw(const char *key)
{
    hostel_str text;
    CHECK(hostel_cache_get_raw(ctx, hostel_str_of(key), &text) == HOSTEL_OK);
    return text;
}

static hostel_result set(const char *key, const char *json, double expiry)
{
    return hostel_cache_set(ctx, hostel_str_of(key), hostel_str_of(json), expiry);
}

static bool exists(const char *key)
{
    bool there;
    CHECK(hostel_cache_exists(ctx, hostel_str_of(key), &there) == HOSTEL_OK);
    return there;
}

static void text_comes_back_unchanged(void)
{
    static const char *const texts[] = {"1", "1.0", "-0.0", "1180591620717411303424", "null",
                                        " {\"b\":1, \"a\" : [ ] } ", "\"\xF0\x9F\x90\x8E\""};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(set("k", texts[i], HOSTEL_NO_EXPIRY) == HOSTEL_OK);
        CHECK_TEXT(raw("k"), texts[i]);
    }
    CHECK(raw("other").ptr == NULL);
}

static void missing_key_and_stored_null_have_no_value_and_exists_distinguishes_them(void)
{
    hostel_json value;
    CHECK(set("null", "null", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    CHECK(hostel_cache_get(ctx, HOSTEL_STR("null"), &value) == HOSTEL_OK);
    CHECK(!hostel_json_has(ctx, value, "") && hostel_json_kind_of(value) == HOSTEL_NULL);
    CHECK(hostel_cache_get(ctx, HOSTEL_STR("none"), &value) == HOSTEL_OK);
    CHECK(!hostel_json_has(ctx, value, "") && hostel_json_kind_of(value) == HOSTEL_MISSING);
    CHECK(exists("null") && !exists("none"));
}

static void value_that_does_not_fit_names_its_key(void)
{
    hostel_json value;
    int64_t integer;
    CHECK(set("n", "{\"a\": 1.5}", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    CHECK(hostel_cache_get(ctx, HOSTEL_STR("n"), &value) == HOSTEL_OK);
    CHECK(hostel_json_integer(ctx, value, "/a", &integer) == HOSTEL_INVALID_VALUE);
    CHECK_TEXT(hostel_message(ctx), "the value under \"n\": /a is 1.5: it must be an integer");
}

static void entry_is_gone_at_its_deadline(void)
{
    CHECK(set("e", "1", 1) == HOSTEL_OK);
    hostel_fake_advance(fake, 999);
    CHECK(exists("e") && raw("e").ptr != NULL);
    hostel_fake_advance(fake, 1);
    CHECK(!exists("e") && raw("e").ptr == NULL);
}

static void overwriting_replaces_the_expiry(void)
{
    CHECK(set("o", "1", 10) == HOSTEL_OK && set("o", "2", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    hostel_fake_advance(fake, 10000);
    CHECK_TEXT(raw("o"), "2");
    CHECK(set("o", "3", 100) == HOSTEL_OK && set("o", "4", 1) == HOSTEL_OK);
    hostel_fake_advance(fake, 1000);
    CHECK(!exists("o"));
}

static void expiry_is_whole_seconds_in_range(void)
{
    CHECK(set("x", "1", 1) == HOSTEL_OK && set("x", "\"old\"", 315360000) == HOSTEL_OK);
    const double refused[] = {0,   -1,          1.5,          0.5,        4294967356.0, 315360001,
                              1e300, (double)NAN, (double)INFINITY, -1e300, (double)-INFINITY};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        CHECK(set("x", "2", refused[i]) == HOSTEL_INVALID_EXPIRY);
        CHECK_SAYS(hostel_message(ctx), "1 to 315360000");
    }
    CHECK_TEXT(raw("x"), "\"old\"");
}

static void delete_returns_whether_an_entry_existed(void)
{
    bool deleted = false;
    CHECK(set("d", "1", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    CHECK(hostel_cache_delete(ctx, HOSTEL_STR("d"), &deleted) == HOSTEL_OK && deleted);
    CHECK(hostel_cache_delete(ctx, HOSTEL_STR("d"), &deleted) == HOSTEL_OK && !deleted);
    CHECK(hostel_cache_delete(ctx, HOSTEL_STR("d"), NULL) == HOSTEL_OK);
}

static void keys_are_bytes_of_utf8(void)
{
    const hostel_str keys[] = {HOSTEL_STR("\0"), HOSTEL_STR("\n"), HOSTEL_STR("\xC3\xA9"),
                               HOSTEL_STR("e\xCC\x81"), HOSTEL_STR("{tag}")};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        hostel_str json = hostel_json_of_integer(ctx, (int64_t)i);
        CHECK(hostel_cache_set(ctx, keys[i], json, HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        hostel_json value;
        int64_t integer;
        CHECK(hostel_cache_get(ctx, keys[i], &value) == HOSTEL_OK);
        CHECK(hostel_json_integer(ctx, value, "", &integer) == HOSTEL_OK);
        CHECK(integer == (int64_t)i);
    }
    CHECK(set("a\xFF", "1", HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_KEY);
    CHECK_SAYS(hostel_message(ctx), "not UTF-8 from byte 1");
    CHECK(set("", "1", HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_KEY);
    char *longest = (char *)hostel_alloc(ctx, 1026);
    memset(longest, 'k', 1025);
    longest[1025] = '\0';
    CHECK(set(longest, "1", HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_KEY);
    longest[1024] = '\0';
    CHECK(set(longest, "1", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
}

static void refused_value_leaves_the_old_one(void)
{
    CHECK(set("v", "\"old\"", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    static const char *const refused[] = {"", "NaN", "[1,]", "1 2", "1e400", "\"\\ud800\"",
                                          "\xEF\xBB\xBF" "1", "\"\xFF\""};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        CHECK(set("v", refused[i], HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_VALUE);
    CHECK(set("v", "hello", HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_VALUE);
    CHECK(strstr(hostel_message(ctx).ptr, "the value for \"v\" is refused: ") != NULL);
    CHECK(strstr(hostel_message(ctx).ptr, "hostel_json_of_string") != NULL);
    CHECK(set("v", "[1,]", HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_VALUE);
    CHECK(strstr(hostel_message(ctx).ptr, "hostel_json_of_string") == NULL);
    size_t size = 1024 * 1024 + 2;
    char *large = (char *)hostel_alloc(ctx, size);
    memset(large, '1', size);
    large[0] = large[size - 2] = '"';
    large[size - 1] = '\0';
    CHECK(set("v", large, HOSTEL_NO_EXPIRY) == HOSTEL_TOO_LARGE);
    CHECK_TEXT(raw("v"), "\"old\"");
    large[size - 3] = '"';
    large[size - 2] = '\0';
    CHECK(set("v", large, HOSTEL_NO_EXPIRY) == HOSTEL_OK);
}

static void a_hundred_levels_are_the_deepest_value(void)
{
    char text[203] = "";
    memset(text, '[', 101);
    memset(text + 101, ']', 101);
    text[202] = '\0';
    CHECK(set("deep", text, HOSTEL_NO_EXPIRY) == HOSTEL_INVALID_VALUE);
    text[201] = '\0';
    CHECK(set("deep", text + 1, HOSTEL_NO_EXPIRY) == HOSTEL_OK);
}

static void value_that_was_read_is_mutable(void)
{
    CHECK(set("m", "[1]", HOSTEL_NO_EXPIRY) == HOSTEL_OK);
    ((char *)(uintptr_t)raw("m").ptr)[1] = '2';
    CHECK_TEXT(raw("m"), "[1]");
}

void test_cache(void)
{
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    text_comes_back_unchanged();
    missing_key_and_stored_null_have_no_value_and_exists_distinguishes_them();
    value_that_does_not_fit_names_its_key();
    entry_is_gone_at_its_deadline();
    overwriting_replaces_the_expiry();
    expiry_is_whole_seconds_in_range();
    delete_returns_whether_an_entry_existed();
    keys_are_bytes_of_utf8();
    refused_value_leaves_the_old_one();
    a_hundred_levels_are_the_deepest_value();
    value_that_was_read_is_mutable();
    hostel_fake_free(fake);
}
