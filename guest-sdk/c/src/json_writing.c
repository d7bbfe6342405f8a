/* Writes JSON step by step. Refuses a step that would produce invalid JSON. */

#include "ctx.h"

hostel_writer hostel_write(hostel_ctx *ctx)
{
    return (hostel_writer){.ctx = ctx};
}

__attribute__((format(printf, 2, 3))) static void refuse(hostel_writer *json, const char *format,
                                                         ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!json->refused)
        json->ctx->unwritten = vformat(json->ctx, format, arguments);
    va_end(arguments);
    json->refused = true;
}

static void put(hostel_writer *json, const char *bytes, size_t length)
{
    if (json->refused || length == 0)
        return;
    if (json->capacity - json->length < length) {
        size_t capacity = json->length + length < 64 ? 64 : (json->length + length) * 2;
        json->text = (char *)grow(json->ctx, json->text, json->length, capacity);
        json->capacity = capacity;
    }
    memcpy(json->text + json->length, bytes, length);
    json->length += length;
}

/* Writes the separator before a value, or refuses the value. */
static void begin_value(hostel_writer *json)
{
    if (json->depth == 0 && json->length > 0)
        refuse(json, "a second value after the first");
    else if (in_object(json->objects, json->depth) && !json->named)
        refuse(json, "a member of an object without its name");
    else if (json->comma && !json->named)
        put(json, ",", 1);
    json->comma = true;
    json->named = false;
}

static void open_level(hostel_writer *json, bool object)
{
    begin_value(json);
    if (json->depth == HOSTEL_MAX_BODY_DEPTH)
        refuse(json, "more than %d levels", HOSTEL_MAX_BODY_DEPTH);
    if (json->refused)
        return;
    put(json, object ? "{" : "[", 1);
    set_level(json->objects, json->depth++, object);
    json->comma = false;
}

void hostel_write_object(hostel_writer *json)
{
    open_level(json, true);
}

void hostel_write_array(hostel_writer *json)
{
    open_level(json, false);
}

void hostel_write_end(hostel_writer *json)
{
    if (json->depth == 0)
        refuse(json, "an end without a beginning");
    else if (json->named)
        refuse(json, "a member's name without a value");
    if (json->refused)
        return;
    put(json, in_object(json->objects, json->depth) ? "}" : "]", 1);
    json->depth--;
    json->comma = true;
}

static void put_escaped(hostel_writer *json, unsigned char byte)
{
    static const char meant[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = byte == 0 ? NULL : strchr(meant, byte);
    char escape[8];
    int length = found != NULL ? snprintf(escape, sizeof escape, "\\%c", letters[found - meant])
                               : snprintf(escape, sizeof escape, "\\u%04x", byte);
    put(json, escape, (size_t)length);
}

static void put_string(hostel_writer *json, hostel_str text)
{
    size_t valid = valid_utf8(text);
    if (valid != text.len) {
        hostel_str shown = quoted(json->ctx, text);
        refuse(json, "the string %.*s is not UTF-8 from byte %zu on", HOSTEL_ARG(shown), valid);
        return;
    }
    put(json, "\"", 1);
    size_t start = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.ptr[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\')
            continue;
        put(json, text.ptr + start, i - start);
        put_escaped(json, byte);
        start = i + 1;
    }
    if (start < text.len)
        put(json, text.ptr + start, text.len - start);
    put(json, "\"", 1);
}

void hostel_write_name(hostel_writer *json, hostel_str name)
{
    if (!in_object(json->objects, json->depth))
        refuse(json, "a member's name outside an object");
    else if (json->named)
        refuse(json, "a member's name directly after another name");
    if (json->comma)
        put(json, ",", 1);
    put_string(json, name);
    put(json, ":", 1);
    json->named = true;
}

static void put_value(hostel_writer *json, hostel_str text)
{
    begin_value(json);
    put(json, text.ptr, text.len);
}

void hostel_write_null(hostel_writer *json)
{
    put_value(json, HOSTEL_STR("null"));
}

void hostel_write_bool(hostel_writer *json, bool value)
{
    put_value(json, value ? HOSTEL_STR("true") : HOSTEL_STR("false"));
}

void(hostel_write_integer)(hostel_writer *json, int64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%lld", (long long)value);
    put_value(json, (hostel_str){digits, (size_t)length});
}

void hostel_write_unsigned(hostel_writer *json, uint64_t value)
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    put_value(json, (hostel_str){digits, (size_t)length});
}

void(hostel_write_double)(hostel_writer *json, double value)
{
    char digits[32];
    int length = 0;
    if (!(value >= -DBL_MAX && value <= DBL_MAX)) {
        const char *infinity = value > 0 ? "Infinity" : "-Infinity";
        refuse(json, "the number %s", value != value ? "NaN" : infinity);
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        length = snprintf(digits, sizeof digits, "%.*g", precision, value);
        if (strtod(digits, NULL) == value)
            break;
    }
    put_value(json, (hostel_str){digits, (size_t)length});
    if (strcspn(digits, ".e") == (size_t)length)
        put(json, ".0", 2);
}

void hostel_write_string(hostel_writer *json, hostel_str value)
{
    begin_value(json);
    put_string(json, value);
}

void hostel_write_raw(hostel_writer *json, hostel_str text)
{
    struct flaw flaw = check_json(json->ctx, text, HOSTEL_MAX_BODY_DEPTH);
    if (flaw.reason != NULL) {
        refuse(json, "a raw text that is not JSON: at byte %zu %s", flaw.offset, flaw.reason);
        return;
    }
    put_value(json, text);
}

hostel_str hostel_written(hostel_writer *json)
{
    if (json->depth > 0 || json->length == 0)
        refuse(json, "an unfinished text");
    return json->refused ? NO_TEXT : (hostel_str){json->text, json->length};
}

static hostel_str why_unwritten(const hostel_ctx *ctx)
{
    return ctx->unwritten.ptr == NULL ? HOSTEL_STR("no text was written") : ctx->unwritten;
}

hostel_str(hostel_json_of_integer)(hostel_ctx *ctx, int64_t value)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_integer(&json, value);
    return hostel_written(&json);
}

hostel_str hostel_json_of_unsigned(hostel_ctx *ctx, uint64_t value)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_unsigned(&json, value);
    return hostel_written(&json);
}

hostel_str(hostel_json_of_double)(hostel_ctx *ctx, double value)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_double(&json, value);
    return hostel_written(&json);
}

hostel_str hostel_json_of_bool(hostel_ctx *ctx, bool value)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_bool(&json, value);
    return hostel_written(&json);
}

hostel_str hostel_json_of_string(hostel_ctx *ctx, hostel_str value)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_string(&json, value);
    return hostel_written(&json);
}
