/* HTTP responses for failures: problems (RFC 9457), in the same form as the host's. */

#include "ctx.h"

/* The kinds of failure, in the order of their numbers. */
static const struct {
    uint16_t status;
    const char *title, *code;
} kinds_of_failure[] = {
    {400, "Bad Request", "bad-request"},
    {401, "Unauthorized", "unauthorized"},
    {403, "Forbidden", "forbidden"},
    {404, "Not Found", "not-found"},
    {405, "Method Not Allowed", "method-not-allowed"},
    {409, "Conflict", "conflict"},
    {429, "Too Many Requests", "too-many-requests"},
    {500, "Internal Server Error", "internal"},
    {503, "Service Unavailable", "unavailable"},
};

static void write_member(hostel_writer *json, const char *name, hostel_str value)
{
    hostel_write_name(json, hostel_str_of(name));
    hostel_write_string(json, value);
}

static hostel_response problem(hostel_ctx *ctx, hostel_str request_id, hostel_result kind,
                               hostel_str detail)
{
    size_t index = (size_t)(kind - HOSTEL_BAD_REQUEST);
    hostel_writer json = hostel_write(ctx);
    hostel_write_object(&json);
    write_member(&json, "type", HOSTEL_STR("about:blank"));
    write_member(&json, "title", hostel_str_of(kinds_of_failure[index].title));
    hostel_write_name(&json, HOSTEL_STR("status"));
    hostel_write_integer(&json, kinds_of_failure[index].status);
    write_member(&json, "code", hostel_str_of(kinds_of_failure[index].code));
    write_member(&json, "detail", detail);
    write_member(&json, "request_id", lossy(ctx, request_id));
    hostel_write_end(&json);
    return (hostel_response){
        .status = kinds_of_failure[index].status,
        .content_type = HOSTEL_STR("application/problem+json"),
        .body = hostel_written(&json),
    };
}

static hostel_response failure_response(hostel_ctx *ctx, hostel_str request_id, hostel_result kind)
{
    hostel_str detail = ctx->failure.message;
    /* Log the message of a server error instead of sending it to the client. */
    if (kind == HOSTEL_INTERNAL || kind == HOSTEL_UNAVAILABLE) {
        host_log(ctx, HOSTEL_ERROR, detail);
        detail = kind == HOSTEL_INTERNAL
                     ? HOSTEL_STR("the service failed")
                     : HOSTEL_STR("something that the service needs is unavailable");
    }
    hostel_response response = problem(ctx, request_id, kind, detail);
    response.headers = ctx->failure.headers;
    response.header_count = ctx->failure.header_count;
    return response;
}
