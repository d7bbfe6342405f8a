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

static hostel_result check_length(hostel_ctx *ctx, hostel_str key)
{
    if (key.len >= 1 && key.len <= HOSTEL_MAX_KEY_BYTES)
        return HOSTEL_OK;
    hostel_str shown = quoted(ctx, key);
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
    hostel_str shown = quoted(ctx, json);
    if (json.len > HOSTEL_DEFAULT_VALUE_LIMIT)
        return hostel_fail(ctx, HOSTEL_TOO_LARGE,
                           "value %.*s of %zu bytes is too large: a value is at most %d bytes "
                           "here",
                           HOSTEL_ARG(shown), json.len, HOSTEL_DEFAULT_VALUE_LIMIT);
    struct flaw flaw = check_json(ctx, json, HOSTEL_MAX_DEPTH);
    if (flaw.reason != NULL)
        return hostel_fail(ctx, HOSTEL_INVALID_VALUE, "invalid value %.*s at byte %zu: %s",
                           HOSTEL_ARG(shown), flaw.offset, flaw.reason);
    return HOSTEL_OK;
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
