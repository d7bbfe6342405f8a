/* Hand-written bindings of `wit/`: this file, wit_cache.c and wit_http.c convert between the
 * canonical ABI and the SDK's types.
 *
 * The component encoder checks every name and signature against `wit/` and refuses any mismatch.
 * The structs have the layouts that the canonical ABI defines for 32-bit memories: a C compiler
 * gives the same layouts to structs with the same fields. */

#include "ctx.h"

#define LOG __attribute__((import_module("hostel:log/log@0.1.0")))
#define HANDLER "hostel:service/handler@0.1.0"
#define IMPORT(name) __attribute__((import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

/* option<string> */
struct wit_option {
    uint8_t present;
    hostel_str text;
};

/* list<tuple<string, list<u8>>>; a hostel_pair has the layout of that tuple. */
struct wit_pairs {
    const hostel_pair *pairs;
    size_t count;
};

/* The records `error` and `failure` of `wit/`. */
struct wit_error {
    uint8_t kind;
    hostel_str message;
};

struct wit_http {
    hostel_str method, path;
    struct wit_pairs path_params;
    hostel_str query, authority, client;
    struct wit_pairs headers;
};

struct wit_request {
    hostel_str service, id;
    struct wit_option content_type;
    hostel_str body;
    uint8_t by_http;
    struct wit_http http;
};

struct wit_response {
    uint16_t status;
    struct wit_option content_type;
    struct wit_pairs headers;
    hostel_str body;
};

/* result<response, failure> */
struct wit_answer {
    uint8_t failed;
    union {
        struct wit_response response;
        struct wit_error failure;
    } as;
};

struct wit_service {
    hostel_str name, description;
};

struct wit_services {
    struct wit_service *services;
    size_t count;
};

_Static_assert(sizeof(struct wit_request) == 96, "the canonical ABI's layout");
_Static_assert(sizeof(struct wit_answer) == 36, "the canonical ABI's layout");

LOG IMPORT("log") void wit_log(int32_t level, const char *message, size_t message_len);

/* The context of the current request. One context is enough: a host makes one call at a time in an
 * instance. */
static hostel_ctx the_ctx;

/* Allocates memory for the request, and for the results of the host's functions. This memory lives
 * as long as the request's other memory. */
EXPORT("cabi_realloc") void *wit_realloc(void *old, size_t old_size, size_t align, size_t size)
{
    (void)align;
    return grow(&the_ctx, old, old_size, size);
}

/* Allocates the state of the WASI 0.1 adapter. The state outlives a request, so it must not be in
 * the request's memory. */
EXPORT("cabi_realloc_adapter")
void *wit_realloc_adapter(void *old, size_t old_size, size_t align, size_t size)
{
    (void)old, (void)old_size;
    return aligned_alloc(align, (size + align - 1) / align * align);
}

static void host_log(hostel_ctx *ctx, hostel_level level, hostel_str message)
{
    (void)ctx;
    wit_log((int32_t)level, message.ptr, message.len);
}

EXPORT(HANDLER "#services") struct wit_services *wit_list(void)
{
    hostel_ctx *ctx = &the_ctx;
    struct wit_services *list = hostel_alloc(ctx, sizeof *list);
    list->count = hostel_service_count;
    list->services = hostel_alloc(ctx, list->count * sizeof *list->services);
    for (size_t i = 0; i < list->count; i++) {
        hostel_str name = hostel_str_of(hostel_services[i].name);
        hostel_str description = hostel_str_of(hostel_services[i].description);
        list->services[i] = (struct wit_service){lossy(ctx, name), lossy(ctx, description)};
    }
    return list;
}

static struct wit_option option(hostel_ctx *ctx, hostel_str text)
{
    return (struct wit_option){text.ptr != NULL, lossy(ctx, text)};
}

static struct wit_response wit_response(hostel_ctx *ctx, const hostel_response *res)
{
    return (struct wit_response){
        .status = res->status,
        .content_type = option(ctx, res->content_type),
        .headers = {res->headers, res->header_count},
        .body = res->body,
    };
}

EXPORT(HANDLER "#handle") struct wit_answer *wit_handle(const struct wit_request *sent)
{
    hostel_ctx *ctx = &the_ctx;
    const hostel_http http = {
        .method = sent->http.method,
        .path = sent->http.path,
        .path_params = sent->http.path_params.pairs,
        .path_param_count = sent->http.path_params.count,
        .query = sent->http.query,
        .authority = sent->http.authority,
        .client = sent->http.client,
        .headers = sent->http.headers.pairs,
        .header_count = sent->http.headers.count,
    };
    const hostel_request req = {
        .service = sent->service,
        .id = sent->id,
        .content_type = sent->content_type.present ? sent->content_type.text : NO_TEXT,
        .body = sent->body,
        .http = sent->by_http ? &http : NULL,
    };
    hostel_response res;
    struct wit_answer *answer = hostel_alloc(ctx, sizeof *answer);
    hostel_result result = dispatch(ctx, &req, &res);
    answer->failed = result != HOSTEL_OK;
    uint8_t kind = (uint8_t)(result - HOSTEL_BAD_REQUEST);
    if (answer->failed)
        answer->as.failure = (struct wit_error){kind, ctx->failure.message};
    else
        answer->as.response = wit_response(ctx, &res);
    /* Flush the handler's output now, so that the host logs it with this request. */
    fflush(NULL);
    return answer;
}

EXPORT("cabi_post_" HANDLER "#services") void wit_listed(void *list)
{
    (void)list;
    ctx_reset(&the_ctx);
}

EXPORT("cabi_post_" HANDLER "#handle") void wit_handled(void *answer)
{
    (void)answer;
    ctx_reset(&the_ctx);
}
