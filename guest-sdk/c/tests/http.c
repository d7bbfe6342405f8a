/* Tests of outbound HTTP requests and of settings. */

#define _POSIX_C_SOURCE 200809L

#include "check.h"

#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static hostel_fake *fake;
static hostel_ctx *ctx;

static hostel_http_response got(const char *url)
{
    hostel_http_response response;
    CHECK(hostel_http_get(ctx, hostel_str_of(url), &response) == HOSTEL_OK);
    return response;
}

/* A request's method, URL, body and headers as text. */
static hostel_str shown_request(const hostel_http_request *request)
{
    CHECK(request != NULL);
    hostel_str shown = hostel_format(ctx, "%.*s %.*s %.*s", HOSTEL_ARG(request->method),
                                     HOSTEL_ARG(request->url), HOSTEL_ARG(request->body));
    for (size_t i = 0; i < request->header_count; i++)
        shown = hostel_format(ctx, "%.*s %.*s=%.*s", HOSTEL_ARG(shown),
                              HOSTEL_ARG(request->headers[i].name),
                              HOSTEL_ARG(request->headers[i].value));
    return shown;
}

static void each_method_sends_a_request_that_follows_five_redirects(void)
{
    static const char *const methods[] = {"GET",  "HEAD", "OPTIONS", "DELETE",
                                          "POST", "PUT",  "PATCH"};
    const hostel_str url = HOSTEL_STR("http://a/b?c=d"), json = HOSTEL_STR("[1]");
    hostel_http_response response;
    for (int i = 0; i < 7; i++)
        hostel_fake_route(fake, methods[i], "http://a/*", (uint16_t)(200 + i), NULL);
    for (int i = 0; i < 7; i++) {
        hostel_result result = i == 0   ? hostel_http_get(ctx, url, &response)
                               : i == 1 ? hostel_http_head(ctx, url, &response)
                               : i == 2 ? hostel_http_options(ctx, url, &response)
                               : i == 3 ? hostel_http_delete(ctx, url, &response)
                               : i == 4 ? hostel_http_post(ctx, url, json, &response)
                               : i == 5 ? hostel_http_put(ctx, url, json, &response)
                                        : hostel_http_patch(ctx, url, json, &response);
        CHECK(result == HOSTEL_OK && response.status == 200 + i && response.body.len == 0);
        CHECK_TEXT(response.url, "http://a/b?c=d");
        const hostel_http_request *request = hostel_fake_request(fake, (size_t)i);
        const char *rest = i < 4 ? "" : "[1] content-type=application/json";
        CHECK_TEXT(shown_request(request),
                   hostel_format(ctx, "%s http://a/b?c=d %s", methods[i], rest).ptr);
        CHECK(request->redirects == 5 && request->timeout_seconds == 0);
    }
    CHECK(hostel_fake_request(fake, 7) == NULL);
}

static void json_body_sets_its_content_type_unless_a_header_does(void)
{
    char name[] = "Content-Type";
    hostel_http_request request = hostel_http_request_of("POST", HOSTEL_STR("http://a?q"));
    hostel_http_request_header(ctx, &request, name, HOSTEL_STR("x/y"));
    hostel_http_request_header(ctx, &request, "a", HOSTEL_STR("b"));
    name[0] = '?';
    CHECK(hostel_http_request_json(ctx, &request, HOSTEL_STR("1")) == HOSTEL_OK);
    CHECK_TEXT(shown_request(&request), "POST http://a?q 1 Content-Type=x/y a=b");
    hostel_str json = hostel_json_of_double(ctx, (double)NAN);
    CHECK(hostel_http_request_json(ctx, &request, json) == HOSTEL_HTTP_INVALID_REQUEST);
    CHECK_TEXT(hostel_message(ctx),
               "the body of a request to \"http://a\" has no JSON form: the number NaN");
    hostel_http_response response;
    CHECK(hostel_http_put(ctx, request.url, json, &response) == HOSTEL_HTTP_INVALID_REQUEST);
}

static void check_invalid(const hostel_http_request *request, const char *message)
{
    hostel_http_response response = {.status = 7};
    CHECK(hostel_http_send(ctx, request, &response) == HOSTEL_HTTP_INVALID_REQUEST);
    CHECK_SAYS(hostel_message(ctx), message);
    CHECK(response.status == 7);
}

static void check_invalid_url(const char *method, const char *url, const char *message)
{
    hostel_http_request request = hostel_http_request_of(method, hostel_str_of(url));
    check_invalid(&request, message);
}

static void check_invalid_header(const char *name, hostel_str value, const char *message)
{
    hostel_http_request request = hostel_http_request_of("GET", HOSTEL_STR("http://a"));
    hostel_http_request_header(ctx, &request, "a", HOSTEL_STR("b"));
    hostel_http_request_header(ctx, &request, name, value);
    check_invalid(&request, message);
}

static void invalid_request_is_refused_with_the_argument_its_value_and_the_rule(void)
{
    check_invalid_url("GET", "a\xFF", "the URL \"a\xEF\xBF\xBD\" is not UTF-8 from byte 1 on");
    check_invalid_url("\xFF", "http://a", "the method \"\xEF\xBF\xBD\" is not UTF-8");
    check_invalid_url("", "http://a", "\"\" is not a method that a plugin can send");
    check_invalid_url("TRACE", "http://a", "\"TRACE\" is not a method");
    check_invalid_url("CONNECT", "http://a", "\"CONNECT\" is not a method");
    check_invalid_url("GET", "ftp://a", "\"ftp://a\" is not an http or https URL");
    check_invalid_url("GET", "http:///a?secret", "\"http:///a\" is not an http or https URL");
    check_invalid_url("GET", "https://joe:pw@a/", "a URL has a user or a password");
    check_invalid_header("\xFF", HOSTEL_STR(""), "name of a header \"\xEF\xBF\xBD\" is not UTF-8");
    check_invalid_header("x", HOSTEL_STR("a\rb"),
                         "the value of the header \"x\" has the byte 13 at 1: it must have no line "
                         "break and no NUL");
    check_invalid_header("x", HOSTEL_STR("\n"), "has the byte 10 at 0");
    check_invalid_header("x", HOSTEL_STR("a\0"), "has the byte 0 at 1");
    check_invalid_header("Host", HOSTEL_STR("a"), "the header `host` is set by the host");
    hostel_http_request request = hostel_http_request_of("GET", HOSTEL_STR("http://a"));
    request.timeout_seconds = -1.5;
    check_invalid(&request, "a timeout of -1.5 seconds: it must be more than 0, or 0 for");
    request.timeout_seconds = (double)NAN;
    check_invalid(&request, "a timeout of nan seconds");
    request.timeout_seconds = 0;
    request.redirects = 256;
    check_invalid(&request, "redirects of 256: they must be 0 to 255");
    request.redirects = -1;
    check_invalid(&request, "redirects of -1: they must be 0 to 255");
    CHECK(hostel_fake_request(fake, 0) == NULL);
}

static void many_results_are_in_the_order_of_their_requests(void)
{
    hostel_http_result results[4];
    const hostel_http_request requests[] = {
        hostel_http_request_of("GET", HOSTEL_STR("http://b?q")),
        hostel_http_request_of("GET", HOSTEL_STR("\xFF")),
        hostel_http_request_of("GET", HOSTEL_STR("http://a")),
        hostel_http_request_of("GET", HOSTEL_STR("http://c")),
    };
    hostel_fake_route_error(fake, "GET", "http://b*", HOSTEL_HTTP_TIMEOUT);
    hostel_fake_route(fake, "GET", "http://a", 200, "1");
    hostel_fake_route(fake, "GET", "http://c", 404, NULL);
    hostel_http_send_many(ctx, requests, 4, results);
    CHECK(results[0].result == HOSTEL_HTTP_TIMEOUT && results[0].response.status == 0);
    CHECK_TEXT(results[0].message, "\"http://b\": the fake returns an error");
    CHECK_TEXT(hostel_message(ctx), "\"http://b\": the fake returns an error");
    CHECK(results[1].result == HOSTEL_HTTP_INVALID_REQUEST);
    CHECK_SAYS(results[1].message, "is not UTF-8");
    CHECK(results[2].result == HOSTEL_OK && results[2].message.len == 0);
    CHECK_TEXT(results[2].response.body, "1");
    CHECK(results[3].result == HOSTEL_OK && results[3].response.status == 404);
    hostel_http_send_many(ctx, NULL, 0, NULL);
}

static void response_is_read_by_its_type_and_its_status(void)
{
    static const hostel_pair headers[] = {
        {HOSTEL_STR("Set-Cookie"), HOSTEL_STR("a")},
        {HOSTEL_STR("Content-Type"), HOSTEL_STR("no")},
        {HOSTEL_STR("set-cookie"), HOSTEL_STR("b")},
    };
    hostel_fake_route_with(fake, "GET", "http://a*", (hostel_response){
        .status = 200,
        .content_type = HOSTEL_STR("a/b"),
        .body = HOSTEL_STR("{\"a\": 7}"),
        .headers = headers,
        .header_count = 3,
    });
    hostel_http_response response = got("http://a?secret");
    CHECK(response.header_count == 3);
    const hostel_str *values;
    CHECK_TEXT(hostel_http_header(ctx, &response, "CONTENT-TYPE"), "a/b");
    CHECK_TEXT(hostel_http_header(ctx, &response, "Set-Cookie"), "a, b");
    CHECK(hostel_http_header_values(ctx, &response, "set-cookie", &values) == 2);
    CHECK_TEXT(values[0], "a");
    CHECK_TEXT(values[1], "b");
    CHECK(hostel_http_header(ctx, &response, "none").ptr == NULL);
    CHECK(hostel_http_header_values(ctx, &response, "none", &values) == 0);
    CHECK_TEXT(response.headers[1].name, "set-cookie");
    hostel_json value;
    hostel_str text;
    int64_t seven;
    CHECK(hostel_http_json(ctx, &response, &value) == HOSTEL_OK);
    CHECK(hostel_json_integer(ctx, value, "/a", &seven) == HOSTEL_OK && seven == 7);
    CHECK(hostel_json_string(ctx, value, "/a", &text) == HOSTEL_INTERNAL);
    CHECK_SAYS(hostel_message(ctx), "the body from \"http://a\" (status 200)");
    CHECK(hostel_http_text(ctx, &response, &text) == HOSTEL_OK);
    CHECK_TEXT(text, "{\"a\": 7}");
    response.body = HOSTEL_STR("[1\xFF");
    CHECK(hostel_http_json(ctx, &response, &value) == HOSTEL_INTERNAL);
    CHECK_SAYS(hostel_message(ctx), "the body from \"http://a\" (status 200) is not JSON: at byte");
    CHECK(hostel_http_text(ctx, &response, &text) == HOSTEL_INTERNAL);
    CHECK_TEXT(hostel_message(ctx), "the body from \"http://a\" is not UTF-8 from byte 2 on");
    static const struct {
        uint16_t status;
        bool is_ok;
        hostel_result result;
    } statuses[] = {
        {199, false, HOSTEL_OK},       {200, true, HOSTEL_OK},        {299, true, HOSTEL_OK},
        {300, false, HOSTEL_OK},       {399, false, HOSTEL_OK},       {400, false, HOSTEL_INTERNAL},
        {404, false, HOSTEL_INTERNAL}, {429, false, HOSTEL_UNAVAILABLE},
        {499, false, HOSTEL_INTERNAL}, {500, false, HOSTEL_UNAVAILABLE},
    };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        response.status = statuses[i].status;
        CHECK(hostel_http_ok(&response) == statuses[i].is_ok);
        CHECK(hostel_http_check_status(ctx, &response) == statuses[i].result);
    }
    CHECK_TEXT(hostel_message(ctx), "\"http://a\" responded with status 500");
}

static hostel_result serve(hostel_ctx *owner, void *user_data, const hostel_http_request *req,
                           hostel_response *res)
{
    int *calls = (int *)user_data;
    ++*calls;
    if (req->body.len > 0)
        return HOSTEL_HTTP_TOO_LARGE;
    CHECK(res->status == 200);
    return hostel_respond_json(owner, res, hostel_json_of_integer(owner, *calls));
}

static void later_route_replaces_an_earlier_one_and_may_be_a_function(void)
{
    int calls = 0;
    hostel_http_response response;
    hostel_fake_route(fake, "GET", "http://a/*", 200, "\"old\"");
    hostel_fake_route_function(fake, "GET", "http://a/1", serve, &calls);
    hostel_fake_route_function(fake, "POST", "http://a/1", serve, &calls);
    CHECK_TEXT(got("http://a/1").body, "1");
    CHECK_TEXT(got("http://a/1").body, "2");
    CHECK_TEXT(got("http://a/12").body, "\"old\"");
    hostel_str url = HOSTEL_STR("http://a/1"), json = HOSTEL_STR("1");
    CHECK(hostel_http_post(ctx, url, json, &response) == HOSTEL_HTTP_TOO_LARGE);
}

/* Adds a route that redirects to `location`. */
static void redirect_route(const char *method, const char *url, uint16_t status,
                           const char *location)
{
    const hostel_pair header = {HOSTEL_STR("location"), hostel_str_of(location)};
    hostel_fake_route_with(fake, method, url, (hostel_response){
        .status = status, .headers = &header, .header_count = 1});
}

static void redirects_are_followed_up_to_the_limit_of_the_request(void)
{
    hostel_http_response response;
    hostel_fake_route(fake, "GET", "http://a/0", 200, "\"there\"");
    redirect_route("GET", "http://a/1", 301, "/0");
    redirect_route("GET", "http://a/2", 302, "http://a/1");
    redirect_route("GET", "http://a/3?q", 307, "http://a/2");
    redirect_route("GET", "http://a/4", 308, "/3?q");
    redirect_route("GET", "http://a/5", 303, "/4");
    response = got("http://a/5");
    CHECK_TEXT(response.url, "http://a/0");
    CHECK(response.status == 200 && hostel_fake_request(fake, 5) != NULL);
    hostel_http_request request = hostel_http_request_of("GET", HOSTEL_STR("http://a/5"));
    request.redirects = 2;
    CHECK(hostel_http_send(ctx, &request, &response) == HOSTEL_HTTP_ABORTED);
    CHECK_TEXT(hostel_message(ctx), "\"http://a/3\": it redirects more than 2 times");
    request.redirects = 0;
    CHECK(hostel_http_send(ctx, &request, &response) == HOSTEL_OK);
    CHECK(response.status == 303);
}

static void check_redirect(const char *method, uint16_t status, const char *location,
                           const char *expected)
{
    hostel_http_response response;
    static const char *const methods[] = {"GET", "PUT", "POST", "HEAD"};
    for (int i = 0; i < 4; i++)
        hostel_fake_route(fake, methods[i], "http*", 200, NULL);
    redirect_route(method, "http://a/", status, location);
    hostel_http_request request = hostel_http_request_of(method, HOSTEL_STR("http://a/"));
    hostel_http_request_header(ctx, &request, "Authorization", HOSTEL_STR("s"));
    CHECK(hostel_http_request_json(ctx, &request, HOSTEL_STR("1")) == HOSTEL_OK);
    CHECK(hostel_http_send(ctx, &request, &response) == HOSTEL_OK);
    size_t last = 0;
    while (hostel_fake_request(fake, last + 1) != NULL)
        last++;
    CHECK_TEXT(shown_request(hostel_fake_request(fake, last)), expected);
}

static void redirect_changes_method_and_headers_as_a_host_does(void)
{
    const char *both = " Authorization=s content-type=application/json";
    check_redirect("POST", 301, "/b", "GET http://a/b  Authorization=s");
    check_redirect("POST", 302, "/b", "GET http://a/b  Authorization=s");
    check_redirect("PUT", 303, "/b", "GET http://a/b  Authorization=s");
    check_redirect("PUT", 302, "/b", hostel_format(ctx, "PUT http://a/b 1%s", both).ptr);
    check_redirect("POST", 307, "/b", hostel_format(ctx, "POST http://a/b 1%s", both).ptr);
    check_redirect("HEAD", 303, "/b", hostel_format(ctx, "HEAD http://a/b 1%s", both).ptr);
    check_redirect("POST", 308, "https://a/",
                   "POST https://a/ 1 content-type=application/json");
    check_redirect("POST", 308, "http://ab/",
                   "POST http://ab/ 1 content-type=application/json");
}

void check_stops(void (*act)(const char *argument), const char *argument, const char *line)
{
    int ends[2];
    CHECK(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        act(argument);
        _exit(0);
    }
    close(ends[1]);
    char printed[512];
    size_t length = 0;
    ssize_t count;
    while ((count = read(ends[0], printed + length, sizeof printed - length)) > 0)
        length += (size_t)count;
    close(ends[0]);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    CHECK_SAYS(((hostel_str){printed, length}), line);
}

static void get(const char *url)
{
    hostel_http_response response;
    CHECK(hostel_http_get(ctx, hostel_str_of(url), &response) == HOSTEL_OK);
}

static void request_that_no_row_matches_ends_the_test(void)
{
    check_stops(get, "http://a", "GET http://a matches no route of the fake; there are: none\n");
    hostel_fake_route(fake, "GET", "http://a", 200, NULL);
    hostel_fake_route(fake, "POST", "http://b/*", 200, NULL);
    check_stops(get, "http://b/1",
              "GET http://b/1 matches no route of the fake; there are: GET http://a, POST "
              "http://b/*\n");
    redirect_route("GET", "http://c", 302, "//d");
    check_stops(get, "http://c", "the fake does not follow a redirect to //d\n");
}

static void setting_is_read_by_name_and_a_missing_one_is_named(void)
{
    static const char *const sorted[] = {"a", "b", "c", "d"};
    const hostel_str *names;
    hostel_str value = HOSTEL_STR("untouched");
    CHECK(hostel_config_names(ctx, &names) == 0);
    hostel_fake_set_config(fake, "b", "old");
    hostel_fake_set_config(fake, "d", "4");
    hostel_fake_set_config(fake, "b", "2");
    hostel_fake_set_config(fake, "a", "");
    hostel_fake_set_config(fake, "c", "3");
    CHECK(hostel_config_names(ctx, &names) == 4);
    for (int i = 0; i < 4; i++)
        CHECK_TEXT(names[i], sorted[i]);
    CHECK_TEXT(hostel_config_get(ctx, "b"), "2");
    CHECK(hostel_config_get(ctx, "b").ptr[1] == '\0');
    CHECK(hostel_config_get(ctx, "a").ptr != NULL);
    CHECK(hostel_config_get(ctx, "e").ptr == NULL && hostel_config_get(ctx, "\xFF").ptr == NULL);
    CHECK(hostel_config_require(ctx, "api-key", &value) == HOSTEL_INTERNAL);
    CHECK_TEXT(hostel_message(ctx),
               "no setting \"api-key\": write it in [plugins.NAME.config], or as a secret in "
               "[plugins.NAME.secrets]");
    CHECK_TEXT(value, "untouched");
    CHECK(hostel_config_require(ctx, "c", &value) == HOSTEL_OK);
    CHECK_TEXT(value, "3");
}

void test_http(void)
{
    static void (*const claims[])(void) = {
        each_method_sends_a_request_that_follows_five_redirects,
        json_body_sets_its_content_type_unless_a_header_does,
        invalid_request_is_refused_with_the_argument_its_value_and_the_rule,
        many_results_are_in_the_order_of_their_requests,
        response_is_read_by_its_type_and_its_status,
        later_route_replaces_an_earlier_one_and_may_be_a_function,
        redirects_are_followed_up_to_the_limit_of_the_request,
        redirect_changes_method_and_headers_as_a_host_does,
        request_that_no_row_matches_ends_the_test,
        setting_is_read_by_name_and_a_missing_one_is_named,
    };
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        fake = hostel_fake_new();
        ctx = hostel_fake_ctx(fake);
        claims[i]();
        hostel_fake_free(fake);
    }
}
