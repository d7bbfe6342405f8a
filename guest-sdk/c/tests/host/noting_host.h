/* A host that wraps the fake's functions, except those for the log and for the names of settings,
 * and records each call. A test can make a call fail or return an invalid result. */
#ifndef NOTING_HOST_H
#define NOTING_HOST_H

#define HOSTEL_TEST_HOST
#include "../../hostel.c"

/* Renames the fake's functions, so that the wrappers can take their names. */
#define host_get fake_get
#define host_set fake_set
#define host_delete fake_delete
#define host_exists fake_exists
#define host_set_if_absent fake_set_if_absent
#define host_increment fake_increment
#define host_compare_and_swap fake_compare_and_swap
#define host_take fake_take
#define host_get_or_lease fake_get_or_lease
#define host_fill fake_fill
#define host_release fake_release
#define host_get_many fake_get_many
#define host_set_many fake_set_many
#define host_delete_many fake_delete_many
#define host_ttl fake_ttl
#define host_expire fake_expire
#define host_keys fake_keys
#define host_delete_prefix fake_delete_prefix
#define host_send_many fake_send_many
#define host_setting fake_setting
#include "../../src/fake.c"
#include "../../src/fake_arguments.c"
#include "../../src/fake_cache.c"
#include "../../src/fake_http.c"
#include "../../src/fake_routes.c"
#include "../../src/fake_serving.c"
#undef host_get
#undef host_set
#undef host_delete
#undef host_exists
#undef host_set_if_absent
#undef host_increment
#undef host_compare_and_swap
#undef host_take
#undef host_get_or_lease
#undef host_fill
#undef host_release
#undef host_get_many
#undef host_set_many
#undef host_delete_many
#undef host_ttl
#undef host_expire
#undef host_keys
#undef host_delete_prefix
#undef host_send_many
#undef host_setting

#include "../check.h"

/* The recorded calls and the requested misbehavior. */
static struct {
    char calls[256];      /* The names of the calls since a test last cleared them. */
    const char *refuses;  /* The name of the call to fail. */
    hostel_result result; /* The result of that call. */
    bool release_fails;
    const double *sum;    /* The result of `increment`; NULL for the fake's result. */
    size_t more_values;   /* The number of extra values that `get_many` returns. */
    bool fewer_values;
    uint32_t early, wait; /* The arguments of the last `get_or_lease`. */
} host;

static hostel_result called(hostel_ctx *ctx, const char *name)
{
    size_t length = strlen(host.calls);
    snprintf(host.calls + length, sizeof host.calls - length, "%s ", name);
    bool is_refused = host.refuses != NULL && strcmp(host.refuses, name) == 0;
    return is_refused ? hostel_fail(ctx, host.result, "no response") : HOSTEL_OK;
}

#define CALL(name, parameters, arguments)                                                          \
    static hostel_result host_##name parameters                                                    \
    {                                                                                              \
        HOSTEL_TRY(called(ctx, #name));                                                            \
        return fake_##name arguments;                                                              \
    }

CALL(get, (hostel_ctx *ctx, hostel_str key, hostel_str *text), (ctx, key, text))
CALL(set, (hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry),
     (ctx, key, json, expiry))
CALL(delete, (hostel_ctx *ctx, hostel_str key, bool *deleted), (ctx, key, deleted))
CALL(exists, (hostel_ctx *ctx, hostel_str key, bool *exists), (ctx, key, exists))
CALL(set_if_absent,
     (hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry, bool *created),
     (ctx, key, json, expiry, created))
CALL(compare_and_swap,
     (hostel_ctx *ctx, hostel_str key, hostel_str expected, hostel_str wanted,
      enum lifetime lifetime, uint32_t expiry, hostel_swap *swap),
     (ctx, key, expected, wanted, lifetime, expiry, swap))
CALL(take, (hostel_ctx *ctx, hostel_str key, hostel_str *text), (ctx, key, text))
CALL(fill, (hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry, bool *filled),
     (ctx, key, json, expiry, filled))
CALL(set_many, (hostel_ctx *ctx, const hostel_entry *entries, size_t count, uint32_t expiry),
     (ctx, entries, count, expiry))
CALL(delete_many, (hostel_ctx *ctx, const hostel_str *keys, size_t count, uint32_t *deleted),
     (ctx, keys, count, deleted))
CALL(ttl, (hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl), (ctx, key, ttl))
CALL(expire, (hostel_ctx *ctx, hostel_str key, uint32_t expiry, bool *exists),
     (ctx, key, expiry, exists))
CALL(keys,
     (hostel_ctx *ctx, hostel_str prefix, hostel_str cursor, struct texts *page, hostel_str *next),
     (ctx, prefix, cursor, page, next))
CALL(delete_prefix,
     (hostel_ctx *ctx, hostel_str prefix, hostel_str cursor, uint32_t *deleted, hostel_str *next),
     (ctx, prefix, cursor, deleted, next))

static hostel_result host_increment(hostel_ctx *ctx, hostel_str key, double delta, uint32_t expiry,
                                    double *sum)
{
    HOSTEL_TRY(called(ctx, "increment"));
    HOSTEL_TRY(fake_increment(ctx, key, delta, expiry, sum));
    if (host.sum != NULL)
        *sum = *host.sum;
    return HOSTEL_OK;
}

static hostel_result host_get_or_lease(hostel_ctx *ctx, hostel_str key, uint32_t early,
                                       uint32_t wait, enum found *found, hostel_str *text)
{
    host.early = early;
    host.wait = wait;
    HOSTEL_TRY(called(ctx, "get_or_lease"));
    return fake_get_or_lease(ctx, key, early, wait, found, text);
}

static hostel_result host_release(hostel_ctx *ctx, hostel_str key)
{
    HOSTEL_TRY(called(ctx, "release"));
    HOSTEL_TRY(fake_release(ctx, key));
    return host.release_fails ? hostel_fail(ctx, HOSTEL_DENIED, "not released") : HOSTEL_OK;
}

static hostel_result host_get_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                   struct texts *found)
{
    HOSTEL_TRY(called(ctx, "get_many"));
    HOSTEL_TRY(fake_get_many(ctx, keys, count, found));
    found->count += host.more_values;
    if (host.fewer_values)
        found->count--;
    return HOSTEL_OK;
}

static void host_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results)
{
    (void)called(ctx, "send_many");
    fake_send_many(ctx, requests, count, results);
}

/* Places other bytes after the value, so that the tests detect a read past the value's end. */
static hostel_str host_setting(hostel_ctx *ctx, hostel_str name)
{
    (void)called(ctx, "setting");
    hostel_str value = fake_setting(ctx, name);
    return (hostel_str){hostel_format(ctx, "%.*smore", HOSTEL_ARG(value)).ptr, value.len};
}

#endif
