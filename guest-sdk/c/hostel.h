/* The C SDK for Hostel services: a shared JSON cache with expiry, a log, outbound HTTP requests,
 * settings, requests and responses. The SDK also works in C++ (compiled without exceptions), and in
 * Zig as `@import("hostel")`; a Zig service exports `hostel_services` and `hostel_service_count`
 * itself.
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
 * Ownership throughout this SDK:
 * - The results of a function (texts, values, memory) belong to `ctx`, unless its comment says that
 *   they borrow from an argument. Results that belong to `ctx` live until the response to the
 *   current request is sent; do not free them. To keep a result longer, copy it to your own memory
 *   or, better, store it in the cache: the host may run each request in a fresh instance.
 * - A function reads its arguments (keys, texts, formats) only until it returns, unless its result
 *   borrows from them. The SDK reads the fields of a `hostel_response` after the handler has
 *   returned, so they must point to memory of `ctx` or of the request, or to literals; never to a
 *   local array.
 *
 * `rand` produces the same sequence in every fresh instance, as the C standard requires.
 * `getentropy` of <unistd.h> and `std::random_device` return different random numbers in every
 * instance.
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

/* The result of a function of the SDK, and of a handler. */
typedef enum hostel_result {
    HOSTEL_OK = 0,

    /* The kinds of failure that a service may return. */
    HOSTEL_BAD_REQUEST = 1, /* The request is malformed; a retry will fail too. 400 over HTTP. */
    HOSTEL_UNAUTHORIZED = 2,       /* The caller is not authenticated. 401. */
    HOSTEL_FORBIDDEN = 3,          /* The caller has no permission. 403. */
    HOSTEL_NOT_FOUND = 4,          /* The requested resource does not exist. 404. */
    HOSTEL_METHOD_NOT_ALLOWED = 5, /* The service does not support the method. 405. */
    HOSTEL_CONFLICT = 6,           /* The request conflicts with the current state. 409. */
    HOSTEL_TOO_MANY_REQUESTS = 7,  /* The caller sends too many requests. 429. */
    HOSTEL_INTERNAL = 8,           /* The service failed, for example because of a bug. 500. */
    HOSTEL_UNAVAILABLE = 9, /* A dependency is unavailable. 503. As the result of a cache function:
                               the cache is unavailable; a write may have happened. */

    /* Other reasons why a cache function fails; the entry is then unchanged. The functions that
       read JSON also return HOSTEL_INVALID_VALUE. When a handler returns one of these results, its
       caller gets HOSTEL_INTERNAL. */
    HOSTEL_INVALID_KEY = 10,    /* The key is empty, longer than 1,024 bytes or not UTF-8; or the
                                   prefix is not UTF-8. */
    HOSTEL_INVALID_VALUE = 11,  /* The value is not JSON, or not of the required type or range. */
    HOSTEL_INVALID_EXPIRY = 12, /* The expiry is neither HOSTEL_NO_EXPIRY nor a whole number of
                                   seconds from 1 to 315,360,000; or an option of
                                   hostel_cache_get_or_set_with is invalid. */
    HOSTEL_TOO_LARGE = 13,      /* A value is too large, the values of one call together are too
                                   large, or a call has too many keys. */
    HOSTEL_DENIED = 14,         /* The plugin has no permission for this call. */

    /* Why an outbound HTTP request has no response. When a handler returns HOSTEL_HTTP_UNREACHABLE,
       _TIMEOUT or _ABORTED, its caller gets HOSTEL_UNAVAILABLE; for the others, HOSTEL_INTERNAL. */
    HOSTEL_HTTP_INVALID_REQUEST = 15, /* The request is invalid, or plugins may not send such a
                                         request. */
    HOSTEL_HTTP_DENIED = 16,      /* The plugin has no permission for the address, or for more
                                     requests in this call. */
    HOSTEL_HTTP_UNREACHABLE = 17, /* The connection failed. Nothing was sent to this server. */
    HOSTEL_HTTP_TIMEOUT = 18,     /* The request timed out. The server may have processed the
                                     request. */
    HOSTEL_HTTP_TOO_LARGE = 19,   /* The response is larger than the host allows. */
    HOSTEL_HTTP_ABORTED = 20      /* The response is incomplete, is not valid HTTP, or is a redirect
                                     that has an invalid target or exceeds the maximum number. The
                                     server may have processed the request. */
} hostel_result;

/* Returns the result of `call` from the enclosing function, unless the result is HOSTEL_OK. */
#define HOSTEL_TRY(call)                                                                           \
    do {                                                                                           \
        hostel_result hostel_result_ = (call);                                                     \
        if (hostel_result_ != HOSTEL_OK)                                                           \
            return hostel_result_;                                                                 \
    } while (0)

/* The context of a request, created by the SDK. It owns the results of the SDK's functions. */
typedef struct hostel_ctx hostel_ctx;

/* --- texts --------------------------------------------------------------------------------- */

/* Text or bytes: a pointer and a length, not NUL-terminated unless documented. Owns nothing. A
 * `ptr` of NULL means "no text" where a function documents it. */
typedef struct hostel_str {
    const char *ptr;
    size_t len;
} hostel_str;

/* A string literal as a hostel_str. */
#ifdef __cplusplus
#define HOSTEL_STR(literal) (hostel_str{"" literal, sizeof(literal) - 1})
#else
#define HOSTEL_STR(literal) ((hostel_str){"" literal, sizeof(literal) - 1})
#endif

/* A hostel_str as the two arguments of the format "%.*s". */
#define HOSTEL_ARG(text) (int)(text).len, (text).ptr

/* A named value, for example a header or a path parameter. */
typedef struct hostel_pair {
    hostel_str name;
    hostel_str value;
} hostel_pair;

/* A hostel_str that borrows a NUL-terminated string. If `text` is NULL, so is `ptr`. */
hostel_str hostel_str_of(const char *text);

/* True if both texts have the same bytes. */
bool hostel_str_equal(hostel_str one, hostel_str other);

/* The text that printf would print. It belongs to `ctx`, with a NUL after its last byte. */
hostel_str hostel_format(hostel_ctx *ctx, const char *format, ...) HOSTEL_PRINTF(2, 3);

/* A copy that belongs to `ctx`, with a NUL after its last byte. */
hostel_str hostel_copy(hostel_ctx *ctx, hostel_str text);

/* Memory that belongs to `ctx`, aligned for any type, not zeroed. Never NULL: when memory runs out,
 * the instance traps and the host fails the call; a test on the fake aborts. */
void *hostel_alloc(hostel_ctx *ctx, size_t size);

/* --- failures ------------------------------------------------------------------------------ */

/* Returns `kind` and sets the failure's message, formatted as by printf:
 *
 *     return hostel_fail(ctx, HOSTEL_NOT_FOUND, "no order %d", id);
 */
hostel_result hostel_fail(hostel_ctx *ctx, hostel_result kind, const char *format, ...)
    HOSTEL_PRINTF(3, 4);

/* Adds a header to the failure of the last call that did not return HOSTEL_OK, and returns that
 * call's result. Returns HOSTEL_INTERNAL if there was no such call. Copies the name and the value.
 * Call this function after hostel_fail:
 *
 *     hostel_fail(ctx, HOSTEL_TOO_MANY_REQUESTS, "at most 5 calls a minute");
 *     return hostel_failure_header(ctx, "retry-after", HOSTEL_STR("60"));
 *
 * For an HTTP request, the SDK turns a failure with headers into a response: the status of the
 * failure's kind, these headers, and a problem (RFC 9457) as the body. Like the host, the SDK does
 * not send the message of HOSTEL_INTERNAL and HOSTEL_UNAVAILABLE, but logs it. A caller that does
 * not use HTTP gets the failure without the headers. */
hostel_result hostel_failure_header(hostel_ctx *ctx, const char *name, hostel_str value);

/* The message of the last call that did not return HOSTEL_OK; empty if there was no such call. A
 * handler rarely needs the message: if it returns the result of that call, the SDK passes the
 * message to the host. The message belongs to `ctx`. */
hostel_str hostel_message(const hostel_ctx *ctx);

/* --- the log ------------------------------------------------------------------------------- */

/* The severity of a log line, lowest first. */
typedef enum hostel_level {
    HOSTEL_DEBUG = 0, /* For debugging. */
    HOSTEL_INFO = 1,  /* Normal events. */
    HOSTEL_WARN = 2,  /* An unexpected event that the service handled. */
    HOSTEL_ERROR = 3  /* A failure. */
} hostel_level;

/* Writes one log line, formatted as by printf. A message with line breaks is still one line. Never
 * fails: the host truncates a line that is too long. If the service logs too many lines for one
 * request, the host drops the excess lines and logs their number. */
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

/* Handles one request: fills in `*res` and returns HOSTEL_OK, or returns a failure, preferably with
 * hostel_fail. */
typedef hostel_result hostel_handler(hostel_ctx *ctx, const hostel_request *req,
                                     hostel_response *res);

/* One service of a plugin. */
typedef struct hostel_service {
    const char *name; /* 1 to 128 ASCII letters, digits, dots, hyphens and underscores, starting
                         with a letter; unique in the plugin. */
    const char *description; /* One line for people; NULL or empty for none. */
    hostel_handler *handle;
} hostel_service;

/* The services of this plugin. */
extern const hostel_service hostel_services[];
extern const size_t hostel_service_count;

/* Defines the plugin's services. Use this macro exactly once in a plugin:
 *
 *     HOSTEL_SERVICES({"greet", "Greets by name.", greet}, {"is-up", "", is_up})
 */
#define HOSTEL_SERVICES(...)                                                                       \
    const hostel_service hostel_services[] = {__VA_ARGS__};                                        \
    const size_t hostel_service_count = sizeof hostel_services / sizeof *hostel_services;

#ifdef __cplusplus
}
#endif

#endif
