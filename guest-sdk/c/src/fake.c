/* The host for tests: see hostel_fake.h and hostel_fake_clock.h. */

#include "../hostel_fake.h"
#include "ctx.h"

#include <time.h>

/* The same declaration as in hostel_fake_clock.h, for builds that do not include that header. */
bool hostel_fake_now(struct timespec *now);

struct entry {
    hostel_str key;
    hostel_str json;
    int64_t deadline; /* On the clock `now` of the fake; INT64_MAX for no expiry. */
};

/* A lease to compute the value of a key. Its holder is a call in the test, or the other call that
 * hostel_fake_hold simulates. */
struct lease {
    hostel_str key;
    bool is_of_another;
};

/* The response to outbound requests with one method, and one URL or URL prefix. */
struct route {
    hostel_str method, url;
    hostel_fake_server *serve; /* If NULL, `error` and `response` apply. */
    void *user_data;
    hostel_result error; /* If HOSTEL_OK, the response applies. */
    hostel_response response;
};

/* A route to a service. */
struct served {
    hostel_str text, method;  /* An empty method means any. */
    struct texts segments;    /* The segments of the path, as in the route. */
    hostel_str service;
};

struct hostel_fake {
    hostel_ctx look;   /* The memory of the test and of the fake itself. */
    hostel_ctx called; /* The memory of the latest call to a service. */
    int64_t now;       /* In milliseconds since the fake was created. */
    struct timespec began;
    struct entry *entries;
    size_t entry_count;
    struct lease *leases;
    size_t lease_count;
    const char **lines;
    size_t line_count;
    struct route *routes;
    size_t route_count;
    struct served *served;
    size_t served_count;
    hostel_http_request *requests;
    size_t request_count;
    hostel_pair *settings;
    size_t setting_count;
    hostel_fake *older;
};

/* The newest live fake. With hostel_fake_clock.h, a service sees the clock of this fake. */
static hostel_fake *newest;

hostel_fake *hostel_fake_new(void)
{
    hostel_fake *fake = (hostel_fake *)calloc(1, sizeof *fake);
    if (fake == NULL)
        abort();
    fake->look.fake = fake;
    fake->called.fake = fake;
    /* The parentheses select the C library's function, even if hostel_fake_clock.h is included. */
    (timespec_get)(&fake->began, TIME_UTC);
    fake->older = newest;
    newest = fake;
    return fake;
}

void hostel_fake_free(hostel_fake *fake)
{
    if (fake == NULL)
        return;
    hostel_fake **link = &newest;
    while (*link != fake)
        link = &(*link)->older;
    *link = fake->older;
    ctx_reset(&fake->look);
    ctx_reset(&fake->called);
    free(fake);
}

hostel_ctx *hostel_fake_ctx(hostel_fake *fake)
{
    return &fake->look;
}

hostel_answer hostel_fake_call(hostel_fake *fake, const char *service, const char *json)
{
    return hostel_fake_call_with(fake, (hostel_request){
        .service = hostel_str_of(service),
        .content_type = json == NULL ? NO_TEXT : HOSTEL_STR("application/json"),
        .body = hostel_str_of(json),
    });
}

hostel_answer hostel_fake_call_with(hostel_fake *fake, hostel_request request)
{
    hostel_answer answer = {.message = HOSTEL_STR("")};
    ctx_reset(&fake->called);
    answer.result = dispatch(&fake->called, &request, &answer.response);
    if (answer.result != HOSTEL_OK) {
        answer.message = hostel_copy(&fake->called, fake->called.failure.message);
        answer.response = (hostel_response){.status = 0};
    }
    return answer;
}

void hostel_fake_advance(hostel_fake *fake, int64_t milliseconds)
{
    fake->now += milliseconds;
}

bool hostel_fake_now(struct timespec *now)
{
    if (newest == NULL)
        return false;
    int64_t nanos = newest->began.tv_nsec + newest->now % 1000 * 1000000;
    now->tv_sec = newest->began.tv_sec + (time_t)(newest->now / 1000 + nanos / 1000000000);
    now->tv_nsec = (long)(nanos % 1000000000);
    return true;
}

const char *hostel_fake_log(const hostel_fake *fake, size_t index)
{
    return index < fake->line_count ? fake->lines[index] : NULL;
}

/* Makes room for one more element in an array of `count` elements. The capacity doubles whenever
 * `count` is a power of two. */
static void *room(hostel_fake *fake, void *things, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return things;
    size_t most = count == 0 ? 1 : count * 2;
    return grow(&fake->look, things, count * size, most * size);
}

static void host_log(hostel_ctx *ctx, hostel_level level, hostel_str message)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    hostel_fake *fake = ctx->fake;
    hostel_str line = hostel_format(&fake->look, "%s: %.*s", names[level], HOSTEL_ARG(message));
    fprintf(stderr, "%s\n", line.ptr);
    fake->lines = (const char **)room(fake, fake->lines, fake->line_count, sizeof *fake->lines);
    fake->lines[fake->line_count++] = line.ptr;
}
