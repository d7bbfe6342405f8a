/* Tests of services: requests, responses, failures and the log. */

#include "check.h"

static hostel_result show(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_str who = hostel_request_header(ctx, req, "X-Who");
    hostel_str id = hostel_request_path_param(req, "id");
    HOSTEL_TRY(hostel_respond_text(ctx, res,
                                   hostel_format(ctx, "%.*s %.*s", HOSTEL_ARG(who),
                                                 HOSTEL_ARG(id))));
    char value[] = "no-store";
    hostel_response_header(ctx, res, "Cache-Control", hostel_str_of(value));
    hostel_response_header(ctx, res, "X-A", HOSTEL_STR("b"));
    value[0] = '?';
    res->status = 201;
    return HOSTEL_OK;
}

/* Executes the command in the body, which is a JSON string. Does nothing without a command. */
static hostel_result misbehave(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json body;
    hostel_str what = HOSTEL_STR("nothing");
    HOSTEL_TRY(hostel_request_json(ctx, req, &body));
    if (hostel_json_has(ctx, body, ""))
        HOSTEL_TRY(hostel_json_string(ctx, body, "", &what));
    if (hostel_str_equal(what, HOSTEL_STR("refuse")))
        return hostel_cache_set(ctx, HOSTEL_STR(""), HOSTEL_STR("1"), HOSTEL_NO_EXPIRY);
    if (hostel_str_equal(what, HOSTEL_STR("cope"))) {
        if (hostel_cache_delete(ctx, HOSTEL_STR(""), NULL) == HOSTEL_INVALID_KEY)
            return HOSTEL_CONFLICT;
    }
    if (hostel_str_equal(what, HOSTEL_STR("garbage")))
        return (hostel_result)77;
    if (hostel_str_equal(what, HOSTEL_STR("fetch"))) {
        hostel_http_response response;
        return hostel_http_get(ctx, HOSTEL_STR("http://a"), &response);
    }
    if (hostel_str_equal(what, HOSTEL_STR("nan")))
        return hostel_respond_json(ctx, res, hostel_json_of_double(ctx, 1e308 * 1e308));
    if (hostel_str_equal(what, HOSTEL_STR("bytes")))
        return hostel_fail(ctx, HOSTEL_FORBIDDEN, "a \xFF%s", "b");
    if (hostel_str_equal(what, HOSTEL_STR("log"))) {
        hostel_log(ctx, HOSTEL_WARN, "%d%% \xFF", 5);
        hostel_log(ctx, HOSTEL_DEBUG, "%0999d", 7);
    }
    return HOSTEL_OK;
}

HOSTEL_SERVICES({"show", "Shows.", show}, {"misbehave", NULL, misbehave},
                {"order", NULL, handle_order})

static void request_reaches_the_service_it_names(void)
{
    hostel_fake *fake = hostel_fake_new();
    const hostel_pair params[] = {{HOSTEL_STR("ID"), HOSTEL_STR("0")},
                                  {HOSTEL_STR("id"), HOSTEL_STR("a b")}};
    const hostel_pair headers[] = {{HOSTEL_STR("x-who"), HOSTEL_STR("Ada")},
                                   {HOSTEL_STR("x-who"), HOSTEL_STR("Eve")}};
    const hostel_http http = {.path_params = params, .path_param_count = 2, .headers = headers,
                              .header_count = 2};
    hostel_answer answer = hostel_fake_call_with(
        fake, (hostel_request){.service = HOSTEL_STR("show"), .http = &http});
    CHECK(answer.result == HOSTEL_OK && answer.response.status == 201);
    CHECK_TEXT(answer.response.body, "Ada, Eve a b");
    CHECK_TEXT(answer.response.content_type, "text/plain; charset=utf-8");
    CHECK(answer.response.header_count == 2);
    CHECK_TEXT(answer.response.headers[0].name, "cache-control");
    CHECK_TEXT(answer.response.headers[0].value, "no-store");
    CHECK_TEXT(answer.response.headers[1].name, "x-a");
    answer = hostel_fake_call(fake, "show", NULL);
    CHECK_TEXT(answer.response.body, " ");
    answer = hostel_fake_call(fake, "misbehave", NULL);
    CHECK(answer.result == HOSTEL_OK && answer.response.status == 204);
    CHECK(answer.response.body.len == 0 && answer.response.content_type.ptr == NULL);
    hostel_fake_free(fake);
}

static void check_failure(const char *service, const char *json, hostel_result kind,
                          const char *message)
{
    hostel_fake *fake = hostel_fake_new();
    hostel_answer answer = hostel_fake_call(fake, service, json);
    CHECK(answer.result == kind && answer.response.status == 0);
    CHECK_TEXT(answer.message, message);
    hostel_fake_free(fake);
}

static void failure_has_a_kind_and_its_own_message(void)
{
    check_failure("misbehave", "\"refuse\"", HOSTEL_INTERNAL,
                  "invalid key \"\": a key must be 1 to 1024 bytes");
    check_failure("misbehave", "\"cope\"", HOSTEL_CONFLICT, "");
    check_failure("misbehave", "\"garbage\"", HOSTEL_INTERNAL, "");
    check_failure("misbehave", "\"nan\"", HOSTEL_INTERNAL,
                  "the response has no JSON form: the number Infinity");
    check_failure("misbehave", "\"bytes\"", HOSTEL_FORBIDDEN, "a \xEF\xBF\xBD" "b");
    check_failure("misbehave", "7", HOSTEL_BAD_REQUEST,
                  "the request body is 7: it must be a string");
    check_failure("misbehave", "{", HOSTEL_BAD_REQUEST,
                  "the request body is not JSON: at byte 1 expected a member's name in double "
                  "quotes, found the end");
    check_failure("shout", "1", HOSTEL_NOT_FOUND,
                  "no service \"shout\" here; there are: show, misbehave, order");
}

static void request_without_a_response_is_unavailable_if_the_server_may_respond_later(void)
{
    for (int result = HOSTEL_HTTP_INVALID_REQUEST; result <= HOSTEL_HTTP_ABORTED; result++) {
        hostel_fake *fake = hostel_fake_new();
        hostel_fake_route_error(fake, "GET", "http://a", (hostel_result)result);
        hostel_answer answer = hostel_fake_call(fake, "misbehave", "\"fetch\"");
        bool is_unavailable = result == HOSTEL_HTTP_UNREACHABLE ||
                              result == HOSTEL_HTTP_TIMEOUT || result == HOSTEL_HTTP_ABORTED;
        CHECK(answer.result == (is_unavailable ? HOSTEL_UNAVAILABLE : HOSTEL_INTERNAL));
        CHECK_TEXT(answer.message, "\"http://a\": the fake returns an error");
        hostel_fake_free(fake);
    }
}

static void memory_lasts_as_long_as_its_ctx(void)
{
    hostel_fake *fake = hostel_fake_new();
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    CHECK(hostel_alloc(ctx, 0) != NULL);
    char *memory = (char *)hostel_alloc(ctx, 100000);
    memset(memory, 'a', 100000);
    hostel_str copy = hostel_copy(ctx, (hostel_str){memory, 100000});
    CHECK(hostel_fake_call(fake, "misbehave", NULL).result == HOSTEL_OK);
    CHECK(copy.ptr[99999] == 'a' && copy.ptr[100000] == '\0');
    CHECK((uintptr_t)memory % _Alignof(max_align_t) == 0);
    hostel_fake_free(fake);
}

static void log_keeps_level_and_formatted_text(void)
{
    hostel_fake *fake = hostel_fake_new();
    CHECK(hostel_fake_call(fake, "misbehave", "\"log\"").result == HOSTEL_OK);
    CHECK(strcmp(hostel_fake_log(fake, 0), "warn: 5% \xEF\xBF\xBD") == 0);
    CHECK(strlen(hostel_fake_log(fake, 1)) == strlen("debug: ") + 999);
    CHECK(hostel_fake_log(fake, 2) == NULL);
    hostel_fake_free(fake);
}

void test_service(void)
{
    request_reaches_the_service_it_names();
    failure_has_a_kind_and_its_own_message();
    request_without_a_response_is_unavailable_if_the_server_may_respond_later();
    memory_lasts_as_long_as_its_ctx();
    log_keeps_level_and_formatted_text();
    hostel_fake_free(NULL);
}
