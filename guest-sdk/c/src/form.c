/* Queries and forms: application/x-www-form-urlencoded (WHATWG URL Standard). */

#include "ctx.h"

/* Decodes the percent-escape at the beginning of a text. Returns -1 if the text does not begin with
 * an escape. */
static int escaped_byte(hostel_str text)
{
    if (text.len < 3 || text.ptr[0] != '%')
        return -1;
    int high = hex_digit(text.ptr[1]), low = hex_digit(text.ptr[2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Decodes a name or a value of a form. */
static hostel_str form_text(hostel_ctx *ctx, hostel_str raw)
{
    raw = present(raw);
    if (memchr(raw.ptr, '%', raw.len) == NULL && memchr(raw.ptr, '+', raw.len) == NULL)
        return lossy(ctx, raw);
    char *text = (char *)hostel_alloc(ctx, raw.len);
    size_t length = 0;
    while (raw.len > 0) {
        int escaped = escaped_byte(raw);
        size_t taken = escaped < 0 ? 1 : 3;
        char plain = raw.ptr[0] == '+' ? ' ' : raw.ptr[0];
        text[length++] = escaped < 0 ? plain : (char)escaped;
        raw = (hostel_str){raw.ptr + taken, raw.len - taken};
    }
    return lossy(ctx, (hostel_str){text, length});
}

/* Removes the part of a text before the first separator, or the whole text if it has no separator,
 * and returns the removed part. Removes the separator too. */
static hostel_str take_up_to(hostel_str *text, char separator)
{
    hostel_str taken = *text;
    const char *end = text->len == 0 ? NULL : (const char *)memchr(text->ptr, separator, text->len);
    if (end == NULL) {
        *text = (hostel_str){text->ptr, 0};
        return taken;
    }
    taken.len = (size_t)(end - text->ptr);
    *text = (hostel_str){end + 1, text->len - taken.len - 1};
    return taken;
}

/* Finds the next field of that name and advances `*form` past it. Returns false if there is no such
 * field. */
static bool next_in_form(hostel_ctx *ctx, hostel_str *form, const char *name, hostel_str *value)
{
    hostel_str wanted = hostel_str_of(name);
    while (form->len > 0) {
        hostel_str raw = take_up_to(form, '&');
        bool is_empty = raw.len == 0;
        hostel_str found = form_text(ctx, take_up_to(&raw, '='));
        if (!is_empty && hostel_str_equal(found, wanted)) {
            *value = form_text(ctx, raw);
            return true;
        }
    }
    return false;
}

static hostel_str first_in_form(hostel_ctx *ctx, hostel_str form, const char *name)
{
    hostel_str value = NO_TEXT;
    return next_in_form(ctx, &form, name, &value) ? value : NO_TEXT;
}

static struct texts all_in_form(hostel_ctx *ctx, hostel_str form, const char *name)
{
    struct texts values = {NULL, 0};
    hostel_str value;
    while (next_in_form(ctx, &form, name, &value))
        add_text(ctx, &values, value);
    return values;
}

hostel_str hostel_request_query(hostel_ctx *ctx, const hostel_request *req, const char *name)
{
    return req->http == NULL ? NO_TEXT : first_in_form(ctx, req->http->query, name);
}

size_t hostel_request_query_values(hostel_ctx *ctx, const hostel_request *req, const char *name,
                                   const hostel_str **values)
{
    hostel_str query = req->http == NULL ? NO_TEXT : req->http->query;
    struct texts found = all_in_form(ctx, query, name);
    *values = found.texts;
    return found.count;
}

/* Checks that a request's body is a form, and stores the body in `*form`. */
static hostel_result form_of(hostel_ctx *ctx, const hostel_request *req, hostel_str *form)
{
    hostel_str parameters = req->content_type;
    hostel_str type = trimmed(take_up_to(&parameters, ';'));
    bool has_type = req->content_type.ptr != NULL;
    bool is_form = equal_in_any_case(type, HOSTEL_STR("application/x-www-form-urlencoded"));
    if (!is_form && (has_type || req->body.len > 0))
        return hostel_fail(ctx, HOSTEL_BAD_REQUEST,
                           "the request body: it must be a form, of the content type "
                           "application/x-www-form-urlencoded");
    *form = req->body;
    return HOSTEL_OK;
}

hostel_result hostel_request_form(hostel_ctx *ctx, const hostel_request *req, const char *name,
                                  hostel_str *value)
{
    hostel_str form;
    HOSTEL_TRY(form_of(ctx, req, &form));
    *value = first_in_form(ctx, form, name);
    return HOSTEL_OK;
}

hostel_result hostel_request_form_values(hostel_ctx *ctx, const hostel_request *req,
                                         const char *name, const hostel_str **values,
                                         size_t *count)
{
    hostel_str form;
    HOSTEL_TRY(form_of(ctx, req, &form));
    struct texts found = all_in_form(ctx, form, name);
    *values = found.texts;
    *count = found.count;
    return HOSTEL_OK;
}
