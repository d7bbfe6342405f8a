/* Header fields of requests and responses, inbound and outbound. */

#include "ctx.h"

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static hostel_str lowered(hostel_ctx *ctx, hostel_str text)
{
    hostel_str copy = hostel_copy(ctx, text);
    for (size_t i = 0; i < copy.len; i++)
        ((char *)copy.ptr)[i] = lower(copy.ptr[i]);
    return copy;
}

static bool equal_in_any_case(hostel_str one, hostel_str other)
{
    if (one.len != other.len)
        return false;
    for (size_t i = 0; i < one.len; i++) {
        if (lower(one.ptr[i]) != lower(other.ptr[i]))
            return false;
    }
    return true;
}

static void add_field(hostel_ctx *ctx, const hostel_pair **headers, size_t *count, hostel_str name,
                      hostel_str value)
{
    hostel_pair *fields = (hostel_pair *)hostel_alloc(ctx, (*count + 1) * sizeof *fields);
    if (*count > 0)
        memcpy(fields, *headers, *count * sizeof *fields);
    fields[*count] = (hostel_pair){name, hostel_copy(ctx, value)};
    *headers = fields;
    ++*count;
}

/* Finds the next field of a name, stores its value in `*value`, and advances `*at` past the field.
 * Returns false if there is no such field. The search starts at index `*at`, initially 0. */
static bool next_field(const hostel_pair *headers, size_t count, hostel_str name, size_t *at,
                       hostel_str *value)
{
    while (*at < count) {
        const hostel_pair *field = &headers[(*at)++];
        if (equal_in_any_case(field->name, name)) {
            *value = present(field->value);
            return true;
        }
    }
    return false;
}

static bool has_header(const hostel_pair *headers, size_t count, const char *name)
{
    size_t at = 0;
    hostel_str value;
    return next_field(headers, count, hostel_str_of(name), &at, &value);
}

static hostel_str joined_header(hostel_ctx *ctx, const hostel_pair *headers, size_t count,
                                const char *name)
{
    hostel_str wanted = hostel_str_of(name), joined = NO_TEXT, value;
    /* Cookie fields are joined by "; " (RFC 9113, section 8.2.3), others by ", " (RFC 9110, section
     * 5.3). */
    const char *between = equal_in_any_case(wanted, HOSTEL_STR("cookie")) ? "; " : ", ";
    size_t fields = 0, length = 0;
    for (size_t at = 0; next_field(headers, count, wanted, &at, &value); fields++) {
        joined = value;
        length += value.len + 2;
    }
    if (fields > 1) {
        char *text = (char *)hostel_alloc(ctx, length);
        joined = (hostel_str){text, length - 2};
        for (size_t at = 0; next_field(headers, count, wanted, &at, &value);) {
            memcpy(text, value.ptr, value.len);
            memcpy(text + value.len, between, 2);
            text += value.len + 2;
        }
    }
    return valid_utf8(joined) == joined.len ? joined : NO_TEXT;
}

static struct texts header_values(hostel_ctx *ctx, const hostel_pair *headers, size_t count,
                                  const char *name)
{
    struct texts values = {NULL, 0};
    hostel_str value;
    for (size_t at = 0; next_field(headers, count, hostel_str_of(name), &at, &value);) {
        if (valid_utf8(value) == value.len)
            add_text(ctx, &values, value);
    }
    return values;
}
