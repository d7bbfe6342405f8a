/* Dispatch of a request to its handler. */

#include "ctx.h"

static hostel_str service_names(hostel_ctx *ctx)
{
    hostel_str names = HOSTEL_STR("");
    for (size_t i = 0; i < hostel_service_count; i++)
        names = hostel_format(ctx, "%.*s%s%s", HOSTEL_ARG(names), i == 0 ? "" : ", ",
                              hostel_services[i].name);
    return names;
}

static hostel_handler *handler_of(hostel_str name)
{
    for (size_t i = 0; i < hostel_service_count; i++) {
        if (hostel_str_equal(hostel_str_of(hostel_services[i].name), name))
            return hostel_services[i].handle;
    }
    return NULL;
}

/* The failure kind for a handler's result; HOSTEL_OK for HOSTEL_OK. */
static hostel_result failure_kind(hostel_result result)
{
    switch (result) {
    case HOSTEL_HTTP_UNREACHABLE:
    case HOSTEL_HTTP_TIMEOUT:
    case HOSTEL_HTTP_ABORTED:
        return HOSTEL_UNAVAILABLE;
    default:
        return result >= HOSTEL_OK && result <= HOSTEL_UNAVAILABLE ? result : HOSTEL_INTERNAL;
    }
}

static hostel_result dispatch(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_handler *handle = handler_of(req->service);
    if (handle == NULL) {
        hostel_str name = quoted(ctx, req->service), names = service_names(ctx);
        return hostel_fail(ctx, HOSTEL_NOT_FOUND, "no service %.*s here; there are: %.*s",
                           HOSTEL_ARG(name), HOSTEL_ARG(names));
    }
    *res = (hostel_response){.status = 204};
    hostel_result result = handle(ctx, req, res);
    /* The recorded failure may be an earlier one that the handler recovered from: keep the record
     * only if it has the handler's result. */
    if (result != ctx->failure.result)
        ctx->failure = (struct failure){.result = result, .message = HOSTEL_STR("")};
    ctx->failure.message = lossy(ctx, ctx->failure.message);
    result = failure_kind(result);
    /* A failure in the WIT interface has no headers, so return a failure with headers as a
     * response. */
    if (result != HOSTEL_OK && (req->http == NULL || ctx->failure.header_count == 0))
        return result;
    if (result != HOSTEL_OK)
        *res = failure_response(ctx, req->id, result);
    return check_response(ctx, res);
}
