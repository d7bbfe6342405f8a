/* Write a service for a Hostel host in C: a shared JSON cache with expiry, a log, requests to
 * servers elsewhere, settings, requests and responses. C++ can use it too, without exceptions; and
 * Zig, as `@import("hostel")`, where the service exports `hostel_services` and
 * `hostel_service_count` itself.
 *
 *     #include <hostel.h>
 *
 *     static hostel_result count_visit(hostel_ctx *ctx, const hostel_request *req,
 *                                      hostel_response *res)
 *     {
 *         int64_t visits;
 *         HOSTEL_TRY(hostel_cache_increment(ctx, HOSTEL_STR("visits"), 1, 60, &visits));
 *         return hostel_respond_json(ctx, res, hostel_json_of_integer(ctx, visits));
 *     }
 *
 *     HOSTEL_SERVICES({"count-visit", "Counts the visits of a minute.", count_visit})
 *
 * Ownership, everywhere in this SDK:
 * - The results of a function (texts, values, memory) belong to `ctx`. They live until the response
 *   to the present request is sent; do not free them. To keep something longer, copy it to memory
 *   of your own, or better, put it in the cache: a host may give every request a fresh instance.
 * - A function only reads its arguments (keys, texts, formats), and only until it returns. The
 *   fields of a `hostel_response` are the exception: they are read after the handler returned, so
 *   they point to memory of `ctx`, of the request, or to literals, never to a local array.
 *
 * `rand` yields the same numbers in every fresh instance, as the C standard says. `getentropy` of
 * <unistd.h> and `std::random_device` are real.
 */
#ifndef HOSTEL_H
#define HOSTEL_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HOSTEL_MUST_USE __attribute__((warn_unused_result))
#define HOSTEL_PRINTF(text, first) __attribute__((format(printf, text, first)))

/* The result of a call, and of a handler. */
typedef enum hostel_result {
    HOSTEL_OK = 0,

    /* The kinds of failure that a service may return. */
    HOSTEL_BAD_REQUEST = 1, /* The request is malformed; the same will fail again. 400 over HTTP. */
    HOSTEL_UNAUTHORIZED = 2,       /* The caller is not known. 401. */
    HOSTEL_FORBIDDEN = 3,          /* The caller has no permission. 403. */
    HOSTEL_NOT_FOUND = 4,          /* The thing that the request names does not exist. 404. */
    HOSTEL_METHOD_NOT_ALLOWED = 5, /* 405. */
    HOSTEL_CONFLICT = 6,           /* The request does not fit the present state. 409. */
    HOSTEL_TOO_MANY_REQUESTS = 7,  /* The caller sends too many requests. 429. */
    HOSTEL_INTERNAL = 8,           /* The service has a fault. 500. */
    HOSTEL_UNAVAILABLE = 9, /* Something that is needed is not available at present. 503. From the
                               cache: it did not respond in time, and a write may have happened. */

    /* Why the cache refuses a call, beside HOSTEL_UNAVAILABLE. The old entry is untouched. The
       caller of a handler that returns one of these gets HOSTEL_INTERNAL. */
    HOSTEL_INVALID_KEY = 10,    /* The key is empty, longer than 1,024 bytes or not UTF-8. */
    HOSTEL_INVALID_VALUE = 11,  /* The value is not JSON, or not of the type asked for. */
    HOSTEL_INVALID_EXPIRY = 12, /* The expiry is not 1 to 315,360,000 whole seconds. */
    HOSTEL_TOO_LARGE = 13,      /* The value is longer than the cache allows. */
    HOSTEL_DENIED = 14,         /* The plugin has no permission for this call. */

    /* Why a request to a server elsewhere has no response. The caller of a handler that returns
       HOSTEL_HTTP_UNREACHABLE, _TIMEOUT or _ABORTED gets HOSTEL_UNAVAILABLE, of one that returns
       another of these HOSTEL_INTERNAL. */
    HOSTEL_HTTP_INVALID_REQUEST = 15, /* It is no request of HTTP, or none a plugin can make. */
    HOSTEL_HTTP_DENIED = 16,      /* The plugin has no permission for the address, or for more
                                     requests in this call. */
    HOSTEL_HTTP_UNREACHABLE = 17, /* No connection was made. Nothing of the request was sent. */
    HOSTEL_HTTP_TIMEOUT = 18,     /* The time is over. The server may have done what it was
                                     asked for. */
    HOSTEL_HTTP_TOO_LARGE = 19,   /* The response is larger than the host allows. */
    HOSTEL_HTTP_ABORTED = 20      /* The response was not whole, or no HTTP. The server may have
                                     done what it was asked for. */
} hostel_result;

/* Returns from the enclosing function with the result of `call`, unless that is HOSTEL_OK. */
#define HOSTEL_TRY(call)                                                                           \
    do {                                                                                           \
        hostel_result hostel_result_ = (call);                                                     \
        if (hostel_result_ != HOSTEL_OK)                                                           \
            return hostel_result_;                                                                 \
    } while (0)

/* The context of a request. The SDK makes it, and it owns the results of the SDK's functions. */
typedef struct hostel_ctx hostel_ctx;

/* --- texts --------------------------------------------------------------------------------- */

/* A text or bytes: a pointer and a length, with no NUL at the end unless said. Owns nothing. A
 * `ptr` of NULL is no text at all, where a function says so. */
typedef struct hostel_str {
    const char *ptr;
    size_t len;
} hostel_str;

/* A literal as a hostel_str. */
#ifdef __cplusplus
#define HOSTEL_STR(literal) (hostel_str{"" literal, sizeof(literal) - 1})
#else
#define HOSTEL_STR(literal) ((hostel_str){"" literal, sizeof(literal) - 1})
#endif

/* A hostel_str as the two arguments of "%.*s". */
#define HOSTEL_ARG(text) (int)(text).len, (text).ptr

/* A name and a value. */
typedef struct hostel_pair {
    hostel_str name;
    hostel_str value;
} hostel_pair;

/* A text that ends with a NUL, borrowed and not copied; no text for NULL. */
hostel_str hostel_str_of(const char *text);

/* True when both are the same bytes. */
bool hostel_str_equal(hostel_str one, hostel_str other);

/* The text that printf would print. It belongs to `ctx` and ends with a NUL beyond its length. */
hostel_str hostel_format(hostel_ctx *ctx, const char *format, ...) HOSTEL_PRINTF(2, 3);

/* A copy that belongs to `ctx` and ends with a NUL beyond its length. */
hostel_str hostel_copy(hostel_ctx *ctx, hostel_str text);

/* Memory that belongs to `ctx`, aligned for any type, not zeroed. Never NULL: without memory the
 * instance ends with a trap, and the host fails the call. */
void *hostel_alloc(hostel_ctx *ctx, size_t size);

/* --- failures ------------------------------------------------------------------------------ */

/* Returns `kind`, and keeps the message that printf would print for the caller of the service:
 * `return hostel_fail(ctx, HOSTEL_NOT_FOUND, "no order %d", id);` */
hostel_result hostel_fail(hostel_ctx *ctx, hostel_result kind, const char *format, ...)
    HOSTEL_PRINTF(3, 4);

/* Adds a header to the failure of the last call that did not return HOSTEL_OK, and returns its
 * result. Name and value are copied. Call it after hostel_fail:
 *
 *     hostel_fail(ctx, HOSTEL_TOO_MANY_REQUESTS, "at most 5 calls a minute");
 *     return hostel_failure_header(ctx, "retry-after", HOSTEL_STR("60"));
 *
 * When the request came by HTTP the SDK sends a failure with headers as a response: the status of
 * its kind, these headers, and as the body the problem (RFC 9457) that the host makes of a failure
 * without. Like the host it only logs the message of HOSTEL_INTERNAL and HOSTEL_UNAVAILABLE. A
 * caller elsewhere gets the failure alone. */
hostel_result hostel_failure_header(hostel_ctx *ctx, const char *name, hostel_str value);

/* The message of the last call that did not return HOSTEL_OK: the offending value and the rule. A
 * handler that returns that call's result sends this message, so most have no use for it. Belongs
 * to `ctx`. */
hostel_str hostel_message(const hostel_ctx *ctx);

/* --- the log ------------------------------------------------------------------------------- */

/* The importance of a log line, least first. */
typedef enum hostel_level {
    HOSTEL_DEBUG = 0, /* For finding a fault. */
    HOSTEL_INFO = 1,  /* Ordinary events. */
    HOSTEL_WARN = 2,  /* An unexpected event that the service handled. */
    HOSTEL_ERROR = 3  /* A failure. */
} hostel_level;

/* Writes one line with the arguments of printf; it stays one line whatever it contains. Never
 * fails: the host cuts a line that is too long, drops lines that are too many, and logs that it
 * did. */
void hostel_log(hostel_ctx *ctx, hostel_level level, const char *format, ...) HOSTEL_PRINTF(3, 4);

#ifdef __cplusplus
}
#endif

#include "hostel_limits.h"

#include "hostel_json.h"

#include "hostel_cache.h"

#include "hostel_http.h"

#include "hostel_config.h"

#include "hostel_request.h"

#ifdef __cplusplus
extern "C" {
#endif

/* --- services ------------------------------------------------------------------------------ */

/* Handles one request: fills in `*res` and returns HOSTEL_OK, or returns a failure, best by
 * hostel_fail. */
typedef hostel_result hostel_handler(hostel_ctx *ctx, const hostel_request *req,
                                     hostel_response *res);

/* One service of a plugin. */
typedef struct hostel_service {
    const char *name; /* 1 to 128 ASCII letters, digits, dots, hyphens and underscores, a letter
                         first; unique in the plugin. */
    const char *description; /* One line for a person; NULL or empty for none. */
    hostel_handler *handle;
} hostel_service;

/* The services of this plugin, as HOSTEL_SERVICES lists them. */
extern const hostel_service hostel_services[];
extern const size_t hostel_service_count;

/* Lists the plugin's services, once in a plugin:
 * `HOSTEL_SERVICES({"greet", "Greets by name.", greet}, {"is-up", "", is_up})` */
#define HOSTEL_SERVICES(...)                                                                       \
    const hostel_service hostel_services[] = {__VA_ARGS__};                                        \
    const size_t hostel_service_count = sizeof hostel_services / sizeof *hostel_services;

#ifdef __cplusplus
}
#endif

#endif
