#include <hostel.h>
#include <inttypes.h>

/* Greets by name, and counts until an hour passes without a greeting. A request may come without a body. */
static hostel_result greet(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json body, stored;
    hostel_str name = HOSTEL_STR("world");
    int64_t count = 0;

    HOSTEL_TRY(hostel_request_json(ctx, req, &body));
    if (hostel_json_has(ctx, body, ""))
        HOSTEL_TRY(hostel_json_string(ctx, body, "/name", &name));

    hostel_str key = hostel_format(ctx, "greetings:%.*s", HOSTEL_ARG(name));
    HOSTEL_TRY(hostel_cache_get(ctx, key, &stored));
    if (hostel_json_has(ctx, stored, ""))
        HOSTEL_TRY(hostel_json_integer(ctx, stored, "", &count));
    count++;
    HOSTEL_TRY(hostel_cache_set(ctx, key, hostel_json_of_integer(ctx, count), 3600));

    hostel_log(ctx, HOSTEL_INFO, "greetings of %.*s: %" PRId64, HOSTEL_ARG(name), count);
    hostel_str text = hostel_format(ctx, "Hello, %.*s! (%" PRId64 ")", HOSTEL_ARG(name), count);
    return hostel_respond_json(ctx, res, hostel_json_of_string(ctx, text));
}

HOSTEL_SERVICES({"greet", "Greets by name, and counts until an hour passes without a greeting.", greet})
