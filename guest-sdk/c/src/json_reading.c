/* Reads JSON: a value is a slice of the text, found by scanning the text.
 *
 * The text was validated by check_json or by the host. Every step checks bounds nevertheless. */

#include "ctx.h"

static hostel_json json_value(hostel_str text, hostel_str key, hostel_result misfit)
{
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[0]) != NULL && text.ptr[0] != '\0')
        text = (hostel_str){text.ptr + 1, text.len - 1};
    while (text.len > 0 && strchr(" \t\r\n", text.ptr[text.len - 1]) != NULL)
        text.len--;
    return (hostel_json){text, key, misfit};
}

static hostel_str source_of(hostel_ctx *ctx, hostel_json value)
{
    if (value.misfit == HOSTEL_BAD_REQUEST)
        return HOSTEL_STR("the request body");
    if (value.misfit == HOSTEL_INTERNAL)
        return hostel_format(ctx, "the body from %.*s", HOSTEL_ARG(value.key));
    if (value.key.ptr == NULL)
        return HOSTEL_STR("the JSON text");
    hostel_str key = quoted(ctx, value.key);
    return hostel_format(ctx, "the value under %.*s", HOSTEL_ARG(key));
}

static hostel_result parse_as(hostel_ctx *ctx, hostel_str text, hostel_str key,
                              hostel_result misfit, hostel_json *value)
{
    hostel_json read = json_value(text, key, misfit);
    struct flaw flaw = check_json(ctx, text, HOSTEL_MAX_BODY_DEPTH);
    if (flaw.reason != NULL) {
        hostel_str source = source_of(ctx, read);
        hostel_str rest = {text.ptr + flaw.offset, text.len - flaw.offset};
        rest = rest.len == 0 ? HOSTEL_STR("the end") : quoted(ctx, rest);
        return hostel_fail(ctx, misfit, "%.*s is not JSON: at byte %zu %s, found %.*s",
                           HOSTEL_ARG(source), flaw.offset, flaw.reason, HOSTEL_ARG(rest));
    }
    *value = read;
    return HOSTEL_OK;
}

hostel_result hostel_json_parse(hostel_ctx *ctx, hostel_str text, hostel_json *value)
{
    return parse_as(ctx, text, NO_TEXT, HOSTEL_INVALID_VALUE, value);
}

hostel_json_kind hostel_json_kind_of(hostel_json value)
{
    if (value.text.ptr == NULL || value.text.len == 0)
        return HOSTEL_MISSING;
    switch (value.text.ptr[0]) {
    case 'n': return HOSTEL_NULL;
    case 't':
    case 'f': return HOSTEL_BOOL;
    case '"': return HOSTEL_STRING;
    case '[': return HOSTEL_ARRAY;
    case '{': return HOSTEL_OBJECT;
    default: return HOSTEL_NUMBER;
    }
}

/* The length of the string at the beginning of a text, including its quotes. */
static size_t string_length(hostel_str text)
{
    size_t at = 1;
    while (at < text.len && text.ptr[at] != '"')
        at += text.ptr[at] == '\\' ? 2 : 1;
    return at < text.len ? at + 1 : text.len;
}

/* The length of the array or object at the beginning of a text. */
static size_t container_length(hostel_str text)
{
    size_t at = 0, depth = 0;
    while (at < text.len) {
        char next = text.ptr[at];
        if (next == '"') {
            at += string_length((hostel_str){text.ptr + at, text.len - at});
            continue;
        }
        at++;
        if (next == '[' || next == '{')
            depth++;
        else if ((next == ']' || next == '}') && --depth == 0)
            return at;
    }
    return at;
}

static size_t value_length(hostel_str text)
{
    if (text.len == 0)
        return 0;
    if (text.ptr[0] == '"')
        return string_length(text);
    if (text.ptr[0] == '[' || text.ptr[0] == '{')
        return container_length(text);
    size_t at = 0;
    while (at < text.len && text.ptr[at] != '\0' && strchr(",]} \t\r\n", text.ptr[at]) == NULL)
        at++;
    return at;
}

/* Removes and returns the first `length` bytes of a text. */
static hostel_str take(hostel_str *text, size_t length)
{
    hostel_str taken = {text->ptr, length < text->len ? length : text->len};
    *text = (hostel_str){text->ptr + taken.len, text->len - taken.len};
    return taken;
}

static void skip(hostel_str *text, const char *bytes)
{
    while (text->len > 0 && text->ptr[0] != '\0' && strchr(bytes, text->ptr[0]) != NULL)
        take(text, 1);
}

static hostel_str decoded(hostel_ctx *ctx, hostel_str string)
{
    hostel_str inner = {string.ptr + 1, string.len >= 2 ? string.len - 2 : 0};
    if (inner.len == 0 || memchr(inner.ptr, '\\', inner.len) == NULL)
        return inner;
    /* Decoding never makes a string longer. */
    char *out = (char *)hostel_alloc(ctx, inner.len);
    size_t length = 0, at = 0;
    while (at < inner.len) {
        if (inner.ptr[at] != '\\' || at + 1 == inner.len) {
            out[length++] = inner.ptr[at++];
            continue;
        }
        size_t taken = 2;
        int32_t code = (unsigned char)inner.ptr[at + 1];
        static const char letters[] = "bfnrt", meant[] = "\b\f\n\r\t";
        const char *letter = strchr(letters, (int)code);
        if (code == 'u')
            code = unicode_escape(inner, at, &taken);
        else if (letter != NULL && code != 0)
            code = meant[letter - letters];
        length += put_utf8(out + length, (uint32_t)code);
        at += taken;
    }
    return (hostel_str){out, length};
}

hostel_items hostel_json_items(hostel_ctx *ctx, hostel_json value)
{
    hostel_json_kind kind = hostel_json_kind_of(value);
    hostel_items items = {.name = NO_TEXT, .value = value, .ctx = ctx, .rest = NO_TEXT,
                          .object = kind == HOSTEL_OBJECT};
    if (kind == HOSTEL_ARRAY || kind == HOSTEL_OBJECT)
        items.rest = (hostel_str){value.text.ptr + 1, value.text.len - 1};
    return items;
}

bool hostel_json_next(hostel_items *items)
{
    hostel_str *rest = &items->rest;
    skip(rest, ", \t\r\n");
    if (rest->len == 0 || rest->ptr[0] == ']' || rest->ptr[0] == '}')
        return false;
    if (items->object) {
        items->name = decoded(items->ctx, take(rest, string_length(*rest)));
        skip(rest, ": \t\r\n");
    }
    items->value.text = take(rest, value_length(*rest));
    return items->value.text.len > 0;
}

/* A token of a JSON Pointer with its escapes decoded. */
static hostel_str pointer_token(hostel_ctx *ctx, hostel_str token)
{
    if (token.len == 0 || memchr(token.ptr, '~', token.len) == NULL)
        return token;
    char *out = (char *)hostel_alloc(ctx, token.len);
    size_t length = 0;
    for (size_t i = 0; i < token.len; i++) {
        bool escape = token.ptr[i] == '~' && i + 1 < token.len;
        out[length++] = !escape ? token.ptr[i] : token.ptr[++i] == '1' ? '/' : '~';
    }
    return (hostel_str){out, length};
}

/* The array index that a pointer's token represents; SIZE_MAX if it is not an index of at most 9
 * digits. */
static size_t index_of(hostel_str token)
{
    size_t index = 0;
    if (token.len == 0 || token.len > 9 || (token.len > 1 && token.ptr[0] == '0'))
        return SIZE_MAX;
    for (size_t i = 0; i < token.len; i++) {
        if (!is_digit(token.ptr[i]))
            return SIZE_MAX;
        index = index * 10 + (size_t)(token.ptr[i] - '0');
    }
    return index;
}

/* The member or element that a pointer's token names. */
static hostel_json child(hostel_ctx *ctx, hostel_json value, hostel_str token)
{
    hostel_json found = {NO_TEXT, value.key, value.misfit};
    size_t wanted = index_of(token);
    hostel_items each = hostel_json_items(ctx, value);
    for (size_t index = 0; hostel_json_next(&each); index++) {
        if (each.object ? hostel_str_equal(each.name, token) : index == wanted)
            found = each.value;
    }
    return found;
}

hostel_json hostel_json_at(hostel_ctx *ctx, hostel_json value, const char *pointer)
{
    while (pointer[0] == '/' && hostel_json_kind_of(value) != HOSTEL_MISSING) {
        const char *token = pointer + 1;
        size_t length = strcspn(token, "/");
        value = child(ctx, value, pointer_token(ctx, (hostel_str){token, length}));
        pointer = token + length;
    }
    /* The rest of the pointer is invalid, or continues below a missing value. */
    if (pointer[0] != '\0')
        value.text = NO_TEXT;
    return value;
}

bool hostel_json_has(hostel_ctx *ctx, hostel_json value, const char *pointer)
{
    return hostel_json_kind_of(hostel_json_at(ctx, value, pointer)) > HOSTEL_NULL;
}
