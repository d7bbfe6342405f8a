/* Fetches a value from its source only when the cache has none. */

#include <hostel.h>

/* Fetches the value, a JSON string, from the URL in the setting `source-url`. */
static hostel_result fetch(hostel_ctx *ctx, void *unused, hostel_str *json)
{
    hostel_str url;
    hostel_http_response response;
    (void)unused;
    hostel_log(ctx, HOSTEL_INFO, "Key not found, fetching from source ..");
    HOSTEL_TRY(hostel_config_require(ctx, "source-url", &url));
    HOSTEL_TRY(hostel_http_get(ctx, url, &response));
    HOSTEL_TRY(hostel_http_check_status(ctx, &response));
    return hostel_http_text(ctx, &response, json);
}

static hostel_result cache_aside(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json value;
    hostel_str text;
    (void)req, (void)res;
    HOSTEL_TRY(hostel_cache_get_or_set(ctx, HOSTEL_STR("no-such-key"), 120, fetch, NULL, &value));
    HOSTEL_TRY(hostel_json_string(ctx, value, "", &text));
    hostel_log(ctx, HOSTEL_INFO, "%.*s", HOSTEL_ARG(text));
    return HOSTEL_OK;
}

HOSTEL_SERVICES({"cache-aside", "Fetches a value from its source only when the cache has none.",
                 cache_aside})
