/* Outbound HTTP requests. */

#include "ctx.h"

#define USUAL_REDIRECTS 5

hostel_http_request hostel_http_request_of(const char *method, hostel_str url)
{
    return (hostel_http_request){
        .method = hostel_str_of(method),
        .url = url,
        .body = HOSTEL_STR(""),
        .redirects = USUAL_REDIRECTS,
    };
}

void hostel_http_request_header(hostel_ctx *ctx, hostel_http_request *request, const char *name,
                                hostel_str value)
{
    hostel_str copy = hostel_copy(ctx, hostel_str_of(name));
    add_field(ctx, &request->headers, &request->header_count, copy, value);
}

hostel_result hostel_http_request_json(hostel_ctx *ctx, hostel_http_request *request,
                                       hostel_str json)
{
    if (json.ptr == NULL) {
        hostel_str why = why_unwritten(ctx), shown = shown_url(ctx, request->url);
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                           "the body of a request to %.*s has no JSON form: %.*s",
                           HOSTEL_ARG(shown), HOSTEL_ARG(why));
    }
    request->body = json;
    if (!has_header(request->headers, request->header_count, "content-type"))
        hostel_http_request_header(ctx, request, "content-type", HOSTEL_STR("application/json"));
    return HOSTEL_OK;
}

/* Refuses text that is not UTF-8, because the host traps on such text. */
static hostel_result check_utf8(hostel_ctx *ctx, const char *what, hostel_str text)
{
    size_t valid = valid_utf8(text);
    if (valid == text.len)
        return HOSTEL_OK;
    hostel_str shown = shown_url(ctx, text);
    return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                       "the %s %.*s is not UTF-8 from byte %zu on", what, HOSTEL_ARG(shown), valid);
}

static hostel_result check_header(hostel_ctx *ctx, const hostel_pair *header)
{
    HOSTEL_TRY(check_utf8(ctx, "name of a header", header->name));
    for (size_t i = 0; i < header->value.len; i++) {
        char byte = header->value.ptr[i];
        if (byte != '\r' && byte != '\n' && byte != '\0')
            continue;
        /* Omit the value: it may be a secret. */
        hostel_str shown = quoted(ctx, header->name);
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                           "the value of the header %.*s has the byte %d at %zu: it must have no "
                           "line break and no NUL",
                           HOSTEL_ARG(shown), byte, i);
    }
    return HOSTEL_OK;
}

static hostel_result check_request(hostel_ctx *ctx, const hostel_http_request *request)
{
    HOSTEL_TRY(check_utf8(ctx, "method", request->method));
    HOSTEL_TRY(check_utf8(ctx, "URL", request->url));
    for (size_t i = 0; i < request->header_count; i++)
        HOSTEL_TRY(check_header(ctx, &request->headers[i]));
    /* This comparison is false for a NaN, so the SDK refuses a NaN as well. */
    if (!(request->timeout_seconds >= 0)) {
        hostel_str shown = hostel_format(ctx, "%.17g", request->timeout_seconds);
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                           "a timeout of %.*s seconds: it must be more than 0, or 0 for what is "
                           "left of the call's time",
                           HOSTEL_ARG(shown));
    }
    if (request->redirects < 0 || request->redirects > UINT8_MAX)
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                           "redirects of %d: they must be 0 to %d", request->redirects,
                           UINT8_MAX);
    return HOSTEL_OK;
}

static hostel_http_result unsent(hostel_result result, hostel_str message)
{
    return (hostel_http_result){.result = result, .message = message};
}

void hostel_http_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results)
{
    size_t valid = 0;
    hostel_http_request *sent = (hostel_http_request *)hostel_alloc(ctx, count * sizeof *sent);
    hostel_http_result *received =
        (hostel_http_result *)hostel_alloc(ctx, count * sizeof *received);
    for (size_t i = 0; i < count; i++) {
        hostel_result result = check_request(ctx, &requests[i]);
        results[i] = unsent(result, hostel_message(ctx));
        if (result == HOSTEL_OK)
            sent[valid++] = requests[i];
    }
    if (valid > 0)
        host_send_many(ctx, sent, valid, received);
    for (size_t i = 0; i < count; i++) {
        if (results[i].result == HOSTEL_OK)
            results[i] = *received++;
    }
    for (size_t i = count; i-- > 0;) {
        if (results[i].result != HOSTEL_OK)
            ctx->failure = (struct failure){
                .result = results[i].result,
                .message = results[i].message,
            };
    }
}

hostel_result hostel_http_send(hostel_ctx *ctx, const hostel_http_request *request,
                               hostel_http_response *response)
{
    hostel_http_result result;
    hostel_http_send_many(ctx, request, 1, &result);
    if (result.result == HOSTEL_OK)
        *response = result.response;
    return result.result;
}

static hostel_result send_to(hostel_ctx *ctx, const char *method, hostel_str url,
                             hostel_http_response *response)
{
    hostel_http_request request = hostel_http_request_of(method, url);
    return hostel_http_send(ctx, &request, response);
}

static hostel_result send_json(hostel_ctx *ctx, const char *method, hostel_str url,
                               hostel_str json, hostel_http_response *response)
{
    hostel_http_request request = hostel_http_request_of(method, url);
    HOSTEL_TRY(hostel_http_request_json(ctx, &request, json));
    return hostel_http_send(ctx, &request, response);
}

hostel_result hostel_http_get(hostel_ctx *ctx, hostel_str url, hostel_http_response *response)
{
    return send_to(ctx, "GET", url, response);
}

hostel_result hostel_http_head(hostel_ctx *ctx, hostel_str url, hostel_http_response *response)
{
    return send_to(ctx, "HEAD", url, response);
}

hostel_result hostel_http_options(hostel_ctx *ctx, hostel_str url, hostel_http_response *response)
{
    return send_to(ctx, "OPTIONS", url, response);
}

hostel_result hostel_http_delete(hostel_ctx *ctx, hostel_str url, hostel_http_response *response)
{
    return send_to(ctx, "DELETE", url, response);
}

hostel_result hostel_http_post(hostel_ctx *ctx, hostel_str url, hostel_str json,
                               hostel_http_response *response)
{
    return send_json(ctx, "POST", url, json, response);
}

hostel_result hostel_http_put(hostel_ctx *ctx, hostel_str url, hostel_str json,
                              hostel_http_response *response)
{
    return send_json(ctx, "PUT", url, json, response);
}

hostel_result hostel_http_patch(hostel_ctx *ctx, hostel_str url, hostel_str json,
                                hostel_http_response *response)
{
    return send_json(ctx, "PATCH", url, json, response);
}
