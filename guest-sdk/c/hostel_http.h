/* Requests to servers elsewhere. Part of <hostel.h>, which documents the ownership of memory.
 *
 *     hostel_http_response response;
 *     HOSTEL_TRY(hostel_http_get(ctx, HOSTEL_STR("https://api.example.com/rates"), &response));
 *     HOSTEL_TRY(hostel_http_check_status(ctx, &response));
 *     HOSTEL_TRY(hostel_http_json(ctx, &response, &rates));
 *
 * A plugin reaches the addresses that the host's configuration names for it, and no other:
 *
 *     [plugins.NAME.http]
 *     allow = ["https://api.example.com"]
 *
 * - Every function that sends waits for the whole response. A status of 400 or more is a response
 *   as well.
 * - Without a response the result is one of HOSTEL_HTTP_INVALID_REQUEST to HOSTEL_HTTP_ABORTED, and
 *   the out parameter is untouched.
 * - Up to 5 redirects are followed, unless a hostel_http_request has another number.
 */
#ifndef HOSTEL_HTTP_H
#define HOSTEL_HTTP_H

#ifndef HOSTEL_H
#error "include <hostel.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- responses of servers ------------------------------------------------------------------ */

/* The response of a server, whole. All it points to belongs to `ctx`. */
typedef struct hostel_http_response {
    uint16_t status;            /* A status code of HTTP. */
    hostel_str url;             /* The one that answered: the last one after redirects. */
    const hostel_pair *headers; /* In the order they came, names in lower case, some maybe twice. */
    size_t header_count;
    hostel_str body; /* As it was sent: a compressed one stays so. */
} hostel_http_response;

/* The header of that name, in any case: all its fields, joined by ", ". It belongs to `ctx` or
 * borrows from the response. `ptr` is NULL when there is none, and when it is not UTF-8. The fields
 * of `set-cookie` cannot be told apart once they are joined: use hostel_http_header_values. */
hostel_str hostel_http_header(hostel_ctx *ctx, const hostel_http_response *response,
                              const char *name);

/* Points `*values` to the fields of the header of that name, in any case, in the order they came,
 * and returns how many there are. Fields that are not UTF-8 are left out. */
size_t hostel_http_header_values(hostel_ctx *ctx, const hostel_http_response *response,
                                 const char *name, const hostel_str **values);

/* True for a status of 200 to 299. */
bool hostel_http_ok(const hostel_http_response *response);

/* HOSTEL_OK unless the status is 400 or more: then HOSTEL_UNAVAILABLE for 429 and from 500 on, and
 * HOSTEL_INTERNAL for the others. */
HOSTEL_MUST_USE hostel_result hostel_http_check_status(hostel_ctx *ctx,
                                                       const hostel_http_response *response);

/* The body as a text, which `*text` borrows. HOSTEL_INTERNAL when it is not UTF-8. */
HOSTEL_MUST_USE hostel_result hostel_http_text(hostel_ctx *ctx,
                                               const hostel_http_response *response,
                                               hostel_str *text);

/* Reads the body as JSON, whatever its media type and whatever the status. The value borrows from
 * the response. HOSTEL_INTERNAL, with the place, when the body is not JSON; and from the functions
 * that read the value, when it does not fit. */
HOSTEL_MUST_USE hostel_result hostel_http_json(hostel_ctx *ctx,
                                               const hostel_http_response *response,
                                               hostel_json *value);

/* --- sending ------------------------------------------------------------------------------- */

HOSTEL_MUST_USE hostel_result hostel_http_get(hostel_ctx *ctx, hostel_str url,
                                              hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_head(hostel_ctx *ctx, hostel_str url,
                                               hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_options(hostel_ctx *ctx, hostel_str url,
                                                  hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_delete(hostel_ctx *ctx, hostel_str url,
                                                 hostel_http_response *response);

/* The same with a JSON text as the body, as hostel_cache_set takes it. */
HOSTEL_MUST_USE hostel_result hostel_http_post(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                               hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_put(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                              hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_patch(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                                hostel_http_response *response);

/* A request, for one with headers, a timeout or another method:
 *
 *     hostel_http_request request = hostel_http_request_of("GET", url);
 *     hostel_http_request_header(ctx, &request, "x-api-key", key);
 *     request.timeout_seconds = 2;
 *     HOSTEL_TRY(hostel_http_send(ctx, &request, &response));
 */
typedef struct hostel_http_request {
    hostel_str method;          /* As it is sent, `GET` for example. */
    hostel_str url;             /* Absolute, of the scheme http or https. */
    const hostel_pair *headers; /* In this order; a name may occur more than once. */
    size_t header_count;
    hostel_str body; /* Any bytes; empty when there is none. */

    /* How long it may take, redirects included. 0, and at most: what is left of the call's time. */
    double timeout_seconds;

    /* How many redirects to follow, 0 to 255. With 0 a redirect is a response as any other. */
    int redirects;
} hostel_http_request;

/* A request without headers and body, which follows 5 redirects. */
hostel_http_request hostel_http_request_of(const char *method, hostel_str url);

/* Adds a header. Name and value are copied. Headers of that name stay. */
void hostel_http_request_header(hostel_ctx *ctx, hostel_http_request *request, const char *name,
                                hostel_str value);

/* Makes a JSON text the body, which the request borrows, and the header `content-type`
 * application/json unless there is one. HOSTEL_HTTP_INVALID_REQUEST when its `ptr` is NULL, as it
 * is for a value without a JSON form (NaN). */
HOSTEL_MUST_USE hostel_result hostel_http_request_json(hostel_ctx *ctx,
                                                       hostel_http_request *request,
                                                       hostel_str json);

/* Sends a request. */
HOSTEL_MUST_USE hostel_result hostel_http_send(hostel_ctx *ctx, const hostel_http_request *request,
                                               hostel_http_response *response);

/* What came of one request of hostel_http_send_many. */
typedef struct hostel_http_result {
    hostel_result result;
    hostel_str message;            /* Why there is no response; empty when there is one. */
    hostel_http_response response; /* Zeroed when there is none. */
} hostel_http_result;

/* Sends so many requests at the same time, and waits for all. The results, in an array of as many,
 * are in the order of the requests. The responses together may have as many bytes as one. The
 * message of the first that failed is hostel_message's. */
void hostel_http_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results);

#ifdef __cplusplus
}
#endif

#endif
