/* Tests of HTTP requests that the scenarios do not cover, and of the fake's routes. */

#include "check.h"

static hostel_fake *fake;

/* Executes the command in the header `x-do`. An unknown command becomes the response's content
 * type. Without the header, responds with the request as text. */
hostel_result handle_order(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_str todo = hostel_request_header(ctx, req, "x-do");
    int64_t id = 0, page = 1;
    HOSTEL_TRY(hostel_request_query_integer(ctx, req, "page", &page));
    if (hostel_str_equal(todo, HOSTEL_STR("integer")))
        HOSTEL_TRY(hostel_request_path_integer(ctx, req, "id", &id));
    if (hostel_str_equal(todo, HOSTEL_STR("fail")))
        return hostel_fail(ctx, HOSTEL_INTERNAL, "index %d", 9);
    if (hostel_str_equal(todo, HOSTEL_STR("header first"))) {
        hostel_result failed = hostel_failure_header(ctx, "retry-after", HOSTEL_STR("1"));
        CHECK(failed == HOSTEL_INTERNAL);
        return failed;
    }
    if (hostel_str_equal(todo, HOSTEL_STR("other failure"))) {
        hostel_fail(ctx, HOSTEL_NOT_FOUND, "none");
        hostel_failure_header(ctx, "x-a", HOSTEL_STR("1"));
        return hostel_fail(ctx, HOSTEL_CONFLICT, "changed");
    }
    if (hostel_str_equal(todo, HOSTEL_STR("other result"))) {
        hostel_fail(ctx, HOSTEL_NOT_FOUND, "none");
        hostel_failure_header(ctx, "x-a", HOSTEL_STR("1"));
        return HOSTEL_CONFLICT;
    }
    if (hostel_str_equal(todo, HOSTEL_STR("redirect"))) {
        HOSTEL_TRY(hostel_respond_text(ctx, res, HOSTEL_STR("moved")));
        return hostel_respond_redirect(ctx, res, HOSTEL_STR("/a"));
    }
    if (todo.len == 0 && req->http != NULL) {
        const hostel_http *http = req->http;
        hostel_str param = hostel_request_path_param(req, "id");
        hostel_str type = hostel_request_header(ctx, req, "content-type");
        CHECK(hostel_str_equal(type, req->content_type) && type.ptr == req->content_type.ptr);
        if (http->header_count > 0)
            CHECK_TEXT(http->headers[0].name, "content-type");
        hostel_str shown = hostel_format(
            ctx, "%.*s %.*s %.*s %.*s %.*s [%.*s] %d (%.*s) %.*s", HOSTEL_ARG(http->method),
            HOSTEL_ARG(http->path), HOSTEL_ARG(http->query), HOSTEL_ARG(http->authority),
            HOSTEL_ARG(http->client), HOSTEL_ARG(param), (int)page, HOSTEL_ARG(type),
            HOSTEL_ARG(req->body));
        return hostel_respond_text(ctx, res, shown);
    }
    res->content_type = todo;
    return HOSTEL_OK;
}

static hostel_response sent(const char *method, const char *target)
{
    return hostel_fake_http(fake, &(hostel_fake_http_call){.method = method, .target = target});
}

/* Sends a request; checks the response's status and that its body contains `words`. */
static void check_sent(const char *method, const char *target, uint16_t status, const char *words)
{
    hostel_response response = sent(method, target);
    CHECK(response.status == status);
    CHECK_SAYS(response.body, words);
}

static void check_done(const char *todo, uint16_t status, const char *words)
{
    const hostel_pair header = {HOSTEL_STR("X-Do"), hostel_str_of(todo)};
    hostel_response response = hostel_fake_http(
        fake, &(hostel_fake_http_call){.target = "/a/x", .headers = &header, .header_count = 1});
    CHECK(response.status == status && response.header_count == 0);
    CHECK_TEXT(response.content_type, "application/problem+json");
    CHECK_SAYS(response.body, words);
}

static void request_over_http_has_the_parts_that_the_host_sets(void)
{
    hostel_fake_serve(fake, "/a/{id}", "order");
    CHECK_TEXT(sent(NULL, "/a/b%20c?page=7&x").body,
               "GET /a/b%20c page=7&x localhost 127.0.0.1:1 [b c] 7 () ");
    hostel_fake_http_call call = {.method = "POST", .target = "/a/1", .json = "[1]"};
    CHECK_TEXT(hostel_fake_http(fake, &call).body,
               "POST /a/1  localhost 127.0.0.1:1 [1] 1 (application/json) [1]");
    call = (hostel_fake_http_call){.method = "PUT", .target = "/a/1?", .form = "a=b"};
    CHECK_TEXT(hostel_fake_http(fake, &call).body,
               "PUT /a/1  localhost 127.0.0.1:1 [1] 1 (application/x-www-form-urlencoded) a=b");
    const hostel_pair header = {HOSTEL_STR("Content-Type"), HOSTEL_STR("a/b")};
    call = (hostel_fake_http_call){.target = "/a/1", .body = HOSTEL_STR("x"), .headers = &header,
                                   .header_count = 1};
    CHECK_TEXT(hostel_fake_http(fake, &call).body,
               "GET /a/1  localhost 127.0.0.1:1 [1] 1 (a/b) x");
}

static void request_matches_the_most_specific_route(void)
{
    static const char *const routes[] = {
        "GET /users/{id}", "PUT /users/{user}",      "DELETE /users/{u}", "GET /users/me",
        "/users/me/{id}",  "GET /users/{id}/orders", "GET /",
    };
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        hostel_fake_serve(fake, routes[i], "order");
    check_sent("GET", "/users/a%2Fb%20c", 200, "[a/b c]");
    check_sent("GET", "/users/me", 200, "[]");
    check_sent("GET", "/users/me/orders", 200, "[orders]");
    check_sent("BREW", "/users/me/orders", 200, "BREW");
    check_sent("GET", "/users/you/orders", 200, "[you]");
    check_sent("PUT", "/users/7", 200, "[] 1");
    check_sent("HEAD", "/users/7", 200, "HEAD /users/7");
    check_sent("GET", "/", 200, "GET / ");
    static const char *const unknown[] = {"/users", "/users/", "/users//orders", "/users/7/",
                                          "/USERS/7", "/other"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        check_sent("GET", unknown[i], 404, "\"detail\":\"no service has this path\"");
    check_sent("GET", "/users/%", 400, "\"detail\":\"the path has an invalid escape\"");
    check_sent("GET", "/users/%ff", 400, "\"code\":\"bad-request\"");
    check_sent("DELETE", "/users/me", 405, "\"detail\":\"this path allows GET, HEAD\"");
    hostel_response response = sent("POST", "/users/7");
    CHECK(response.status == 405 && response.header_count == 1);
    CHECK_TEXT(response.headers[0].name, "allow");
    CHECK_TEXT(response.headers[0].value, "DELETE, GET, HEAD, PUT");
}

static void serve(const char *route)
{
    hostel_fake_serve(fake, route, "order");
}

static void serve_nothing(const char *route)
{
    hostel_fake_serve(fake, route, "shout");
}

static void call_target(const char *target)
{
    sent(NULL, target);
}

static void invalid_route_ends_the_test(void)
{
    serve("GET /a/{id}");
    check_stops(serve, "GET a", "the route \"GET a\" of the fake is invalid: the path must begin");
    check_stops(serve, "GET", "the path must begin with a slash");
    check_stops(serve, "get /a", "a method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS");
    check_stops(serve, "GET /a//b", "a segment must not be empty, `.` or `..`");
    check_stops(serve, "GET /a/", "a segment must not be empty");
    check_stops(serve, "GET /../a", "a segment must not be empty");
    check_stops(serve, "GET /{}", "a parameter must be a whole segment, `{name}`");
    check_stops(serve, "GET /x{id}", "a parameter must be a whole segment");
    check_stops(serve, "GET /{i.d}", "a parameter must be a whole segment");
    check_stops(serve, "GET /%20", "write it without percent-encoding or a query");
    check_stops(serve, "GET /a b", "write it without percent-encoding");
    check_stops(serve, "GET /{a}/{a}", "it has a parameter twice");
    check_stops(serve, "/a/{name}", "it matches requests that an earlier route matches");
    check_stops(serve_nothing, "GET /b", "no service has that name");
    check_stops(call_target, "a",
                "the target \"a\" of hostel_fake_http does not begin with a slash");
}

static void failure_is_the_response_that_a_client_gets(void)
{
    serve("GET /a/{id}");
    check_done("fail", 500,
               "{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,"
               "\"code\":\"internal\",\"detail\":\"the service failed\",\"request_id\":\"fake\"}");
    CHECK_TEXT(hostel_str_of(hostel_fake_log(fake, 0)), "error: index 9");
    check_done("integer", 400, "the path parameter \\\"id\\\" is \\\"x\\\": it must be an integer");
    check_done("other failure", 409, "\"detail\":\"changed\"");
    check_done("other result", 409, "\"detail\":\"\"");
    check_done("header first", 500, "\"code\":\"internal\"");
    CHECK_TEXT(hostel_str_of(hostel_fake_log(fake, 1)),
               "error: hostel_failure_header has no failure: call it after hostel_fail");
}

static void response_is_checked(void)
{
    static const hostel_pair todos[] = {
        {HOSTEL_STR("x-do"), HOSTEL_STR("text/plain")},
        {HOSTEL_STR("x-do"), HOSTEL_STR("a\nb")},
        {HOSTEL_STR("x-do"), HOSTEL_STR("a\xC3\xA9")},
        {HOSTEL_STR("x-do"), HOSTEL_STR("redirect")},
    };
    static const char *const messages[] = {
        "", "the response header \"content-type\": its value contains a control character",
        "the response header \"content-type\": its value contains a non-ASCII character", ""};
    for (int i = 0; i < 4; i++) {
        const hostel_http http = {.headers = &todos[i], .header_count = 1};
        hostel_answer answer = hostel_fake_call_with(
            fake, (hostel_request){.service = HOSTEL_STR("order"), .http = &http});
        CHECK_TEXT(answer.message, messages[i]);
        CHECK((answer.result == HOSTEL_OK) == (messages[i][0] == '\0'));
        if (i == 3)
            CHECK(answer.response.status == 303 && answer.response.body.len == 0 &&
                  answer.response.content_type.ptr == NULL);
    }
}

static void check_client(const char *client, const char *address)
{
    const hostel_http http = {.client = hostel_str_of(client)};
    hostel_request req = {.http = &http};
    CHECK_TEXT(hostel_request_client_address(&req), address);
}

static void client_address_has_no_port_and_no_brackets(void)
{
    check_client("192.0.2.1:4711", "192.0.2.1");
    check_client("[2001:db8::1]:0", "2001:db8::1");
    const hostel_http http = {.client = HOSTEL_STR("")};
    hostel_request req = {.http = &http};
    CHECK(hostel_request_client_address(&req).ptr == NULL);
    req.http = NULL;
    CHECK(hostel_request_client_address(&req).ptr == NULL);
}

static void header_of_a_response_is_read_by_its_name(void)
{
    hostel_response res = {.status = 204};
    hostel_response_header(hostel_fake_ctx(fake), &res, "Vary", HOSTEL_STR("accept"));
    hostel_response_header(hostel_fake_ctx(fake), &res, "vary", HOSTEL_STR("origin"));
    const hostel_str *values;
    CHECK_TEXT(hostel_fake_header(fake, &res, "VARY"), "accept, origin");
    CHECK(hostel_fake_header_values(fake, &res, "Vary", &values) == 2);
    CHECK_TEXT(values[1], "origin");
    CHECK(hostel_fake_header(fake, &res, "location").ptr == NULL);
}

static void cookie_is_deleted_by_a_separate_function(void)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    hostel_response res = {.status = 204};
    hostel_cookie_options options = {.max_age_seconds = 60, .path = "/a"};
    CHECK(hostel_response_delete_cookie(ctx, &res, "a", NULL) == HOSTEL_OK);
    CHECK(hostel_response_delete_cookie(ctx, &res, "b", &options) == HOSTEL_OK);
    options.max_age_seconds = -1;
    CHECK(hostel_response_cookie(ctx, &res, "c", HOSTEL_STR("1"), &options) == HOSTEL_INTERNAL);
    CHECK_SAYS(hostel_message(ctx), "the cookie \"c\": its max_age_seconds is -1: it must be 0 or "
                                    "more; hostel_response_delete_cookie deletes a cookie");
    const hostel_str *values;
    CHECK(hostel_fake_header_values(fake, &res, "set-cookie", &values) == 2);
    CHECK_TEXT(values[0], "a=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax");
    CHECK_TEXT(values[1], "b=; Max-Age=0; Path=/a; Secure; HttpOnly; SameSite=Lax");
}

static void part_that_is_not_utf8_is_left_out_or_replaced(void)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    const hostel_str *values;
    hostel_str value;
    const hostel_pair headers[] = {{HOSTEL_STR("x-a"), HOSTEL_STR("1")},
                                   {HOSTEL_STR("x-a"), HOSTEL_STR("\xFF")},
                                   {HOSTEL_STR("x-b"), {NULL, 0}},
                                   {HOSTEL_STR("x-b"), {NULL, 0}}};
    const hostel_http http = {.headers = headers, .header_count = 4};
    hostel_request req = {.http = &http};
    CHECK(hostel_request_header(ctx, &req, "x-a").ptr == NULL);
    CHECK(hostel_request_header_values(ctx, &req, "x-a", &values) == 1);
    CHECK_TEXT(values[0], "1");
    CHECK_TEXT(hostel_request_header(ctx, &req, "x-b"), ", ");
    CHECK(hostel_request_header_values(ctx, &req, "x-b", &values) == 2);
    CHECK(values[1].ptr != NULL && values[1].len == 0);
    /* One U+FFFD replaces each truncated character, and each other invalid byte. */
    req.http = NULL;
    req.content_type = HOSTEL_STR("application/x-www-form-urlencoded");
    req.body = HOSTEL_STR("a=\xE2\x82|\xF0\x90\x80|\xF0\x90|\xC3|\xED\xA0|\xC0\x80|%E2%82");
    CHECK(hostel_request_form(ctx, &req, "a", &value) == HOSTEL_OK);
#define BAD "\xEF\xBF\xBD"
    CHECK_TEXT(value, BAD "|" BAD "|" BAD "|" BAD "|" BAD BAD "|" BAD BAD "|" BAD);
}

static void empty_part_of_a_query_is_not_a_parameter(void)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    hostel_http http = {.query = HOSTEL_STR("&&a=1")};
    const hostel_request req = {.http = &http};
    CHECK(hostel_request_query(ctx, &req, "").ptr == NULL);
    http.query = HOSTEL_STR("a=1&=x");
    CHECK_TEXT(hostel_request_query(ctx, &req, ""), "x");
}

static void request_without_http_has_only_a_body(void)
{
    hostel_ctx *ctx = hostel_fake_ctx(fake);
    const hostel_str *values;
    hostel_request req = {.body = HOSTEL_STR("")};
    int64_t value = 7;
    CHECK(hostel_request_header(ctx, &req, "a").ptr == NULL);
    CHECK(hostel_request_header_values(ctx, &req, "a", &values) == 0);
    CHECK(hostel_request_query(ctx, &req, "a").ptr == NULL);
    CHECK(hostel_request_query_values(ctx, &req, "a", &values) == 0);
    CHECK(hostel_request_cookie(ctx, &req, "a").ptr == NULL);
    CHECK(hostel_request_path_param(&req, "a").ptr == NULL);
    CHECK(hostel_request_query_integer(ctx, &req, "a", &value) == HOSTEL_OK && value == 7);
    CHECK(hostel_request_path_integer(ctx, &req, "a", &value) == HOSTEL_INTERNAL && value == 7);
}

static void on_a_new_fake(void (*claim)(void))
{
    fake = hostel_fake_new();
    claim();
    hostel_fake_free(fake);
}

void test_requests(void)
{
    on_a_new_fake(request_over_http_has_the_parts_that_the_host_sets);
    on_a_new_fake(request_matches_the_most_specific_route);
    on_a_new_fake(invalid_route_ends_the_test);
    on_a_new_fake(failure_is_the_response_that_a_client_gets);
    on_a_new_fake(response_is_checked);
    on_a_new_fake(client_address_has_no_port_and_no_brackets);
    on_a_new_fake(header_of_a_response_is_read_by_its_name);
    on_a_new_fake(cookie_is_deleted_by_a_separate_function);
    on_a_new_fake(part_that_is_not_utf8_is_left_out_or_replaced);
    on_a_new_fake(empty_part_of_a_query_is_not_a_parameter);
    on_a_new_fake(request_without_http_has_only_a_body);
}
