/* HTTP requests from a test to its services. */

#include "ctx.h"

/* Converts a test's call to the HTTP part of the request that the service receives. */
static hostel_http http_of(hostel_ctx *ctx, const hostel_fake_http_call *call)
{
    hostel_str query = hostel_str_of(call->target);
    hostel_http http = {
        .method = hostel_str_of(call->method == NULL ? "GET" : call->method),
        .path = take_up_to(&query, '?'),
        .authority = HOSTEL_STR("localhost"),
        .client = HOSTEL_STR("127.0.0.1:1"),
    };
    http.query = present(query);
    if (http.path.len == 0 || http.path.ptr[0] != '/') {
        fprintf(stderr, "the target \"%s\" of hostel_fake_http does not begin with a slash\n",
                call->target == NULL ? "" : call->target);
        abort();
    }
    for (size_t i = 0; i < call->header_count; i++)
        add_field(ctx, &http.headers, &http.header_count, lowered(ctx, call->headers[i].name),
                  call->headers[i].value);
    hostel_str type = call->json != NULL   ? HOSTEL_STR("application/json")
                      : call->form != NULL ? HOSTEL_STR("application/x-www-form-urlencoded")
                                           : NO_TEXT;
    if (type.ptr != NULL && !has_header(http.headers, http.header_count, "content-type"))
        add_field(ctx, &http.headers, &http.header_count, HOSTEL_STR("content-type"), type);
    return http;
}

static void add_path_params(hostel_ctx *ctx, hostel_http *http, const struct served *served,
                            struct texts path)
{
    hostel_pair *params = (hostel_pair *)hostel_alloc(ctx, path.count * sizeof *params);
    for (size_t i = 0; i < path.count; i++) {
        hostel_str segment = served->segments.texts[i];
        if (is_parameter(segment))
            params[http->path_param_count++] =
                (hostel_pair){parameter_name(segment), path.texts[i]};
    }
    http->path_params = params;
}

static hostel_response serve(hostel_ctx *ctx, hostel_request req)
{
    hostel_response res;
    hostel_result result = dispatch(ctx, &req, &res);
    return result == HOSTEL_OK ? res : failure_response(ctx, req.id, result);
}

hostel_response hostel_fake_http(hostel_fake *fake, const hostel_fake_http_call *call)
{
    hostel_ctx *ctx = &fake->called;
    struct texts path;
    hostel_str id = HOSTEL_STR("fake");
    ctx_reset(ctx);
    hostel_http http = http_of(ctx, call);
    if (!decode_segments(ctx, http.path, &path))
        return problem(ctx, id, HOSTEL_BAD_REQUEST, HOSTEL_STR("the path has an invalid escape"));
    const struct served *best = best_route(fake, path);
    if (best == NULL)
        return problem(ctx, id, HOSTEL_NOT_FOUND, HOSTEL_STR("no service has this path"));
    const struct served *served = route_for(fake, best, http.method);
    if (served == NULL) {
        hostel_str allow = allowed(ctx, fake, best);
        hostel_str detail = hostel_format(ctx, "this path allows %.*s", HOSTEL_ARG(allow));
        hostel_response response = problem(ctx, id, HOSTEL_METHOD_NOT_ALLOWED, detail);
        hostel_response_header(ctx, &response, "allow", allow);
        return response;
    }
    add_path_params(ctx, &http, served, path);
    const char *text = call->json != NULL ? call->json : call->form;
    return serve(ctx, (hostel_request){
        .service = served->service,
        .id = id,
        .content_type = joined_header(ctx, http.headers, http.header_count, "content-type"),
        .body = present(text == NULL ? call->body : hostel_str_of(text)),
        .http = &http,
    });
}

hostel_str hostel_fake_header(hostel_fake *fake, const hostel_response *response, const char *name)
{
    return joined_header(&fake->called, response->headers, response->header_count, name);
}

size_t hostel_fake_header_values(hostel_fake *fake, const hostel_response *response,
                                 const char *name, const hostel_str **values)
{
    struct texts found =
        header_values(&fake->called, response->headers, response->header_count, name);
    *values = found.texts;
    return found.count;
}
