/* The fake cache: implements the host's functions for the cache, by the host's rules. */

#include "ctx.h"

/* The maximum number of entries that host_keys examines for one page. */
#define PAGE_ENTRIES 1000

/* Returns the live entry of a key, or NULL. Removes an expired entry. */
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

/* The deadline of an entry that is written at the current time. */
static int64_t deadline_of(const hostel_fake *fake, uint32_t expiry)
{
    return expiry == 0 ? INT64_MAX : fake->now + (int64_t)expiry * 1000;
}

static struct lease *lease_of(hostel_fake *fake, hostel_str key)
{
    for (size_t i = 0; i < fake->lease_count; i++) {
        if (hostel_str_equal(fake->leases[i].key, key))
            return &fake->leases[i];
    }
    return NULL;
}

/* Ends the lease of a key, regardless of its holder. */
static void end_lease(hostel_fake *fake, hostel_str key)
{
    struct lease *lease = lease_of(fake, key);
    if (lease != NULL)
        *lease = fake->leases[--fake->lease_count];
}

/* Ends the lease of a key if this holder has it. */
static void release(hostel_fake *fake, hostel_str key, bool is_of_another)
{
    const struct lease *lease = lease_of(fake, key);
    if (lease != NULL && lease->is_of_another == is_of_another)
        end_lease(fake, key);
}

/* Gives the holder the lease of a key, unless another holder has this lease. Returns true if the
 * holder then has the lease. */
static bool begin_lease(hostel_fake *fake, hostel_str key, bool is_of_another)
{
    const struct lease *lease = lease_of(fake, key);
    if (lease != NULL)
        return lease->is_of_another == is_of_another;
    fake->leases =
        (struct lease *)room(fake, fake->leases, fake->lease_count, sizeof *fake->leases);
    fake->leases[fake->lease_count++] =
        (struct lease){hostel_copy(&fake->look, key), is_of_another};
    return true;
}

void hostel_fake_hold(hostel_fake *fake, hostel_str key)
{
    release(fake, key, false);
    begin_lease(fake, key, true);
}

void hostel_fake_let_go(hostel_fake *fake, hostel_str key)
{
    release(fake, key, true);
}

/* Writes an entry and ends the lease of its key. */
static void write_entry(hostel_fake *fake, hostel_str key, hostel_str json, int64_t deadline)
{
    struct entry *entry = live_entry(fake, key);
    if (entry == NULL) {
        fake->entries =
            (struct entry *)room(fake, fake->entries, fake->entry_count, sizeof *entry);
        entry = &fake->entries[fake->entry_count++];
        entry->key = hostel_copy(&fake->look, key);
    }
    entry->json = hostel_copy(&fake->look, json);
    entry->deadline = deadline;
    end_lease(fake, key);
}

/* Removes the entry of a key, if any, and ends the lease of the key. Returns true if a live entry
 * existed. */
static bool remove_entry(hostel_fake *fake, hostel_str key)
{
    struct entry *entry = live_entry(fake, key);
    if (entry != NULL)
        *entry = fake->entries[--fake->entry_count];
    end_lease(fake, key);
    return entry != NULL;
}

/* The JSON text of a key's live entry; `ptr` is NULL if the key has no such entry. */
static hostel_str live_text(hostel_ctx *ctx, hostel_str key)
{
    const struct entry *entry = live_entry(ctx->fake, key);
    return entry == NULL ? NO_TEXT : hostel_copy(ctx, entry->json);
}

static hostel_result host_get(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    HOSTEL_TRY(check_length(ctx, key));
    *text = live_text(ctx, key);
    return HOSTEL_OK;
}

static hostel_result host_set(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry)
{
    HOSTEL_TRY(check_both(ctx, key, json));
    write_entry(ctx->fake, key, json, deadline_of(ctx->fake, expiry));
    return HOSTEL_OK;
}

static hostel_result host_delete(hostel_ctx *ctx, hostel_str key, bool *deleted)
{
    HOSTEL_TRY(check_length(ctx, key));
    *deleted = remove_entry(ctx->fake, key);
    return HOSTEL_OK;
}

static hostel_result host_exists(hostel_ctx *ctx, hostel_str key, bool *exists)
{
    HOSTEL_TRY(check_length(ctx, key));
    *exists = live_entry(ctx->fake, key) != NULL;
    return HOSTEL_OK;
}

/* Ends the lease of the key only if the value is stored. */
static hostel_result host_set_if_absent(hostel_ctx *ctx, hostel_str key, hostel_str json,
                                        uint32_t expiry, bool *created)
{
    HOSTEL_TRY(check_both(ctx, key, json));
    *created = live_entry(ctx->fake, key) == NULL;
    if (*created)
        write_entry(ctx->fake, key, json, deadline_of(ctx->fake, expiry));
    return HOSTEL_OK;
}

/* Parses the stored text of an integer: no fraction, exponent or spaces. */
static hostel_result added_to(hostel_ctx *ctx, hostel_str text, int64_t *integer)
{
    hostel_json value = {text, NO_TEXT, HOSTEL_INVALID_VALUE};
    /* hostel_json_integer refuses `-0`, and JSON allows no leading zeros. */
    bool is_integer = hostel_json_kind_of(value) == HOSTEL_NUMBER &&
                      hostel_json_integer(ctx, value, "", integer) == HOSTEL_OK;
    if (is_integer && *integer >= -HOSTEL_MAX_INTEGER && *integer <= HOSTEL_MAX_INTEGER)
        return HOSTEL_OK;
    hostel_str shown = excerpt(ctx, text);
    return hostel_fail(ctx, HOSTEL_INVALID_VALUE,
                       "value %.*s is not an integer from -(2^53 - 1) to 2^53 - 1, written without "
                       "fraction, exponent and spaces",
                       HOSTEL_ARG(shown));
}

static hostel_result host_increment(hostel_ctx *ctx, hostel_str key, double delta, uint32_t expiry,
                                    double *sum)
{
    HOSTEL_TRY(check_length(ctx, key));
    hostel_fake *fake = ctx->fake;
    const struct entry *entry = live_entry(fake, key);
    int64_t deadline = entry == NULL ? deadline_of(fake, expiry) : entry->deadline;
    int64_t integer = 0;
    /* The lease ends even if the addition fails. */
    end_lease(fake, key);
    if (entry != NULL)
        HOSTEL_TRY(added_to(ctx, entry->json, &integer));
    int64_t total = integer + (int64_t)delta;
    if (total < -HOSTEL_MAX_INTEGER || total > HOSTEL_MAX_INTEGER)
        return hostel_fail(ctx, HOSTEL_INVALID_VALUE,
                           "the sum of %lld and %.0f is not from -(2^53 - 1) to 2^53 - 1",
                           (long long)integer, delta);
    write_entry(fake, key, hostel_json_of_integer(ctx, total), deadline);
    *sum = (double)total;
    return HOSTEL_OK;
}

static hostel_result host_compare_and_swap(hostel_ctx *ctx, hostel_str key, hostel_str expected,
                                           hostel_str wanted, enum lifetime lifetime,
                                           uint32_t expiry, hostel_swap *swap)
{
    HOSTEL_TRY(check_length(ctx, key));
    if (expected.ptr != NULL)
        HOSTEL_TRY(check_text(ctx, expected));
    if (wanted.ptr != NULL)
        HOSTEL_TRY(check_text(ctx, wanted));
    hostel_fake *fake = ctx->fake;
    const struct entry *entry = live_entry(fake, key);
    hostel_str current = entry == NULL ? NO_TEXT : entry->json;
    int64_t kept = entry == NULL ? INT64_MAX : entry->deadline;
    /* The lease ends even if the entry is not replaced. */
    end_lease(fake, key);
    if ((current.ptr == NULL) != (expected.ptr == NULL) || !hostel_str_equal(current, expected)) {
        *swap = (hostel_swap){false, live_text(ctx, key)};
        return HOSTEL_OK;
    }
    if (wanted.ptr == NULL)
        remove_entry(fake, key);
    else
        write_entry(fake, key, wanted,
                    lifetime == LIFETIME_KEEP ? kept : deadline_of(fake, expiry));
    *swap = (hostel_swap){true, NO_TEXT};
    return HOSTEL_OK;
}

static hostel_result host_take(hostel_ctx *ctx, hostel_str key, hostel_str *text)
{
    HOSTEL_TRY(check_length(ctx, key));
    *text = live_text(ctx, key);
    remove_entry(ctx->fake, key);
    return HOSTEL_OK;
}

/* Never waits: no other call can store the value while this call runs. */
static hostel_result host_get_or_lease(hostel_ctx *ctx, hostel_str key, uint32_t early,
                                       uint32_t wait, enum found *found, hostel_str *text)
{
    (void)wait;
    HOSTEL_TRY(check_length(ctx, key));
    hostel_fake *fake = ctx->fake;
    const struct entry *entry = live_entry(fake, key);
    *text = live_text(ctx, key);
    if (entry == NULL)
        *found = begin_lease(fake, key, false) ? FOUND_COMPUTE : FOUND_BUSY;
    else if (entry->deadline - fake->now < (int64_t)early * 1000 && begin_lease(fake, key, false))
        *found = FOUND_REFRESH;
    else
        *found = FOUND_VALUE;
    return HOSTEL_OK;
}

static hostel_result host_fill(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry,
                               bool *filled)
{
    HOSTEL_TRY(check_both(ctx, key, json));
    /* Every change of an entry ends its lease, so the entry has not changed since an existing lease
     * began. */
    const struct lease *lease = lease_of(ctx->fake, key);
    *filled = lease != NULL && !lease->is_of_another;
    if (*filled)
        write_entry(ctx->fake, key, json, deadline_of(ctx->fake, expiry));
    return HOSTEL_OK;
}

static hostel_result host_release(hostel_ctx *ctx, hostel_str key)
{
    HOSTEL_TRY(check_length(ctx, key));
    release(ctx->fake, key, false);
    return HOSTEL_OK;
}

static hostel_result check_lengths(hostel_ctx *ctx, const hostel_str *keys, size_t count)
{
    for (size_t i = 0; i < count; i++)
        HOSTEL_TRY(check_length(ctx, keys[i]));
    return HOSTEL_OK;
}

static hostel_result host_get_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                   struct texts *found)
{
    HOSTEL_TRY(check_lengths(ctx, keys, count));
    hostel_str *texts = (hostel_str *)hostel_alloc(ctx, count * sizeof *texts);
    for (size_t i = 0; i < count; i++)
        texts[i] = live_text(ctx, keys[i]);
    *found = (struct texts){texts, count};
    return HOSTEL_OK;
}

static hostel_result host_set_many(hostel_ctx *ctx, const hostel_entry *entries, size_t count,
                                   uint32_t expiry)
{
    for (size_t i = 0; i < count; i++)
        HOSTEL_TRY(check_both(ctx, entries[i].key, entries[i].json));
    for (size_t i = 0; i < count; i++)
        write_entry(ctx->fake, entries[i].key, entries[i].json, deadline_of(ctx->fake, expiry));
    return HOSTEL_OK;
}

static hostel_result host_delete_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                      uint32_t *deleted)
{
    HOSTEL_TRY(check_lengths(ctx, keys, count));
    *deleted = 0;
    for (size_t i = 0; i < count; i++)
        *deleted += remove_entry(ctx->fake, keys[i]);
    return HOSTEL_OK;
}

static hostel_result host_ttl(hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl)
{
    HOSTEL_TRY(check_length(ctx, key));
    const struct entry *entry = live_entry(ctx->fake, key);
    *ttl = (hostel_ttl){HOSTEL_TTL_MISSING, 0};
    if (entry != NULL && entry->deadline == INT64_MAX)
        ttl->kind = HOSTEL_TTL_UNLIMITED;
    else if (entry != NULL)
        *ttl = (hostel_ttl){HOSTEL_TTL_LIMITED,
                            (uint32_t)((entry->deadline - ctx->fake->now + 999) / 1000)};
    return HOSTEL_OK;
}

static hostel_result host_expire(hostel_ctx *ctx, hostel_str key, uint32_t expiry, bool *exists)
{
    HOSTEL_TRY(check_length(ctx, key));
    struct entry *entry = live_entry(ctx->fake, key);
    *exists = entry != NULL;
    if (entry != NULL)
        entry->deadline = deadline_of(ctx->fake, expiry);
    /* The lease ends even if there is no entry. */
    end_lease(ctx->fake, key);
    return HOSTEL_OK;
}

static bool begins_with(hostel_str text, hostel_str prefix)
{
    return text.len >= prefix.len &&
           hostel_str_equal((hostel_str){text.ptr, prefix.len}, prefix);
}

/* Compares two keys byte by byte. */
static int order(hostel_str one, hostel_str other)
{
    size_t shorter = one.len < other.len ? one.len : other.len;
    int bytes = memcmp(one.ptr, other.ptr, shorter);
    return bytes != 0 ? bytes : (one.len > other.len) - (one.len < other.len);
}

static int compare(const void *one, const void *other)
{
    return order(*(const hostel_str *)one, *(const hostel_str *)other);
}

/* Examines up to PAGE_ENTRIES entries in key order. The new cursor is the last key examined, or no
 * text after the last page. A page may be empty without being the last one, as with a real host. */
static hostel_result host_keys(hostel_ctx *ctx, hostel_str prefix, hostel_str cursor,
                               struct texts *page, hostel_str *next)
{
    const hostel_fake *fake = ctx->fake;
    hostel_str *keys = (hostel_str *)hostel_alloc(ctx, fake->entry_count * sizeof *keys);
    size_t count = 0, kept = 0;
    for (size_t i = 0; i < fake->entry_count; i++) {
        const struct entry *entry = &fake->entries[i];
        bool is_due = cursor.ptr == NULL || order(entry->key, cursor) > 0;
        if (is_due && fake->now < entry->deadline)
            keys[count++] = entry->key;
    }
    if (count > 0)
        qsort(keys, count, sizeof *keys, compare);
    size_t looked = count < PAGE_ENTRIES ? count : PAGE_ENTRIES;
    *next = looked < count ? hostel_copy(ctx, keys[looked - 1]) : NO_TEXT;
    for (size_t i = 0; i < looked; i++) {
        if (begins_with(keys[i], prefix))
            keys[kept++] = hostel_copy(ctx, keys[i]);
    }
    *page = (struct texts){keys, kept};
    return HOSTEL_OK;
}

static hostel_result host_delete_prefix(hostel_ctx *ctx, hostel_str prefix, hostel_str cursor,
                                        uint32_t *deleted, hostel_str *next)
{
    struct texts page;
    hostel_fake *fake = ctx->fake;
    HOSTEL_TRY(host_keys(ctx, prefix, cursor, &page, next));
    /* Also end the leases of keys that have no entry. */
    for (size_t i = fake->lease_count; i > 0; i--) {
        if (begins_with(fake->leases[i - 1].key, prefix))
            fake->leases[i - 1] = fake->leases[--fake->lease_count];
    }
    return host_delete_many(ctx, page.texts, page.count, deleted);
}
