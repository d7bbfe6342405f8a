/* Makes a service that reads the time see the fake's clock. Include this header first in a test's
 * build:
 *
 *     cc -include hostel_fake_clock.h -I.hostel/guest-sdk/c *.c .hostel/guest-sdk/c/hostel.c
 *
 * `time`, `timespec_get` with TIME_UTC, and every clock of `clock_gettime` then return the time of
 * the newest live fake: the machine's time when the fake was created, plus the milliseconds that
 * the test passed to hostel_fake_advance. Without a fake they return the machine's time. The header
 * only affects C files built with this option, not C++.
 */
#ifndef HOSTEL_FAKE_CLOCK_H
#define HOSTEL_FAKE_CLOCK_H

#include <stdbool.h>
#include <time.h>

#ifndef __cplusplus

/* Returns true if there is a live fake; `*now` is then the time of the newest one. Defined in
 * hostel.c. */
bool hostel_fake_now(struct timespec *now);

/* A name in parentheses means the C library's function, even if a macro has this name. */

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

/* clock_gettime is in POSIX, not in standard C. */
#ifdef CLOCK_MONOTONIC
static inline int hostel_fake_clock_gettime(clockid_t clock, struct timespec *out)
{
    return hostel_fake_now(out) ? 0 : (clock_gettime)(clock, out);
}

#define clock_gettime(clock, out) hostel_fake_clock_gettime(clock, out)
#endif

#endif

#endif
