/* Construction of responses. */

#include "ctx.h"

#include <inttypes.h>

#define SAFE_COOKIE ((hostel_cookie_options){.max_age_seconds = 0})

hostel_result hostel_respond_json(hostel_ctx *ctx, hostel_response *res, hostel_str json)
{
    if (json.ptr == NULL) {
        hostel_str why = why_unwritten(ctx);
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the response has no JSON form: %.*s",
                           HOSTEL_ARG(why));
    }
    res->status = 200;
    res->content_type = HOSTEL_STR("application/json");
    res->body = json;
    return HOSTEL_OK;
}

hostel_result hostel_respond_text(hostel_ctx *ctx, hostel_response *res, hostel_str text)
{
    (void)ctx;
    res->status = 200;
    res->content_type = HOSTEL_STR("text/plain; charset=utf-8");
    res->body = text;
    return HOSTEL_OK;
}

hostel_result hostel_respond_redirect(hostel_ctx *ctx, hostel_response *res, hostel_str location)
{
    return hostel_respond_redirect_with(ctx, res, location, 303);
}

hostel_result hostel_respond_redirect_with(hostel_ctx *ctx, hostel_response *res,
                                           hostel_str location, int status)
{
    if ((status < 301 || status > 303) && status != 307 && status != 308)
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "a redirect of status %d: it must be 301, 302, 303, 307 or 308", status);
    res->status = (uint16_t)status;
    res->content_type = NO_TEXT;
    res->body = HOSTEL_STR("");
    hostel_response_header(ctx, res, "location", location);
    return HOSTEL_OK;
}

void hostel_response_header(hostel_ctx *ctx, hostel_response *res, const char *name,
                            hostel_str value)
{
    add_field(ctx, &res->headers, &res->header_count, lowered(ctx, hostel_str_of(name)), value);
}

/* True if the text of a cookie's attribute contains a semicolon or a control character. */
static bool ends_attribute(const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        if (*text == ';' || (unsigned char)*text < ' ' || *text == 0x7F)
            return true;
    }
    return false;
}

/* True if every byte is a `cookie-octet` of RFC 6265, section 4.1.1. */
static bool is_cookie_value(hostel_str value)
{
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.ptr[i];
        if (byte <= ' ' || byte >= 0x7F || strchr("\",;\\", byte) != NULL)
            return false;
    }
    return true;
}

static hostel_result check_cookie(hostel_ctx *ctx, const char *name, hostel_str value,
                                  const hostel_cookie_options *options)
{
    hostel_str shown = quoted(ctx, hostel_str_of(name));
    if (!is_token(hostel_str_of(name)))
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the cookie %.*s: a name may contain only %s",
                           HOSTEL_ARG(shown), TOKEN_BYTES);
    if (!is_cookie_value(value))
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "the cookie %.*s: a value must not contain blanks, quotes, commas, "
                           "semicolons, backslashes, control characters or non-ASCII characters: "
                           "percent-encode it",
                           HOSTEL_ARG(shown));
    const char *wrong = ends_attribute(options->path)     ? "path"
                        : ends_attribute(options->domain) ? "domain"
                                                          : NULL;
    if (wrong != NULL)
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "the cookie %.*s: its %s contains a semicolon or a control character",
                           HOSTEL_ARG(shown), wrong);
    if (options->max_age_seconds < 0)
        return hostel_fail(ctx, HOSTEL_INTERNAL,
                           "the cookie %.*s: its max_age_seconds is %" PRId64
                           ": it must be 0 or more; hostel_response_delete_cookie deletes a cookie",
                           HOSTEL_ARG(shown), options->max_age_seconds);
    if (options->same_site == HOSTEL_SAME_SITE_NONE && options->insecure)
        return hostel_fail(ctx, HOSTEL_INTERNAL, "the cookie %.*s: SameSite=None needs Secure",
                           HOSTEL_ARG(shown));
    return HOSTEL_OK;
}

/* Adds a cookie. `age` is its `Max-Age` attribute, or empty. */
static hostel_result add_cookie(hostel_ctx *ctx, hostel_response *res, const char *name,
                                hostel_str value, hostel_str age,
                                const hostel_cookie_options *options)
{
    HOSTEL_TRY(check_cookie(ctx, name, value, options));
    bool has_domain = options->domain != NULL;
    const char *same_site = options->same_site == HOSTEL_SAME_SITE_NONE     ? "None"
                            : options->same_site == HOSTEL_SAME_SITE_STRICT ? "Strict"
                                                                            : "Lax";
    hostel_str cookie = hostel_format(
        ctx, "%s=%.*s%.*s%s%s; Path=%s%s%s; SameSite=%s", name, HOSTEL_ARG(value), HOSTEL_ARG(age),
        has_domain ? "; Domain=" : "", has_domain ? options->domain : "",
        options->path == NULL ? "/" : options->path, options->insecure ? "" : "; Secure",
        options->script_readable ? "" : "; HttpOnly", same_site);
    hostel_response_header(ctx, res, "set-cookie", cookie);
    return HOSTEL_OK;
}

hostel_result hostel_response_cookie(hostel_ctx *ctx, hostel_response *res, const char *name,
                                     hostel_str value, const hostel_cookie_options *options)
{
    hostel_cookie_options cookie = options == NULL ? SAFE_COOKIE : *options;
    hostel_str age = HOSTEL_STR("");
    if (cookie.max_age_seconds != 0)
        age = hostel_format(ctx, "; Max-Age=%" PRId64, cookie.max_age_seconds);
    return add_cookie(ctx, res, name, value, age, &cookie);
}

hostel_result hostel_response_delete_cookie(hostel_ctx *ctx, hostel_response *res, const char *name,
                                            const hostel_cookie_options *options)
{
    hostel_cookie_options cookie = options == NULL ? SAFE_COOKIE : *options;
    cookie.max_age_seconds = 0;
    return add_cookie(ctx, res, name, HOSTEL_STR(""), HOSTEL_STR("; Max-Age=0"), &cookie);
}
