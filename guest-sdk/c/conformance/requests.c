/* Operations that read the HTTP request and write the response. */

#include "step.h"

static hostel_str text_of(struct step *step, hostel_json value, const char *pointer)
{
    hostel_str text = {NULL, 0};
    if (hostel_json_has(step->ctx, value, pointer) &&
        hostel_json_string(step->ctx, value, pointer, &text) != HOSTEL_OK)
        return HOSTEL_STR("");
    return text;
}

/* Returns the text at a JSON Pointer as a C string; NULL if the text is missing. */
static const char *c_text_of(struct step *step, hostel_json value, const char *pointer)
{
    hostel_str text = text_of(step, value, pointer);
    return text.ptr == NULL ? NULL : hostel_copy(step->ctx, text).ptr;
}

static hostel_result answer(struct step *step, hostel_str json)
{
    hostel_str body = hostel_format(step->ctx, "{\"ok\":%.*s}", HOSTEL_ARG(json));
    return hostel_respond_json(step->ctx, step->res, body);
}

static hostel_result answer_text(struct step *step, hostel_str text)
{
    bool missing = text.ptr == NULL;
    return answer(step, missing ? HOSTEL_STR("null") : hostel_json_of_string(step->ctx, text));
}

static hostel_result answer_texts(struct step *step, const hostel_str *texts, size_t count)
{
    hostel_writer json = hostel_write(step->ctx);
    hostel_write_array(&json);
    for (size_t i = 0; i < count; i++)
        hostel_write_string(&json, texts[i]);
    hostel_write_end(&json);
    return answer(step, hostel_written(&json));
}

static bool is(hostel_str text, const char *expected)
{
    return hostel_str_equal(text, hostel_str_of(expected));
}

static hostel_result read_integer(struct step *step, const char *name)
{
    int64_t integer = 0;
    if (is(step->what, "path-integer")) {
        HOSTEL_TRY(hostel_request_path_integer(step->ctx, step->req, name, &integer));
    } else {
        HOSTEL_TRY(hostel_request_query_integer(step->ctx, step->req, name, &integer));
        if (hostel_request_query(step->ctx, step->req, name).ptr == NULL)
            return answer(step, HOSTEL_STR("null"));
    }
    return answer(step, hostel_json_of_integer(step->ctx, integer));
}

static hostel_result read_part(struct step *step)
{
    hostel_ctx *ctx = step->ctx;
    const char *name = hostel_copy(ctx, step->key).ptr;
    const hostel_str *values;
    hostel_str value;
    size_t count;
    if (is(step->what, "header"))
        return answer_text(step, hostel_request_header(ctx, step->req, name));
    if (is(step->what, "query"))
        return answer_text(step, hostel_request_query(ctx, step->req, name));
    if (is(step->what, "path-param"))
        return answer_text(step, hostel_request_path_param(step->req, name));
    if (is(step->what, "cookie"))
        return answer_text(step, hostel_request_cookie(ctx, step->req, name));
    if (is(step->what, "form")) {
        HOSTEL_TRY(hostel_request_form(ctx, step->req, name, &value));
        return answer_text(step, value);
    }
    if (is(step->what, "header-values")) {
        count = hostel_request_header_values(ctx, step->req, name, &values);
        return answer_texts(step, values, count);
    }
    if (is(step->what, "query-values")) {
        count = hostel_request_query_values(ctx, step->req, name, &values);
        return answer_texts(step, values, count);
    }
    if (is(step->what, "form-values")) {
        HOSTEL_TRY(hostel_request_form_values(ctx, step->req, name, &values, &count));
        return answer_texts(step, values, count);
    }
    return read_integer(step, name);
}

static bool is_false(struct step *step, hostel_json value, const char *pointer)
{
    return is(hostel_json_at(step->ctx, value, pointer).text, "false");
}

static hostel_result write_cookie(struct step *step)
{
    hostel_ctx *ctx = step->ctx;
    hostel_json cookie = hostel_json_at(ctx, step->body, "/args/cookie");
    hostel_str same_site = text_of(step, cookie, "/same-site");
    hostel_cookie_options options = {
        .path = c_text_of(step, cookie, "/path"),
        .domain = c_text_of(step, cookie, "/domain"),
        .insecure = is_false(step, cookie, "/secure"),
        .script_readable = is_false(step, cookie, "/http-only"),
        .same_site = is(same_site, "none")     ? HOSTEL_SAME_SITE_NONE
                     : is(same_site, "strict") ? HOSTEL_SAME_SITE_STRICT
                                               : HOSTEL_SAME_SITE_LAX,
    };
    const char *name = c_text_of(step, cookie, "/name");
    if (hostel_json_has(ctx, cookie, "/max-age")) {
        HOSTEL_TRY(hostel_json_integer(ctx, cookie, "/max-age", &options.max_age_seconds));
        if (options.max_age_seconds == 0)
            return hostel_response_delete_cookie(ctx, step->res, name, &options);
    }
    return hostel_response_cookie(ctx, step->res, name, text_of(step, cookie, "/value"), &options);
}

static hostel_result write_redirect(struct step *step)
{
    hostel_ctx *ctx = step->ctx;
    int64_t status;
    hostel_str location = text_of(step, step->body, "/args/redirect");
    if (!hostel_json_has(ctx, step->body, "/args/redirect-status"))
        return hostel_respond_redirect(ctx, step->res, location);
    HOSTEL_TRY(hostel_json_integer(ctx, step->body, "/args/redirect-status", &status));
    return hostel_respond_redirect_with(ctx, step->res, location, (int)status);
}

/* Adds a step's headers one by one, with the SDK's functions, to the response or to the failure. */
static void add_headers(struct step *step, bool to_failure)
{
    hostel_items each =
        hostel_json_items(step->ctx, hostel_json_at(step->ctx, step->body, "/args/headers"));
    while (hostel_json_next(&each)) {
        const char *name = c_text_of(step, each.value, "/0");
        hostel_str value = text_of(step, each.value, "/1");
        if (to_failure)
            hostel_failure_header(step->ctx, name, value);
        else
            hostel_response_header(step->ctx, step->res, name, value);
    }
}

static hostel_result write_status(struct step *step)
{
    int64_t status;
    if (!hostel_json_has(step->ctx, step->body, "/args/status"))
        return HOSTEL_OK;
    HOSTEL_TRY(hostel_json_integer(step->ctx, step->body, "/args/status", &status));
    step->res->status = (uint16_t)status;
    return HOSTEL_OK;
}

static hostel_result respond(struct step *step)
{
    hostel_str text = text_of(step, step->body, "/args/text");
    if (text.ptr != NULL)
        HOSTEL_TRY(hostel_respond_text(step->ctx, step->res, text));
    if (hostel_json_has(step->ctx, step->body, "/args/redirect"))
        HOSTEL_TRY(write_redirect(step));
    if (hostel_json_has(step->ctx, step->body, "/args/cookie"))
        HOSTEL_TRY(write_cookie(step));
    add_headers(step, false);
    return write_status(step);
}

/* Assigns a step's status and up to 8 of its headers to the fields of the response, without the
 * SDK's functions. */
static hostel_result respond_directly(struct step *step)
{
    hostel_items each =
        hostel_json_items(step->ctx, hostel_json_at(step->ctx, step->body, "/args/headers"));
    hostel_pair *headers = (hostel_pair *)hostel_alloc(step->ctx, 8 * sizeof *headers);
    size_t count = 0;
    while (count < 8 && hostel_json_next(&each)) {
        headers[count].name = text_of(step, each.value, "/0");
        headers[count++].value = text_of(step, each.value, "/1");
    }
    step->res->headers = headers;
    step->res->header_count = count;
    return write_status(step);
}

static hostel_result fail_with_headers(struct step *step)
{
    hostel_result kind = failure_kind(text_of(step, step->body, "/value"));
    hostel_fail(step->ctx, kind, "%.*s", HOSTEL_ARG(step->what));
    add_headers(step, true);
    return kind;
}

bool direct_step(struct step *step, hostel_result *result)
{
    static const struct {
        const char *op;
        operation *run;
    } operations[] = {
        {"read", read_part},
        {"respond", respond},
        {"respond-directly", respond_directly},
        {"fail-with-headers", fail_with_headers},
    };
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (is(step->op, operations[i].op)) {
            *result = operations[i].run(step);
            return true;
        }
    }
    return false;
}
