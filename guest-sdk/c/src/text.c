/* Functions for texts. Some validate UTF-8, because the host traps on any other text. */

#include "ctx.h"

hostel_str hostel_str_of(const char *text)
{
    return (hostel_str){text, text == NULL ? 0 : strlen(text)};
}

bool hostel_str_equal(hostel_str one, hostel_str other)
{
    return one.len == other.len && (one.len == 0 || memcmp(one.ptr, other.ptr, one.len) == 0);
}

static bool continues(unsigned char byte)
{
    return (byte & 0xC0) == 0x80;
}

/* The length of the UTF-8 character at the beginning of `left` bytes; 0 if the bytes do not begin
 * with a character. */
static size_t character(const unsigned char *at, size_t left)
{
    unsigned char first = at[0];
    if (first < 0x80)
        return 1;
    if (first >= 0xC2 && first <= 0xDF)
        return left >= 2 && continues(at[1]) ? 2 : 0;
    if (first >= 0xE0 && first <= 0xEF) {
        if (left < 3 || !continues(at[1]) || !continues(at[2]))
            return 0;
        bool overlong = first == 0xE0 && at[1] < 0xA0;
        bool surrogate = first == 0xED && at[1] >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (first < 0xF0 || first > 0xF4 || left < 4)
        return 0;
    if (!continues(at[1]) || !continues(at[2]) || !continues(at[3]))
        return 0;
    bool overlong = first == 0xF0 && at[1] < 0x90;
    bool too_high = first == 0xF4 && at[1] >= 0x90;
    return overlong || too_high ? 0 : 4;
}

/* The length of the truncated character at the beginning of `left` bytes; 1 if the bytes begin with
 * any other invalid byte. */
static size_t flawed_character(const unsigned char *at, size_t left)
{
    size_t flawed = 1;
    for (size_t size = 2; size <= 3 && size <= left; size++) {
        const unsigned char completed[] = {at[0], at[1], size == 2 ? 0x80 : at[2], 0x80};
        if (character(completed, 4) > size)
            flawed = size;
    }
    return flawed;
}

/* True if the eight bytes at `at` are all ASCII. */
static bool ascii_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return (word & UINT64_C(0x8080808080808080)) == 0;
}

static size_t valid_utf8(hostel_str text)
{
    size_t at = 0;
    while (at < text.len) {
        if (text.len - at >= 8 && ascii_word(text.ptr + at)) {
            at += 8;
            continue;
        }
        size_t length = character((const unsigned char *)text.ptr + at, text.len - at);
        if (length == 0)
            return at;
        at += length;
    }
    return at;
}

static hostel_str lossy(hostel_ctx *ctx, hostel_str text)
{
    size_t valid = valid_utf8(text);
    if (valid == text.len)
        return text;
    char *copy = (char *)hostel_alloc(ctx, text.len * 3);
    size_t length = 0;
    while (text.len > 0) {
        valid = valid_utf8(text);
        memcpy(copy + length, text.ptr, valid);
        length += valid;
        if (valid == text.len)
            break;
        length += put_utf8(copy + length, 0xFFFD);
        text = (hostel_str){text.ptr + valid, text.len - valid};
        size_t flawed = flawed_character((const unsigned char *)text.ptr, text.len);
        text = (hostel_str){text.ptr + flawed, text.len - flawed};
    }
    return (hostel_str){copy, length};
}

static hostel_str trimmed(hostel_str text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = (hostel_str){text.ptr + 1, text.len - 1};
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static hostel_str present(hostel_str text)
{
    return text.len == 0 ? HOSTEL_STR("") : text;
}

static void add_text(hostel_ctx *ctx, struct texts *list, hostel_str text)
{
    size_t count = list->count, size = sizeof text;
    /* The capacity doubles whenever the count is a power of two. */
    if ((count & (count - 1)) == 0)
        list->texts = (const hostel_str *)grow(ctx, (void *)list->texts, count * size,
                                               (count == 0 ? 1 : count * 2) * size);
    ((hostel_str *)list->texts)[count] = text;
    list->count++;
}

static hostel_str beginning_of(hostel_str text)
{
    if (text.len <= EXCERPT_BYTES)
        return text;
    text.len = EXCERPT_BYTES;
    while (text.len > 0 && continues((unsigned char)text.ptr[text.len]))
        text.len--;
    return text;
}

static hostel_str quoted(hostel_ctx *ctx, hostel_str text)
{
    hostel_str beginning = beginning_of(text);
    hostel_str json = hostel_json_of_string(ctx, lossy(ctx, beginning));
    return beginning.len < text.len ? hostel_format(ctx, "%.*s..", HOSTEL_ARG(json)) : json;
}

static size_t put_utf8(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const unsigned char marks[] = {0, 0, 0xC0, 0xE0, 0xF0};
    for (size_t i = length - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    out[0] = (char)(marks[length] | code);
    return length;
}
