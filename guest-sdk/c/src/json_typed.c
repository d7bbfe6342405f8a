/* Converts JSON values to C types. Refuses a value of another kind, and an integer that the type
 * cannot represent. */

#include "ctx.h"

static hostel_result misfit(hostel_ctx *ctx, hostel_json value, const char *pointer,
                            hostel_json found, const char *rule)
{
    hostel_str source = source_of(ctx, value);
    const char *at = pointer[0] == '\0' ? "" : ": ";
    if (hostel_json_kind_of(found) == HOSTEL_MISSING)
        return hostel_fail(ctx, value.misfit, "%.*s%s%s is missing", HOSTEL_ARG(source), at,
                           pointer);
    hostel_str text = beginning_of(found.text);
    const char *rest = text.len < found.text.len ? ".." : "";
    return hostel_fail(ctx, value.misfit, "%.*s%s%s is %.*s%s: %s", HOSTEL_ARG(source), at, pointer,
                       HOSTEL_ARG(text), rest, rule);
}

/* True if a number has no fraction or exponent. False for `-0`, which a C integer cannot
 * represent. */
static bool is_integer(hostel_str token)
{
    for (size_t i = 0; i < token.len; i++) {
        if (!is_digit(token.ptr[i]) && (i > 0 || token.ptr[i] != '-'))
            return false;
    }
    return !hostel_str_equal(token, HOSTEL_STR("-0"));
}

static bool integer_of(hostel_str digits, int64_t *value)
{
    bool negative = digits.ptr[0] == '-';
    int64_t integer = 0;
    for (size_t i = negative ? 1 : 0; i < digits.len; i++) {
        int digit = digits.ptr[i] - '0';
        if (__builtin_mul_overflow(integer, 10, &integer) ||
            __builtin_add_overflow(integer, negative ? -digit : digit, &integer))
            return false;
    }
    *value = integer;
    return true;
}

hostel_result hostel_json_integer(hostel_ctx *ctx, hostel_json value, const char *pointer,
                                  int64_t *out)
{
    hostel_json found = hostel_json_at(ctx, value, pointer);
    hostel_str token = found.text;
    if (hostel_json_kind_of(found) != HOSTEL_NUMBER || !is_integer(token))
        return misfit(ctx, value, pointer, found, "it must be an integer");
    if (!integer_of(token, out))
        return misfit(ctx, value, pointer, found,
                      "it must be from -9223372036854775808 to 9223372036854775807; "
                      "hostel_json_unsigned reads up to 18446744073709551615, and the text is "
                      "exact");
    return HOSTEL_OK;
}

hostel_result hostel_json_unsigned(hostel_ctx *ctx, hostel_json value, const char *pointer,
                                   uint64_t *out)
{
    hostel_json found = hostel_json_at(ctx, value, pointer);
    hostel_str token = found.text;
    if (hostel_json_kind_of(found) != HOSTEL_NUMBER || !is_integer(token))
        return misfit(ctx, value, pointer, found, "it must be an integer");
    if (token.ptr[0] == '-')
        return misfit(ctx, value, pointer, found, "it must be 0 or more");
    uint64_t integer = 0;
    for (size_t i = 0; i < token.len; i++) {
        if (__builtin_mul_overflow(integer, 10, &integer) ||
            __builtin_add_overflow(integer, (uint64_t)(token.ptr[i] - '0'), &integer))
            return misfit(ctx, value, pointer, found,
                          "it must be up to 18446744073709551615; its text is exact");
    }
    *out = integer;
    return HOSTEL_OK;
}

/* Whether a double has exactly the value of an integer token. */
static bool is_exactly(double number, hostel_str integer)
{
    char digits[320]; /* The largest double has 309 digits. */
    int length = snprintf(digits, sizeof digits, "%.0f", number);
    return hostel_str_equal((hostel_str){digits, (size_t)length}, integer);
}

hostel_result hostel_json_double(hostel_ctx *ctx, hostel_json value, const char *pointer,
                                 double *out)
{
    hostel_json found = hostel_json_at(ctx, value, pointer);
    if (hostel_json_kind_of(found) != HOSTEL_NUMBER)
        return misfit(ctx, value, pointer, found, "it must be a number");
    double number = number_of(ctx, found.text);
    if (is_integer(found.text) && !is_exactly(number, found.text))
        return misfit(ctx, value, pointer, found,
                      "a double would round it: read it as an integer");
    *out = number;
    return HOSTEL_OK;
}

hostel_result hostel_json_bool(hostel_ctx *ctx, hostel_json value, const char *pointer, bool *out)
{
    hostel_json found = hostel_json_at(ctx, value, pointer);
    if (hostel_json_kind_of(found) != HOSTEL_BOOL)
        return misfit(ctx, value, pointer, found, "it must be true or false");
    *out = found.text.ptr[0] == 't';
    return HOSTEL_OK;
}

hostel_result hostel_json_string(hostel_ctx *ctx, hostel_json value, const char *pointer,
                                 hostel_str *out)
{
    hostel_json found = hostel_json_at(ctx, value, pointer);
    if (hostel_json_kind_of(found) != HOSTEL_STRING)
        return misfit(ctx, value, pointer, found, "it must be a string");
    *out = decoded(ctx, found.text);
    return HOSTEL_OK;
}
