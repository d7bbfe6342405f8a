/* Tests of the JSON reader and writer. */

#include "check.h"

#include <math.h>

static hostel_fake *fake;
static hostel_ctx *ctx;

static hostel_json parsed(const char *text)
{
    hostel_json value;
    CHECK(hostel_json_parse(ctx, hostel_str_of(text), &value) == HOSTEL_OK);
    return value;
}

static void text_is_read_if_it_is_json(void)
{
    static const char *const texts[] = {
        "0", "-0", "1.0", "1E+2", "0.1e1", "5e-324", "1e308", "0e99999999999999999999",
        "true", "false", "null", " \t\r\n1 ", "[]", "{}", "[ ]", "{ }", "[1, 2]",
        "{\"a\":1}", "{ \"a\" : 1 , \"a\" : 2 }", "[[],{},[{}]]",
        "\"\"", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", "\"\\ud83d\\uDE00\"",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD7FF\\uE000\"",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        parsed(texts[i]);
}

/* Checks that a text is refused at the byte that its caret marks. */
static void check_refused(const char *marked, const char *why)
{
    const char *caret = strchr(marked, '^');
    size_t offset = (size_t)(caret - marked);
    hostel_str text = hostel_format(ctx, "%.*s%s", (int)offset, marked, caret + 1);
    hostel_json value;
    CHECK(hostel_json_parse(ctx, text, &value) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), why);
    hostel_str at = hostel_format(ctx, "at byte %zu ", offset);
    CHECK_SAYS(hostel_message(ctx), at.ptr);
}

static void text_that_is_not_json_is_refused_with_its_offset(void)
{
    static const char *const texts[][2] = {
        {"^", "expected a value"},      {" ^NaN", "expected a value"},
        {"^Infinity", "a value"},       {"^'a'", "a value"},
        {"^.5", "a value"},             {"^+1", "a value"},
        {"^nul", "a value"},            {"^True", "a value"},
        {"[1,^]", "a value"},           {"[1,^", "a value"},
        {"{\"a\":^}", "a value"},       {"1 ^2", "nothing after"},
        {"^01", "leading zero"},       {"{}^{}", "nothing after"},
        {"[1 ^2]", "comma or ]"},       {"[1^}", "comma or ]"},
        {"{\"a\":1^]", "comma or }"},   {"{\"a\":1^", "comma or }"},
        {"{\"a\"^1}", "a colon"},       {"{^a:1}", "name in double quotes"},
        {"{\"a\":1,^}", "name in"},     {"-^", "a digit"},
        {"1.^", "a digit"},             {"1e^", "a digit"},
        {"1e+^x", "a digit"},           {"\"a^", "closing quote"},
        {"\"^\n\"", "control"},         {"\"^\\x\"", "unknown escape"},
        {"\"^\\u12g4\"", "hexadecimal digits"}, {"\"^\\ud800\"", "surrogate"},
        {"\"^\\udc00\"", "surrogate"},  {"\"^\\ud800\\u0041\"", "surrogate"},
        {"\"^\\ud800", "surrogate"},    {"\"\\^", "closing quote"},
        {"^1e400", "not finite"},     {"[^-1e400]", "not finite"},
        {"^\xEF\xBB\xBF" "1", "a value"},
        {"\"^\xFF\"", "UTF-8"},         {"\"^\xED\xA0\x80\"", "UTF-8"},
        {"\"^\xC0\x80\"", "UTF-8"},     {"\"^\xF4\x90\x80\x80\"", "UTF-8"},
        {"\"^\xE2\x82", "UTF-8"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_refused(texts[i][0], texts[i][1]);
}

static hostel_str nested(size_t depth)
{
    char *text = (char *)hostel_alloc(ctx, 2 * depth);
    memset(text, '[', depth);
    memset(text + depth, ']', depth);
    return (hostel_str){text, 2 * depth};
}

static void depth_has_a_limit(void)
{
    hostel_json value;
    CHECK(hostel_json_parse(ctx, nested(HOSTEL_MAX_BODY_DEPTH), &value) == HOSTEL_OK);
    CHECK(hostel_json_parse(ctx, nested(HOSTEL_MAX_BODY_DEPTH + 1), &value) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "at byte 127 nested deeper than 127");
}

static void pointer_finds_members_and_elements(void)
{
    hostel_json value = parsed(
        " {\"a\": [10, {\"b\\u002fc\": \"x,]}\"}, [] ], \"a~b\": {\"\": true}, \"n\": null,"
        " \"twice\": 1, \"twice\": 2, \"0\": \"zero\"} ");
    static const char *const found[][2] = {
        {"/a/0", "10"},         {"/a/1/b~1c", "\"x,]}\""}, {"/a/2", "[]"}, {"/a~0b/", "true"},
        {"/n", "null"},         {"/twice", "2"},           {"/0", "\"zero\""},
        {"/a/1", "{\"b\\u002fc\": \"x,]}\"}"},
    };
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        CHECK_TEXT(hostel_json_at(ctx, value, found[i][0]).text, found[i][1]);
    static const char *const missing[] = {"/b", "/a/3", "/a/00", "/a/-", "/a/0/0", "/n/x", "a",
                                          "/a/9999999999", "/a/", "/"};
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++)
        CHECK(hostel_json_kind_of(hostel_json_at(ctx, value, missing[i])) == HOSTEL_MISSING);
    CHECK(hostel_json_has(ctx, value, "/twice") && !hostel_json_has(ctx, value, "/n"));
    CHECK(hostel_json_has(ctx, value, "") && !hostel_json_has(ctx, value, "/b"));
}

static void check_integer(const char *text, int64_t expected)
{
    int64_t integer = 1;
    CHECK(hostel_json_integer(ctx, parsed(text), "", &integer) == HOSTEL_OK);
    CHECK(integer == expected);
}

static void integer_is_exact_or_refused(void)
{
    check_integer("0", 0);
    check_integer(" -7 ", -7);
    check_integer("9007199254740993", 9007199254740993);
    check_integer("9223372036854775807", INT64_MAX);
    check_integer("-9223372036854775808", INT64_MIN);
    static const char *const texts[] = {"9223372036854775808", "-9223372036854775809", "1.0", "1e2",
                                        "-0", "\"7\"", "null", "[]", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t integer = 1;
        CHECK(hostel_json_integer(ctx, parsed(texts[i]), "", &integer) == HOSTEL_INVALID_VALUE);
        CHECK(integer == 1);
        CHECK_SAYS(hostel_message(ctx), texts[i]);
    }
}

static void unsigned_integer_is_exact_or_refused(void)
{
    uint64_t number = 1;
    CHECK(hostel_json_unsigned(ctx, parsed("18446744073709551615"), "", &number) == HOSTEL_OK);
    CHECK(number == UINT64_MAX);
    CHECK(hostel_json_unsigned(ctx, parsed("0"), "", &number) == HOSTEL_OK && number == 0);
    static const char *const texts[] = {"18446744073709551616", "-1", "-0", "1.0", "\"7\"", "null"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CHECK(hostel_json_unsigned(ctx, parsed(texts[i]), "", &number) == HOSTEL_INVALID_VALUE);
        CHECK(number == 0);
    }
    int64_t integer;
    CHECK(hostel_json_integer(ctx, parsed("18446744073709551615"), "", &integer) ==
          HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "hostel_json_unsigned");
}

static void a_number_is_written_as_its_own_type(void)
{
    CHECK_TEXT(hostel_json_of_unsigned(ctx, UINT64_MAX), "18446744073709551615");
    CHECK_TEXT(hostel_json_of_integer(ctx, UINT64_MAX), "18446744073709551615");
    CHECK_TEXT(hostel_json_of_integer(ctx, INT64_MIN), "-9223372036854775808");
    CHECK_TEXT(hostel_json_of_integer(ctx, 1.5), "1.5");
    CHECK_TEXT(hostel_json_of_integer(ctx, 1u), "1");
    CHECK_TEXT(hostel_json_of_double(ctx, INT64_C(9007199254740993)), "9007199254740993");
    CHECK_TEXT(hostel_json_of_double(ctx, UINT64_MAX), "18446744073709551615");
    hostel_writer json = hostel_write(ctx);
    hostel_write_array(&json);
    hostel_write_integer(&json, UINT64_MAX);
    hostel_write_double(&json, (int64_t)1);
    hostel_write_unsigned(&json, 2);
    hostel_write_end(&json);
    CHECK_TEXT(hostel_written(&json), "[18446744073709551615,1,2]");
}

static void double_refuses_an_integer_that_it_would_round(void)
{
    static const struct {
        const char *text;
        double value;
    } exact[] = {{"1.5", 1.5},  {"-0", -0.0}, {"9007199254740992", 9007199254740992.0},
                 {"9007199254740994", 9007199254740994.0},
                 {"-1152921504606846976", -1152921504606846976.0},
                 {"100000000000000000000", 1e20},
                 {"1e300", 1e300}, {"5e-324", 5e-324}, {"9007199254740993.0", 9007199254740992.0}};
    for (size_t i = 0; i < sizeof exact / sizeof *exact; i++) {
        double number = 7;
        CHECK(hostel_json_double(ctx, parsed(exact[i].text), "", &number) == HOSTEL_OK);
        CHECK(memcmp(&number, &exact[i].value, sizeof number) == 0);
    }
    static const char *const refused[] = {"9007199254740993", "-9007199254740993",
                                          "18446744073709551615", "\"1\"", "true"};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        double number;
        CHECK(hostel_json_double(ctx, parsed(refused[i]), "", &number) == HOSTEL_INVALID_VALUE);
    }
}

static void string_is_decoded(void)
{
    hostel_str text;
    hostel_json value =
        parsed("[\"plain\", \"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u00e9\\ud83d\\ude00\","
               " \"a\\u0000b\", \"\", 1]");
    CHECK(hostel_json_string(ctx, value, "/0", &text) == HOSTEL_OK);
    CHECK_TEXT(text, "plain");
    CHECK(hostel_json_string(ctx, value, "/1", &text) == HOSTEL_OK);
    CHECK_TEXT(text, "\"\\/\b\f\n\r\t");
    CHECK(hostel_json_string(ctx, value, "/2", &text) == HOSTEL_OK);
    CHECK_TEXT(text, "\xC3\xA9\xF0\x9F\x98\x80");
    CHECK(hostel_json_string(ctx, value, "/3", &text) == HOSTEL_OK);
    CHECK(hostel_str_equal(text, HOSTEL_STR("a\0b")));
    CHECK(hostel_json_string(ctx, value, "/4", &text) == HOSTEL_OK && text.len == 0);
    CHECK(hostel_json_string(ctx, value, "/5", &text) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the JSON text: /5 is 1: it must be a string");
    CHECK(hostel_json_string(ctx, value, "/6", &text) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "the JSON text: /6 is missing");
    bool truth;
    CHECK(hostel_json_bool(ctx, value, "/0", &truth) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), "/0 is \"plain\": it must be true or false");
    CHECK(hostel_json_bool(ctx, parsed("true"), "", &truth) == HOSTEL_OK && truth);
    /* The 64th byte of the value is the first byte of a character. */
    hostel_str zeros = hostel_format(ctx, "%062d", 0);
    hostel_str long_text = hostel_format(ctx, "\"%.*s\xC3\xA9\"", HOSTEL_ARG(zeros));
    CHECK(hostel_json_bool(ctx, parsed(long_text.ptr), "", &truth) == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), hostel_format(ctx, "\"%.*s..:", HOSTEL_ARG(zeros)).ptr);
}

static void walk_visits_every_item_in_order(void)
{
    hostel_str seen = HOSTEL_STR("");
    hostel_items each = hostel_json_items(ctx, parsed("{\"a\":1, \"b\" : [2,3] ,\"\\u0063\":{}}"));
    while (hostel_json_next(&each))
        seen = hostel_format(ctx, "%.*s%.*s=%.*s;", HOSTEL_ARG(seen), HOSTEL_ARG(each.name),
                             HOSTEL_ARG(each.value.text));
    CHECK_TEXT(seen, "a=1;b=[2,3];c={};");
    each = hostel_json_items(ctx, parsed("[ 1 , \"]\" ]"));
    CHECK(hostel_json_next(&each) && each.name.ptr == NULL);
    CHECK(hostel_json_next(&each));
    CHECK_TEXT(each.value.text, "\"]\"");
    CHECK(!hostel_json_next(&each) && !hostel_json_next(&each));
    each = hostel_json_items(ctx, parsed("7"));
    CHECK(!hostel_json_next(&each));
}

static void writer_writes_every_kind(void)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_object(&json);
    hostel_write_name(&json, HOSTEL_STR("a\"b"));
    hostel_write_array(&json);
    hostel_write_null(&json);
    hostel_write_bool(&json, true);
    hostel_write_bool(&json, false);
    hostel_write_integer(&json, INT64_MIN);
    hostel_write_double(&json, 0.1);
    hostel_write_raw(&json, HOSTEL_STR(" [1,2] "));
    hostel_write_object(&json);
    hostel_write_end(&json);
    hostel_write_end(&json);
    hostel_write_name(&json, HOSTEL_STR(""));
    hostel_write_string(&json, HOSTEL_STR("\x01\n\t\\\x7f\xC3\xA9\0"));
    hostel_write_end(&json);
    CHECK_TEXT(hostel_written(&json),
               "{\"a\\\"b\":[null,true,false,-9223372036854775808,0.1, [1,2] ,{}],"
               "\"\":\"\\u0001\\n\\t\\\\\x7f\xC3\xA9\\u0000\"}");
}

static void double_is_written_in_the_fewest_digits_and_stays_a_double(void)
{
    CHECK_TEXT(hostel_json_of_double(ctx, 1), "1.0");
    CHECK_TEXT(hostel_json_of_double(ctx, -0.0), "-0.0");
    CHECK_TEXT(hostel_json_of_double(ctx, 0.1), "0.1");
    CHECK_TEXT(hostel_json_of_double(ctx, 0.1 + 0.2), "0.30000000000000004");
    CHECK_TEXT(hostel_json_of_double(ctx, 1e300), "1e+300");
    double number;
    hostel_json tiny = parsed(hostel_copy(ctx, hostel_json_of_double(ctx, 5e-324)).ptr);
    CHECK(hostel_json_double(ctx, tiny, "", &number) == HOSTEL_OK && number == 5e-324);
}

static void check_unwritten(hostel_str json, const char *why)
{
    CHECK(json.ptr == NULL);
    hostel_result result = hostel_cache_set(ctx, HOSTEL_STR("k"), json, HOSTEL_NO_EXPIRY);
    CHECK(result == HOSTEL_INVALID_VALUE);
    CHECK_SAYS(hostel_message(ctx), why);
}

static void value_without_a_json_form_is_refused_with_the_reason(void)
{
    check_unwritten(hostel_json_of_double(ctx, (double)NAN), "no JSON form: the number NaN");
    check_unwritten(hostel_json_of_double(ctx, (double)-INFINITY), "the number -Infinity");
    check_unwritten(hostel_json_of_string(ctx, HOSTEL_STR("a\xFF")), "not UTF-8 from byte 1");
    hostel_writer json = hostel_write(ctx);
    hostel_write_raw(&json, HOSTEL_STR("[1,]"));
    check_unwritten(hostel_written(&json), "at byte 3 expected a value");
}

/* Writes JSON step by step: `{` and `[` open, `.` closes, `n` writes a name, `1` a value. */
static hostel_str written(const char *steps)
{
    hostel_writer json = hostel_write(ctx);
    for (; *steps != '\0'; steps++) {
        switch (*steps) {
        case '{': hostel_write_object(&json); break;
        case '[': hostel_write_array(&json); break;
        case '.': hostel_write_end(&json); break;
        case 'n': hostel_write_name(&json, HOSTEL_STR("n")); break;
        default: hostel_write_integer(&json, 1); break;
        }
    }
    return hostel_written(&json);
}

static void steps_out_of_order_are_refused(void)
{
    CHECK_TEXT(written("[1{n1n[..."), "[1,{\"n\":1,\"n\":[]}]");
    check_unwritten(written(""), "unfinished text");
    check_unwritten(written("["), "unfinished text");
    check_unwritten(written("11"), "second value");
    check_unwritten(written("[.1"), "second value");
    check_unwritten(written("."), "end without a beginning");
    check_unwritten(written("[.."), "end without a beginning");
    check_unwritten(written("{1."), "without its name");
    check_unwritten(written("{n."), "name without a value");
    check_unwritten(written("{nn1."), "name directly after another name");
    check_unwritten(written("[n1."), "outside an object");
    check_unwritten(written("n1"), "outside an object");
    hostel_writer json = hostel_write(ctx);
    for (int i = 0; i <= HOSTEL_MAX_BODY_DEPTH; i++)
        hostel_write_array(&json);
    check_unwritten(hostel_written(&json), "more than 127 levels");
}

void test_json(void)
{
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    text_is_read_if_it_is_json();
    text_that_is_not_json_is_refused_with_its_offset();
    depth_has_a_limit();
    pointer_finds_members_and_elements();
    integer_is_exact_or_refused();
    unsigned_integer_is_exact_or_refused();
    a_number_is_written_as_its_own_type();
    double_refuses_an_integer_that_it_would_round();
    string_is_decoded();
    walk_visits_every_item_in_order();
    writer_writes_every_kind();
    double_is_written_in_the_fewest_digits_and_stays_a_double();
    value_without_a_json_form_is_refused_with_the_reason();
    steps_out_of_order_are_refused();
    hostel_fake_free(fake);
}
