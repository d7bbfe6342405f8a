/* Tests that a service sees the fake's clock:
 *
 *     cc -include hostel_fake_clock.h -I../.. main.c ../../hostel.c && ./a.out
 */

#include "../check.h"

#include <time.h>

/* Responds with the times that the C functions return, in seconds. */
static hostel_result tell(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    struct timespec standard, monotonic;
    time_t stored_time;
    (void)req;
    if (time(&stored_time) != time(NULL) || timespec_get(&standard, TIME_UTC) != TIME_UTC ||
        clock_gettime(CLOCK_MONOTONIC, &monotonic) != 0)
        return HOSTEL_INTERNAL;
    hostel_str text = hostel_format(ctx, "[%lld,%lld.%03ld,%lld.%03ld]", (long long)stored_time,
                                    (long long)standard.tv_sec, standard.tv_nsec / 1000000,
                                    (long long)monotonic.tv_sec, monotonic.tv_nsec / 1000000);
    return hostel_respond_json(ctx, res, text);
}

HOSTEL_SERVICES({"tell", "", tell})

/* Returns the time that the service reads, in seconds. `clock` is a JSON Pointer into the
 * response. */
static double shown(hostel_fake *fake, const char *clock)
{
    double seconds;
    hostel_json told;
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    hostel_str body = hostel_fake_call(fake, "tell", NULL).response.body;
    CHECK(hostel_json_parse(ctx, hostel_copy(ctx, body), &told) == HOSTEL_OK);
    CHECK(hostel_json_double(ctx, told, clock, &seconds) == HOSTEL_OK);
    return seconds;
}

static void clocks_move_only_with_the_fake(void)
{
    static const char *const clocks[] = {"/0", "/1", "/2"};
    for (int i = 0; i < 3; i++) {
        hostel_fake *fake = hostel_fake_new();
        double began = shown(fake, clocks[i]);
        CHECK(shown(fake, clocks[i]) == began);
        hostel_fake_advance(fake, 86400500);
        double late = shown(fake, clocks[i]) - began;
        CHECK(late > 86399 && late < 86402);
        if (i > 0)
            CHECK(late > 86400.499 && late < 86400.501);
        hostel_fake_free(fake);
    }
}

static void newest_fake_sets_the_clock(void)
{
    hostel_fake *first = hostel_fake_new();
    hostel_fake_advance(first, 1000000000);
    double of_first = shown(first, "/0");
    hostel_fake *second = hostel_fake_new();
    CHECK(shown(first, "/0") < of_first - 900000);
    hostel_fake_free(first);
    CHECK(shown(second, "/0") < of_first - 900000);
    first = hostel_fake_new();
    hostel_fake_free(first);
    hostel_fake_advance(second, 1000000000);
    CHECK(shown(second, "/0") > of_first - 100);
    hostel_fake_free(second);
}

static void without_a_fake_the_clock_is_the_system_clock(void)
{
    struct timespec now, later;
    CHECK((time)(NULL) <= time(NULL) && time(NULL) - (time)(NULL) <= 1);
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    do {
        CHECK(clock_gettime(CLOCK_MONOTONIC, &later) == 0);
    } while (later.tv_sec == now.tv_sec && later.tv_nsec == now.tv_nsec);
    CHECK(timespec_get(&now, TIME_UTC) == TIME_UTC && now.tv_sec - (time)(NULL) <= 1);
}

int main(void)
{
    without_a_fake_the_clock_is_the_system_clock();
    clocks_move_only_with_the_fake();
    newest_fake_sets_the_clock();
    without_a_fake_the_clock_is_the_system_clock();
    puts("all passed");
    return 0;
}
