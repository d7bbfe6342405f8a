/* Outbound HTTP requests. Part of <hostel.h>, which documents the ownership of memory.
 *
 *     hostel_http_response response;
 *     HOSTEL_TRY(hostel_http_get(ctx, HOSTEL_STR("https://api.example.com/rates"), &response));
 *     HOSTEL_TRY(hostel_http_check_status(ctx, &response));
 *     HOSTEL_TRY(hostel_http_json(ctx, &response, &rates));
 *
 * A plugin can only reach the addresses that the host's configuration allows:
 *
 *     [plugins.NAME.http]
 *     allow = ["https://api.example.com"]
 *
 * - Each function that sends a request waits for the whole response. A status of 400 or more is not
 *   an error.
 * - If no complete response arrives, the result is one of HOSTEL_HTTP_INVALID_REQUEST to
 *   HOSTEL_HTTP_ABORTED, and `*response` is unchanged.
 * - The host follows up to 5 redirects, unless a hostel_http_request sets another limit.
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

/* A server's complete response. All its pointers belong to `ctx`. */
typedef struct hostel_http_response {
    uint16_t status;            /* The HTTP status code. */
    hostel_str url;             /* The final URL, after redirects. */
    const hostel_pair *headers; /* In the order received, names in lower case, possibly repeated. */
    size_t header_count;
    hostel_str body; /* As received: not decompressed. */
} hostel_http_response;

/* The header of that name. Names are case-insensitive. Several fields are joined by ", ". The text
 * belongs to `ctx` or borrows from the response. `ptr` is NULL if the header is missing or not
 * UTF-8. Joined `set-cookie` fields cannot be separated: use hostel_http_header_values. */
hostel_str hostel_http_header(hostel_ctx *ctx, const hostel_http_response *response,
                              const char *name);

/* Points `*values` to the values of the header fields of that name, in the order received, and
 * returns their number. Names are case-insensitive. Skips values that are not UTF-8. */
size_t hostel_http_header_values(hostel_ctx *ctx, const hostel_http_response *response,
                                 const char *name, const hostel_str **values);

/* True for a status of 200 to 299. */
bool hostel_http_ok(const hostel_http_response *response);

/* Returns HOSTEL_OK for a status below 400, HOSTEL_UNAVAILABLE for 429 and for 500 or more, and
 * HOSTEL_INTERNAL for any other status. */
HOSTEL_MUST_USE hostel_result hostel_http_check_status(hostel_ctx *ctx,
                                                       const hostel_http_response *response);

/* Reads the body as text. `*text` borrows from the response. Returns HOSTEL_INTERNAL if the body is
 * not UTF-8. */
HOSTEL_MUST_USE hostel_result hostel_http_text(hostel_ctx *ctx,
                                               const hostel_http_response *response,
                                               hostel_str *text);

/* Parses the body as JSON, whatever its media type and status. `*value` borrows from the response.
 * Returns HOSTEL_INTERNAL if the body is not JSON; the message contains the byte offset of the
 * error. The functions that read the value also return HOSTEL_INTERNAL when it has the wrong
 * type. */
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

/* Functions that send a request with a JSON text as the body. `json` is as in
 * hostel_http_request_json. */
HOSTEL_MUST_USE hostel_result hostel_http_post(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                               hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_put(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                              hostel_http_response *response);
HOSTEL_MUST_USE hostel_result hostel_http_patch(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                                hostel_http_response *response);

/* A request with headers, a timeout or another method:
 *
 *     hostel_http_request request = hostel_http_request_of("GET", url);
 *     hostel_http_request_header(ctx, &request, "x-api-key", key);
 *     request.timeout_seconds = 2;
 *     HOSTEL_TRY(hostel_http_send(ctx, &request, &response));
 */
typedef struct hostel_http_request {
    hostel_str method;          /* Sent as given, for example `GET`. */
    hostel_str url;             /* Absolute, with the scheme http or https. */
    const hostel_pair *headers; /* In this order; names may repeat. */
    size_t header_count;
    hostel_str body; /* Any bytes; may be empty. */

    /* The longest time for the request, including redirects. 0 means the maximum: the remaining
     * time of the service's call minus 100 milliseconds. */
    double timeout_seconds;

    /* The maximum number of redirects to follow, 0 to 255. With 0, a redirect is returned as the
     * response. With another maximum, the result is HOSTEL_HTTP_ABORTED if the server redirects
     * more often. */
    int redirects;
} hostel_http_request;

/* A request without headers or body that follows up to 5 redirects. The request borrows `method`
 * and `url`. */
hostel_http_request hostel_http_request_of(const char *method, hostel_str url);

/* Adds a header. Copies the name and the value. Existing headers of that name stay. */
void hostel_http_request_header(hostel_ctx *ctx, hostel_http_request *request, const char *name,
                                hostel_str value);

/* Sets the body to a JSON text, which the request borrows. Adds the header `content-type` with the
 * value application/json, unless the request already has this header. Does not check that the text
 * is JSON. Returns HOSTEL_HTTP_INVALID_REQUEST if the `ptr` of `json` is NULL, which stands for a
 * value without a JSON form, such as NaN. */
HOSTEL_MUST_USE hostel_result hostel_http_request_json(hostel_ctx *ctx,
                                                       hostel_http_request *request,
                                                       hostel_str json);

/* Sends a request and waits for the whole response. */
HOSTEL_MUST_USE hostel_result hostel_http_send(hostel_ctx *ctx, const hostel_http_request *request,
                                               hostel_http_response *response);

/* The outcome of one request of hostel_http_send_many. */
typedef struct hostel_http_result {
    hostel_result result;
    hostel_str message;            /* Why there is no response; empty when there is one. */
    hostel_http_response response; /* Zeroed if there is an error. */
} hostel_http_result;

/* Sends `count` requests in parallel and waits for all of them. `results` has `count` elements, in
 * the order of the requests. The size limit of one response applies to all responses together. If
 * requests fail, hostel_message returns the message of the first failed request. */
void hostel_http_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results);

#ifdef __cplusplus
}
#endif

#endif
