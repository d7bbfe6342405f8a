/* JSON for C: a reader that borrows the text it reads, and a writer that only writes valid JSON.
 * Part of <hostel.h>, which documents the ownership of memory.
 */
#ifndef HOSTEL_JSON_H
#define HOSTEL_JSON_H

#ifndef HOSTEL_H
#error "include <hostel.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* --- reading ------------------------------------------------------------------------------- */

/* A value within a JSON text. It borrows the text and is valid as long as the text is. */
typedef struct hostel_json {
    hostel_str text;      /* From the first to the last byte of the value; `ptr` is NULL for a
                             missing value. */
    hostel_str key;       /* For messages: the cache key of the text, or its URL and status; `ptr`
                             is NULL for any other text. */
    hostel_result misfit; /* The error when the value does not have the requested type. */
} hostel_json;

/* The kind of a value. */
typedef enum hostel_json_kind {
    HOSTEL_MISSING = 0, /* No value. */
    HOSTEL_NULL,
    HOSTEL_BOOL,
    HOSTEL_NUMBER,
    HOSTEL_STRING,
    HOSTEL_ARRAY,
    HOSTEL_OBJECT
} hostel_json_kind;

/* Parses a JSON text. `*value` borrows from the text. Returns HOSTEL_INVALID_VALUE if the text is
 * not a single JSON text (RFC 8259) in UTF-8, nests deeper than HOSTEL_MAX_BODY_DEPTH, contains a
 * lone surrogate, or contains a number that is not finite as a double. The message contains the
 * byte offset of the error. */
HOSTEL_MUST_USE hostel_result hostel_json_parse(hostel_ctx *ctx, hostel_str text,
                                                hostel_json *value);

/* The kind of a value; HOSTEL_MISSING if there is no value. */
hostel_json_kind hostel_json_kind_of(hostel_json value);

/* The value at a JSON Pointer (RFC 6901), such as "/items/0/name", or "" for the value itself. Its
 * kind is HOSTEL_MISSING if the pointer finds no value. If an object has several members of the
 * same name, the last one is used. In names, `~1` stands for a slash and `~0` for a tilde. */
hostel_json hostel_json_at(hostel_ctx *ctx, hostel_json value, const char *pointer);

/* True if there is a value at the pointer and the value is not null. */
bool hostel_json_has(hostel_ctx *ctx, hostel_json value, const char *pointer);

/* Functions that read the value at the pointer as a C type. Each returns an error if the value is
 * missing, is of another kind, or is a number that the type cannot represent; `*out` is then
 * unchanged. The error is HOSTEL_BAD_REQUEST for the body of a request, HOSTEL_INTERNAL for the
 * body of a server's response, and HOSTEL_INVALID_VALUE for any other text. No function converts a
 * value of another kind, and none rounds an integer. */

/* A signed 64-bit integer: a number without fraction and exponent. `-0` is refused. */
HOSTEL_MUST_USE hostel_result hostel_json_integer(hostel_ctx *ctx, hostel_json value,
                                                  const char *pointer, int64_t *out);

/* An unsigned 64-bit integer: 0 to 18446744073709551615. */
HOSTEL_MUST_USE hostel_result hostel_json_unsigned(hostel_ctx *ctx, hostel_json value,
                                                   const char *pointer, uint64_t *out);

/* Any number except an integer that a double would round, such as 2^53 + 1. A number with a
 * fraction or an exponent is rounded to the nearest double. */
HOSTEL_MUST_USE hostel_result hostel_json_double(hostel_ctx *ctx, hostel_json value,
                                                 const char *pointer, double *out);

HOSTEL_MUST_USE hostel_result hostel_json_bool(hostel_ctx *ctx, hostel_json value,
                                               const char *pointer, bool *out);

/* A decoded string; it may contain NUL. `*out` belongs to `ctx` or borrows from the value. */
HOSTEL_MUST_USE hostel_result hostel_json_string(hostel_ctx *ctx, hostel_json value,
                                                 const char *pointer, hostel_str *out);

/* An iterator over an array or an object:
 *
 *     hostel_items each = hostel_json_items(ctx, value);
 *     while (hostel_json_next(&each))
 *         use(each.name, each.value);
 */
typedef struct hostel_items {
    hostel_str name;   /* The member's decoded name; `ptr` is NULL in an array. */
    hostel_json value; /* The member or element. */
    hostel_ctx *ctx;   /* This and the following fields are private. */
    hostel_str rest;
    bool object;
} hostel_items;

/* Starts an iteration. The iteration is empty if the value is neither an array nor an object. */
hostel_items hostel_json_items(hostel_ctx *ctx, hostel_json value);

/* Advances to the next item; returns false after the last item. */
bool hostel_json_next(hostel_items *items);

/* --- writing ------------------------------------------------------------------------------- */

/* The JSON text of one value. It belongs to `ctx`. `ptr` is NULL when the value has no JSON form: a
 * NaN, an infinity, or a string that is not UTF-8. hostel_cache_set and hostel_respond_json then
 * return an error with the reason. */
hostel_str hostel_json_of_integer(hostel_ctx *ctx, int64_t value);
hostel_str hostel_json_of_unsigned(hostel_ctx *ctx, uint64_t value);
hostel_str hostel_json_of_double(hostel_ctx *ctx, double value);
hostel_str hostel_json_of_bool(hostel_ctx *ctx, bool value);
hostel_str hostel_json_of_string(hostel_ctx *ctx, hostel_str value);

/* Writes a JSON text step by step, in memory of `ctx`:
 *
 *     hostel_writer json = hostel_write(ctx);
 *     hostel_write_object(&json);
 *     hostel_write_name(&json, HOSTEL_STR("id"));
 *     hostel_write_integer(&json, 7);
 *     hostel_write_end(&json);
 *     return hostel_respond_json(ctx, res, hostel_written(&json));
 *
 * A step needs no check: after an invalid step the later steps do nothing, and hostel_written
 * returns no text. A step is invalid if it writes a value without a JSON form, a raw text that is
 * not JSON, a member without a name, a name outside an object or without a value, a second
 * top-level value, or an unmatched end. A step is also invalid if it opens more than
 * HOSTEL_MAX_BODY_DEPTH levels. */
typedef struct hostel_writer {
    hostel_ctx *ctx; /* All fields are private. */
    char *text;
    size_t length;
    size_t capacity;
    uint64_t objects[2]; /* One bit per open level, set for an object. */
    unsigned depth;
    bool comma;
    bool named;
    bool refused;
} hostel_writer;

/* Starts a text. The writer does not have to be freed. */
hostel_writer hostel_write(hostel_ctx *ctx);

/* Opens an object or an array. hostel_write_end closes the innermost open object or array. */
void hostel_write_object(hostel_writer *json);
void hostel_write_array(hostel_writer *json);
void hostel_write_end(hostel_writer *json);

/* Writes the name of the next member. */
void hostel_write_name(hostel_writer *json, hostel_str name);

void hostel_write_null(hostel_writer *json);
void hostel_write_bool(hostel_writer *json, bool value);
void hostel_write_integer(hostel_writer *json, int64_t value);
void hostel_write_unsigned(hostel_writer *json, uint64_t value);

/* Writes a double with at most 15 significant digits if they read back as the same double,
 * otherwise with 16 or 17. Writes 1 as `1.0`. */
void hostel_write_double(hostel_writer *json, double value);

/* Writes a string, with quotes, backslashes and control characters escaped. */
void hostel_write_string(hostel_writer *json, hostel_str value);

/* Writes a complete JSON text verbatim: for example a result of hostel_cache_get_raw, or the `text`
 * of a parsed value. The step is invalid if the text is not JSON. */
void hostel_write_raw(hostel_writer *json, hostel_str text);

/* The finished text, which belongs to `ctx`. `ptr` is NULL if a step was invalid or the text is
 * incomplete. */
hostel_str hostel_written(hostel_writer *json);

#ifdef __cplusplus
}
#else

/* In C, these macros choose the function by the type of the number: an implicit conversion would
 * turn UINT64_MAX into -1, 1.5 into 1 and 2^53 + 1 into 2^53. */
#define HOSTEL_BY_TYPE(value, usual, family)                                                       \
    _Generic((value), float: family##double, double: family##double, long: family##integer,       \
             long long: family##integer, unsigned long: family##unsigned,                          \
             unsigned long long: family##unsigned, default: usual)
#define hostel_json_of_integer(ctx, value)                                                         \
    HOSTEL_BY_TYPE(value, hostel_json_of_integer, hostel_json_of_)(ctx, value)
#define hostel_json_of_double(ctx, value)                                                          \
    HOSTEL_BY_TYPE(value, hostel_json_of_double, hostel_json_of_)(ctx, value)
#define hostel_write_integer(json, value)                                                          \
    HOSTEL_BY_TYPE(value, hostel_write_integer, hostel_write_)(json, value)
#define hostel_write_double(json, value)                                                           \
    HOSTEL_BY_TYPE(value, hostel_write_double, hostel_write_)(json, value)

#endif

#endif
