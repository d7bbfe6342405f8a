/* The conformance plugin in C. A request to its service `conformance` contains one step of a
 * scenario: the service executes the step without internal functions of the SDK, and returns the
 * result. A request without a step does nothing. */

#include "step.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#ifndef __wasm__
#include <sys/random.h>
#endif

static hostel_str text_of(struct step *step, const char *pointer)
{
    hostel_str text = HOSTEL_STR("");
    if (hostel_json_has(step->ctx, step->body, pointer) &&
        hostel_json_string(step->ctx, step->body, pointer, &text) != HOSTEL_OK)
        return HOSTEL_STR("");
    return text;
}

static hostel_result get(struct step *step)
{
    hostel_json value;
    HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    bool missing = hostel_json_kind_of(value) == HOSTEL_MISSING;
    step->answer = missing ? HOSTEL_STR("null") : value.text;
    return HOSTEL_OK;
}

static hostel_result get_many(struct step *step)
{
    hostel_json value;
    int64_t calls;
    HOSTEL_TRY(hostel_json_integer(step->ctx, step->body, "/value", &calls));
    for (int64_t call = 0; call < calls; call++)
        HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    step->answer = HOSTEL_STR("null");
    return HOSTEL_OK;
}

static hostel_result exists_many(struct step *step)
{
    bool is;
    int64_t calls;
    HOSTEL_TRY(hostel_json_integer(step->ctx, step->body, "/value", &calls));
    for (int64_t call = 0; call < calls; call++)
        HOSTEL_TRY(hostel_cache_exists(step->ctx, step->key, &is));
    step->answer = HOSTEL_STR("null");
    return HOSTEL_OK;
}

static hostel_result raw(struct step *step)
{
    hostel_str text;
    HOSTEL_TRY(hostel_cache_get_raw(step->ctx, step->key, &text));
    if (text.ptr != NULL)
        step->answer = hostel_json_of_string(step->ctx, text);
    return HOSTEL_OK;
}

static hostel_result set(struct step *step)
{
    double expiry = HOSTEL_NO_EXPIRY;
    hostel_json value = hostel_json_at(step->ctx, step->body, "/value");
    hostel_json given = hostel_json_at(step->ctx, step->body, "/expiry");
    hostel_json_kind kind = hostel_json_kind_of(given);
    /* Skip a step whose expiry is a text: the C compiler already refuses such an argument. */
    if (kind != HOSTEL_NUMBER && kind != HOSTEL_MISSING) {
        step->answer = (hostel_str){NULL, 0};
        return HOSTEL_OK;
    }
    if (kind == HOSTEL_NUMBER)
        HOSTEL_TRY(hostel_json_double(step->ctx, given, "", &expiry));
    return hostel_cache_set(step->ctx, step->key, value.text, expiry);
}

static void write_nan(hostel_writer *json)
{
    hostel_write_double(json, (double)NAN);
}

static void write_infinity(hostel_writer *json)
{
    hostel_write_double(json, (double)INFINITY);
}

static void write_negative_infinity(hostel_writer *json)
{
    hostel_write_double(json, (double)-INFINITY);
}

static void write_lone_surrogate(hostel_writer *json)
{
    hostel_write_string(json, HOSTEL_STR("\xED\xA0\x80"));
}

static void write_bytes(hostel_writer *json)
{
    hostel_write_string(json, HOSTEL_STR("\xFF\xFE"));
}

static void write_big_integer(hostel_writer *json)
{
    hostel_write_raw(json, HOSTEL_STR("1180591620717411303424"));
}

static void write_integer_keys(hostel_writer *json)
{
    hostel_write_object(json);
    hostel_write_name(json, HOSTEL_STR("1"));
    hostel_write_string(json, HOSTEL_STR("a"));
    hostel_write_end(json);
}

static void write_tuple(hostel_writer *json)
{
    hostel_write_array(json);
    hostel_write_integer(json, 1);
    hostel_write_string(json, HOSTEL_STR("a"));
    hostel_write_end(json);
}

static hostel_result set_raw(struct step *step)
{
    double expiry = HOSTEL_NO_EXPIRY;
    if (hostel_json_has(step->ctx, step->body, "/expiry"))
        HOSTEL_TRY(hostel_json_double(step->ctx, step->body, "/expiry", &expiry));
    return hostel_cache_set(step->ctx, step->key, step->what, expiry);
}

static hostel_result set_special(struct step *step)
{
    static const struct {
        const char *what;
        void (*write)(hostel_writer *json);
    } specials[] = {
        {"nan", write_nan},
        {"infinity", write_infinity},
        {"-infinity", write_negative_infinity},
        {"lone-surrogate", write_lone_surrogate},
        {"bytes", write_bytes},
        {"bigint", write_big_integer},
        {"integer-keys", write_integer_keys},
        {"tuple", write_tuple},
    };
    for (size_t i = 0; i < sizeof specials / sizeof *specials; i++) {
        if (hostel_str_equal(step->what, hostel_str_of(specials[i].what))) {
            hostel_writer json = hostel_write(step->ctx);
            specials[i].write(&json);
            hostel_str text = hostel_written(&json);
            return hostel_cache_set(step->ctx, step->key, text, HOSTEL_NO_EXPIRY);
        }
    }
    step->answer = (hostel_str){NULL, 0};
    return HOSTEL_OK;
}

static hostel_result delete_key(struct step *step)
{
    bool deleted;
    HOSTEL_TRY(hostel_cache_delete(step->ctx, step->key, &deleted));
    step->answer = hostel_json_of_bool(step->ctx, deleted);
    return HOSTEL_OK;
}

static hostel_result exists(struct step *step)
{
    bool there;
    HOSTEL_TRY(hostel_cache_exists(step->ctx, step->key, &there));
    step->answer = hostel_json_of_bool(step->ctx, there);
    return HOSTEL_OK;
}

static hostel_result mutate(struct step *step)
{
    hostel_json value;
    hostel_str json = HOSTEL_STR("{\"a\":[1]}");
    HOSTEL_TRY(hostel_cache_set(step->ctx, step->key, json, HOSTEL_NO_EXPIRY));
    HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    *(char *)(uintptr_t)hostel_json_at(step->ctx, value, "/a/0").text.ptr = '2';
    return get(step);
}

static hostel_result log_line(struct step *step)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    for (int level = HOSTEL_DEBUG; level <= HOSTEL_ERROR; level++) {
        if (hostel_str_equal(text_of(step, "/value"), hostel_str_of(levels[level])))
            hostel_log(step->ctx, (hostel_level)level, "%.*s", HOSTEL_ARG(step->what));
    }
    return HOSTEL_OK;
}

static hostel_result draw(struct step *step)
{
    uint64_t drawn[2] = {0, 0};
    if (getentropy(drawn, sizeof drawn) != 0)
        return hostel_fail(step->ctx, HOSTEL_INTERNAL, "getentropy returns no number");
#ifdef __wasm__
    /* Not every C library has arc4random_buf. A test on the fake does not compare the numbers. */
    arc4random_buf(&drawn[1], sizeof drawn[1]);
#endif
    hostel_writer json = hostel_write(step->ctx);
    hostel_write_array(&json);
    hostel_write_string(&json, hostel_format(step->ctx, "getentropy:%016llx",
                                             (unsigned long long)drawn[0]));
    hostel_write_string(&json, hostel_format(step->ctx, "arc4random:%016llx",
                                             (unsigned long long)drawn[1]));
    hostel_write_end(&json);
    step->answer = hostel_written(&json);
    return HOSTEL_OK;
}

hostel_result failure_kind(hostel_str name)
{
    static const char *const kinds[] = {
        "bad-request", "unauthorized",      "forbidden", "not-found",   "method-not-allowed",
        "conflict",    "too-many-requests", "internal",  "unavailable",
    };
    int found = HOSTEL_INTERNAL - HOSTEL_BAD_REQUEST;
    for (int i = 0; i < (int)(sizeof kinds / sizeof *kinds); i++) {
        if (hostel_str_equal(name, hostel_str_of(kinds[i])))
            found = i;
    }
    return (hostel_result)(HOSTEL_BAD_REQUEST + found);
}

static const char *error_name(hostel_result result)
{
    switch (result) {
    case HOSTEL_INVALID_KEY: return "invalid-key";
    case HOSTEL_INVALID_VALUE: return "invalid-value";
    case HOSTEL_INVALID_EXPIRY: return "invalid-expiry";
    case HOSTEL_TOO_LARGE: return "too-large";
    case HOSTEL_DENIED: return "denied";
    case HOSTEL_UNAVAILABLE: return "unavailable";
    default: return "internal";
    }
}

static hostel_str answer_of(struct step *step, hostel_result result)
{
    hostel_writer json = hostel_write(step->ctx);
    hostel_write_object(&json);
    if (result != HOSTEL_OK) {
        hostel_write_name(&json, HOSTEL_STR("error"));
        hostel_write_string(&json, hostel_str_of(error_name(result)));
        hostel_write_name(&json, HOSTEL_STR("message"));
        hostel_write_string(&json, hostel_message(step->ctx));
    } else if (step->answer.ptr == NULL) {
        hostel_write_name(&json, HOSTEL_STR("skip"));
        hostel_write_bool(&json, true);
    } else {
        hostel_write_name(&json, HOSTEL_STR("ok"));
        hostel_write_raw(&json, step->answer);
    }
    hostel_write_end(&json);
    return hostel_written(&json);
}

static operation *operation_of(hostel_str op)
{
    static const struct {
        const char *op;
        operation *run;
    } operations[] = {
        {"get", get},       {"get-integer", get_integer}, {"raw", raw},
        {"get-many", get_many}, {"raw-many", get_many},   {"exists-many", exists_many},
        {"set-raw", set_raw},
        {"get-unsigned", get_unsigned}, {"set-unsigned", set_unsigned},
        {"get-bits", get_bits}, {"set-bits", set_bits}, {"bits-loop", loop_through_bits},
        {"set", set},       {"set-special", set_special}, {"delete", delete_key},
        {"exists", exists}, {"mutate", mutate},           {"log", log_line},
        {"random", draw},
    };
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (hostel_str_equal(op, hostel_str_of(operations[i].op)))
            return operations[i].run;
    }
    return change_of(op);
}

static hostel_result conformance(hostel_ctx *ctx, const hostel_request *req, hostel_response *res)
{
    struct step step = {.ctx = ctx, .req = req, .res = res, .answer = HOSTEL_STR("null")};
    /* If a step has its own HTTP request, this header contains the step. */
    hostel_str by_header = hostel_request_header(ctx, req, "x-step");
    if (by_header.ptr != NULL)
        HOSTEL_TRY(hostel_json_parse(ctx, by_header, &step.body));
    else if (req->body.len == 0)
        return HOSTEL_OK;
    else
        HOSTEL_TRY(hostel_request_json(ctx, req, &step.body));
    step.op = text_of(&step, "/op");
    step.key = text_of(&step, "/key");
    step.what = text_of(&step, "/what");
    if (hostel_str_equal(step.op, HOSTEL_STR("fail")))
        return hostel_fail(ctx, failure_kind(text_of(&step, "/value")), "%.*s",
                           HOSTEL_ARG(step.what));
    hostel_result result = HOSTEL_OK;
    if (direct_step(&step, &result))
        return result;
    operation *run = operation_of(step.op);
    if (run == NULL)
        step.answer = (hostel_str){NULL, 0};
    else
        result = run(&step);
    return hostel_respond_json(ctx, res, answer_of(&step, result));
}

HOSTEL_SERVICES({"conformance", "Runs one step of a scenario.", conformance},
                {"http-send", "Sends requests, several at the same time.", http_send},
                {"http-at-once", "Fetches URLs at the same time.", http_at_once},
                {"config-get", "Returns the value of a setting.", config_get},
                {"config-names", "Returns the names of all settings.", config_names})
