#include <assert.h>
#include <hostel_fake.h>
#include <string.h>

static void check_greeting(hostel_fake *fake, const char *payload, const char *expected)
{
    hostel_answer answer = hostel_fake_call(fake, "greet", payload);
    assert(answer.result == HOSTEL_OK);
    assert(hostel_str_equal(answer.response.body, hostel_str_of(expected)));
}

static void greetings_are_counted_for_an_hour(void)
{
    hostel_fake *fake = hostel_fake_new();
    check_greeting(fake, "{\"name\": \"Ada\"}", "\"Hello, Ada! (1)\"");
    check_greeting(fake, "{\"name\": \"Ada\"}", "\"Hello, Ada! (2)\"");
    check_greeting(fake, NULL, "\"Hello, world! (1)\"");
    hostel_fake_advance(fake, 3600 * 1000);
    check_greeting(fake, "{\"name\": \"Ada\"}", "\"Hello, Ada! (1)\"");
    assert(strcmp(hostel_fake_log(fake, 0), "info: greetings of Ada: 1") == 0);
    hostel_fake_free(fake);
}

static void name_that_is_not_a_string_is_a_bad_request(void)
{
    hostel_fake *fake = hostel_fake_new();
    assert(hostel_fake_call(fake, "greet", "{\"name\": 7}").result == HOSTEL_BAD_REQUEST);
    hostel_fake_free(fake);
}

int main(void)
{
    greetings_are_counted_for_an_hour();
    name_that_is_not_a_string_is_a_bad_request();
}
