#include <assert.h>
#include <hostel_fake.h>
#include <string.h>

static void placed_order_is_found_where_the_response_points(void)
{
    hostel_fake *fake = hostel_fake_new();
    hostel_fake_serve(fake, "POST /orders", "place");
    hostel_fake_serve(fake, "GET /orders/{id}", "find");

    hostel_response response = hostel_fake_http(
        fake, &(hostel_fake_http_call){.method = "POST", .target = "/orders",
                                       .json = "{\"item\": \"tea\", \"count\": 2}"});
    assert(response.status == 201);
    assert(hostel_str_equal(response.headers[0].value, HOSTEL_STR("/orders/1")));
    response = hostel_fake_http(fake, &(hostel_fake_http_call){.target = "/orders/1"});
    assert(hostel_str_equal(response.body,
                            HOSTEL_STR("{\"id\":1,\"item\":\"tea\",\"count\":2}")));

    response = hostel_fake_http(fake, &(hostel_fake_http_call){.target = "/orders/9"});
    assert(response.status == 404);
    assert(strstr(response.body.ptr, "\"detail\":\"no order 9\"") != NULL);
    hostel_fake_free(fake);
}

/* Checks the status and the body of the response, or its last header where there is no body of 200. */
static void check(hostel_fake *fake, hostel_fake_http_call call, uint16_t status,
                  const char *expected)
{
    hostel_response response = hostel_fake_http(fake, &call);
    hostel_str got = response.body;
    assert(response.status == status);
    if (status != 200)
        got = response.header_count == 0 ? HOSTEL_STR("")
                                         : response.headers[response.header_count - 1].value;
    assert(hostel_str_equal(got, hostel_str_of(expected)));
}

static void services_respond_as_the_page_shows(void)
{
    hostel_fake *fake = hostel_fake_new();
    hostel_fake_set_config(fake, "total-token", "let-me-in-please");
    hostel_fake_serve(fake, "GET /orders", "search");
    hostel_fake_serve(fake, "POST /orders", "place");
    hostel_fake_serve(fake, "POST /language", "set-language");
    hostel_fake_serve(fake, "GET /language", "language");
    hostel_fake_serve(fake, "GET /orders/total", "total");

    hostel_pair header = {HOSTEL_STR("Accept-Language"), HOSTEL_STR("de")};
    hostel_fake_http_call call = {
        .target = "/orders?status=sent&page=2", .headers = &header, .header_count = 1};
    check(fake, call, 200, "{\"status\":\"sent\",\"page\":2,\"language\":\"de\"}");
    call = (hostel_fake_http_call){.target = "/orders"};
    check(fake, call, 200, "{\"status\":\"open\",\"page\":1,\"language\":\"en\"}");

    call = (hostel_fake_http_call){.method = "POST", .target = "/orders"};
    call.json = "{\"item\": \"tea\", \"count\": 0}";
    check(fake, call, 400, "");
    call.json = "{\"item\": \"tea\"}";
    check(fake, call, 400, "");

    call = (hostel_fake_http_call){.method = "POST", .target = "/language"};
    call.form = "language=de";
    check(fake, call, 303,
          "language=de; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax");
    call.form = "language=fr";
    check(fake, call, 400, "");
    check(fake, (hostel_fake_http_call){.target = "/language"}, 200, "\"en\"");
    header = (hostel_pair){HOSTEL_STR("Cookie"), HOSTEL_STR("language=de")};
    call = (hostel_fake_http_call){.target = "/language", .headers = &header, .header_count = 1};
    check(fake, call, 200, "\"de\"");

    header = (hostel_pair){HOSTEL_STR("Authorization"), HOSTEL_STR("Bearer let-me-in-please")};
    call.target = "/orders/total";
    check(fake, call, 200, "0");
    check(fake, call, 429, "60");
    hostel_fake_advance(fake, 60000);
    check(fake, (hostel_fake_http_call){.target = "/orders/total"}, 401, "Bearer");
    hostel_fake_free(fake);
}

int main(void)
{
    placed_order_is_found_where_the_response_points();
    services_respond_as_the_page_shows();
}
