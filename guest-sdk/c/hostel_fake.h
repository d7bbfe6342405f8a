/* A fake host for tests. It runs in the test's process, without wasm, and has a cache and a log
 * like a real host; the test defines the remote servers and the settings.
 *
 *     #include <assert.h>
 *     #include <hostel_fake.h>
 *
 *     int main(void)
 *     {
 *         hostel_fake *fake = hostel_fake_new();
 *         hostel_answer answer = hostel_fake_call(fake, "greet", "{\"name\": \"Ada\"}");
 *         assert(answer.result == HOSTEL_OK && answer.response.status == 200);
 *         hostel_fake_advance(fake, 60000);
 *         hostel_fake_free(fake);
 *     }
 *
 * Compile the test with the service's files and hostel.c, with a native C compiler (GCC or Clang):
 *
 *     cc -I.hostel/guest-sdk/c test_my_service.c my_service.c .hostel/guest-sdk/c/hostel.c
 *
 * hostel_fake_free frees all memory of the SDK, so a leak that valgrind or -fsanitize=address
 * reports is in the service or in the test. In the fake, each allocation of a ctx is a separate
 * heap block, so these tools also detect a write past its end, and a use of a request's memory
 * after the test has sent the next request.
 */
#ifndef HOSTEL_FAKE_H
#define HOSTEL_FAKE_H

#include "hostel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A host with one initially empty cache, an empty log, and a clock that only the test advances. The
 * clock drives the cache; with <hostel_fake_clock.h> the service sees this clock too.
 *
 * The fake has the rules of a host with the default limits for keys, values and expiry, and returns
 * the same errors. Unlike a real host, the fake never evicts entries, never returns HOSTEL_DENIED
 * or HOSTEL_UNAVAILABLE, and does not check the status and size of a response. The fake does not
 * limit the time, log lines and outbound requests of a call, nor the total size of the values that
 * hostel_cache_get_many reads. hostel_cache_get_or_set never waits for another call. A fake is not
 * thread-safe. */
typedef struct hostel_fake hostel_fake;

/* Creates a fake host. Free it with hostel_fake_free. */
hostel_fake *hostel_fake_new(void);

/* Frees the fake and everything that its functions returned. NULL is allowed. */
void hostel_fake_free(hostel_fake *fake);

/* A context for the test itself, to inspect the cache: `hostel_cache_get(hostel_fake_ctx(fake),
 * key, &value)`. The memory of this context lives until the fake is freed. */
hostel_ctx *hostel_fake_ctx(hostel_fake *fake);

/* The result of a call to a service. Its pointers are valid until the next call or HTTP request
 * that the test sends with the same fake. */
typedef struct hostel_answer {
    hostel_result result;     /* HOSTEL_OK, or one of the kinds of failure. */
    hostel_str message;       /* The failure's message, NUL-terminated. Empty after success. */
    hostel_response response; /* Zeroed after a failure. */
} hostel_answer;

/* Sends a JSON text to the service of that name, as a host does. `json` is NULL for no body. The
 * result is HOSTEL_NOT_FOUND if there is no such service. */
hostel_answer hostel_fake_call(hostel_fake *fake, const char *service, const char *json);

/* Sends a request to the service that the request names. Use this function for bodies that are not
 * JSON, and to set the HTTP part of a request without a route. */
hostel_answer hostel_fake_call_with(hostel_fake *fake, hostel_request request);

/* Makes hostel_fake_http send requests that match this route, for example "GET /orders/{id}", to
 * the service of that name. A route without a method matches any method. Paths have the syntax of
 * `[[routes]]` in a host's configuration. If several routes match, the fake chooses the same route
 * as a host. Exception: if a GET and a HEAD route match a HEAD request, the fake uses the route
 * that was added first.
 *
 * An invalid route, a route that conflicts with an earlier one, or an unknown service ends the test
 * with abort(), after a line on stderr with the reason. */
void hostel_fake_serve(hostel_fake *fake, const char *route, const char *service);

/* An HTTP request. Set at most one of `json`, `form` and `body`. `json` and `form` set the content
 * type, unless `headers` contains one. */
typedef struct hostel_fake_http_call {
    const char *method; /* NULL for GET. */
    const char *target; /* Path and query, for example "/orders/7?page=2". */
    const hostel_pair *headers;
    size_t header_count;
    const char *json; /* NULL for none. */
    const char *form; /* For example "name=Ada&age=3"; NULL for none. */
    hostel_str body;
} hostel_fake_http_call;

/* Sends an HTTP request to the service whose route matches, and returns the response. Like a host,
 * the fake responds with a problem (RFC 9457) to a failure, to a path with an invalid escape (400),
 * to a path without a route (404) and to a method that the path does not allow (405). A target that
 * does not begin with a slash ends the test with abort(). The pointers in the response are valid
 * until the next call or HTTP request that the test sends with the same fake. */
hostel_response hostel_fake_http(hostel_fake *fake, const hostel_fake_http_call *call);

/* The header of that name in a response. Names are case-insensitive. Several fields are joined by
 * ", ". `ptr` is NULL if the header is missing or not UTF-8. The field `content_type` of the
 * response is not among its headers. Joined `set-cookie` fields cannot be separated: use
 * hostel_fake_header_values. The text is valid until the next call or HTTP request that the test
 * sends with the same fake. */
hostel_str hostel_fake_header(hostel_fake *fake, const hostel_response *response,
                              const char *name);

/* Points `*values` to the values of the header fields of that name, and returns their number. Names
 * are case-insensitive. Skips values that are not UTF-8. The values are valid until the next call
 * or HTTP request that the test sends with the same fake. */
size_t hostel_fake_header_values(hostel_fake *fake, const hostel_response *response,
                                 const char *name, const hostel_str **values);

/* Advances the clock. Entries expire accordingly. */
void hostel_fake_advance(hostel_fake *fake, int64_t milliseconds);

/* Makes hostel_cache_get_or_set behave as if another call were computing the value of this key. If
 * the key has no value, the service computes its own and does not store it; an old value is not
 * refreshed. The effect ends with hostel_fake_let_go, and with any valid call to set or remove the
 * key's value or to set its expiry, even if the call changes nothing. The exception is
 * hostel_cache_set_if_absent, which ends the effect only if it stores the value. */
void hostel_fake_hold(hostel_fake *fake, hostel_str key);

/* Ends the effect of hostel_fake_hold. */
void hostel_fake_let_go(hostel_fake *fake, hostel_str key);

/* The line of the log at this index, from 0: its level, a colon and its message, as in "info:
 * served". NULL after the last line. The text lives until the fake is freed. Every line is also
 * printed to stderr. */
const char *hostel_fake_log(const hostel_fake *fake, size_t index);

/* --- remote servers and settings ----------------------------------------------------------- *
 *
 * A table of routes contains the responses of remote servers. A URL that ends with a star matches
 * every URL with that prefix. If several routes match, the fake uses the newest one. The fake
 * copies the texts and bodies.
 *
 * A request that matches no route ends the test with abort(), after a line on stderr with the
 * request and the routes. If a request permits redirects, the fake follows a location that is an
 * absolute http or https URL, or a path that begins with one slash; any other location also ends
 * the test.
 */

/* Makes the fake respond with this status and JSON text to requests with this method and URL.
 * `json` is NULL for no body. */
void hostel_fake_route(hostel_fake *fake, const char *method, const char *url, uint16_t status,
                       const char *json);

/* Like hostel_fake_route, with any response. */
void hostel_fake_route_with(hostel_fake *fake, const char *method, const char *url,
                            hostel_response response);

/* Like hostel_fake_route, but the request fails with this error, for example
 * HOSTEL_HTTP_TIMEOUT. */
void hostel_fake_route_error(hostel_fake *fake, const char *method, const char *url,
                             hostel_result error);

/* Acts as the server for a request. Either fills in `*res` with memory of `ctx` or literals and
 * returns HOSTEL_OK, or returns one of HOSTEL_HTTP_INVALID_REQUEST to HOSTEL_HTTP_ABORTED. Before
 * the call `*res` has status 200 and is otherwise empty. */
typedef hostel_result hostel_fake_server(hostel_ctx *ctx, void *user_data,
                                         const hostel_http_request *req, hostel_response *res);

/* Like hostel_fake_route, but calls `server` with `user_data` to get the response. */
void hostel_fake_route_function(hostel_fake *fake, const char *method, const char *url,
                                hostel_fake_server *server, void *user_data);

/* The request at this index, from 0, among all requests sent to remote servers. Each followed
 * redirect counts as a request. NULL after the last request. The structure lives until the next
 * request is sent, its contents until the fake is freed. */
const hostel_http_request *hostel_fake_request(const hostel_fake *fake, size_t index);

/* Sets a setting or a secret of the plugin. The fake does not distinguish them. */
void hostel_fake_set_config(hostel_fake *fake, const char *name, const char *value);

#ifdef __cplusplus
}
#endif

#endif
