/* A host for tests: the cache and the log of a real one, and the servers elsewhere and the settings
 * that the test sets, without wasm, in the test's own process.
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
 * It is linked with the service's own files and hostel.c, by any C compiler of the machine:
 *
 *     cc -I.hostel/guest-sdk/c test_my_service.c my_service.c .hostel/guest-sdk/c/hostel.c
 *
 * Everything is freed by hostel_fake_free, so a leak that valgrind or -fsanitize=address finds is
 * the service's own. Every allocation of a ctx stands alone here, so they also find each use of
 * memory after its request and each write past an end.
 */
#ifndef HOSTEL_FAKE_H
#define HOSTEL_FAKE_H

#include "hostel.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A host with one cache, empty at first, an empty log, and a clock that stands still until the test
 * moves it. The clock is the cache's; <hostel_fake_clock.h> makes it the service's as well.
 *
 * Keys, values, expiry and errors are those of a host with the default limits. What a host does
 * beyond: it evicts from a full cache, may answer HOSTEL_DENIED and HOSTEL_UNAVAILABLE, and checks
 * the status and the size of a response. hostel_cache_get_or_set computes what is missing and never
 * waits, unless the test holds the key. Not for several threads at once. */
typedef struct hostel_fake hostel_fake;

/* A new host, which hostel_fake_free frees. */
hostel_fake *hostel_fake_new(void);

/* Frees the host and everything that its functions answered. NULL is nothing to free. */
void hostel_fake_free(hostel_fake *fake);

/* What a test looks into the cache with: `hostel_cache_get(hostel_fake_ctx(fake), key, &value)`.
 * What belongs to it lives until the fake is freed. */
hostel_ctx *hostel_fake_ctx(hostel_fake *fake);

/* What a service answered. It lives until the next call of the same fake. */
typedef struct hostel_answer {
    hostel_result result;     /* HOSTEL_OK, or one of the kinds of failure. */
    hostel_str message;       /* The failure's; empty without one. Ends with a NUL. */
    hostel_response response; /* Zeroed after a failure. */
} hostel_answer;

/* Sends a JSON text to the service of that name, the way a host does; NULL for no body. A failure
 * of kind HOSTEL_NOT_FOUND when there is no such service. */
hostel_answer hostel_fake_call(hostel_fake *fake, const char *service, const char *json);

/* Sends a request to the service that it names: for bodies that are no JSON, and for HTTP. */
hostel_answer hostel_fake_call_with(hostel_fake *fake, hostel_request request);

/* From now on hostel_fake_http sends the requests of this route, "GET /orders/{id}" for example, to
 * the service of that name. Without a method the route takes any. The path is as in the
 * `[[routes]]` of a host's configuration, and where several routes match, the same one is taken.
 *
 * A route that is invalid or takes the requests of an earlier one, and a service that does not
 * exist, end the test by abort(), after a line on stderr that gives the reason. */
void hostel_fake_serve(hostel_fake *fake, const char *route, const char *service);

/* A request by HTTP. At most one of `json`, `form` and `body` is the body; the first two come with
 * their content type. */
typedef struct hostel_fake_http_call {
    const char *method; /* NULL for GET. */
    const char *target; /* Path and query, "/orders/7?page=2" for example. */
    const hostel_pair *headers;
    size_t header_count;
    const char *json; /* NULL for none. */
    const char *form; /* A text such as "name=Ada&age=3"; NULL for none. */
    hostel_str body;
} hostel_fake_http_call;

/* Sends a request by HTTP to the service whose route takes it, and returns the response that a
 * client gets: also for a failure, for a path without a route (404) and for a method that the path
 * does not allow (405). The response lives until the next call of the same fake. */
hostel_response hostel_fake_http(hostel_fake *fake, const hostel_fake_http_call *call);

/* The header of that name of a response, in any case: all its fields, joined by ", ". `ptr` is NULL
 * when there is none, and when it is not UTF-8. The media type is in `content_type`, not here. The
 * fields of `set-cookie` cannot be told apart once they are joined: use hostel_fake_header_values.
 * The text lives until the next call of the same fake. */
hostel_str hostel_fake_header(hostel_fake *fake, const hostel_response *response,
                              const char *name);

/* Points `*values` to the fields of the header of that name, in any case, and returns how many
 * there are. Fields that are not UTF-8 are left out. They live until the next call of the same
 * fake. */
size_t hostel_fake_header_values(hostel_fake *fake, const hostel_response *response,
                                 const char *name, const hostel_str **values);

/* Moves the clock forward. Entries whose expiry has then passed are gone. */
void hostel_fake_advance(hostel_fake *fake, int64_t milliseconds);

/* From now on another call computes the value of this key, as hostel_cache_get_or_set sees it:
 * while the key has no value, the service computes its own and does not store it, and an old value
 * is not renewed. It ends with hostel_fake_let_go, or when the key is set or deleted. */
void hostel_fake_hold(hostel_fake *fake, hostel_str key);

/* Ends what hostel_fake_hold began. */
void hostel_fake_let_go(hostel_fake *fake, hostel_str key);

/* A line of the log, from 0 on: level, colon, message, "info: served" for example. NULL past the
 * last. Lives until the fake is freed. Each is also printed to stderr. */
const char *hostel_fake_log(const hostel_fake *fake, size_t index);

/* --- servers elsewhere, and settings ------------------------------------------------------- *
 *
 * A table of routes says what servers answer. A URL that ends with a star matches each one that
 * begins so. Of two rows that match the later one counts. Texts and bodies are copied.
 *
 * A request that no row matches ends the test by abort(), after a line on stderr that has the
 * request and the rows there are. Redirects are followed, to a location that is absolute or a path
 * from the root; any other one ends the test as well.
 */

/* A request of this method to this URL is answered with this status and this JSON text; NULL for no
 * body. */
void hostel_fake_route(hostel_fake *fake, const char *method, const char *url, uint16_t status,
                       const char *json);

/* The same with any response. */
void hostel_fake_route_with(hostel_fake *fake, const char *method, const char *url,
                            hostel_response response);

/* The same with an error, HOSTEL_HTTP_TIMEOUT for example. */
void hostel_fake_route_error(hostel_fake *fake, const char *method, const char *url,
                             hostel_result error);

/* Answers a request as a server does: fills in `*res`, which has status 200 and nothing else, with
 * memory of `ctx` or literals, and returns HOSTEL_OK; or returns one of HOSTEL_HTTP_INVALID_REQUEST
 * to HOSTEL_HTTP_ABORTED. */
typedef hostel_result hostel_fake_server(hostel_ctx *ctx, void *user_data,
                                         const hostel_http_request *req, hostel_response *res);

/* The same with a function. `user_data` is passed on to it. */
void hostel_fake_route_function(hostel_fake *fake, const char *method, const char *url,
                                hostel_fake_server *server, void *user_data);

/* A request that was sent, from 0 on; each that followed a redirect is one. NULL past the last. It
 * lives until the next is sent, and all that it points to until the fake is freed. */
const hostel_http_request *hostel_fake_request(const hostel_fake *fake, size_t index);

/* Sets a setting or a secret of the plugin: the two do not differ here. */
void hostel_fake_set_config(hostel_fake *fake, const char *name, const char *value);

#ifdef __cplusplus
}
#endif

#endif
