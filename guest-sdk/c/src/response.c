/* What a service answers when it fulfils a request. */

#include "ctx.h"

hostel_result hostel_respond_json(hostel_ctx *ctx, hostel_response *res, hostel_str json)
{
    if (json.ptr == NULL) {
        hostel_str why = why_unwritten(ctx);
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the answer has no JSON form: %.*s",
                           HOSTEL_ARG(why));
    }
    res->status = 200;
    res->content_type = HOSTEL_STR("application/json");
    res->body = json;
    return HOSTEL_OK;
}

hostel_result hostel_respond_text(hostel_ctx *ctx, hostel_response *res, hostel_str text)
{
    (void)ctx;
    res->status = 200;
    res->content_type = HOSTEL_STR("text/plain; charset=utf-8");
    res->body = text;
    return HOSTEL_OK;
}

void hostel_response_header(hostel_ctx *ctx, hostel_response *res, const char *name,
                            hostel_str value)
{
    hostel_str copy = hostel_copy(ctx, lossy(ctx, hostel_str_of(name)));
    char *letters = (char *)copy.ptr;
    for (size_t i = 0; i < copy.len; i++)
        letters[i] = lower(letters[i]);
    size_t count = res->header_count;
    hostel_pair *headers = (hostel_pair *)hostel_alloc(ctx, (count + 1) * sizeof *headers);
    if (count > 0)
        memcpy(headers, res->headers, count * sizeof *headers);
    headers[count] = (hostel_pair){copy, hostel_copy(ctx, value)};
    res->headers = headers;
    res->header_count = count + 1;
}
