/* Shared by the SDK's tests: assertions that NDEBUG does not disable, and helper functions. */
#ifndef CHECK_H
#define CHECK_H

#include <hostel_fake.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHECK(claim)                                                                               \
    do {                                                                                           \
        if (!(claim)) {                                                                            \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #claim);                    \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Checks that a text equals `expected`. */
#define CHECK_TEXT(text, expected)                                                                 \
    do {                                                                                           \
        hostel_str text_ = (text);                                                                 \
        if (!hostel_str_equal(text_, hostel_str_of(expected))) {                                   \
            fprintf(stderr, "%s:%d: \"%.*s\", wanted \"%s\"\n", __FILE__, __LINE__,                \
                    HOSTEL_ARG(text_), (expected));                                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Checks that a text contains `words`. */
#define CHECK_SAYS(text, words)                                                                    \
    do {                                                                                           \
        hostel_str text_ = (text);                                                                 \
        char line_[2048];                                                                          \
        snprintf(line_, sizeof line_, "%.*s", HOSTEL_ARG(text_));                                  \
        if (strstr(line_, (words)) == NULL) {                                                      \
            fprintf(stderr, "%s:%d: \"%s\" does not contain \"%s\"\n", __FILE__, __LINE__, line_,  \
                    (words));                                                                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Calls `act` in a child process, and checks that the call aborts after printing `line`. */
void check_stops(void (*act)(const char *argument), const char *argument, const char *line);

/* Defined in requests.c. */
hostel_handler handle_order;

/* The JSON text under a key; `ptr` is NULL if there is no live entry. */
static inline hostel_str stored(hostel_ctx *ctx, const char *key)
{
    hostel_str text;
    CHECK(hostel_cache_get_raw(ctx, hostel_str_of(key), &text) == HOSTEL_OK);
    return text;
}

static inline void store(hostel_ctx *ctx, const char *key, const char *json, double expiry)
{
    CHECK(hostel_cache_set(ctx, hostel_str_of(key), hostel_str_of(json), expiry) == HOSTEL_OK);
}

#define MISSING 0
#define UNLIMITED (-1)

/* Returns the remaining seconds of an entry, or MISSING or UNLIMITED. */
static inline int64_t seconds_left(hostel_ctx *ctx, const char *key)
{
    hostel_ttl ttl;
    CHECK(hostel_cache_ttl(ctx, hostel_str_of(key), &ttl) == HOSTEL_OK);
    CHECK((ttl.kind == HOSTEL_TTL_LIMITED) == (ttl.seconds > 0));
    return ttl.kind == HOSTEL_TTL_UNLIMITED ? UNLIMITED : (int64_t)ttl.seconds;
}

void test_json(void);
void test_cache(void);
void test_atomics(void);
void test_lease(void);
void test_many(void);
void test_entries(void);
void test_http(void);
void test_recipes(void);
void test_service(void);
void test_requests(void);

#endif
