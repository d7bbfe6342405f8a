/* Allows a limited number of calls a minute. */

#include <hostel.h>
#include <inttypes.h>

#define MAX_CALLS 5
#define WINDOW 60

static hostel_result rate_limiter(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    int64_t calls;
    (void)req, (void)res;

    /* The window begins with its first call: a later call does not change the expiry. */
    HOSTEL_TRY(hostel_cache_increment(ctx, HOSTEL_STR("calls"), 1, WINDOW, &calls));
    if (calls > MAX_CALLS)
        return hostel_fail(ctx, HOSTEL_TOO_MANY_REQUESTS, "at most %d calls a minute", MAX_CALLS);
    hostel_log(ctx, HOSTEL_INFO, "Call %" PRId64 " of %d", calls, MAX_CALLS);
    return HOSTEL_OK;
}

HOSTEL_SERVICES({"rate-limiter", "Allows five calls a minute.", rate_limiter})
