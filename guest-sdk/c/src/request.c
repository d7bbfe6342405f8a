/* What a service is asked. */

#include "ctx.h"

hostel_result hostel_request_json(hostel_ctx *ctx, const hostel_request *req, hostel_json *value)
{
    hostel_str body = req->body.len == 0 ? HOSTEL_STR("null") : req->body;
    return parse_as(ctx, body, NO_TEXT, HOSTEL_BAD_REQUEST, value);
}

static char lower(char letter)
{
    return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool equal_in_any_case(hostel_str one, hostel_str other)
{
    if (one.len != other.len)
        return false;
    for (size_t i = 0; i < one.len; i++) {
        if (lower(one.ptr[i]) != lower(other.ptr[i]))
            return false;
    }
    return true;
}

hostel_str hostel_request_header(const hostel_request *req, const char *name)
{
    for (size_t i = 0; req->http != NULL && i < req->http->header_count; i++) {
        const hostel_pair *header = &req->http->headers[i];
        if (equal_in_any_case(header->name, hostel_str_of(name)))
            return header->value;
    }
    return NO_TEXT;
}

hostel_str hostel_request_path_param(const hostel_request *req, const char *name)
{
    for (size_t i = 0; req->http != NULL && i < req->http->path_param_count; i++) {
        const hostel_pair *param = &req->http->path_params[i];
        if (hostel_str_equal(param->name, hostel_str_of(name)))
            return param->value;
    }
    return NO_TEXT;
}
