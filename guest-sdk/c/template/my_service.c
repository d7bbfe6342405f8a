#include <hostel.h>
#include <inttypes.h>

/* Greets by name, and counts greetings for an hour. A request may come without a body. */
static hostel_result greet(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json body;
    hostel_str name = HOSTEL_STR("world");
    int64_t count;

    HOSTEL_TRY(hostel_request_json(ctx, req, &body));
    if (hostel_json_has(ctx, body, ""))
        HOSTEL_TRY(hostel_json_string(ctx, body, "/name", &name));

    hostel_str key = hostel_format(ctx, "greetings:%.*s", HOSTEL_ARG(name));
    HOSTEL_TRY(hostel_cache_increment(ctx, key, 1, 3600, &count));

    hostel_log(ctx, HOSTEL_INFO, "greetings of %.*s: %" PRId64, HOSTEL_ARG(name), count);
    hostel_str text = hostel_format(ctx, "Hello, %.*s! (%" PRId64 ")", HOSTEL_ARG(name), count);
    return hostel_respond_json(ctx, res, hostel_json_of_string(ctx, text));
}

HOSTEL_SERVICES({"greet", "Greets by name, and counts greetings for an hour.", greet})
