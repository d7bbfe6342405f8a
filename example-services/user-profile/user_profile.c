/* Stores a user with an expiry and reads the fields back. */

#include <hostel.h>

#define EXPIRY 300

static hostel_str user_json(hostel_ctx *ctx)
{
    hostel_writer json = hostel_write(ctx);
    hostel_write_object(&json);
    hostel_write_name(&json, HOSTEL_STR("username"));
    hostel_write_string(&json, HOSTEL_STR("joe"));
    hostel_write_name(&json, HOSTEL_STR("email"));
    hostel_write_string(&json, HOSTEL_STR("joe@example.com"));
    hostel_write_name(&json, HOSTEL_STR("roles"));
    hostel_write_array(&json);
    hostel_write_string(&json, HOSTEL_STR("admin"));
    hostel_write_string(&json, HOSTEL_STR("editor"));
    hostel_write_end(&json);
    hostel_write_end(&json);
    return hostel_written(&json);
}

static hostel_result user_profile(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json cached;
    hostel_str username;
    (void)req, (void)res;

    HOSTEL_TRY(hostel_cache_set(ctx, HOSTEL_STR("user:123"), user_json(ctx), EXPIRY));

    HOSTEL_TRY(hostel_cache_get(ctx, HOSTEL_STR("user:123"), &cached));
    if (hostel_json_has(ctx, cached, "")) {
        HOSTEL_TRY(hostel_json_string(ctx, cached, "/username", &username));
        hostel_log(ctx, HOSTEL_INFO, "%.*s", HOSTEL_ARG(username));
        hostel_str roles = hostel_json_at(ctx, cached, "/roles").text;
        hostel_log(ctx, HOSTEL_INFO, "%.*s", HOSTEL_ARG(roles));
    }
    return HOSTEL_OK;
}

HOSTEL_SERVICES(
    {"user-profile", "Stores a user with an expiry and reads the fields back.", user_profile})
