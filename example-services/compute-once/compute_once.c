/* Computes a value once, however many calls need it at the same time. */

#include <hostel.h>

/* A placeholder for a slow computation. */
static hostel_result compute(hostel_ctx *ctx, void *unused, hostel_str *json)
{
    (void)unused;
    hostel_log(ctx, HOSTEL_INFO, "Computing ..");
    *json = hostel_json_of_string(ctx, HOSTEL_STR("the-report"));
    return HOSTEL_OK;
}

static hostel_result compute_once(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json value;
    hostel_str report;
    (void)req, (void)res;

    /* The value expires after a minute. In its last ten seconds, one call computes the next value,
     * and other calls get the old one. */
    hostel_get_or_set options = hostel_get_or_set_expiry(60);
    options.early_seconds = 10;
    HOSTEL_TRY(hostel_cache_get_or_set_with(ctx, HOSTEL_STR("report"), options, compute, NULL,
                                            &value));
    HOSTEL_TRY(hostel_json_string(ctx, value, "", &report));
    hostel_log(ctx, HOSTEL_INFO, "%.*s", HOSTEL_ARG(report));
    return HOSTEL_OK;
}

HOSTEL_SERVICES(
    {"compute-once", "Computes a value once, however many calls need it at the same time.",
     compute_once})
