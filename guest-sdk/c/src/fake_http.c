/* The fake remote servers and settings. */

#include "ctx.h"

/* Headers that a request must not have, because the host sets them. */
static const char *const headers_of_host[] = {
    "host", "content-length", "connection",        "keep-alive", "proxy-connection",
    "te",   "trailer",        "transfer-encoding", "upgrade",
};

static struct route *add_route(hostel_fake *fake, const char *method, const char *url)
{
    size_t count = fake->route_count++;
    fake->routes = (struct route *)room(fake, fake->routes, count, sizeof *fake->routes);
    struct route *route = &fake->routes[count];
    *route = (struct route){
        .method = hostel_copy(&fake->look, hostel_str_of(method)),
        .url = hostel_copy(&fake->look, hostel_str_of(url)),
        .error = HOSTEL_OK,
    };
    return route;
}

static const hostel_pair *copied_pairs(hostel_ctx *ctx, const hostel_pair *pairs, size_t count)
{
    hostel_pair *copies = (hostel_pair *)hostel_alloc(ctx, count * sizeof *copies);
    for (size_t i = 0; i < count; i++) {
        copies[i].name = hostel_copy(ctx, pairs[i].name);
        copies[i].value = hostel_copy(ctx, pairs[i].value);
    }
    return copies;
}

void hostel_fake_route(hostel_fake *fake, const char *method, const char *url, uint16_t status,
                       const char *json)
{
    hostel_fake_route_with(fake, method, url, (hostel_response){
        .status = status,
        .content_type = json == NULL ? NO_TEXT : HOSTEL_STR("application/json"),
        .body = hostel_str_of(json),
    });
}

void hostel_fake_route_with(hostel_fake *fake, const char *method, const char *url,
                            hostel_response response)
{
    hostel_ctx *ctx = &fake->look;
    response.body = hostel_copy(ctx, response.body);
    if (response.content_type.ptr != NULL)
        response.content_type = hostel_copy(ctx, response.content_type);
    response.headers = copied_pairs(ctx, response.headers, response.header_count);
    add_route(fake, method, url)->response = response;
}

void hostel_fake_route_error(hostel_fake *fake, const char *method, const char *url,
                             hostel_result error)
{
    add_route(fake, method, url)->error = error;
}

void hostel_fake_route_function(hostel_fake *fake, const char *method, const char *url,
                                hostel_fake_server *server, void *user_data)
{
    struct route *route = add_route(fake, method, url);
    route->serve = server;
    route->user_data = user_data;
}

const hostel_http_request *hostel_fake_request(const hostel_fake *fake, size_t index)
{
    return index < fake->request_count ? &fake->requests[index] : NULL;
}

static void note_request(hostel_fake *fake, hostel_http_request request)
{
    hostel_ctx *ctx = &fake->look;
    request.method = hostel_copy(ctx, request.method);
    request.url = hostel_copy(ctx, request.url);
    request.body = hostel_copy(ctx, request.body);
    request.headers = copied_pairs(ctx, request.headers, request.header_count);
    size_t count = fake->request_count++;
    fake->requests =
        (hostel_http_request *)room(fake, fake->requests, count, sizeof *fake->requests);
    fake->requests[count] = request;
}

static bool matches(const struct route *route, const hostel_http_request *request)
{
    hostel_str url = route->url;
    if (!hostel_str_equal(route->method, request->method))
        return false;
    if (url.len == 0 || url.ptr[url.len - 1] != '*')
        return hostel_str_equal(url, request->url);
    return begins_with(request->url, (hostel_str){url.ptr, url.len - 1});
}

/* The newest route that matches. Ends the test if no route matches. */
static const struct route *route_of(hostel_fake *fake, const hostel_http_request *request)
{
    for (size_t i = fake->route_count; i-- > 0;) {
        if (matches(&fake->routes[i], request))
            return &fake->routes[i];
    }
    fprintf(stderr, "%.*s %.*s matches no route of the fake; there are:",
            HOSTEL_ARG(request->method), HOSTEL_ARG(request->url));
    for (size_t i = 0; i < fake->route_count; i++)
        fprintf(stderr, "%s %s %s", i == 0 ? "" : ",", fake->routes[i].method.ptr,
                fake->routes[i].url.ptr);
    fprintf(stderr, "%s\n", fake->route_count == 0 ? " none" : "");
    abort();
}

/* Converts the response of a route to the form in which the service receives it. */
static hostel_http_response over_http(hostel_ctx *ctx, hostel_str url, hostel_response response)
{
    size_t count = 0;
    hostel_pair *headers =
        (hostel_pair *)hostel_alloc(ctx, (response.header_count + 1) * sizeof *headers);
    bool has_type = response.content_type.ptr != NULL;
    if (has_type)
        headers[count++] =
            (hostel_pair){HOSTEL_STR("content-type"), hostel_copy(ctx, response.content_type)};
    for (size_t i = 0; i < response.header_count; i++) {
        hostel_pair header = response.headers[i];
        hostel_str name = lowered(ctx, header.name);
        if (!has_type || !hostel_str_equal(name, HOSTEL_STR("content-type")))
            headers[count++] = (hostel_pair){name, hostel_copy(ctx, header.value)};
    }
    return (hostel_http_response){
        .status = response.status,
        .url = hostel_copy(ctx, url),
        .headers = headers,
        .header_count = count,
        .body = hostel_copy(ctx, response.body),
    };
}

/* Sends one request, without following a redirect. */
static hostel_result exchange(hostel_ctx *ctx, const hostel_http_request *request,
                              hostel_http_response *response)
{
    note_request(ctx->fake, *request);
    const struct route route = *route_of(ctx->fake, request);
    hostel_response answer = route.response;
    hostel_result result = route.error;
    if (route.serve != NULL) {
        answer = (hostel_response){.status = 200, .body = HOSTEL_STR("")};
        result = route.serve(ctx, route.user_data, request, &answer);
    }
    if (result != HOSTEL_OK) {
        hostel_str url = shown_url(ctx, request->url);
        return hostel_fail(ctx, result, "%.*s: the fake returns an error", HOSTEL_ARG(url));
    }
    *response = over_http(ctx, request->url, answer);
    return HOSTEL_OK;
}

/* The length of the scheme and authority of a URL that begins with `http://` or `https://`; 0 for
 * any other URL or an empty authority. */
static size_t origin_length(hostel_str url)
{
    bool is_secure = begins_with(url, HOSTEL_STR("https://"));
    if (!is_secure && !begins_with(url, HOSTEL_STR("http://")))
        return 0;
    size_t host = is_secure ? 8 : 7, at = host;
    while (at < url.len && strchr("/?#", url.ptr[at]) == NULL)
        at++;
    return at > host ? at : 0;
}

static void drop_headers(hostel_ctx *ctx, hostel_http_request *request, const char *const *names,
                         size_t count)
{
    hostel_pair *left =
        (hostel_pair *)hostel_alloc(ctx, request->header_count * sizeof *left);
    size_t left_count = 0;
    for (size_t i = 0; i < request->header_count; i++) {
        bool is_dropped = false;
        for (size_t at = 0; at < count; at++)
            is_dropped |= equal_in_any_case(request->headers[i].name, hostel_str_of(names[at]));
        if (!is_dropped)
            left[left_count++] = request->headers[i];
    }
    request->headers = left;
    request->header_count = left_count;
}

/* Changes a request to follow a redirect: sets the new URL, drops credentials if the origin
 * changes, and makes the request a GET without a body where HTTP clients usually do. Ends the test
 * if the fake does not support the location. */
static void redirect(hostel_ctx *ctx, hostel_http_request *request, uint16_t status,
                     hostel_str location)
{
    static const char *const credentials[] = {"authorization", "cookie", "proxy-authorization"};
    static const char *const of_body[] = {"content-type", "content-encoding", "content-language"};
    hostel_str from = {request->url.ptr, origin_length(request->url)};
    hostel_str to = {location.ptr, origin_length(location)};
    if (location.len > 0 && location.ptr[0] == '/' && !begins_with(location, HOSTEL_STR("//")))
        location = hostel_format(ctx, "%.*s%.*s", HOSTEL_ARG(from), HOSTEL_ARG(location));
    else if (to.len == 0) {
        fprintf(stderr, "the fake does not follow a redirect to %.*s\n", HOSTEL_ARG(location));
        abort();
    } else if (!hostel_str_equal(from, to))
        drop_headers(ctx, request, credentials, 3);
    request->url = location;
    bool is_post = hostel_str_equal(request->method, HOSTEL_STR("POST"));
    bool is_read = hostel_str_equal(request->method, HOSTEL_STR("GET")) ||
                   hostel_str_equal(request->method, HOSTEL_STR("HEAD"));
    if ((status == 303 && !is_read) || (status <= 302 && is_post)) {
        request->method = HOSTEL_STR("GET");
        request->body = HOSTEL_STR("");
        drop_headers(ctx, request, of_body, 3);
    }
}

static bool is_redirect(uint16_t status)
{
    return (status >= 301 && status <= 303) || status == 307 || status == 308;
}

/* Checks the method, the URL and the names of the headers, similarly to a host. */
static hostel_result check_as_host(hostel_ctx *ctx, const hostel_http_request *request)
{
    hostel_str method = request->method, url = shown_url(ctx, request->url);
    if (method.len == 0 || hostel_str_equal(method, HOSTEL_STR("TRACE")) ||
        hostel_str_equal(method, HOSTEL_STR("CONNECT")))
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                           "%.*s: \"%.*s\" is not a method that a plugin can send", HOSTEL_ARG(url),
                           HOSTEL_ARG(method));
    size_t origin = origin_length(request->url);
    if (origin == 0)
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST, "%.*s is not an http or https URL",
                           HOSTEL_ARG(url));
    if (memchr(request->url.ptr, '@', origin) != NULL)
        return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                           "a URL has a user or a password: send them in the header "
                           "`authorization`");
    for (size_t i = 0; i < sizeof headers_of_host / sizeof *headers_of_host; i++) {
        const char *name = headers_of_host[i];
        if (has_header(request->headers, request->header_count, name))
            return hostel_fail(ctx, HOSTEL_HTTP_INVALID_REQUEST,
                               "%.*s: the header `%s` is set by the host: leave it out",
                               HOSTEL_ARG(url), name);
    }
    return HOSTEL_OK;
}

/* Sends a request and follows its redirects. */
static hostel_result follow(hostel_ctx *ctx, hostel_http_request request,
                            hostel_http_response *response)
{
    HOSTEL_TRY(check_as_host(ctx, &request));
    for (int followed = 0;; followed++) {
        HOSTEL_TRY(exchange(ctx, &request, response));
        hostel_str location = hostel_http_header(ctx, response, "location");
        if (!is_redirect(response->status) || location.ptr == NULL || request.redirects == 0)
            return HOSTEL_OK;
        if (followed == request.redirects) {
            hostel_str url = shown_url(ctx, request.url);
            return hostel_fail(ctx, HOSTEL_HTTP_ABORTED, "%.*s: it redirects more than %d times",
                               HOSTEL_ARG(url), followed);
        }
        redirect(ctx, &request, response->status, location);
    }
}

static void host_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results)
{
    for (size_t i = 0; i < count; i++) {
        hostel_http_response response;
        hostel_result result = follow(ctx, requests[i], &response);
        results[i] = unsent(result, result == HOSTEL_OK ? HOSTEL_STR("") : hostel_message(ctx));
        if (result == HOSTEL_OK)
            results[i].response = response;
    }
}

void hostel_fake_set_config(hostel_fake *fake, const char *name, const char *value)
{
    size_t count = fake->setting_count++;
    fake->settings = (hostel_pair *)room(fake, fake->settings, count, sizeof *fake->settings);
    hostel_str key = hostel_copy(&fake->look, hostel_str_of(name));
    /* Keep the settings sorted by name. An existing name gets the new value. */
    size_t at = count;
    while (at > 0 && strcmp(fake->settings[at - 1].name.ptr, key.ptr) >= 0)
        at--;
    if (at < count && hostel_str_equal(fake->settings[at].name, key))
        fake->setting_count--;
    else
        memmove(&fake->settings[at + 1], &fake->settings[at],
                (count - at) * sizeof *fake->settings);
    fake->settings[at] = (hostel_pair){key, hostel_copy(&fake->look, hostel_str_of(value))};
}

static hostel_str host_setting(hostel_ctx *ctx, hostel_str name)
{
    const hostel_fake *fake = ctx->fake;
    for (size_t i = 0; i < fake->setting_count; i++) {
        if (hostel_str_equal(fake->settings[i].name, name))
            return fake->settings[i].value;
    }
    return NO_TEXT;
}

static struct texts host_setting_names(hostel_ctx *ctx)
{
    const hostel_fake *fake = ctx->fake;
    hostel_str *names = (hostel_str *)hostel_alloc(ctx, fake->setting_count * sizeof *names);
    for (size_t i = 0; i < fake->setting_count; i++)
        names[i] = hostel_copy(ctx, fake->settings[i].name);
    return (struct texts){names, fake->setting_count};
}
