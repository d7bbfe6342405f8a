/* The checks of a response's headers and content type. The SDK makes them, so a test on the fake
 * fails too. */

#include "ctx.h"

static bool is_token(hostel_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.ptr[i], letter = lower(byte);
        bool is_letter = letter >= 'a' && letter <= 'z';
        if (!is_letter && (byte == '\0' || strchr("0123456789!#$%&'*+-.^_`|~", byte) == NULL))
            return false;
    }
    return text.len > 0;
}

/* A tab is the only control character allowed in a value (RFC 9110, section 5.5). */
static bool has_control(hostel_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        unsigned char byte = (unsigned char)value.ptr[i];
        if ((byte < ' ' && byte != '\t') || byte == 0x7F)
            return true;
    }
    return false;
}

static bool is_ascii(hostel_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.ptr[i] > 0x7F)
            return false;
    }
    return true;
}

static hostel_result refuse_header(hostel_ctx *ctx, hostel_str name, const char *why)
{
    hostel_str shown = quoted(ctx, name);
    return hostel_fail(ctx, HOSTEL_INTERNAL, "the response header %.*s: %s", HOSTEL_ARG(shown),
                       why);
}

static hostel_result check_field(hostel_ctx *ctx, const hostel_pair *field)
{
    static const char *const of_server[] = {
        "connection", "content-length", "keep-alive",        "proxy-connection",
        "te",         "trailer",        "transfer-encoding", "upgrade",
    };
    if (!is_token(field->name))
        return refuse_header(ctx, field->name, "a name may contain only " TOKEN_BYTES);
    for (size_t i = 0; i < sizeof of_server / sizeof *of_server; i++) {
        if (hostel_str_equal(field->name, hostel_str_of(of_server[i])))
            return refuse_header(ctx, field->name, "the server sets it");
    }
    if (has_control(field->value))
        return refuse_header(ctx, field->name, "its value contains a control character");
    return HOSTEL_OK;
}

static bool has_capitals(hostel_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != lower(text.ptr[i]))
            return true;
    }
    return false;
}

static hostel_result check_response(hostel_ctx *ctx, hostel_response *res)
{
    bool is_lower = true;
    for (size_t i = 0; i < res->header_count; i++)
        is_lower &= !has_capitals(res->headers[i].name);
    if (!is_lower) {
        size_t size = res->header_count * sizeof *res->headers;
        hostel_pair *fields = (hostel_pair *)hostel_alloc(ctx, size);
        for (size_t i = 0; i < res->header_count; i++) {
            fields[i].name = lowered(ctx, res->headers[i].name);
            fields[i].value = res->headers[i].value;
        }
        res->headers = fields;
    }
    for (size_t i = 0; i < res->header_count; i++)
        HOSTEL_TRY(check_field(ctx, &res->headers[i]));
    if (has_control(res->content_type))
        return refuse_header(ctx, HOSTEL_STR("content-type"),
                             "its value contains a control character");
    if (!is_ascii(res->content_type))
        return refuse_header(ctx, HOSTEL_STR("content-type"),
                             "its value contains a non-ASCII character");
    return HOSTEL_OK;
}
