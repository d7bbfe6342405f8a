/* Validates a JSON text and reports the offset and reason of the first error.
 *
 * The grammar is in RFC 8259. For a cached value, the reasons are the same as the host's. Two
 * integers have one bit for each open array or object, so nested arrays and objects need no
 * recursion or allocation. */

#include "ctx.h"

/* The state of the validation. */
struct reading {
    hostel_ctx *ctx;
    hostel_str text;
    size_t at;
    uint64_t objects[2];
    unsigned depth;
    unsigned most;
    const char *flaw;
};

static void set_level(uint64_t *objects, unsigned level, bool object)
{
    uint64_t bit = UINT64_C(1) << (level % 64);
    objects[level / 64] = object ? objects[level / 64] | bit : objects[level / 64] & ~bit;
}

static bool in_object(const uint64_t *objects, unsigned depth)
{
    return depth > 0 && (objects[(depth - 1) / 64] >> ((depth - 1) % 64) & 1) == 1;
}

/* The next byte; -1 at the end. */
static int peek(const struct reading *r)
{
    return r->at < r->text.len ? (unsigned char)r->text.ptr[r->at] : -1;
}

static int after_space(struct reading *r)
{
    while (peek(r) == ' ' || peek(r) == '\n' || peek(r) == '\r' || peek(r) == '\t')
        r->at++;
    return peek(r);
}

static bool flawed(struct reading *r, const char *reason)
{
    r->flaw = reason;
    return false;
}

static bool is_digit(int byte)
{
    return byte >= '0' && byte <= '9';
}

static int hex_digit(int byte)
{
    if (is_digit(byte))
        return byte - '0';
    int letter = byte | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* The value of four hex digits at an offset; -1 if they are missing. */
static int32_t hex4(hostel_str text, size_t at)
{
    int32_t code = 0;
    for (size_t i = at; i < at + 4; i++) {
        int digit = i < text.len ? hex_digit((unsigned char)text.ptr[i]) : -1;
        if (digit < 0)
            return -1;
        code = code << 4 | digit;
    }
    return code;
}

static int32_t unicode_escape(hostel_str text, size_t at, size_t *length)
{
    int32_t code = hex4(text, at + 2);
    *length = 6;
    if (code < 0xD800 || code > 0xDFFF)
        return code;
    bool pair = code < 0xDC00 && at + 7 < text.len && text.ptr[at + 6] == '\\' &&
                text.ptr[at + 7] == 'u';
    int32_t low = pair ? hex4(text, at + 8) : -1;
    *length = 12;
    return low >= 0xDC00 && low <= 0xDFFF ? 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00) : -1;
}

static bool check_escape(struct reading *r)
{
    int letter = r->at + 1 < r->text.len ? (unsigned char)r->text.ptr[r->at + 1] : 0;
    if (letter == 'u') {
        size_t length;
        int32_t unit = hex4(r->text, r->at + 2);
        if (unit < 0)
            return flawed(r, "an escape without four hexadecimal digits");
        if (unicode_escape(r->text, r->at, &length) < 0)
            return flawed(r, unit < 0xDC00 ? "a high surrogate without a low one after it"
                                           : "a low surrogate without a high one before it");
        r->at += length;
        return true;
    }
    if (r->at + 1 == r->text.len) {
        r->at++;
        return flawed(r, "expected the closing quote of a string");
    }
    if (letter == 0 || strchr("\"\\/bfnrt", letter) == NULL)
        return flawed(r, "an unknown escape");
    r->at += 2;
    return true;
}

static bool check_string(struct reading *r)
{
    r->at++;
    for (;;) {
        int next = peek(r);
        if (next == '"') {
            r->at++;
            return true;
        }
        if (next == -1)
            return flawed(r, "expected the closing quote of a string");
        if (next < 0x20)
            return flawed(r, "a control character that is not escaped");
        if (next != '\\')
            r->at++;
        else if (!check_escape(r))
            return false;
    }
}

static bool check_digits(struct reading *r)
{
    if (!is_digit(peek(r)))
        return flawed(r, "expected a digit");
    while (is_digit(peek(r)))
        r->at++;
    return true;
}

static bool check_number(struct reading *r)
{
    size_t start = r->at;
    bool exponent = false;
    if (peek(r) == '-')
        r->at++;
    bool zero = peek(r) == '0';
    size_t whole = r->at;
    if (!check_digits(r))
        return false;
    if (zero && r->at > whole + 1) {
        r->at = start;
        return flawed(r, "a number with a leading zero");
    }
    if (peek(r) == '.') {
        r->at++;
        if (!check_digits(r))
            return false;
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        exponent = true;
        r->at++;
        if (peek(r) == '+' || peek(r) == '-')
            r->at++;
        if (!check_digits(r))
            return false;
    }
    size_t length = r->at - start;
    /* Only a number with an exponent or of 300 or more characters can be too large. */
    if (!exponent && length < 300)
        return true;
    double number = number_of(r->ctx, (hostel_str){r->text.ptr + start, length});
    if (number >= -DBL_MAX && number <= DBL_MAX)
        return true;
    r->at = start;
    return flawed(r, "a number that is not finite as a binary64");
}

static bool check_literal(struct reading *r, hostel_str literal)
{
    hostel_str rest = {r->text.ptr + r->at, r->text.len - r->at};
    if (rest.len < literal.len || memcmp(rest.ptr, literal.ptr, literal.len) != 0)
        return flawed(r, "expected a value");
    r->at += literal.len;
    return true;
}

static bool check_name(struct reading *r)
{
    if (after_space(r) != '"')
        return flawed(r, "expected a member's name in double quotes");
    if (!check_string(r))
        return false;
    if (after_space(r) != ':')
        return flawed(r, "expected a colon");
    r->at++;
    return true;
}

/* Opens an array or object, and reads the name of an object's first member. Sets `*more` if a value
 * must follow. */
static bool check_opening(struct reading *r, bool object, bool *more)
{
    if (r->depth == r->most)
        return flawed(r, r->most == HOSTEL_MAX_DEPTH ? "nested deeper than 100 arrays and objects"
                                                     : "nested deeper than 127 arrays and objects");
    set_level(r->objects, r->depth++, object);
    r->at++;
    *more = after_space(r) != (object ? '}' : ']');
    return !*more || !object || check_name(r);
}

static bool check_beginning(struct reading *r, bool *more)
{
    int next = after_space(r);
    *more = false;
    switch (next) {
    case '"': return check_string(r);
    case '{': return check_opening(r, true, more);
    case '[': return check_opening(r, false, more);
    case 't': return check_literal(r, HOSTEL_STR("true"));
    case 'f': return check_literal(r, HOSTEL_STR("false"));
    case 'n': return check_literal(r, HOSTEL_STR("null"));
    default: return next == '-' || is_digit(next) ? check_number(r) : flawed(r, "expected a value");
    }
}

/* Closes the arrays and objects that end after a value. Sets `*more` if another value follows. */
static bool check_end(struct reading *r, bool *more)
{
    *more = false;
    while (r->depth > 0) {
        bool object = in_object(r->objects, r->depth);
        int next = after_space(r);
        if (next == ',') {
            r->at++;
            *more = true;
            return !object || check_name(r);
        }
        if (next != (object ? '}' : ']'))
            return flawed(r, object ? "expected a comma or }" : "expected a comma or ]");
        r->at++;
        r->depth--;
    }
    return after_space(r) == -1 || flawed(r, "expected nothing after the value");
}

static struct flaw check_json(hostel_ctx *ctx, hostel_str text, unsigned depth)
{
    struct reading r = {.ctx = ctx, .text = text, .most = depth};
    size_t valid = valid_utf8(text);
    if (valid != text.len)
        return (struct flaw){valid, "expected UTF-8"};
    bool more = true;
    while (more) {
        if (!check_beginning(&r, &more) || (!more && !check_end(&r, &more)))
            return (struct flaw){r.at, r.flaw};
    }
    return (struct flaw){0, NULL};
}

static double number_of(hostel_ctx *ctx, hostel_str token)
{
    /* strtod needs a terminator, and the token may end at the last byte of memory. */
    char short_token[64];
    if (token.len >= sizeof short_token)
        return strtod(hostel_copy(ctx, token).ptr, NULL);
    memcpy(short_token, token.ptr, token.len);
    short_token[token.len] = '\0';
    return strtod(short_token, NULL);
}
