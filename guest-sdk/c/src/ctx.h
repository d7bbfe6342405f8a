/* Declarations shared by the SDK's files and hidden from services. */
#ifndef HOSTEL_CTX_H
#define HOSTEL_CTX_H

#include "../hostel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_TEXT ((hostel_str){NULL, 0})

/* The maximum number of bytes that `beginning_of` returns. */
#define EXCERPT_BYTES 64

/* The characters that is_token allows, for messages. */
#define TOKEN_BYTES "letters, digits and !#$%&'*+-.^_`|~"

/* One block of a ctx's memory. */
struct chunk {
    struct chunk *older;
    size_t used;
    size_t capacity;
    max_align_t bytes[];
};

/* The result, message and headers of the last call that did not return HOSTEL_OK. */
struct failure {
    hostel_result result;
    hostel_str message;
    const hostel_pair *headers;
    size_t header_count;
};

struct hostel_ctx {
    struct chunk *chunks;     /* The newest chunk is first. */
    struct failure failure;   /* Zeroed when no call failed. */
    hostel_str unwritten;     /* The reason that why_unwritten returns; `ptr` may be NULL. */
    struct hostel_fake *fake; /* NULL in a real host. */
};

/* Frees the memory of `ctx`. In wasm, may keep one chunk, which the next request then uses. */
static void ctx_reset(hostel_ctx *ctx);

/* Enlarges a block from hostel_alloc, or allocates a block if `old` is NULL. Copies no bytes if the
 * newest chunk has room after the block. */
static void *grow(hostel_ctx *ctx, void *old, size_t old_size, size_t size);

static hostel_str vformat(hostel_ctx *ctx, const char *format, va_list arguments);

/* The offset of the first byte that is not UTF-8; the length of the text if the text is UTF-8. */
static size_t valid_utf8(hostel_str text);

/* Returns the text itself if it is UTF-8. Otherwise returns a copy in which U+FFFD replaces each
 * maximal invalid part, as in the WHATWG Encoding Standard. */
static hostel_str lossy(hostel_ctx *ctx, hostel_str text);

/* Returns the beginning of a text, for messages: whole characters of at most EXCERPT_BYTES. */
static hostel_str beginning_of(hostel_str text);

/* The beginning of a text in quotes, as one line of UTF-8, for messages. */
static hostel_str quoted(hostel_ctx *ctx, hostel_str text);

/* A text without surrounding blanks and tabs. */
static hostel_str trimmed(hostel_str text);

/* Returns the text with a `ptr` that is never NULL, even if the text is empty. */
static hostel_str present(hostel_str text);

struct texts {
    const hostel_str *texts;
    size_t count;
};

/* Appends a text. The list must start empty and only be filled by this function. */
static void add_text(hostel_ctx *ctx, struct texts *list, hostel_str text);

/* The first error in a JSON text. */
struct flaw {
    size_t offset;
    const char *reason; /* NULL when the text is JSON. */
};

/* Checks a complete JSON text by the rules of hostel_json_parse, but with a limit of `depth`
 * levels. */
static struct flaw check_json(hostel_ctx *ctx, hostel_str text, unsigned depth);

/* The value of a JSON number token; infinite if it exceeds the range of a double. */
static double number_of(hostel_ctx *ctx, hostel_str token);

/* Write and read `objects`, which has one bit for each open level: set for an object, clear for an
 * array. */
static void set_level(uint64_t *objects, unsigned level, bool object);
static bool in_object(const uint64_t *objects, unsigned depth);

static bool is_digit(int byte);

/* Parses digits with an optional minus; false for an integer that does not fit int64_t. */
static bool integer_of(hostel_str digits, int64_t *value);

/* The code point of the escape `\uXXXX`, or of a surrogate pair, that begins at `at`; -1 if the
 * escape is invalid. `*length` is the length of the escape in bytes. */
static int32_t unicode_escape(hostel_str text, size_t at, size_t *length);

/* The value of a JSON text, which is not checked. The value borrows the text and the key. Its kind
 * is HOSTEL_MISSING if the `ptr` of the text is NULL. */
static hostel_json json_value(hostel_str text, hostel_str key, hostel_result misfit);

/* Like hostel_json_parse, but returns `misfit` on failure. `key` is the URL and status of the
 * response that contains the text, for messages; its `ptr` is NULL for any other text. */
static hostel_result parse_as(hostel_ctx *ctx, hostel_str text, hostel_str key,
                              hostel_result misfit, hostel_json *value);

/* Where a value comes from, for messages: "the request body", for example. */
static hostel_str source_of(hostel_ctx *ctx, hostel_json value);

/* Decodes a string token that includes its quotes. */
static hostel_str decoded(hostel_ctx *ctx, hostel_str string);

/* The reason why the last invalid value has no JSON form. */
static hostel_str why_unwritten(const hostel_ctx *ctx);

/* Writes a code point as UTF-8 and returns the number of bytes. */
static size_t put_utf8(char *out, uint32_t code);

/* Calls the handler of the service that the request names. Returns HOSTEL_OK with the response in
 * `*res`, or a kind of failure with its message in `ctx`. */
static hostel_result dispatch(hostel_ctx *ctx, const hostel_request *req, hostel_response *res);

/* These functions check arguments of the cache's functions before the call to the host. The host
 * would trap on text that is not UTF-8. */
static hostel_result check_key(hostel_ctx *ctx, hostel_str key);
static hostel_result check_count(hostel_ctx *ctx, size_t count);
static hostel_result check_keys(hostel_ctx *ctx, const hostel_str *keys, size_t count);
static hostel_result check_value(hostel_ctx *ctx, hostel_str key, hostel_str json);

/* Validates an expiry and converts it to the host's form: whole seconds, or 0 for no expiry. */
static hostel_result whole_seconds(hostel_ctx *ctx, double expiry, uint32_t *seconds);

/* True for an integer in the range of hostel_cache_increment. */
static bool is_integer_in_range(double number);

/* Returns HOSTEL_INVALID_VALUE and adds the key to the message of the last failure. If the value
 * looks like a text without quotes, also names the function that converts a text to JSON. */
static hostel_result refused_value(hostel_ctx *ctx, hostel_str key, hostel_str json);

/* These functions look up a header by its case-insensitive name. joined_header joins all fields of
 * that name; its `ptr` is NULL if the header is missing or not UTF-8. header_values returns the
 * fields that are UTF-8. */
static bool has_header(const hostel_pair *headers, size_t count, const char *name);
static hostel_str joined_header(hostel_ctx *ctx, const hostel_pair *headers, size_t count,
                                const char *name);
static struct texts header_values(hostel_ctx *ctx, const hostel_pair *headers, size_t count,
                                  const char *name);

/* Adds a header with a copy of its value. Replaces `*headers` with a larger copy of the array. */
static void add_field(hostel_ctx *ctx, const hostel_pair **headers, size_t *count, hostel_str name,
                      hostel_str value);

/* True for a token (RFC 9110, section 5.6.2). */
static bool is_token(hostel_str text);

/* Converts a response's header names to lower case. Returns HOSTEL_INTERNAL if HTTP does not allow
 * a header or the content type, or if only the server may set a header. */
static hostel_result check_response(hostel_ctx *ctx, hostel_response *res);

/* The HTTP response for a failure. Logs the message of a server error instead of sending it. */
static hostel_response failure_response(hostel_ctx *ctx, hostel_str request_id,
                                        hostel_result kind);

/* Like `quoted`, but omits the query and fragment of a URL. */
static hostel_str shown_url(hostel_ctx *ctx, hostel_str url);

/* The lifetime of an entry that compare-and-swap writes. The numbers are the same as in `wit/`. */
enum lifetime {
    LIFETIME_KEEP = 0,
    LIFETIME_UNLIMITED = 1,
    LIFETIME_AFTER = 2
};

/* The state of a key, and which call computes its value. The numbers are the same as in `wit/`. */
enum found {
    FOUND_VALUE = 0,   /* The value of a live entry. */
    FOUND_REFRESH = 1, /* A value that expires soon; this call refreshes it. */
    FOUND_COMPUTE = 2, /* No live entry; this call computes the value. */
    FOUND_BUSY = 3     /* No live entry, and no lease for this call: its wait timed out, too many
                          calls were waiting, or this call has too many leases. */
};

/* The host's functions. wit.c, wit_cache.c and wit_http.c call the real host; fake.c, fake_cache.c
 * and fake_http.c implement the host for tests. All texts are UTF-8, except bodies and the values
 * of headers. A `ptr` of NULL means no text. An `expiry` of 0 means no expiry. */
static hostel_result host_get(hostel_ctx *ctx, hostel_str key, hostel_str *text);
static hostel_result host_set(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry);
static hostel_result host_delete(hostel_ctx *ctx, hostel_str key, bool *deleted);
static hostel_result host_exists(hostel_ctx *ctx, hostel_str key, bool *exists);

static hostel_result host_set_if_absent(hostel_ctx *ctx, hostel_str key, hostel_str json,
                                        uint32_t expiry, bool *created);
static hostel_result host_increment(hostel_ctx *ctx, hostel_str key, double delta, uint32_t expiry,
                                    double *sum);
static hostel_result host_compare_and_swap(hostel_ctx *ctx, hostel_str key, hostel_str expected,
                                           hostel_str wanted, enum lifetime lifetime,
                                           uint32_t expiry, hostel_swap *swap);
static hostel_result host_take(hostel_ctx *ctx, hostel_str key, hostel_str *text);

static hostel_result host_get_or_lease(hostel_ctx *ctx, hostel_str key, uint32_t early,
                                       uint32_t wait, enum found *found, hostel_str *text);
static hostel_result host_fill(hostel_ctx *ctx, hostel_str key, hostel_str json, uint32_t expiry,
                               bool *filled);
static hostel_result host_release(hostel_ctx *ctx, hostel_str key);

static hostel_result host_get_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                   struct texts *found);
static hostel_result host_set_many(hostel_ctx *ctx, const hostel_entry *entries, size_t count,
                                   uint32_t expiry);
static hostel_result host_delete_many(hostel_ctx *ctx, const hostel_str *keys, size_t count,
                                      uint32_t *deleted);

static hostel_result host_ttl(hostel_ctx *ctx, hostel_str key, hostel_ttl *ttl);
static hostel_result host_expire(hostel_ctx *ctx, hostel_str key, uint32_t expiry, bool *exists);
static hostel_result host_keys(hostel_ctx *ctx, hostel_str prefix, hostel_str cursor,
                               struct texts *page, hostel_str *next);
static hostel_result host_delete_prefix(hostel_ctx *ctx, hostel_str prefix, hostel_str cursor,
                                        uint32_t *deleted, hostel_str *next);

static void host_send_many(hostel_ctx *ctx, const hostel_http_request *requests, size_t count,
                           hostel_http_result *results);

static hostel_str host_setting(hostel_ctx *ctx, hostel_str name);
static struct texts host_setting_names(hostel_ctx *ctx);

static void host_log(hostel_ctx *ctx, hostel_level level, hostel_str message);

#endif
