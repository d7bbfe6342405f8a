/* Tests of expiry, iteration over keys and removal by prefix. */

#include "check.h"

/* More entries than two pages hold. */
#define MANY 2500

static hostel_fake *fake;
static hostel_ctx *ctx;

static void time_left_is_whole_seconds_rounded_up_until_the_entry_expires(void)
{
    hostel_ttl ttl;
    CHECK(seconds_left(ctx, "k") == MISSING);
    store(ctx, "k", "1", HOSTEL_NO_EXPIRY);
    CHECK(seconds_left(ctx, "k") == UNLIMITED);
    store(ctx, "k", "1", 60);
    CHECK(seconds_left(ctx, "k") == 60);
    hostel_fake_advance(fake, 59999);
    CHECK(seconds_left(ctx, "k") == 1);
    hostel_fake_advance(fake, 1);
    CHECK(seconds_left(ctx, "k") == MISSING);
    store(ctx, "k", "1", 315360000);
    CHECK(seconds_left(ctx, "k") == 315360000);
    CHECK(hostel_cache_ttl(ctx, HOSTEL_STR(""), &ttl) == HOSTEL_INVALID_KEY);
    CHECK(hostel_cache_ttl(ctx, HOSTEL_STR("\xFF"), &ttl) == HOSTEL_INVALID_KEY);
}

static bool expire(double expiry)
{
    bool exists;
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR("k"), expiry, &exists) == HOSTEL_OK);
    return exists;
}

static void expire_counts_from_now_and_can_remove_the_expiry(void)
{
    bool exists = false;
    CHECK(!expire(60));
    store(ctx, "k", "1", 60);
    hostel_fake_advance(fake, 30000);
    CHECK(expire(60));
    hostel_fake_advance(fake, 30000);
    CHECK(seconds_left(ctx, "k") == 30);
    CHECK(expire(HOSTEL_NO_EXPIRY) && seconds_left(ctx, "k") == UNLIMITED);
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR("k"), 5, NULL) == HOSTEL_OK);
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR("k"), 0, &exists) == HOSTEL_INVALID_EXPIRY);
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR(""), 5, &exists) == HOSTEL_INVALID_KEY);
    CHECK(hostel_cache_expire(ctx, HOSTEL_STR("\xFF"), 5, &exists) == HOSTEL_INVALID_KEY);
    CHECK(!exists && seconds_left(ctx, "k") == 5);
    hostel_fake_advance(fake, 5000);
    CHECK(!expire(60));
}

/* Fills the cache with users and orders. */
static void store_many(void)
{
    for (int i = 0; i < MANY; i++) {
        store(ctx, hostel_format(ctx, "user:%d", i).ptr, "1", HOSTEL_NO_EXPIRY);
        store(ctx, hostel_format(ctx, "order:%d", i).ptr, "1", HOSTEL_NO_EXPIRY);
    }
}

static int count_keys(const char *prefix)
{
    int count = 0;
    hostel_keys each = hostel_cache_keys(ctx, hostel_str_of(prefix));
    while (hostel_cache_next_key(&each))
        count++;
    CHECK(each.result == HOSTEL_OK && !hostel_cache_next_key(&each));
    return count;
}

static void keys_of_a_prefix_are_collected_from_every_page(void)
{
    static bool seen[MANY];
    char prefix[] = "user:";
    store_many();
    hostel_keys each = hostel_cache_keys(ctx, hostel_str_of(prefix));
    prefix[0] = '?';
    while (hostel_cache_next_key(&each)) {
        int number = atoi(hostel_copy(ctx, each.key).ptr + 5);
        CHECK(memcmp(each.key.ptr, "user:", 5) == 0 && !seen[number]);
        seen[number] = true;
    }
    CHECK(each.result == HOSTEL_OK);
    for (int i = 0; i < MANY; i++)
        CHECK(seen[i]);
    CHECK(count_keys("") == 2 * MANY);
    CHECK(count_keys("use*") == 0 && count_keys("user:249") == 11);
}

static void entries_may_be_deleted_while_keys_are_walked(void)
{
    int count = 0;
    store_many();
    hostel_keys each = hostel_cache_keys(ctx, HOSTEL_STR("user:"));
    for (bool deleted; hostel_cache_next_key(&each); count += deleted)
        CHECK(hostel_cache_delete(ctx, each.key, &deleted) == HOSTEL_OK);
    CHECK(each.result == HOSTEL_OK && count == MANY);
    CHECK(count_keys("user:") == 0 && count_keys("order:") == MANY);
}

static void expired_entries_have_no_keys(void)
{
    store(ctx, "a", "1", 1);
    store(ctx, "b", "1", 2);
    hostel_fake_advance(fake, 1000);
    CHECK(count_keys("") == 1);
}

static void delete_prefix_removes_every_page_and_no_other_key(void)
{
    uint64_t deleted;
    store_many();
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR("user:"), &deleted) == HOSTEL_OK);
    CHECK(deleted == MANY);
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR("user:"), &deleted) == HOSTEL_OK);
    CHECK(deleted == 0 && count_keys("") == MANY);
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR(""), NULL) == HOSTEL_OK);
    CHECK(count_keys("") == 0);
}

static void prefix_that_is_not_utf8_is_refused(void)
{
    uint64_t deleted = 7;
    hostel_keys each = hostel_cache_keys(ctx, HOSTEL_STR("a\xFF"));
    for (int i = 0; i < 2; i++)
        CHECK(!hostel_cache_next_key(&each) && each.result == HOSTEL_INVALID_KEY);
    CHECK_SAYS(hostel_message(ctx), "the prefix \"a\xEF\xBF\xBD\" is not UTF-8 from byte 1 on");
    CHECK(hostel_cache_delete_prefix(ctx, HOSTEL_STR("a\xFF"), &deleted) == HOSTEL_INVALID_KEY);
    CHECK(deleted == 7);
}

static void on_a_new_fake(void (*claim)(void))
{
    fake = hostel_fake_new();
    ctx = hostel_fake_ctx(fake);
    claim();
    hostel_fake_free(fake);
}

void test_entries(void)
{
    on_a_new_fake(time_left_is_whole_seconds_rounded_up_until_the_entry_expires);
    on_a_new_fake(expire_counts_from_now_and_can_remove_the_expiry);
    on_a_new_fake(keys_of_a_prefix_are_collected_from_every_page);
    on_a_new_fake(entries_may_be_deleted_while_keys_are_walked);
    on_a_new_fake(expired_entries_have_no_keys);
    on_a_new_fake(delete_prefix_removes_every_page_and_no_other_key);
    on_a_new_fake(prefix_that_is_not_utf8_is_refused);
}
