/* Runs the scenarios on the fake. All languages share these scenarios, and other tests run them in
 * a real host.
 *
 *     cc -I.. *.c ../hostel.c && ./a.out
 */

#include <hostel_fake.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The current scenario, for messages. */
static const char *scenario = "none";

static void fail(hostel_str step, hostel_str got)
{
    fprintf(stderr, "%s: %.*s: got %.*s\n", scenario, (int)step.len, step.ptr,
            got.len > 400 ? 400 : (int)got.len, got.ptr);
    exit(1);
}

static void check(bool claim, hostel_json step, hostel_str got)
{
    if (!claim)
        fail(step.text, got);
}

static hostel_str text_at(hostel_ctx *ctx, hostel_json value, const char *pointer)
{
    hostel_str text = HOSTEL_STR("");
    if (hostel_json_has(ctx, value, pointer) &&
        hostel_json_string(ctx, value, pointer, &text) != HOSTEL_OK)
        fail(value.text, hostel_message(ctx));
    return text;
}

static bool equal(hostel_ctx *ctx, hostel_json one, hostel_json other);

static size_t count(hostel_ctx *ctx, hostel_json value)
{
    size_t found = 0;
    for (hostel_items each = hostel_json_items(ctx, value); hostel_json_next(&each);)
        found++;
    return found;
}

/* Compares the members of two objects or the elements of two arrays. */
static bool equal_parts(hostel_ctx *ctx, hostel_json one, hostel_json other)
{
    hostel_items ours = hostel_json_items(ctx, one), theirs = hostel_json_items(ctx, other);
    while (hostel_json_next(&ours)) {
        if (ours.name.ptr == NULL) {
            if (!hostel_json_next(&theirs) || !equal(ctx, ours.value, theirs.value))
                return false;
            continue;
        }
        /* The order of members does not matter. */
        hostel_items member = hostel_json_items(ctx, other);
        do {
            if (!hostel_json_next(&member))
                return false;
        } while (!hostel_str_equal(member.name, ours.name));
        if (!equal(ctx, ours.value, member.value))
            return false;
    }
    return count(ctx, one) == count(ctx, other);
}

/* Compares two JSON values. 1 and 1.0 are equal, because not every language distinguishes them. */
static bool equal(hostel_ctx *ctx, hostel_json one, hostel_json other)
{
    hostel_json_kind kind = hostel_json_kind_of(one);
    double number, another;
    if (kind != hostel_json_kind_of(other))
        return false;
    switch (kind) {
    case HOSTEL_NUMBER:
        return hostel_str_equal(one.text, other.text) ||
               (hostel_json_double(ctx, one, "", &number) == HOSTEL_OK &&
                hostel_json_double(ctx, other, "", &another) == HOSTEL_OK && number == another);
    case HOSTEL_STRING: return hostel_str_equal(text_at(ctx, one, ""), text_at(ctx, other, ""));
    case HOSTEL_ARRAY:
    case HOSTEL_OBJECT: return equal_parts(ctx, one, other);
    default: return hostel_str_equal(one.text, other.text);
    }
}

/* Returns the body to send: the step itself or, if the step has `bytes`, a `set` step with a value
 * of that size. */
static hostel_str sent(hostel_ctx *ctx, hostel_json step)
{
    int64_t bytes;
    if (!hostel_json_has(ctx, step, "/bytes"))
        return step.text;
    if (hostel_json_integer(ctx, step, "/bytes", &bytes) != HOSTEL_OK)
        fail(step.text, hostel_message(ctx));
    size_t length = (size_t)bytes - 2;
    char *value = (char *)hostel_alloc(ctx, length);
    memset(value, 'x', length);
    hostel_writer json = hostel_write(ctx);
    hostel_write_object(&json);
    hostel_write_name(&json, HOSTEL_STR("op"));
    hostel_write_string(&json, HOSTEL_STR("set"));
    hostel_write_name(&json, HOSTEL_STR("key"));
    hostel_write_string(&json, text_at(ctx, step, "/key"));
    hostel_write_name(&json, HOSTEL_STR("value"));
    hostel_write_string(&json, (hostel_str){value, length});
    hostel_write_end(&json);
    return hostel_written(&json);
}

/* Reads up to 7 pairs from the array at a JSON Pointer, and appends a pair that contains the step.
 * Returns the number of pairs, including the appended one. */
static size_t pairs_at(hostel_ctx *ctx, hostel_json value, const char *pointer, hostel_json step,
                       hostel_pair pairs[static 8])
{
    size_t found = 0;
    hostel_items each = hostel_json_items(ctx, hostel_json_at(ctx, value, pointer));
    while (found < 7 && hostel_json_next(&each)) {
        pairs[found].name = text_at(ctx, each.value, "/0");
        pairs[found++].value = text_at(ctx, each.value, "/1");
    }
    pairs[found++] = (hostel_pair){HOSTEL_STR("x-step"), step.text};
    return found;
}

/* Sends a step. If the step describes an HTTP request, sends this request, with the step in a
 * header. */
static hostel_answer answered(hostel_fake *fake, hostel_json step)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    hostel_pair headers[8], params[8];
    hostel_request req = {.service = HOSTEL_STR("conformance")};
    hostel_json sent_by_http = hostel_json_at(ctx, step, "/http");
    if (hostel_json_kind_of(sent_by_http) != HOSTEL_OBJECT) {
        req.body = sent(ctx, step);
        return hostel_fake_call_with(fake, req);
    }
    hostel_str method = text_at(ctx, sent_by_http, "/method");
    hostel_str path = text_at(ctx, sent_by_http, "/path");
    const hostel_http http = {
        .method = method.len == 0 ? HOSTEL_STR("GET") : method,
        .path = path.len == 0 ? HOSTEL_STR("/") : path,
        .path_params = params,
        .path_param_count = pairs_at(ctx, sent_by_http, "/path_params", step, params) - 1,
        .query = text_at(ctx, sent_by_http, "/query"),
        .headers = headers,
        .header_count = pairs_at(ctx, sent_by_http, "/headers", step, headers),
    };
    req.http = &http;
    req.body = text_at(ctx, sent_by_http, "/body");
    if (hostel_json_has(ctx, sent_by_http, "/content_type"))
        req.content_type = text_at(ctx, sent_by_http, "/content_type");
    return hostel_fake_call_with(fake, req);
}

/* Compares a response with the status, content type, headers and body that a step expects. */
static void check_response(hostel_ctx *ctx, hostel_json step, hostel_json expected,
                           hostel_response response)
{
    hostel_json status = hostel_json_at(ctx, expected, "/status");
    hostel_json body = hostel_json_at(ctx, expected, "/body"), problem;
    hostel_str sent_status = hostel_json_of_integer(ctx, response.status);
    check(hostel_str_equal(status.text, sent_status), step, sent_status);
    if (hostel_json_has(ctx, expected, "/content-type"))
        check(hostel_str_equal(response.content_type, text_at(ctx, expected, "/content-type")),
              step, response.content_type);
    hostel_items each = hostel_json_items(ctx, hostel_json_at(ctx, expected, "/headers"));
    for (size_t i = 0; i < response.header_count; i++) {
        hostel_pair header = response.headers[i];
        check(hostel_json_next(&each), step, header.name);
        check(hostel_str_equal(header.name, text_at(ctx, each.value, "/0")), step, header.name);
        check(hostel_str_equal(header.value, text_at(ctx, each.value, "/1")), step, header.value);
    }
    check(!hostel_json_next(&each), step, HOSTEL_STR("fewer headers"));
    if (hostel_json_kind_of(body) == HOSTEL_STRING)
        check(hostel_str_equal(response.body, text_at(ctx, body, "")), step, response.body);
    if (hostel_json_kind_of(body) != HOSTEL_OBJECT)
        return;
    check(hostel_json_parse(ctx, response.body, &problem) == HOSTEL_OK, step, response.body);
    for (hostel_items member = hostel_json_items(ctx, body); hostel_json_next(&member);) {
        hostel_str pointer = hostel_format(ctx, "/%.*s", HOSTEL_ARG(member.name));
        hostel_json sent_member = hostel_json_at(ctx, problem, pointer.ptr);
        check(equal(ctx, sent_member, member.value), step, response.body);
    }
}

/* The name that `wit/` gives to a failure kind. */
static hostel_str kind_name(hostel_result kind)
{
    static const char *const names[] = {
        "bad-request", "unauthorized",      "forbidden", "not-found",   "method-not-allowed",
        "conflict",    "too-many-requests", "internal",  "unavailable",
    };
    return hostel_str_of(names[kind - HOSTEL_BAD_REQUEST]);
}

/* Executes a step that the test itself must run. Returns false if the plugin must run the step. */
static bool done_beside(hostel_fake *fake, hostel_json step)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    hostel_str op = text_at(ctx, step, "/op");
    double seconds;
    if (hostel_str_equal(op, HOSTEL_STR("advance"))) {
        check(hostel_json_double(ctx, step, "/seconds", &seconds) == HOSTEL_OK, step, op);
        hostel_fake_advance(fake, (int64_t)(seconds * 1000 + 0.5));
        return true;
    }
    if (hostel_str_equal(op, HOSTEL_STR("host-set"))) {
        hostel_result result = hostel_cache_set(ctx, text_at(ctx, step, "/key"),
                                                text_at(ctx, step, "/value"), HOSTEL_NO_EXPIRY);
        check(result == HOSTEL_OK, step, hostel_message(ctx));
        return true;
    }
    return false;
}

/* Compares the plugin's result with the result that the step expects. */
static void check_result(hostel_ctx *ctx, hostel_json step, hostel_json expected, hostel_str body)
{
    hostel_json result;
    check(hostel_json_parse(ctx, body, &result) == HOSTEL_OK, step, body);
    bool skipped = hostel_json_has(ctx, result, "/skip");
    if (skipped && hostel_json_has(ctx, step, "/may_skip"))
        return;
    hostel_json ok = hostel_json_at(ctx, result, "/ok");
    /* Only check the type: the scenario compares the random numbers of two instances, but a fake
     * has no instances. */
    if (hostel_json_has(ctx, step, "/distinct")) {
        check(hostel_json_kind_of(ok) == HOSTEL_ARRAY, step, body);
        return;
    }
    hostel_str message = text_at(ctx, expected, "/message");
    hostel_str actual = text_at(ctx, result, "/message");
    check(strstr(hostel_copy(ctx, actual).ptr, hostel_copy(ctx, message).ptr) != NULL, step, actual);
    if (hostel_json_has(ctx, expected, "/error"))
        check(equal(ctx, hostel_json_at(ctx, result, "/error"),
                    hostel_json_at(ctx, expected, "/error")),
              step, body);
    else
        check(equal(ctx, ok, hostel_json_at(ctx, expected, "/ok")), step, body);
}

/* Executes one step on the fake and checks its result and its log lines. `*lines` is the number of
 * log lines that are already checked. */
static void do_step(hostel_fake *fake, hostel_json step, size_t *lines)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    if (done_beside(fake, step))
        return;
    hostel_json expected = hostel_json_at(ctx, step, "/except/c");
    if (hostel_json_kind_of(expected) == HOSTEL_MISSING)
        expected = step;
    hostel_answer answer = answered(fake, step);
    if (hostel_json_has(ctx, expected, "/failure")) {
        check(answer.result != HOSTEL_OK, step, answer.response.body);
        hostel_str kind = kind_name(answer.result);
        check(hostel_str_equal(kind, text_at(ctx, expected, "/failure/0")), step, kind);
        check(hostel_str_equal(answer.message, text_at(ctx, expected, "/failure/1")), step,
              answer.message);
    } else {
        check(answer.result == HOSTEL_OK, step, answer.message);
        if (hostel_json_has(ctx, expected, "/response"))
            check_response(ctx, step, hostel_json_at(ctx, expected, "/response"),
                           answer.response);
        else
            check_result(ctx, step, expected, answer.response.body);
    }
    const char *line = hostel_fake_log(fake, *lines);
    if (hostel_json_has(ctx, expected, "/warned")) {
        check(line != NULL && strncmp(line, "warn: ", 6) == 0, step, hostel_str_of(line));
        line = hostel_fake_log(fake, ++*lines);
    }
    if (hostel_json_has(ctx, expected, "/logged")) {
        hostel_str level = text_at(ctx, expected, "/logged/0");
        hostel_str said = text_at(ctx, expected, "/logged/1");
        hostel_str wanted =
            hostel_format(ctx, "%.*s: %.*s", HOSTEL_ARG(level), HOSTEL_ARG(said));
        check(line != NULL && strcmp(line, wanted.ptr) == 0, step, hostel_str_of(line));
        line = hostel_fake_log(fake, ++*lines);
    }
    check(line == NULL, step, hostel_str_of(line));
}

static hostel_str file_text(hostel_ctx *ctx, const char *name)
{
    FILE *file = fopen(name, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        fail(hostel_str_of(name), HOSTEL_STR("no such file"));
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = (char *)hostel_alloc(ctx, size);
    if (fread(text, 1, size, file) != size)
        fail(hostel_str_of(name), HOSTEL_STR("an error while reading"));
    fclose(file);
    return (hostel_str){text, size};
}

/* Runs the scenarios of a file and returns their number. */
static int run_all(const char *file)
{
    hostel_fake *reader = hostel_fake_new();
    hostel_ctx *ctx = hostel_fake_ctx(reader);
    hostel_json scenarios;
    if (hostel_json_parse(ctx, file_text(ctx, file), &scenarios) != HOSTEL_OK)
        fail(hostel_str_of(file), hostel_message(ctx));
    int passed = 0;
    for (hostel_items each = hostel_json_items(ctx, scenarios); hostel_json_next(&each); passed++) {
        scenario = hostel_copy(ctx, text_at(ctx, each.value, "/name")).ptr;
        hostel_fake *fake = hostel_fake_new();
        size_t lines = 0;
        hostel_json steps = hostel_json_at(ctx, each.value, "/steps");
        for (hostel_items step = hostel_json_items(ctx, steps); hostel_json_next(&step);)
            do_step(fake, step.value, &lines);
        hostel_fake_free(fake);
    }
    hostel_fake_free(reader);
    return passed;
}

/* Defined in test_sources.c. */
void test_sources(void);

int main(void)
{
    test_sources();
    int passed = run_all("../../conformance/scenarios.json");
    printf("%d scenarios passed\n", passed);
    return passed > 100 ? 0 : 1;
}
