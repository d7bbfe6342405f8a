#include <assert.h>
#include <hostel_fake.h>

/* Checks the status and the body of the response. */
static void check(hostel_fake *fake, hostel_fake_http_call call, uint16_t status,
                  const char *expected)
{
    hostel_response response = hostel_fake_http(fake, &call);
    assert(response.status == status);
    assert(hostel_str_equal(response.body, hostel_str_of(expected)));
}

/* Checks the status and a header of the response. If `expected` is NULL, the header must be missing
 * or empty. */
static void check_header(hostel_fake *fake, hostel_fake_http_call call, uint16_t status,
                         const char *name, const char *expected)
{
    hostel_response response = hostel_fake_http(fake, &call);
    assert(response.status == status);
    hostel_str got = hostel_fake_header(fake, &response, name);
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
    check_header(fake, call, 400, "location", NULL);
    call.json = "{\"item\": \"tea\"}";
    check_header(fake, call, 400, "location", NULL);

    call = (hostel_fake_http_call){.method = "POST", .target = "/language"};
    call.form = "language=de";
    check_header(fake, call, 303, "location", "/language");
    check_header(fake, call, 303, "set-cookie",
                 "language=de; Max-Age=31536000; Path=/; Secure; HttpOnly; SameSite=Lax");
    call.form = "language=fr";
    check_header(fake, call, 400, "set-cookie", NULL);
    check(fake, (hostel_fake_http_call){.target = "/language"}, 200, "\"en\"");
    header = (hostel_pair){HOSTEL_STR("Cookie"), HOSTEL_STR("language=de")};
    call = (hostel_fake_http_call){.target = "/language", .headers = &header, .header_count = 1};
    check(fake, call, 200, "\"de\"");

    header = (hostel_pair){HOSTEL_STR("Authorization"), HOSTEL_STR("Bearer let-me-in-please")};
    call.target = "/orders/total";
    check(fake, call, 200, "0");
    check_header(fake, call, 429, "retry-after", "60");
    hostel_fake_advance(fake, 60000);
    call.header_count = 0;
    check_header(fake, call, 401, "www-authenticate", "Bearer");
    hostel_fake_free(fake);
}

int main(void)
{
    services_respond_as_the_page_shows();
}
