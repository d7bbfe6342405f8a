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
    hostel_str location = hostel_fake_header(fake, &response, "location");
    assert(hostel_str_equal(location, HOSTEL_STR("/orders/1")));
    response = hostel_fake_http(fake, &(hostel_fake_http_call){.target = "/orders/1"});
    assert(hostel_str_equal(response.body,
                            HOSTEL_STR("{\"id\":1,\"item\":\"tea\",\"count\":2}")));

    response = hostel_fake_http(fake, &(hostel_fake_http_call){.target = "/orders/9"});
    assert(response.status == 404);
    assert(strstr(response.body.ptr, "\"detail\":\"no order 9\"") != NULL);
    hostel_fake_free(fake);
}

int main(void)
{
    placed_order_is_found_where_the_response_points();
}
