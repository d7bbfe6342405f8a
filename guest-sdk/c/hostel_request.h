/* Requests and responses. Part of <hostel.h>, which documents the ownership of memory.
 *
 *     hostel_str token = hostel_request_cookie(ctx, req, "session");
 *     int64_t page = 1;
 *     HOSTEL_TRY(hostel_request_query_integer(ctx, req, "page", &page));
 *     hostel_response_header(ctx, res, "cache-control", HOSTEL_STR("no-store"));
 */
#ifndef HOSTEL_REQUEST_H
#define HOSTEL_REQUEST_H

#ifndef HOSTEL_H
#error "include <hostel.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- requests ------------------------------------------------------------------------------ */

/* The HTTP part of a request. */
typedef struct hostel_http {
    hostel_str method;
    hostel_str path;                /* As sent, still percent-encoded, without the query. */
    const hostel_pair *path_params; /* The parameters of the route's path, decoded, in the route's
                                       order. */
    size_t path_param_count;
    hostel_str query;           /* As sent, without the `?`; empty without a query. */
    hostel_str authority;       /* Host and port as the client sent them; may be empty. */
    hostel_str client;          /* The client's address and port: `192.0.2.1:4711` or
                                   `[2001:db8::1]:4711`. */
    const hostel_pair *headers; /* In the order sent, names in lower case, possibly repeated. */
    size_t header_count;
} hostel_http;

/* A request to a service. Its pointers are valid as long as memory that belongs to `ctx`. */
typedef struct hostel_request {
    hostel_str service;      /* The service's name within the plugin. */
    hostel_str id;           /* The correlation id, as in the host's log lines. */
    hostel_str content_type; /* The body's media type; `ptr` is NULL if not sent. */
    hostel_str body;         /* Any bytes; empty without a body. */
    const hostel_http *http; /* NULL if the request was not made over HTTP. */
} hostel_request;

/* Parses the body as JSON, whatever its media type. An empty body is read as null. `*value` borrows
 * from the request. Returns HOSTEL_BAD_REQUEST if the body is not JSON; the message contains the
 * byte offset of the error. The functions that read the value also return HOSTEL_BAD_REQUEST when
 * it has the wrong type. */
HOSTEL_MUST_USE hostel_result hostel_request_json(hostel_ctx *ctx, const hostel_request *req,
                                                  hostel_json *value);

/* Functions that read a part of the request. A text belongs to `ctx` or borrows from the request.
 * `ptr` is NULL when the request has no such part. Only the functions for forms find a part in a
 * request that was not made over HTTP. A function for several values points `*values` to the
 * values, in the order sent, and returns their number or sets `*count` to this number. */

/* The header of that name. Names are case-insensitive. Joins several fields by ", " (for `cookie`
 * by "; "). `ptr` is also NULL if the header is not UTF-8. */
hostel_str hostel_request_header(hostel_ctx *ctx, const hostel_request *req, const char *name);

/* The values of the header fields of that name. Names are case-insensitive. Skips values that are
 * not UTF-8. */
size_t hostel_request_header_values(hostel_ctx *ctx, const hostel_request *req, const char *name,
                                    const hostel_str **values);

/* The client's IP address, without its port: `192.0.2.1`, or `2001:db8::1`. Behind a proxy, the
 * result is the client's address only if the host's configuration lists the proxy in
 * `server.trusted-proxies`; otherwise the result is the proxy's address. */
hostel_str hostel_request_client_address(const hostel_request *req);

/* The first value of the query parameter of that name, decoded like a form field. */
hostel_str hostel_request_query(hostel_ctx *ctx, const hostel_request *req, const char *name);

/* All values of the query parameter of that name. */
size_t hostel_request_query_values(hostel_ctx *ctx, const hostel_request *req, const char *name,
                                   const hostel_str **values);

/* Reads the first value of the query parameter of that name as an integer: ASCII digits with an
 * optional minus. Returns HOSTEL_BAD_REQUEST if the value is not a 64-bit integer. `*value` is
 * unchanged after an error and when there is no such parameter, so set it to the default first. */
HOSTEL_MUST_USE hostel_result hostel_request_query_integer(hostel_ctx *ctx,
                                                           const hostel_request *req,
                                                           const char *name, int64_t *value);

/* The parameter of that name in the route's path, decoded: for example `id` of `/orders/{id}`. */
hostel_str hostel_request_path_param(const hostel_request *req, const char *name);

/* Reads the parameter of that name in the route's path as an integer, as
 * hostel_request_query_integer does. Returns HOSTEL_INTERNAL if the route has no such parameter. */
HOSTEL_MUST_USE hostel_result hostel_request_path_integer(hostel_ctx *ctx,
                                                          const hostel_request *req,
                                                          const char *name, int64_t *value);

/* The value of the first cookie of that name, without surrounding blanks and double quotes, not
 * percent-decoded. `ptr` is also NULL if the header `cookie` is not UTF-8. */
hostel_str hostel_request_cookie(hostel_ctx *ctx, const hostel_request *req, const char *name);

/* Reads the first field of that name in a body of type application/x-www-form-urlencoded, decoded:
 * `+` is a blank, an invalid escape stays as it is, and U+FFFD replaces bytes that are not UTF-8.
 * The request need not be made over HTTP. Returns HOSTEL_BAD_REQUEST for another content type, or
 * if a body that is not empty has no content type. An empty body without a content type has no
 * fields. */
HOSTEL_MUST_USE hostel_result hostel_request_form(hostel_ctx *ctx, const hostel_request *req,
                                                  const char *name, hostel_str *value);

/* Reads all fields of that name, as hostel_request_form does. */
HOSTEL_MUST_USE hostel_result hostel_request_form_values(hostel_ctx *ctx,
                                                         const hostel_request *req,
                                                         const char *name,
                                                         const hostel_str **values,
                                                         size_t *count);

/* --- responses ----------------------------------------------------------------------------- */

/* The response of a service. The handler gets a response with status 204 that is otherwise empty.
 * If the handler only returns HOSTEL_OK, the SDK sends this response. The fields are public; the
 * SDK frees none of them.
 *
 * After the handler returns HOSTEL_OK, the SDK converts header names to lower case and checks the
 * headers and the content type. If HTTP does not allow a header, or if only the server may set it,
 * the call fails with HOSTEL_INTERNAL and a message that names the header. Only the server may set
 * `connection`, `content-length`, `keep-alive`, `proxy-connection`, `te`, `trailer`,
 * `transfer-encoding` and `upgrade`. */
typedef struct hostel_response {
    uint16_t status;         /* The HTTP status code, 200 to 599. */
    hostel_str content_type; /* The body's media type; `ptr` is NULL for none. Overrides a header
                                `content-type`. */
    hostel_str body;
    const hostel_pair *headers; /* In this order; names may repeat. */
    size_t header_count;
} hostel_response;

/* Sets status 200, a JSON text as the body, and its content type. `*res` borrows the text. Does not
 * check that the text is JSON. Returns HOSTEL_INTERNAL if the `ptr` of `json` is NULL, which stands
 * for a value without a JSON form, such as NaN. Return the result of this call from the handler. */
HOSTEL_MUST_USE hostel_result hostel_respond_json(hostel_ctx *ctx, hostel_response *res,
                                                  hostel_str json);

/* Sets status 200, a plain text as the body, and its content type. `*res` borrows the text. Always
 * returns HOSTEL_OK. */
hostel_result hostel_respond_text(hostel_ctx *ctx, hostel_response *res, hostel_str text);

/* Sets status 303 (after a POST, the client sends a GET to the location), no body, and the header
 * `location`. Copies the location. Always returns HOSTEL_OK. */
hostel_result hostel_respond_redirect(hostel_ctx *ctx, hostel_response *res, hostel_str location);

/* Like hostel_respond_redirect, with another status: 301, 302, 303, 307 or 308. Returns
 * HOSTEL_INTERNAL for any other status. */
HOSTEL_MUST_USE hostel_result hostel_respond_redirect_with(hostel_ctx *ctx, hostel_response *res,
                                                           hostel_str location, int status);

/* Adds a header. Copies the value, and the name in lower case. Existing headers of that name
 * stay. */
void hostel_response_header(hostel_ctx *ctx, hostel_response *res, const char *name,
                            hostel_str value);

/* Whether a browser sends a cookie with cross-site requests. */
typedef enum hostel_same_site {
    HOSTEL_SAME_SITE_LAX = 0,    /* Only if a request with a safe method opens a page, for example
                                    when the user follows a link. */
    HOSTEL_SAME_SITE_STRICT = 1, /* Never. */
    HOSTEL_SAME_SITE_NONE = 2    /* Always. The cookie must not be `insecure`. */
} hostel_same_site;

/* The attributes of a cookie. Zeroed options are the safe choice. */
typedef struct hostel_cookie_options {
    int64_t max_age_seconds; /* How long to keep the cookie; 0: until the browser closes. */
    const char *path;        /* Limits the cookie to paths with this prefix; NULL for all. */
    const char *domain;      /* The cookie's domain, which includes its subdomains; NULL for this
                                host only. */
    bool insecure;           /* Also send the cookie without TLS. */
    bool script_readable;    /* Let scripts of the page read the cookie. */
    hostel_same_site same_site;
} hostel_cookie_options;

/* Adds a header `set-cookie`. The options are only read during the call; NULL means zeroed options.
 * Returns HOSTEL_INTERNAL, and adds no header, if the name, the value or an option is not valid in
 * a cookie. Percent-encode a value that contains blanks, double quotes, commas, semicolons,
 * backslashes, control characters or non-ASCII characters. A negative `max_age_seconds` is also
 * invalid: use hostel_response_delete_cookie to delete a cookie. */
HOSTEL_MUST_USE hostel_result hostel_response_cookie(hostel_ctx *ctx, hostel_response *res,
                                                     const char *name, hostel_str value,
                                                     const hostel_cookie_options *options);

/* Adds a header `set-cookie` that deletes the cookie of that name, with `Max-Age=0`. Set the
 * path and the domain to the values that created the cookie; `max_age_seconds` is ignored.
 * Otherwise like hostel_response_cookie. */
HOSTEL_MUST_USE hostel_result hostel_response_delete_cookie(hostel_ctx *ctx, hostel_response *res,
                                                            const char *name,
                                                            const hostel_cookie_options *options);

#ifdef __cplusplus
}
#endif

#endif
