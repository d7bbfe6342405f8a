/* What a service answers when it does not fulfil a request. */

#include "ctx.h"

hostel_result hostel_fail(hostel_ctx *ctx, hostel_result kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    ctx->message = vformat(ctx, format, arguments);
    va_end(arguments);
    ctx->result = kind;
    return kind;
}

hostel_str hostel_message(const hostel_ctx *ctx)
{
    return ctx->message;
}

static struct failure remembered(const hostel_ctx *ctx)
{
    return (struct failure){ctx->result, ctx->message};
}

static void put_back(hostel_ctx *ctx, struct failure failure)
{
    ctx->result = failure.result;
    ctx->message = failure.message;
}
