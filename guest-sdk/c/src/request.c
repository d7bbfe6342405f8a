/* Access to the parts of a request. */

#include "ctx.h"

#include <inttypes.h>

hostel_result hostel_request_json(hostel_ctx *ctx, const hostel_request *req, hostel_json *value)
{
    hostel_str body = req->body.len == 0 ? HOSTEL_STR("null") : req->body;
    return parse_as(ctx, body, NO_TEXT, HOSTEL_BAD_REQUEST, value);
}

hostel_str hostel_request_header(hostel_ctx *ctx, const hostel_request *req, const char *name)
{
    const hostel_http *http = req->http;
    return http == NULL ? NO_TEXT : joined_header(ctx, http->headers, http->header_count, name);
}

size_t hostel_request_header_values(hostel_ctx *ctx, const hostel_request *req, const char *name,
                                    const hostel_str **values)
{
    struct texts found = {NULL, 0};
    if (req->http != NULL)
        found = header_values(ctx, req->http->headers, req->http->header_count, name);
    *values = found.texts;
    return found.count;
}

/* Parses a query or path parameter as an integer. `kind` is "query" or "path", for messages. */
static hostel_result read_integer(hostel_ctx *ctx, const char *kind, const char *name,
                                  hostel_str text, int64_t *value)
{
    size_t sign = text.len > 0 && text.ptr[0] == '-' ? 1 : 0;
    bool is_integer = text.len > sign;
    for (size_t i = sign; i < text.len; i++)
        is_integer &= is_digit((unsigned char)text.ptr[i]);
    if (is_integer && integer_of(text, value))
        return HOSTEL_OK;
    hostel_str shown_name = quoted(ctx, hostel_str_of(name)), shown = quoted(ctx, text);
    if (!is_integer)
        return hostel_fail(ctx, HOSTEL_BAD_REQUEST,
                           "the %s parameter %.*s is %.*s: it must be an integer", kind,
                           HOSTEL_ARG(shown_name), HOSTEL_ARG(shown));
    return hostel_fail(ctx, HOSTEL_BAD_REQUEST,
                       "the %s parameter %.*s is %.*s: it must be from %" PRId64 " to %" PRId64,
                       kind, HOSTEL_ARG(shown_name), HOSTEL_ARG(shown), INT64_MIN, INT64_MAX);
}

hostel_result hostel_request_query_integer(hostel_ctx *ctx, const hostel_request *req,
                                           const char *name, int64_t *value)
{
    hostel_str text = hostel_request_query(ctx, req, name);
    return text.ptr == NULL ? HOSTEL_OK : read_integer(ctx, "query", name, text, value);
}

hostel_str hostel_request_path_param(const hostel_request *req, const char *name)
{
    for (size_t i = 0; req->http != NULL && i < req->http->path_param_count; i++) {
        const hostel_pair *param = &req->http->path_params[i];
        if (hostel_str_equal(param->name, hostel_str_of(name)))
            return present(param->value);
    }
    return NO_TEXT;
}

hostel_result hostel_request_path_integer(hostel_ctx *ctx, const hostel_request *req,
                                          const char *name, int64_t *value)
{
    hostel_str text = hostel_request_path_param(req, name);
    if (text.ptr == NULL) {
        hostel_str shown = quoted(ctx, hostel_str_of(name));
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the route has no path parameter %.*s",
                           HOSTEL_ARG(shown));
    }
    return read_integer(ctx, "path", name, text, value);
}

hostel_str hostel_request_client_address(const hostel_request *req)
{
    hostel_str rest = req->http == NULL ? NO_TEXT : req->http->client, address;
    if (rest.len > 0 && rest.ptr[0] == '[') {
        take_up_to(&rest, '[');
        address = take_up_to(&rest, ']');
    } else {
        address = take_up_to(&rest, ':');
    }
    return address.len == 0 ? NO_TEXT : address;
}

hostel_str hostel_request_cookie(hostel_ctx *ctx, const hostel_request *req, const char *name)
{
    hostel_str rest = hostel_request_header(ctx, req, "cookie"), wanted = hostel_str_of(name);
    while (rest.len > 0) {
        hostel_str value = take_up_to(&rest, ';');
        bool is_pair = value.len > 0 && memchr(value.ptr, '=', value.len) != NULL;
        if (!is_pair || !hostel_str_equal(trimmed(take_up_to(&value, '=')), wanted))
            continue;
        value = trimmed(value);
        if (value.len >= 2 && value.ptr[0] == '"' && value.ptr[value.len - 1] == '"')
            value = (hostel_str){value.ptr + 1, value.len - 2};
        return value;
    }
    return NO_TEXT;
}
