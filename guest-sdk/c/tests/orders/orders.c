/* The service of docs/answer-over-http.md: each C listing of the page is a part of this file or of
 * test_orders.c. */

#include <hostel.h>
#include <inttypes.h>

static hostel_handler find, search, place, set_language, language, total;

HOSTEL_SERVICES({"find", "Finds an order.", find},
                {"search", "Searches orders.", search},
                {"place", "Places an order.", place},
                {"set-language", "Sets the client's language.", set_language},
                {"language", "Returns the client's language.", language},
                {"total", "Counts all orders.", total})

static hostel_result find(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    int64_t id;
    hostel_json order;
    HOSTEL_TRY(hostel_request_path_integer(ctx, req, "id", &id));
    HOSTEL_TRY(hostel_cache_get(ctx, hostel_format(ctx, "order:%" PRId64, id), &order));
    if (!hostel_json_has(ctx, order, ""))
        return hostel_fail(ctx, HOSTEL_NOT_FOUND, "no order %" PRId64, id);
    return hostel_respond_json(ctx, res, order.text);
}

static hostel_result search(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    int64_t page = 1; /* Stays 1 if the query has no page. */
    HOSTEL_TRY(hostel_request_query_integer(ctx, req, "page", &page));
    hostel_str status = hostel_request_query(ctx, req, "status");
    hostel_str language = hostel_request_header(ctx, req, "Accept-Language");

    hostel_writer json = hostel_write(ctx);
    hostel_write_object(&json);
    hostel_write_name(&json, HOSTEL_STR("status"));
    hostel_write_string(&json, status.ptr == NULL ? HOSTEL_STR("open") : status);
    hostel_write_name(&json, HOSTEL_STR("page"));
    hostel_write_integer(&json, page);
    hostel_write_name(&json, HOSTEL_STR("language"));
    hostel_write_string(&json, language.ptr == NULL ? HOSTEL_STR("en") : language);
    hostel_write_end(&json);
    return hostel_respond_json(ctx, res, hostel_written(&json));
}

static hostel_result place(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_json body;
    hostel_str item;
    int64_t count, id;
    HOSTEL_TRY(hostel_request_json(ctx, req, &body));
    HOSTEL_TRY(hostel_json_string(ctx, body, "/item", &item));
    HOSTEL_TRY(hostel_json_integer(ctx, body, "/count", &count));
    if (count < 1)
        return hostel_fail(ctx, HOSTEL_BAD_REQUEST,
                           "the count is %" PRId64 ": it must be 1 or more", count);

    HOSTEL_TRY(hostel_cache_increment(ctx, HOSTEL_STR("orders"), 1, HOSTEL_NO_EXPIRY, &id));
    hostel_writer order = hostel_write(ctx);
    hostel_write_object(&order);
    hostel_write_name(&order, HOSTEL_STR("id"));
    hostel_write_integer(&order, id);
    hostel_write_name(&order, HOSTEL_STR("item"));
    hostel_write_string(&order, item);
    hostel_write_name(&order, HOSTEL_STR("count"));
    hostel_write_integer(&order, count);
    hostel_write_end(&order);
    hostel_str key = hostel_format(ctx, "order:%" PRId64, id);
    HOSTEL_TRY(hostel_cache_set(ctx, key, hostel_written(&order), HOSTEL_NO_EXPIRY));

    HOSTEL_TRY(hostel_respond_json(ctx, res, hostel_written(&order)));
    res->status = 201;
    hostel_response_header(ctx, res, "location", hostel_format(ctx, "/orders/%" PRId64, id));
    return HOSTEL_OK;
}

static hostel_result set_language(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_str language;
    HOSTEL_TRY(hostel_request_form(ctx, req, "language", &language));
    if (!hostel_str_equal(language, HOSTEL_STR("de")) &&
        !hostel_str_equal(language, HOSTEL_STR("en")))
        return hostel_fail(ctx, HOSTEL_BAD_REQUEST, "the language must be de or en");
    HOSTEL_TRY(hostel_respond_redirect(ctx, res, HOSTEL_STR("/language")));
    const hostel_cookie_options options = {.max_age_seconds = 31536000};
    return hostel_response_cookie(ctx, res, "language", language, &options);
}

static hostel_result language(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    hostel_str language = hostel_request_cookie(ctx, req, "language");
    if (language.ptr == NULL)
        language = HOSTEL_STR("en");
    return hostel_respond_json(ctx, res, hostel_json_of_string(ctx, language));
}

static hostel_result total(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    int64_t tries;
    hostel_str token;
    hostel_json orders;
    HOSTEL_TRY(hostel_cache_increment(ctx, HOSTEL_STR("tries"), 1, 60, &tries));
    if (tries > 1) {
        hostel_fail(ctx, HOSTEL_TOO_MANY_REQUESTS, "at most one try a minute");
        return hostel_failure_header(ctx, "retry-after", HOSTEL_STR("60"));
    }
    HOSTEL_TRY(hostel_config_require(ctx, "total-token", &token));
    hostel_str expected = hostel_format(ctx, "Bearer %.*s", HOSTEL_ARG(token));
    if (!hostel_str_equal(hostel_request_header(ctx, req, "authorization"), expected)) {
        hostel_fail(ctx, HOSTEL_UNAUTHORIZED, "the total needs a token");
        return hostel_failure_header(ctx, "www-authenticate", HOSTEL_STR("Bearer"));
    }
    HOSTEL_TRY(hostel_cache_get(ctx, HOSTEL_STR("orders"), &orders));
    bool found = hostel_json_has(ctx, orders, "");
    return hostel_respond_json(ctx, res, found ? orders.text : HOSTEL_STR("0"));
}
