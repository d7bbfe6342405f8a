/* Failures of a service: their message and headers. */

#include "ctx.h"

hostel_result hostel_fail(hostel_ctx *ctx, hostel_result kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    hostel_str message = vformat(ctx, format, arguments);
    va_end(arguments);
    ctx->failure = (struct failure){.result = kind, .message = message};
    return kind;
}

hostel_result hostel_failure_header(hostel_ctx *ctx, const char *name, hostel_str value)
{
    struct failure *failure = &ctx->failure;
    if (failure->result == HOSTEL_OK)
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "hostel_failure_header has no failure: call it after hostel_fail");
    add_field(ctx, &failure->headers, &failure->header_count, lowered(ctx, hostel_str_of(name)),
              value);
    return failure->result;
}

hostel_str hostel_message(const hostel_ctx *ctx)
{
    return ctx->failure.message;
}
