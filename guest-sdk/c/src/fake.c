/* The host of tests: see hostel_fake.h. */

#include "../hostel_fake.h"
#include "ctx.h"

struct entry {
    hostel_str key;
    hostel_str json;
    int64_t deadline; /* In milliseconds; INT64_MAX for none. */
};

struct hostel_fake {
    hostel_ctx look;   /* The memory of the test, and of all keys, values and lines. */
    hostel_ctx called; /* The memory of the newest call. */
    int64_t now;
    struct entry *entries;
    size_t entry_count;
    const char **lines;
    size_t line_count;
};

hostel_fake *hostel_fake_new(void)
{
    hostel_fake *fake = (hostel_fake *)calloc(1, sizeof *fake);
    if (fake == NULL)
        abort();
    fake->look.fake = fake;
    fake->called.fake = fake;
    return fake;
}

void hostel_fake_free(hostel_fake *fake)
{
    if (fake == NULL)
        return;
    ctx_reset(&fake->look);
    ctx_reset(&fake->called);
    free(fake);
}

hostel_ctx *hostel_fake_ctx(hostel_fake *fake)
{
    return &fake->look;
}

hostel_answer hostel_fake_call(hostel_fake *fake, const char *service, const char *json)
{
    return hostel_fake_call_with(fake, (hostel_request){
        .service = hostel_str_of(service),
        .content_type = json == NULL ? NO_TEXT : HOSTEL_STR("application/json"),
        .body = hostel_str_of(json),
    });
}

hostel_answer hostel_fake_call_with(hostel_fake *fake, hostel_request request)
{
    hostel_answer answer = {.message = HOSTEL_STR("")};
    ctx_reset(&fake->called);
    answer.result = dispatch(&fake->called, &request, &answer.response);
    if (answer.result != HOSTEL_OK) {
        answer.message = hostel_copy(&fake->called, fake->called.message);
        answer.response = (hostel_response){.status = 0};
    }
    return answer;
}

void hostel_fake_advance(hostel_fake *fake, int64_t milliseconds)
{
    fake->now += milliseconds;
}

const char *hostel_fake_log(const hostel_fake *fake, size_t index)
{
    return index < fake->line_count ? fake->lines[index] : NULL;
}

static void host_log(hostel_ctx *ctx, hostel_level level, hostel_str message)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    hostel_fake *fake = ctx->fake;
    hostel_str line = hostel_format(&fake->look, "%s: %.*s", names[level], HOSTEL_ARG(message));
    fprintf(stderr, "%s\n", line.ptr);
    size_t size = fake->line_count * sizeof *fake->lines;
    fake->lines = (const char **)grow(&fake->look, fake->lines, size, size + sizeof *fake->lines);
    fake->lines[fake->line_count++] = line.ptr;
}

/* Whether the host shows a character as its number: controls, and what is not seen. */
static bool is_hidden(uint32_t code)
{
    return code < 0x20 || (code >= 0x7F && code < 0xA1) || code == 0xAD ||
           (code >= 0x2000 && code < 0x2010) || (code >= 0x2028 && code < 0x2030) ||
           (code >= 0x205F && code < 0x2070) || (code >= 0xE000 && code < 0xF900) ||
           code == 0xFEFF;
}

/* The code point at a place of a text of UTF-8; returns how many bytes it takes. */
static size_t code_point(hostel_str text, size_t at, uint32_t *code)
{
    const unsigned char *bytes = (const unsigned char *)text.ptr + at;
    size_t size = character(bytes, text.len - at);
    *code = size == 1 ? bytes[0] : bytes[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        *code = *code << 6 | (bytes[i] & 0x3Fu);
    return size;
}

/* The beginning of a text of UTF-8 in quotes, as the host shows it. */
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
        return hostel_fail(ctx, HOSTEL_INVALID_KEY, "invalid key \"\": a key is 1 to %d bytes",
                           HOSTEL_MAX_KEY_BYTES);
    hostel_str shown = excerpt(ctx, key);
    return hostel_fail(ctx, HOSTEL_INVALID_KEY,
                       "invalid key %.*s of %zu bytes: a key is 1 to %d bytes", HOSTEL_ARG(shown),
                       key.len, HOSTEL_MAX_KEY_BYTES);
}

/* The live entry of a key, or NULL. Removes one that has expired. */
static struct entry *live_entry(hostel_fake *fake, hostel_str key)
{
    for (size_t i = 0; i < fake->entry_count; i++) {
        struct entry *entry = &fake->entries[i];
        if (!hostel_str_equal(entry->key, key))
            continue;
        if (fake->now < entry->deadline)
            return entry;
        *entry = fake->entries[--fake->entry_count];
        return NULL;
    }
    return NULL;
}

static hostel_result host_get(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    HOSTEL_TRY(check_length(ctx, key));
    const struct entry *entry = live_entry(ctx->fake, key);
    *text = entry == NULL ? NO_TEXT : hostel_copy(ctx, entry->json);
    return HOSTEL_OK;
}

static hostel_result check_set(hostel_ctx *ctx, hostel_str key, hostel_str json)
{
    HOSTEL_TRY(check_length(ctx, key));
    if (json.len > HOSTEL_DEFAULT_VALUE_LIMIT) {
        hostel_str shown = excerpt(ctx, json);
        return hostel_fail(ctx, HOSTEL_TOO_LARGE,
                           "value %.*s of %zu bytes is too large: a value is at most %d bytes "
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

static hostel_result host_set(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry)
{
    HOSTEL_TRY(check_set(ctx, key, json));
    hostel_fake *fake = ctx->fake;
    struct entry *entry = live_entry(fake, key);
    if (entry == NULL) {
        size_t size = fake->entry_count * sizeof *entry;
        fake->entries =
            (struct entry *)grow(&fake->look, fake->entries, size, size + sizeof *entry);
        entry = &fake->entries[fake->entry_count++];
        entry->key = hostel_copy(&fake->look, key);
    }
    entry->json = hostel_copy(&fake->look, json);
    entry->deadline = expiry == 0 ? INT64_MAX : fake->now + (int64_t)expiry * 1000;
    return HOSTEL_OK;
}

static hostel_result host_delete(hostel_ctx *ctx, hostel_str key, bool *deleted)
{
    HOSTEL_TRY(check_length(ctx, key));
    hostel_fake *fake = ctx->fake;
    struct entry *entry = live_entry(fake, key);
    *deleted = entry != NULL;
    if (entry != NULL)
        *entry = fake->entries[--fake->entry_count];
    return HOSTEL_OK;
}

static hostel_result host_exists(hostel_ctx *ctx, hostel_str key, bool *exists)
{
    HOSTEL_TRY(check_length(ctx, key));
    *exists = live_entry(ctx->fake, key) != NULL;
    return HOSTEL_OK;
}
