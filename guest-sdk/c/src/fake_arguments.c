/* Checks arguments as a host with the default limits does, and reports errors in the same words. */

#include "ctx.h"

/* True for control characters, and for common invisible and private-use characters. The host shows
 * them as hexadecimal escapes, unless they have a short escape such as `\n`. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA1) || code == 0xAD ||
           (code >= 0x2000 && code < 0x2010) || (code >= 0x2028 && code < 0x2030) ||
           (code >= 0x205F && code < 0x2070) || (code >= 0xE000 && code < 0xF900) ||
           code == 0xFEFF;
}

/* Decodes the code point at an offset of UTF-8 text and returns its length in bytes. */
static size_t code_point(hostel_str text, size_t at, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr + at;
    size_t size = character(bytes, text.len - at);
    *code = size == 1 ? bytes[0] : bytes[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        *code = *code << 6 | (bytes[i] & 0x3Fu);
    return size;
}

/* The beginning of UTF-8 text in quotes, as the host shows it, apart from some rare characters. */
static hostel_str excerpt(hostel_ctx *ctx, hostel_str text)
{
    static const char meant[] = "\"\\\n\r\t", letters[] = "\"\\nrt";
    char shown[32 * 10 + 1];
    size_t length = 0, at = 0;
    for (int count = 0; at < text.len && count < 32; count++) {
        uint32_t code;
        size_t size = code_point(text, at, &code);
        const char *escape = code == 0 || code > 0x7F ? NULL : strchr(meant, (int)code);
        char *out = shown + length;
        if (code == 0 || escape != NULL)
            length += (size_t)snprintf(out, 3, "\\%c", code == 0 ? '0' : letters[escape - meant]);
        else if (is_hidden(code))
            length += (size_t)snprintf(out, 11, "\\u{%x}", (unsigned)code);
        else
            length += (size_t)snprintf(out, 5, "%.*s", (int)size, text.ptr + at);
        at += size;
    }
    return hostel_format(ctx, "\"%.*s\"%s", (int)length, shown, at < text.len ? "..." : "");
}

static hostel_result check_length(hostel_ctx *ctx, hostel_str key)
{
    if (key.len >= 1 && key.len <= HOSTEL_MAX_KEY_BYTES)
        return HOSTEL_OK;
    if (key.len == 0)
        return hostel_fail(ctx, HOSTEL_INVALID_KEY, "invalid key \"\": a key must be 1 to %d bytes",
                           HOSTEL_MAX_KEY_BYTES);
    hostel_str shown = excerpt(ctx, key);
    return hostel_fail(ctx, HOSTEL_INVALID_KEY,
                       "invalid key %.*s of %zu bytes: a key must be 1 to %d bytes",
                       HOSTEL_ARG(shown), key.len, HOSTEL_MAX_KEY_BYTES);
}

static hostel_result check_text(hostel_ctx *ctx, hostel_str json)
{
    if (json.len > HOSTEL_DEFAULT_VALUE_LIMIT) {
        hostel_str shown = excerpt(ctx, json);
        return hostel_fail(ctx, HOSTEL_TOO_LARGE,
                           "value %.*s of %zu bytes is too large: a value must be at most %d bytes "
                           "here",
                           HOSTEL_ARG(shown), json.len, HOSTEL_DEFAULT_VALUE_LIMIT);
    }
    struct flaw flaw = check_json(ctx, json, HOSTEL_MAX_DEPTH);
    if (flaw.reason == NULL)
        return HOSTEL_OK;
    hostel_str rest = {json.ptr + flaw.offset, json.len - flaw.offset};
    rest = rest.len == 0 ? HOSTEL_STR("the end") : excerpt(ctx, rest);
    return hostel_fail(ctx, HOSTEL_INVALID_VALUE, "invalid value at byte %zu: %s, found %.*s",
                       flaw.offset, flaw.reason, HOSTEL_ARG(rest));
}

static hostel_result check_both(hostel_ctx *ctx, hostel_str key, hostel_str json)
{
    HOSTEL_TRY(check_length(ctx, key));
    return check_text(ctx, json);
}
