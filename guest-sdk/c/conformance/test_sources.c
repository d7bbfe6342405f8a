/* Tests the plugin's outbound requests and settings on the fake. */

#include <hostel_fake.h>
#include <stdio.h>
#include <stdlib.h>

void test_sources(void);

static void check(hostel_fake *fake, const char *service, const char *payload,
                  const char *expected)
{
    hostel_answer answer = hostel_fake_call(fake, service, payload);
    hostel_str body = answer.response.body;
    if (answer.result == HOSTEL_OK && hostel_str_equal(body, hostel_str_of(expected)))
        return;
    fprintf(stderr, "%s: got %.*s%.*s, expected %s\n", service, HOSTEL_ARG(answer.message),
            HOSTEL_ARG(body), expected);
    exit(1);
}

#define THERE                                                                                      \
    "{\"status\":404,\"url\":\"http://a/b\",\"headers\":[[\"content-type\",\"application/json\"]]" \
    ",\"body\":\"1\"}"
#define REFUSED                                                                                    \
    "{\"error\":\"too-large\",\"message\":\"\\\"http://a/\\\": the fake returns an error\"}"
#define GET                                                                                        \
    "{\"method\":\"GET\",\"url\":\"http://a/b\",\"headers\":[[\"x\",\"y\"]],\"timeout\":5}"
#define PUT "{\"method\":\"PUT\",\"url\":\"http://a/\",\"body\":\"text\",\"timeout\":null}"

void test_sources(void)
{
    hostel_fake *fake = hostel_fake_new();
    hostel_fake_route(fake, "GET", "http://a/*", 404, "1");
    hostel_fake_route_error(fake, "PUT", "http://a/", HOSTEL_HTTP_TOO_LARGE);
    hostel_fake_set_config(fake, "a", "1");
    check(fake, "http-send", "[" GET "]", "[" THERE "]");
    check(fake, "http-send", "[" PUT "]", "[" REFUSED "]");
    check(fake, "http-send", "[" PUT "," GET "]", "[" REFUSED "," THERE "]");
    check(fake, "http-at-once", "[\"http://a/1\",\"http://a/2\"]", "[404,404]");
    check(fake, "config-get", "\"a\"", "\"1\"");
    check(fake, "config-get", "\"b\"", "null");
    check(fake, "config-names", NULL, "[\"a\"]");
    hostel_fake_free(fake);
}
