/* The clock of a fake as the clock of the service: include it before all else in a test's build,
 * for services that read the time themselves.
 *
 *     cc -include hostel_fake_clock.h -I.hostel/guest-sdk/c *.c .hostel/guest-sdk/c/hostel.c
 *
 * `time`, `timespec_get` and every clock of `clock_gettime` then tell the time of the newest fake
 * that is not freed yet: that of the machine when the fake was made, and what hostel_fake_advance
 * added to it. While there is no fake they tell the machine's time. Only the files that are built
 * so see it, and C++ does not.
 */
#ifndef HOSTEL_FAKE_CLOCK_H
#define HOSTEL_FAKE_CLOCK_H

#include <stdbool.h>
#include <time.h>

#ifndef __cplusplus

/* True when there is a fake, whose time it tells. Part of hostel.c. */
bool hostel_fake_now(struct timespec *now);

/* The parentheses around a name keep the macros below from replacing it. */

static inline time_t hostel_fake_time(time_t *out)
{
    struct timespec now;
    if (!hostel_fake_now(&now))
        return (time)(out);
    if (out != NULL)
        *out = now.tv_sec;
    return now.tv_sec;
}

static inline int hostel_fake_timespec_get(struct timespec *out, int base)
{
    return base == TIME_UTC && hostel_fake_now(out) ? base : (timespec_get)(out, base);
}

#define time(out) hostel_fake_time(out)
#define timespec_get(out, base) hostel_fake_timespec_get(out, base)

/* Not of the C standard, but of POSIX. */
#ifdef CLOCK_MONOTONIC
static inline int hostel_fake_clock_gettime(clockid_t clock, struct timespec *out)
{
    return hostel_fake_now(out) ? 0 : (clock_gettime)(clock, out);
}

#define clock_gettime(clock, out) hostel_fake_clock_gettime(clock, out)
#endif

#endif

#endif
