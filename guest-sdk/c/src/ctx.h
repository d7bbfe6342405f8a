/* What the files of the SDK share, and no service sees. */
#ifndef HOSTEL_CTX_H
#define HOSTEL_CTX_H

#include "../hostel.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_TEXT ((hostel_str){NULL, 0})

/* How many bytes of an offending text a message shows. */
#define EXCERPT_BYTES 64

/* What is_token allows, in words. */
#define TOKEN_BYTES "letters, digits and !#$%&'*+-.^_`|~"

/* A piece of a ctx's memory. */
struct chunk {
    struct chunk *older;
    size_t used;
    size_t capacity;
    max_align_t bytes[];
};

/* The last call that did not return HOSTEL_OK. */
struct failure {
    hostel_result result;
    hostel_str message;
    const hostel_pair *headers;
    size_t header_count;
};

struct hostel_ctx {
    struct chunk *chunks;     /* The newest first. */
    struct failure failure;   /* Zeroed when there was none. */
    hostel_str unwritten;     /* What why_unwritten answers; `ptr` NULL when there was none. */
    struct hostel_fake *fake; /* NULL in a real host. */
};

/* Frees what belongs to `ctx`, but for a piece to begin the next request with. */
static void ctx_reset(hostel_ctx *ctx);

/* Makes memory larger that hostel_alloc answered, in place where nothing came after it. */
static void *grow(hostel_ctx *ctx, void *old, size_t old_size, size_t size);

static hostel_str vformat(hostel_ctx *ctx, const char *format, va_list arguments);

/* The byte at which a text stops being UTF-8; its length when it never does. */
static size_t valid_utf8(hostel_str text);

/* The text itself when it is UTF-8; otherwise a copy with U+FFFD for each maximal part that is not,
 * as the Encoding Standard of WHATWG has it. */
static hostel_str lossy(hostel_ctx *ctx, hostel_str text);

/* The beginning of a text in quotes, as one line of UTF-8, for messages. */
static hostel_str quoted(hostel_ctx *ctx, hostel_str text);

/* A text without the blanks and tabs around it. */
static hostel_str trimmed(hostel_str text);

/* A text that is there, but when empty may have any address, also none. */
static hostel_str present(hostel_str text);

/* A list of texts. */
struct texts {
    const hostel_str *texts;
    size_t count;
};

/* Adds a text to a list that was made by this function alone, from an empty one. */
static void add_text(hostel_ctx *ctx, struct texts *list, hostel_str text);

/* Where a text is no JSON, and why. */
struct flaw {
    size_t offset;
    const char *reason; /* NULL when the text is JSON. */
};

/* Reads a whole text. The rules are those of hostel_json_parse, with a depth of at most `depth`. */
static struct flaw check_json(hostel_ctx *ctx, hostel_str text, unsigned depth);

/* The number that a token of JSON stands for; infinite when too large. */
static double number_of(hostel_ctx *ctx, hostel_str token);

/* How the open arrays and objects are kept: a bit for each level, set for an object. */
static void set_level(uint64_t *objects, unsigned level, bool object);
static bool in_object(const uint64_t *objects, unsigned depth);

static bool is_digit(int byte);

/* Reads digits, perhaps after a minus; false for an integer beyond 64 bits with a sign. */
static bool integer_of(hostel_str digits, int64_t *value);

/* The code point of the escape `\uXXXX`, or of the pair of them, that begins at a backslash; -1
 * when it is none. `*length` is how many bytes it takes. */
static int32_t unicode_escape(hostel_str text, size_t at, size_t *length);

/* The value that a checked text holds, which it borrows with the key; missing for no text. */
static hostel_json json_value(hostel_str text, hostel_str key, hostel_result misfit);

/* hostel_json_parse, with a kind of error of the caller's, and where the text is from. */
static hostel_result parse_as(hostel_ctx *ctx, hostel_str text, hostel_str key,
                              hostel_result misfit, hostel_json *value);

/* What a value was read from, for messages. */
static hostel_str source_of(hostel_ctx *ctx, hostel_json value);

/* Decodes a string with its quotes. */
static hostel_str decoded(hostel_ctx *ctx, hostel_str string);

/* Why the last value that has no JSON form has none. */
static hostel_str why_unwritten(const hostel_ctx *ctx);

/* The bytes of one code point in UTF-8; answers how many. */
static size_t put_utf8(char *out, uint32_t code);

/* Hands the request to the service that it names, and answers a kind of failure or HOSTEL_OK. The
 * message is `ctx`'s. */
static hostel_result dispatch(hostel_ctx *ctx, const hostel_request *req, hostel_response *res);

/* Arguments of the cache's functions, checked before the host is called: it traps on a text that is
 * not UTF-8. */
static hostel_result check_key(hostel_ctx *ctx, hostel_str key);
static hostel_result check_count(hostel_ctx *ctx, size_t count);
static hostel_result check_keys(hostel_ctx *ctx, const hostel_str *keys, size_t count);
static hostel_result check_value(hostel_ctx *ctx, hostel_str key, hostel_str json);

/* The expiry as the host takes it: whole seconds, 0 for none. */
static hostel_result whole_seconds(hostel_ctx *ctx, double expiry, uint32_t *seconds);

/* True for the integers that can be added to. */
static bool is_integer_in_range(double number);

/* HOSTEL_INVALID_VALUE, with the message of the host's refusal and what the host does not know: the
 * key, and the function that makes JSON of a text. */
static hostel_result refused_value(hostel_ctx *ctx, hostel_str key, hostel_str json);

/* The header of that name, in any case: whether there is one; its fields as one text, `ptr` NULL
 * when there is none or it is not UTF-8; and one by one those that are UTF-8. */
static bool has_header(const hostel_pair *headers, size_t count, const char *name);
static hostel_str joined_header(hostel_ctx *ctx, const hostel_pair *headers, size_t count,
                                const char *name);
static struct texts header_values(hostel_ctx *ctx, const hostel_pair *headers, size_t count,
                                  const char *name);

/* Adds a header, with a copy of its value, and makes `*headers` a copy with it. */
static void add_field(hostel_ctx *ctx, const hostel_pair **headers, size_t *count, hostel_str name,
                      hostel_str value);

/* True for a token of RFC 9110, section 5.6.2, in any case. */
static bool is_token(hostel_str text);

/* Puts the names of a response's headers in lower case. HOSTEL_INTERNAL when HTTP cannot carry a
 * header or the content type, or the server sets the header. */
static hostel_result check_response(hostel_ctx *ctx, hostel_response *res);

/* The response of a failure by HTTP. The message of a fault of the server is logged instead. */
static hostel_response failure_response(hostel_ctx *ctx, hostel_str request_id,
                                        hostel_result kind);

/* A URL in quotes, for messages. */
static hostel_str shown_url(hostel_ctx *ctx, hostel_str url);

/* How long an entry lives that is swapped in; the numbers are the contract's. */
enum lifetime {
    LIFETIME_KEEP = 0,
    LIFETIME_UNLIMITED = 1,
    LIFETIME_AFTER = 2
};

/* What is under a key, and which call computes its value; the numbers are the contract's. */
enum found {
    FOUND_VALUE = 0,   /* The value of a live entry. */
    FOUND_REFRESH = 1, /* One that soon expires, and this call computes the next. */
    FOUND_COMPUTE = 2, /* No live entry, and this call computes it. */
    FOUND_BUSY = 3     /* No live entry, another call computes it, and the wait is over. */
};

/* The host: wit.c, wit_cache.c and wit_http.c are the real one, fake.c, fake_cache.c and
 * fake_http.c that of tests. All texts are UTF-8; a `ptr` of NULL is no text. An `expiry` of 0 is
 * none. */
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
