/* Hand-written bindings of `hostel:http` and `hostel:config`; see wit.c and wit_cache.c. */

#include "ctx.h"

#define HTTP __attribute__((import_module("hostel:http/client@0.1.0")))
#define CONFIG __attribute__((import_module("hostel:config/config@0.1.0")))

struct wit_outgoing {
    hostel_str method, url;
    struct wit_pairs headers;
    hostel_str body;
    uint8_t has_timeout;
    uint32_t timeout;
    uint8_t redirects;
};

/* result<response, error>; a hostel_http_response has the layout of that response. */
struct wit_received {
    uint8_t failed;
    union {
        hostel_http_response response;
        struct wit_error error;
    } as;
};

struct wit_results {
    const struct wit_received *results;
    size_t count;
};

LAYOUT(sizeof(struct wit_outgoing) == 44 && offsetof(struct wit_outgoing, redirects) == 40);
LAYOUT(sizeof(hostel_http_response) == 28 && offsetof(hostel_http_response, url) == 4);
LAYOUT(sizeof(struct wit_received) == 32 && offsetof(struct wit_received, as) == 4);

/* `send-many` with one request equals `send`, so one import is enough. */
HTTP IMPORT("send-many")
void wit_send_many(const struct wit_outgoing *requests, size_t count, struct wit_results *results);

CONFIG IMPORT("get") void wit_setting(const char *name, size_t name_len, struct wit_option *value);
CONFIG IMPORT("names") void wit_setting_names(struct texts *names);

/* The timeout in milliseconds, rounded up, at most UINT32_MAX; 0 if the request sets no timeout. */
static uint32_t timeout_millis(const hostel_http_request *request)
{
    double millis = request->timeout_seconds * 1000;
    if (millis >= UINT32_MAX)
        return UINT32_MAX;
    uint32_t whole = (uint32_t)millis;
    return whole < millis ? whole + 1 : whole;
}

static struct wit_outgoing outgoing(const hostel_http_request *request)
{
    uint32_t timeout = timeout_millis(request);
    return (struct wit_outgoing){
        .method = request->method,
        .url = request->url,
        .headers = {request->headers, request->header_count},
        .body = request->body,
        .has_timeout = timeout > 0,
        .timeout = timeout,
        .redirects = (uint8_t)request->redirects,
    };
}

static hostel_http_result received(const struct wit_received *received)
{
    if (!received->failed) {
        hostel_http_result result = {.message = HOSTEL_STR(""), .response = received->as.response};
        result.response.body = present(result.response.body);
        return result;
    }
    static const hostel_result kinds[] = {
        HOSTEL_HTTP_INVALID_REQUEST, HOSTEL_HTTP_DENIED,    HOSTEL_HTTP_UNREACHABLE,
        HOSTEL_HTTP_TIMEOUT,         HOSTEL_HTTP_TOO_LARGE, HOSTEL_HTTP_ABORTED,
    };
    struct wit_error error = received->as.error;
    bool known = error.kind < sizeof kinds / sizeof *kinds;
    return unsent(known ? kinds[error.kind] : HOSTEL_INTERNAL, error.message);
}

static void host_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results)
{
    struct wit_results answer;
    struct wit_outgoing *sent = (struct wit_outgoing *)hostel_alloc(ctx, count * sizeof *sent);
    for (size_t i = 0; i < count; i++)
        sent[i] = outgoing(&requests[i]);
    wit_send_many(sent, count, &answer);
    for (size_t i = 0; i < count; i++)
        results[i] = i < answer.count ? received(&answer.results[i])
                                      : unsent(HOSTEL_INTERNAL, HOSTEL_STR("no result"));
}

static hostel_str host_setting(hostel_ctx *ctx, hostel_str name)
{
    struct wit_option value;
    (void)ctx;
    wit_setting(name.ptr, name.len, &value);
    return text_of(value);
}

static struct texts host_setting_names(hostel_ctx *ctx)
{
    struct texts names;
    (void)ctx;
    wit_setting_names(&names);
    return names;
}
