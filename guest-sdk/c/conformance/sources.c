/* The services that send outbound requests and read settings. */

#include "step.h"

#include <stdlib.h>

/* Reads the text at a JSON Pointer. A missing text is read as an empty text. */
static hostel_result text_at(hostel_ctx *ctx, hostel_json value, const char *pointer,
                             hostel_str *text)
{
    *text = HOSTEL_STR("");
    if (!hostel_json_has(ctx, value, pointer))
        return HOSTEL_OK;
    return hostel_json_string(ctx, value, pointer, text);
}

static hostel_result read_request(hostel_ctx *ctx, hostel_json asked, hostel_http_request *request)
{
    double redirects = 0;
    *request = (hostel_http_request){.body = HOSTEL_STR("")};
    HOSTEL_TRY(text_at(ctx, asked, "/method", &request->method));
    HOSTEL_TRY(text_at(ctx, asked, "/url", &request->url));
    HOSTEL_TRY(text_at(ctx, asked, "/body", &request->body));
    hostel_items each = hostel_json_items(ctx, hostel_json_at(ctx, asked, "/headers"));
    while (hostel_json_next(&each)) {
        hostel_str name, value;
        HOSTEL_TRY(hostel_json_string(ctx, each.value, "/0", &name));
        HOSTEL_TRY(hostel_json_string(ctx, each.value, "/1", &value));
        hostel_http_request_header(ctx, request, hostel_copy(ctx, name).ptr, value);
    }
    if (hostel_json_has(ctx, asked, "/timeout")) {
        HOSTEL_TRY(hostel_json_double(ctx, asked, "/timeout", &request->timeout_seconds));
        request->timeout_seconds /= 1000;
    }
    if (hostel_json_has(ctx, asked, "/redirects"))
        HOSTEL_TRY(hostel_json_double(ctx, asked, "/redirects", &redirects));
    request->redirects = (int)redirects;
    return HOSTEL_OK;
}

static size_t count_of(hostel_ctx *ctx, hostel_json list)
{
    size_t count = 0;
    for (hostel_items each = hostel_json_items(ctx, list); hostel_json_next(&each);)
        count++;
    return count;
}

static const char *kind_of(hostel_result result)
{
    switch (result) {
    case HOSTEL_HTTP_INVALID_REQUEST: return "invalid-request";
    case HOSTEL_HTTP_DENIED: return "denied";
    case HOSTEL_HTTP_UNREACHABLE: return "unreachable";
    case HOSTEL_HTTP_TIMEOUT: return "timeout";
    case HOSTEL_HTTP_TOO_LARGE: return "too-large";
    case HOSTEL_HTTP_ABORTED: return "aborted";
    default: return "internal";
    }
}

static void write_member(hostel_writer *json, const char *name, hostel_str value)
{
    hostel_write_name(json, hostel_str_of(name));
    hostel_write_string(json, value);
}

static void write_result(hostel_writer *json, const hostel_http_result *result)
{
    const hostel_http_response *response = &result->response;
    hostel_write_object(json);
    if (result->result != HOSTEL_OK) {
        write_member(json, "error", hostel_str_of(kind_of(result->result)));
        write_member(json, "message", result->message);
        hostel_write_end(json);
        return;
    }
    hostel_write_name(json, HOSTEL_STR("status"));
    hostel_write_integer(json, response->status);
    write_member(json, "url", response->url);
    hostel_write_name(json, HOSTEL_STR("headers"));
    hostel_write_array(json);
    for (size_t i = 0; i < response->header_count; i++) {
        hostel_write_array(json);
        hostel_write_string(json, response->headers[i].name);
        hostel_write_string(json, response->headers[i].value);
        hostel_write_end(json);
    }
    hostel_write_end(json);
    write_member(json, "body", response->body);
    hostel_write_end(json);
}

hostel_result http_send(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json list;
    HOSTEL_TRY(hostel_request_json(ctx, req, &list));
    size_t count = count_of(ctx, list), i = 0;
    hostel_http_request *requests = hostel_alloc(ctx, count * sizeof *requests);
    hostel_http_result *results = hostel_alloc(ctx, count * sizeof *results);
    for (hostel_items each = hostel_json_items(ctx, list); hostel_json_next(&each);)
        HOSTEL_TRY(read_request(ctx, each.value, &requests[i++]));
    if (count == 1) {
        results[0].result = hostel_http_send(ctx, &requests[0], &results[0].response);
        results[0].message = hostel_message(ctx);
    } else {
        hostel_http_send_many(ctx, requests, count, results);
    }
    hostel_writer json = hostel_write(ctx);
    hostel_write_array(&json);
    for (i = 0; i < count; i++)
        write_result(&json, &results[i]);
    hostel_write_end(&json);
    return hostel_respond_json(ctx, res, hostel_written(&json));
}

hostel_result http_at_once(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json list;
    HOSTEL_TRY(hostel_request_json(ctx, req, &list));
    size_t count = count_of(ctx, list), i = 0;
    hostel_http_request *requests = hostel_alloc(ctx, count * sizeof *requests);
    hostel_http_result *results = hostel_alloc(ctx, count * sizeof *results);
    for (hostel_items each = hostel_json_items(ctx, list); hostel_json_next(&each);) {
        hostel_str url;
        HOSTEL_TRY(hostel_json_string(ctx, each.value, "", &url));
        requests[i++] = hostel_http_request_of("GET", url);
    }
    hostel_http_send_many(ctx, requests, count, results);
    hostel_writer json = hostel_write(ctx);
    hostel_write_array(&json);
    for (i = 0; i < count; i++) {
        HOSTEL_TRY(results[i].result);
        hostel_write_integer(&json, results[i].response.status);
    }
    hostel_write_end(&json);
    return hostel_respond_json(ctx, res, hostel_written(&json));
}

hostel_result config_get(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json body;
    hostel_str name;
    HOSTEL_TRY(hostel_request_json(ctx, req, &body));
    HOSTEL_TRY(hostel_json_string(ctx, body, "", &name));
    hostel_str value = hostel_config_get(ctx, hostel_copy(ctx, name).ptr);
    if (value.ptr == NULL)
        return hostel_respond_json(ctx, res, HOSTEL_STR("null"));
    return hostel_respond_json(ctx, res, hostel_json_of_string(ctx, value));
}

hostel_result config_names(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    const hostel_str *names;
    (void)req;
    hostel_writer json = hostel_write(ctx);
    hostel_write_array(&json);
    size_t count = hostel_config_names(ctx, &names);
    for (size_t i = 0; i < count; i++)
        hostel_write_string(&json, names[i]);
    hostel_write_end(&json);
    return hostel_respond_json(ctx, res, hostel_written(&json));
}
