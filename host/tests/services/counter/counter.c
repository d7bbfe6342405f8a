/* Counts the visits of pages. */

#include <hostel.h>
#include <inttypes.h>

static hostel_result count(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    int64_t step = 1, visits;
    hostel_str page = hostel_request_path_param(req, "page");
    HOSTEL_TRY(hostel_request_query_integer(ctx, req, "step", &step));
    if (step < 1 || step > 1000)
        return hostel_fail(ctx, HOSTEL_BAD_REQUEST,
                           "the step is %" PRId64 ": it must be from 1 to 1000", step);

    hostel_str key = hostel_format(ctx, "visits:%.*s", HOSTEL_ARG(page));
    HOSTEL_TRY(hostel_cache_increment(ctx, key, step, HOSTEL_NO_EXPIRY, &visits));

    hostel_writer json = hostel_write(ctx);
    hostel_write_object(&json);
    hostel_write_name(&json, HOSTEL_STR("page"));
    hostel_write_string(&json, page);
    hostel_write_name(&json, HOSTEL_STR("visits"));
    hostel_write_integer(&json, visits);
    hostel_write_end(&json);
    hostel_response_header(ctx, res, "Cache-Control", HOSTEL_STR("no-store"));
    return hostel_respond_json(ctx, res, hostel_written(&json));
}

HOSTEL_SERVICES({"count", "Counts a visit of a page.", count})
