/* Responses to outbound HTTP requests. */

#include "ctx.h"

hostel_str hostel_http_header(hostel_ctx *ctx, const hostel_http_response *response,
                              const char *name)
{
    return joined_header(ctx, response->headers, response->header_count, name);
}

size_t hostel_http_header_values(hostel_ctx *ctx, const hostel_http_response *response,
                                 const char *name, const hostel_str **values)
{
    struct texts found = header_values(ctx, response->headers, response->header_count, name);
    *values = found.texts;
    return found.count;
}

bool hostel_http_ok(const hostel_http_response *response)
{
    return response->status >= 200 && response->status < 300;
}

/* Omits the query and the fragment of the URL, because these may contain credentials. */
static hostel_str shown_url(hostel_ctx *ctx, hostel_str url)
{
    for (size_t i = 0; i < url.len; i++) {
        if (url.ptr[i] == '?' || url.ptr[i] == '#')
            url.len = i;
    }
    return quoted(ctx, url);
}

hostel_result hostel_http_check_status(hostel_ctx *ctx, const hostel_http_response *response)
{
    uint16_t status = response->status;
    if (status < 400)
        return HOSTEL_OK;
    hostel_str url = shown_url(ctx, response->url);
    bool may_pass = status == 429 || status >= 500;
    return hostel_fail(ctx, may_pass ? HOSTEL_UNAVAILABLE : HOSTEL_INTERNAL,
                       "%.*s responded with status %u", HOSTEL_ARG(url), (unsigned)status);
}

hostel_result hostel_http_text(hostel_ctx *ctx, const hostel_http_response *response,
                               hostel_str *text)
{
    size_t valid = valid_utf8(response->body);
    if (valid < response->body.len) {
        hostel_str url = shown_url(ctx, response->url);
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "the body from %.*s is not UTF-8 from byte %zu on", HOSTEL_ARG(url),
                           valid);
    }
    *text = response->body;
    return HOSTEL_OK;
}

hostel_result hostel_http_json(hostel_ctx *ctx, const hostel_http_response *response,
                               hostel_json *value)
{
    hostel_str url = shown_url(ctx, response->url);
    hostel_str key =
        hostel_format(ctx, "%.*s (status %u)", HOSTEL_ARG(url), (unsigned)response->status);
    return parse_as(ctx, response->body, key, HOSTEL_INTERNAL, value);
}
