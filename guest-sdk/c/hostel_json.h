/* JSON for C: a reader that borrows the text it reads, and a writer that writes only valid JSON.
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

/* A value within a JSON text, which it borrows: it lives as long as the text. */
typedef struct hostel_json {
    hostel_str text;      /* From the value's first byte to its last; `ptr` NULL when missing. */
    hostel_str key;       /* For messages: the key it was read from; `ptr` NULL when from none. */
    hostel_result misfit; /* The result when it does not fit the type asked for. */
} hostel_json;

/* The kind of a value. */
typedef enum hostel_json_kind {
    HOSTEL_MISSING = 0, /* There is no value. */
    HOSTEL_NULL,
    HOSTEL_BOOL,
    HOSTEL_NUMBER,
    HOSTEL_STRING,
    HOSTEL_ARRAY,
    HOSTEL_OBJECT
} hostel_json_kind;

/* Reads a JSON text, from which `*value` borrows. HOSTEL_INVALID_VALUE, with the byte offset, when
 * it is not one JSON text of RFC 8259 in UTF-8, nests deeper than HOSTEL_MAX_BODY_DEPTH, holds a
 * lone surrogate, or a number that is not finite as a double. */
HOSTEL_MUST_USE hostel_result hostel_json_parse(hostel_ctx *ctx, hostel_str text,
                                                hostel_json *value);

/* The kind of a value. */
hostel_json_kind hostel_json_kind_of(hostel_json value);

/* The value that a JSON Pointer (RFC 6901) names: "/items/0/name", or "" for the value itself; of
 * kind HOSTEL_MISSING when it is not there. Of members of one name the last counts. In the names
 * `~1` stands for a slash and `~0` for a tilde. */
hostel_json hostel_json_at(hostel_ctx *ctx, hostel_json value, const char *pointer);

/* True when there is a value at the pointer that is not null. */
bool hostel_json_has(hostel_ctx *ctx, hostel_json value, const char *pointer);

/* The value at the pointer, as a type of C. Each returns HOSTEL_INVALID_VALUE, for a request's
 * body HOSTEL_BAD_REQUEST, when the value is missing, of another kind, or not exactly of that type;
 * `*out` is untouched then. Nothing is converted and nothing is rounded. */

/* An integer of 64 bits with a sign: a number without fraction and exponent. `-0` is not one. */
HOSTEL_MUST_USE hostel_result hostel_json_integer(hostel_ctx *ctx, hostel_json value,
                                                  const char *pointer, int64_t *out);

/* The same without a sign: 0 to 18446744073709551615. */
HOSTEL_MUST_USE hostel_result hostel_json_unsigned(hostel_ctx *ctx, hostel_json value,
                                                   const char *pointer, uint64_t *out);

/* Any number except an integer that a double would round, as it does with 2^53 + 1. */
HOSTEL_MUST_USE hostel_result hostel_json_double(hostel_ctx *ctx, hostel_json value,
                                                 const char *pointer, double *out);

HOSTEL_MUST_USE hostel_result hostel_json_bool(hostel_ctx *ctx, hostel_json value,
                                               const char *pointer, bool *out);

/* The characters of a string, its escapes decoded; there may be a NUL among them. `*out` belongs to
 * `ctx`, or borrows from the value. */
HOSTEL_MUST_USE hostel_result hostel_json_string(hostel_ctx *ctx, hostel_json value,
                                                 const char *pointer, hostel_str *out);

/* A walk through an array or an object:
 *
 *     hostel_items each = hostel_json_items(ctx, value);
 *     while (hostel_json_next(&each))
 *         use(each.name, each.value);
 */
typedef struct hostel_items {
    hostel_str name;   /* The member's name, escapes decoded; `ptr` NULL in an array. */
    hostel_json value; /* The member or element. */
    hostel_ctx *ctx;   /* This and the rest are the walk's own. */
    hostel_str rest;
    bool object;
} hostel_items;

/* Begins a walk; of a value that is neither array nor object it has no steps. */
hostel_items hostel_json_items(hostel_ctx *ctx, hostel_json value);

/* Goes one step; false past the last. */
bool hostel_json_next(hostel_items *items);

/* --- writing ------------------------------------------------------------------------------- */

/* The JSON text of one value. It belongs to `ctx`. Its `ptr` is NULL when the value has no JSON
 * form: a NaN, an infinity, a string that is not UTF-8. hostel_cache_set and hostel_respond_json
 * refuse it then, with the reason. */
hostel_str hostel_json_of_integer(hostel_ctx *ctx, int64_t value);
hostel_str hostel_json_of_unsigned(hostel_ctx *ctx, uint64_t value);
hostel_str hostel_json_of_double(hostel_ctx *ctx, double value);
hostel_str hostel_json_of_bool(hostel_ctx *ctx, bool value);
hostel_str hostel_json_of_string(hostel_ctx *ctx, hostel_str value);

/* A JSON text in the making, in memory of `ctx`:
 *
 *     hostel_writer json = hostel_write(ctx);
 *     hostel_write_object(&json);
 *     hostel_write_name(&json, HOSTEL_STR("id"));
 *     hostel_write_integer(&json, 7);
 *     hostel_write_end(&json);
 *     return hostel_respond_json(ctx, res, hostel_written(&json));
 *
 * No step needs a check: after a refused one the rest do nothing, and hostel_written returns
 * no text. Refused are a value without a JSON form, a member without a name or a name without a
 * value, a second value, an end of nothing, and more than HOSTEL_MAX_BODY_DEPTH levels. */
typedef struct hostel_writer {
    hostel_ctx *ctx; /* All of it is the writer's own. */
    char *text;
    size_t length;
    size_t capacity;
    uint64_t objects[2]; /* A bit for each open level: whether it is an object. */
    unsigned depth;
    bool comma;
    bool named;
    bool refused;
} hostel_writer;

/* Begins a text. There is nothing to free or to close. */
hostel_writer hostel_write(hostel_ctx *ctx);

/* Opens an object, or an array; hostel_write_end closes what was opened last. */
void hostel_write_object(hostel_writer *json);
void hostel_write_array(hostel_writer *json);
void hostel_write_end(hostel_writer *json);

/* The name of the member that is written next. */
void hostel_write_name(hostel_writer *json, hostel_str name);

void hostel_write_null(hostel_writer *json);
void hostel_write_bool(hostel_writer *json, bool value);
void hostel_write_integer(hostel_writer *json, int64_t value);
void hostel_write_unsigned(hostel_writer *json, uint64_t value);

/* The fewest of 15 to 17 digits that read back as this double; 1 is written `1.0`. */
void hostel_write_double(hostel_writer *json, double value);

/* A string, its quotes, backslashes and control characters escaped. */
void hostel_write_string(hostel_writer *json, hostel_str value);

/* A whole JSON text as it is, for example of hostel_cache_get_raw, or the `text` of a value that
 * was read. Refused when it is not JSON. */
void hostel_write_raw(hostel_writer *json, hostel_str text);

/* The finished text, which belongs to the `ctx`; `ptr` is NULL when a step was refused or the text
 * is not finished. */
hostel_str hostel_written(hostel_writer *json);

#ifdef __cplusplus
}
#else

/* In C a number is written as its own type whatever the function is called: an implicit conversion
 * would make -1 of UINT64_MAX, 1 of 1.5 and 2^53 of 2^53 + 1. */
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
