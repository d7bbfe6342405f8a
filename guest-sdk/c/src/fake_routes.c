/* The fake's routes to services, by the rules of a host. */

#include "ctx.h"

static void refuse_route(hostel_str route, const char *why)
{
    fprintf(stderr, "the route \"%.*s\" of the fake is invalid: %s\n", HOSTEL_ARG(route), why);
    abort();
}

/* The segments of a path, which must begin with a slash. */
static struct texts segments_of(hostel_ctx *ctx, hostel_str path)
{
    struct texts segments = {NULL, 0};
    size_t start = 1;
    for (size_t end = 1; end <= path.len; end++) {
        if (end == path.len || path.ptr[end] == '/') {
            add_text(ctx, &segments, (hostel_str){path.ptr + start, end - start});
            start = end + 1;
        }
    }
    return segments;
}

static bool is_parameter(hostel_str segment)
{
    return segment.len > 0 && segment.ptr[0] == '{';
}

static hostel_str parameter_name(hostel_str segment)
{
    return (hostel_str){segment.ptr + 1, segment.len - 2};
}

static bool has_one_of(hostel_str text, const char *bytes)
{
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(bytes, text.ptr[i]) != NULL)
            return true;
    }
    return false;
}

/* True for a valid parameter: `{name}`, with a name of letters, digits, hyphens and underscores. */
static bool is_whole_parameter(hostel_str segment)
{
    bool is_whole = is_parameter(segment) && segment.len > 2 && segment.ptr[segment.len - 1] == '}';
    for (size_t i = 1; is_whole && i < segment.len - 1; i++) {
        char letter = lower(segment.ptr[i]);
        is_whole = (letter >= 'a' && letter <= 'z') || is_digit(letter) || letter == '-' ||
                   letter == '_';
    }
    return is_whole;
}

static void check_segment(const struct served *served, size_t index)
{
    hostel_str segment = served->segments.texts[index];
    bool is_root = served->segments.count == 1 && segment.len == 0;
    if ((segment.len == 0 && !is_root) || hostel_str_equal(segment, HOSTEL_STR(".")) ||
        hostel_str_equal(segment, HOSTEL_STR("..")))
        refuse_route(served->text, "a segment must not be empty, `.` or `..`");
    if (has_one_of(segment, "{}") && !is_whole_parameter(segment))
        refuse_route(served->text, "a parameter must be a whole segment, `{name}`, of letters, "
                                   "digits, hyphens and underscores");
    if (has_one_of(segment, "%?#\\ \t\r\n"))
        refuse_route(served->text, "write it without percent-encoding or a query");
    for (size_t i = 0; is_parameter(segment) && i < index; i++) {
        if (hostel_str_equal(served->segments.texts[i], segment))
            refuse_route(served->text, "it has a parameter twice");
    }
}

static void check_method(const struct served *served)
{
    static const char *const methods[] = {"",      "GET",    "HEAD",   "POST",
                                          "PUT",   "PATCH",  "DELETE", "OPTIONS"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (hostel_str_equal(served->method, hostel_str_of(methods[i])))
            return;
    }
    refuse_route(served->text,
                 "a method is GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, before a blank");
}

/* True if two routes match the same paths: they differ only in parameter names and methods. */
static bool is_like(const struct served *one, const struct served *other)
{
    bool is_like = one->segments.count == other->segments.count;
    for (size_t i = 0; is_like && i < one->segments.count; i++) {
        hostel_str a = one->segments.texts[i], b = other->segments.texts[i];
        is_like = is_parameter(a) ? is_parameter(b) : hostel_str_equal(a, b);
    }
    return is_like;
}

void hostel_fake_serve(hostel_fake *fake, const char *route, const char *service)
{
    hostel_str text = hostel_copy(&fake->look, hostel_str_of(route)), path = text;
    struct served served = {
        .text = text,
        .method = path.len > 0 && path.ptr[0] == '/' ? HOSTEL_STR("") : take_up_to(&path, ' '),
        .service = hostel_copy(&fake->look, hostel_str_of(service)),
    };
    if (path.len == 0 || path.ptr[0] != '/')
        refuse_route(text, "the path must begin with a slash");
    check_method(&served);
    served.segments = segments_of(&fake->look, path);
    for (size_t i = 0; i < served.segments.count; i++)
        check_segment(&served, i);
    for (size_t i = 0; i < fake->served_count; i++) {
        const struct served *other = &fake->served[i];
        bool has_common = served.method.len == 0 || other->method.len == 0 ||
                          hostel_str_equal(served.method, other->method);
        if (has_common && is_like(&served, other))
            refuse_route(text, "it matches requests that an earlier route matches");
    }
    if (handler_of(served.service) == NULL)
        refuse_route(text, "no service has that name");
    size_t count = fake->served_count++;
    fake->served = (struct served *)room(fake, fake->served, count, sizeof *fake->served);
    fake->served[count] = served;
}

static bool takes_path(const struct served *served, struct texts path)
{
    bool takes = served->segments.count == path.count;
    for (size_t i = 0; takes && i < path.count; i++) {
        hostel_str segment = served->segments.texts[i];
        takes = is_parameter(segment) ? path.texts[i].len > 0
                                      : hostel_str_equal(segment, path.texts[i]);
    }
    return takes;
}

/* Compares two routes that match the same path. Returns true if, at the leftmost difference, `one`
 * has fixed text and `other` has a parameter. */
static bool fits_better(const struct served *one, const struct served *other)
{
    for (size_t i = 0; i < one->segments.count; i++) {
        bool is_fixed = !is_parameter(one->segments.texts[i]);
        if (is_fixed == is_parameter(other->segments.texts[i]))
            return is_fixed;
    }
    return false;
}

static bool takes_method(const struct served *served, hostel_str method)
{
    return served->method.len == 0 || hostel_str_equal(served->method, method) ||
           (hostel_str_equal(method, HOSTEL_STR("HEAD")) &&
            hostel_str_equal(served->method, HOSTEL_STR("GET")));
}

/* The most specific route that matches a path; NULL if no route matches. */
static const struct served *best_route(const hostel_fake *fake, struct texts path)
{
    const struct served *best = NULL;
    for (size_t i = 0; i < fake->served_count; i++) {
        const struct served *served = &fake->served[i];
        if (takes_path(served, path) && (best == NULL || fits_better(served, best)))
            best = served;
    }
    return best;
}

/* The route that matches the method, among the routes that match the same paths as `like`; NULL if
 * no route matches. */
static const struct served *route_for(const hostel_fake *fake, const struct served *like,
                                      hostel_str method)
{
    for (size_t i = 0; i < fake->served_count; i++) {
        if (is_like(&fake->served[i], like) && takes_method(&fake->served[i], method))
            return &fake->served[i];
    }
    return NULL;
}

/* The value of the header `allow`: the methods that a path allows, in alphabetical order. */
static hostel_str allowed(hostel_ctx *ctx, const hostel_fake *fake, const struct served *like)
{
    static const char *const methods[] = {"DELETE", "GET",  "HEAD", "OPTIONS",
                                          "PATCH",  "POST", "PUT"};
    hostel_str allow = HOSTEL_STR("");
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (route_for(fake, like, hostel_str_of(methods[i])) != NULL)
            allow = hostel_format(ctx, "%.*s%s%s", HOSTEL_ARG(allow), allow.len == 0 ? "" : ", ",
                                  methods[i]);
    }
    return allow;
}

/* Decodes the segments of a path; false for an invalid escape or a segment that is not UTF-8. */
static bool decode_segments(hostel_ctx *ctx, hostel_str path, struct texts *decoded)
{
    struct texts raw = segments_of(ctx, path);
    *decoded = (struct texts){NULL, 0};
    for (size_t i = 0; i < raw.count; i++) {
        hostel_str rest = raw.texts[i];
        char *text = (char *)hostel_alloc(ctx, rest.len);
        size_t length = 0;
        while (rest.len > 0) {
            int escaped = escaped_byte(rest);
            if (rest.ptr[0] == '%' && escaped < 0)
                return false;
            size_t taken = escaped < 0 ? 1 : 3;
            text[length++] = escaped < 0 ? rest.ptr[0] : (char)escaped;
            rest = (hostel_str){rest.ptr + taken, rest.len - taken};
        }
        hostel_str segment = {text, length};
        if (valid_utf8(segment) < length)
            return false;
        add_text(ctx, decoded, segment);
    }
    return true;
}
