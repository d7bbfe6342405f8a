/* The operations of steps that use atomic operations, leases, batches, expiry and prefixes. */

#include "step.h"

#include <stdlib.h>
#include <string.h>

static hostel_result text_at(struct step *step, hostel_json value, const char *pointer,
                             hostel_str *text)
{
    *text = (hostel_str){NULL, 0};
    if (!hostel_json_has(step->ctx, value, pointer))
        return HOSTEL_OK;
    return hostel_json_string(step->ctx, value, pointer, text);
}

/* Reads the number at a JSON Pointer in a step. Leaves `*number` unchanged if the step has no
 * such value. */
static hostel_result number_at(struct step *step, const char *pointer, double *number)
{
    if (!hostel_json_has(step->ctx, step->body, pointer))
        return HOSTEL_OK;
    return hostel_json_double(step->ctx, step->body, pointer, number);
}

/* Reads a step's expiry from `expiry` or else `args.expiry`. `*expiry` is HOSTEL_NO_EXPIRY if both
 * are missing. */
static hostel_result expiry_of(struct step *step, double *expiry)
{
    *expiry = HOSTEL_NO_EXPIRY;
    HOSTEL_TRY(number_at(step, "/args/expiry", expiry));
    return number_at(step, "/expiry", expiry);
}

static hostel_str value_of(const struct step *step)
{
    return hostel_json_at(step->ctx, step->body, "/value").text;
}

static void answer_value(struct step *step, hostel_json value)
{
    bool missing = hostel_json_kind_of(value) == HOSTEL_MISSING;
    step->answer = missing ? HOSTEL_STR("null") : value.text;
}

/* Sets the step's result to a text, as a JSON string. If the text is missing, the result stays
 * null. */
static void answer_text(struct step *step, hostel_str text)
{
    if (text.ptr != NULL)
        step->answer = hostel_json_of_string(step->ctx, text);
}

static hostel_result set_if_absent(struct step *step)
{
    double expiry;
    bool created;
    HOSTEL_TRY(expiry_of(step, &expiry));
    HOSTEL_TRY(
        hostel_cache_set_if_absent(step->ctx, step->key, value_of(step), expiry, &created));
    step->answer = hostel_json_of_bool(step->ctx, created);
    return HOSTEL_OK;
}

static hostel_result increment(struct step *step)
{
    double expiry, delta = 0;
    int64_t sum;
    HOSTEL_TRY(expiry_of(step, &expiry));
    HOSTEL_TRY(number_at(step, "/args/delta", &delta));
    HOSTEL_TRY(hostel_cache_increment(step->ctx, step->key, delta, expiry, &sum));
    step->answer = hostel_json_of_integer(step->ctx, sum);
    return HOSTEL_OK;
}

static hostel_result swap(struct step *step)
{
    double expiry = HOSTEL_KEEP_EXPIRY;
    hostel_str expected, wanted;
    hostel_swap swap;
    hostel_json lifetime = hostel_json_at(step->ctx, step->body, "/args/lifetime");
    if (hostel_json_kind_of(lifetime) == HOSTEL_NUMBER)
        HOSTEL_TRY(hostel_json_double(step->ctx, lifetime, "", &expiry));
    else if (hostel_str_equal(lifetime.text, HOSTEL_STR("\"unlimited\"")))
        expiry = HOSTEL_NO_EXPIRY;
    HOSTEL_TRY(text_at(step, step->body, "/args/expected", &expected));
    HOSTEL_TRY(text_at(step, step->body, "/args/wanted", &wanted));
    HOSTEL_TRY(hostel_cache_compare_and_swap_raw(
        step->ctx, step->key, expected.ptr == NULL ? NULL : &expected,
        wanted.ptr == NULL ? NULL : &wanted, expiry, &swap));
    if (swap.swapped) {
        step->answer = HOSTEL_STR("\"swapped\"");
        return HOSTEL_OK;
    }
    answer_text(step, swap.current);
    step->answer = hostel_format(step->ctx, "{\"changed\":%.*s}", HOSTEL_ARG(step->answer));
    return HOSTEL_OK;
}

/* Returns a failure, as a service's callback may, if the step requests a failure. */
static hostel_result fail(struct step *step)
{
    bool fails = false;
    if (hostel_json_has(step->ctx, step->body, "/args/fail"))
        HOSTEL_TRY(hostel_json_bool(step->ctx, step->body, "/args/fail", &fails));
    return fails ? hostel_fail(step->ctx, HOSTEL_CONFLICT, "as the step requests") : HOSTEL_OK;
}

/* If `result` is the failure that `fail` creates, records it as the step's result and returns
 * HOSTEL_OK. Returns any other result unchanged. */
static hostel_result answered(struct step *step, hostel_result result)
{
    if (result != HOSTEL_CONFLICT)
        return result;
    step->answer = HOSTEL_STR("{\"failure\":\"conflict\"}");
    return HOSTEL_OK;
}

/* Appends the step's value to the old list, or to an empty list if there is no entry. */
static hostel_result append(hostel_ctx *ctx, void *user_data, hostel_json old, hostel_str *json)
{
    struct step *step = (struct step *)user_data;
    HOSTEL_TRY(fail(step));
    hostel_writer list = hostel_write(ctx);
    hostel_write_array(&list);
    for (hostel_items each = hostel_json_items(ctx, old); hostel_json_next(&each);)
        hostel_write_raw(&list, each.value.text);
    hostel_write_raw(&list, value_of(step));
    hostel_write_end(&list);
    *json = hostel_written(&list);
    return HOSTEL_OK;
}

static hostel_result update(struct step *step)
{
    hostel_json value;
    hostel_result result = hostel_cache_update(step->ctx, step->key, append, step, &value);
    if (result == HOSTEL_OK)
        step->answer = value.text;
    return answered(step, result);
}

static hostel_result take(struct step *step)
{
    hostel_json value;
    HOSTEL_TRY(hostel_cache_take(step->ctx, step->key, &value));
    answer_value(step, value);
    return HOSTEL_OK;
}

static hostel_result take_raw(struct step *step)
{
    hostel_str text;
    HOSTEL_TRY(hostel_cache_take_raw(step->ctx, step->key, &text));
    answer_text(step, text);
    return HOSTEL_OK;
}

/* The number of elements of the array at a JSON Pointer in a step. */
static size_t count(struct step *step, const char *pointer)
{
    size_t found = 0;
    hostel_json list = hostel_json_at(step->ctx, step->body, pointer);
    for (hostel_items each = hostel_json_items(step->ctx, list); hostel_json_next(&each);)
        found++;
    return found;
}

static hostel_result keys_of(struct step *step, hostel_str **keys, size_t *found)
{
    *found = count(step, "/args/keys");
    *keys = (hostel_str *)hostel_alloc(step->ctx, *found * sizeof **keys);
    hostel_json list = hostel_json_at(step->ctx, step->body, "/args/keys");
    hostel_items each = hostel_json_items(step->ctx, list);
    for (size_t i = 0; hostel_json_next(&each); i++)
        HOSTEL_TRY(hostel_json_string(step->ctx, each.value, "", &(*keys)[i]));
    return HOSTEL_OK;
}

static hostel_result batch_get(struct step *step)
{
    hostel_str *keys;
    size_t found;
    HOSTEL_TRY(keys_of(step, &keys, &found));
    hostel_json *values = (hostel_json *)hostel_alloc(step->ctx, found * sizeof *values);
    HOSTEL_TRY(hostel_cache_get_many(step->ctx, keys, found, values));
    hostel_writer list = hostel_write(step->ctx);
    hostel_write_array(&list);
    for (size_t i = 0; i < found; i++) {
        answer_value(step, values[i]);
        hostel_write_raw(&list, step->answer);
    }
    hostel_write_end(&list);
    step->answer = hostel_written(&list);
    return HOSTEL_OK;
}

static hostel_result batch_set(struct step *step)
{
    double expiry;
    size_t found = count(step, "/args/entries");
    hostel_entry *entries = (hostel_entry *)hostel_alloc(step->ctx, found * sizeof *entries);
    hostel_json list = hostel_json_at(step->ctx, step->body, "/args/entries");
    hostel_items each = hostel_json_items(step->ctx, list);
    HOSTEL_TRY(expiry_of(step, &expiry));
    for (size_t i = 0; hostel_json_next(&each); i++) {
        HOSTEL_TRY(hostel_json_string(step->ctx, each.value, "/0", &entries[i].key));
        entries[i].json = hostel_json_at(step->ctx, each.value, "/1").text;
    }
    return hostel_cache_set_many(step->ctx, entries, found, expiry);
}

static hostel_result batch_delete(struct step *step)
{
    hostel_str *keys;
    size_t found;
    uint32_t deleted;
    HOSTEL_TRY(keys_of(step, &keys, &found));
    HOSTEL_TRY(hostel_cache_delete_many(step->ctx, keys, found, &deleted));
    step->answer = hostel_json_of_integer(step->ctx, deleted);
    return HOSTEL_OK;
}

static hostel_result ttl(struct step *step)
{
    hostel_ttl left;
    HOSTEL_TRY(hostel_cache_ttl(step->ctx, step->key, &left));
    switch (left.kind) {
    case HOSTEL_TTL_MISSING: step->answer = HOSTEL_STR("\"missing\""); break;
    case HOSTEL_TTL_UNLIMITED: step->answer = HOSTEL_STR("\"unlimited\""); break;
    case HOSTEL_TTL_LIMITED: step->answer = hostel_json_of_integer(step->ctx, left.seconds); break;
    }
    return HOSTEL_OK;
}

static hostel_result expire(struct step *step)
{
    double expiry;
    bool there;
    HOSTEL_TRY(expiry_of(step, &expiry));
    HOSTEL_TRY(hostel_cache_expire(step->ctx, step->key, expiry, &there));
    step->answer = hostel_json_of_bool(step->ctx, there);
    return HOSTEL_OK;
}

static int compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Collects the keys with a prefix, sorted. C strings suffice: no scenario lists a key that contains
 * NUL. */
static hostel_result keys(struct step *step)
{
    const char **names = NULL;
    size_t found = 0, room = 0;
    hostel_str prefix;
    HOSTEL_TRY(text_at(step, step->body, "/args/prefix", &prefix));
    hostel_keys each = hostel_cache_keys(step->ctx, prefix);
    while (hostel_cache_next_key(&each)) {
        if (found == room) {
            room = room * 2 + 16;
            const char **more = (const char **)hostel_alloc(step->ctx, room * sizeof *more);
            for (size_t i = 0; i < found; i++)
                more[i] = names[i];
            names = more;
        }
        names[found++] = hostel_copy(step->ctx, each.key).ptr;
    }
    HOSTEL_TRY(each.result);
    if (found > 0)
        qsort(names, found, sizeof *names, compare);
    hostel_writer list = hostel_write(step->ctx);
    hostel_write_array(&list);
    for (size_t i = 0; i < found; i++)
        hostel_write_string(&list, hostel_str_of(names[i]));
    hostel_write_end(&list);
    step->answer = hostel_written(&list);
    return HOSTEL_OK;
}

static hostel_result delete_prefix(struct step *step)
{
    hostel_str prefix;
    uint64_t deleted;
    HOSTEL_TRY(text_at(step, step->body, "/args/prefix", &prefix));
    HOSTEL_TRY(hostel_cache_delete_prefix(step->ctx, prefix, &deleted));
    step->answer = hostel_json_of_unsigned(step->ctx, deleted);
    return HOSTEL_OK;
}

/* A step, and whether the SDK called `compute` for it. */
struct computing {
    struct step *step;
    bool computed;
};

static hostel_result compute(hostel_ctx *ctx, void *user_data, hostel_str *json)
{
    struct computing *computing = (struct computing *)user_data;
    (void)ctx;
    computing->computed = true;
    HOSTEL_TRY(fail(computing->step));
    *json = value_of(computing->step);
    return HOSTEL_OK;
}

static hostel_result get_or_set(struct step *step)
{
    double expiry;
    hostel_json value;
    struct computing computing = {step, false};
    HOSTEL_TRY(expiry_of(step, &expiry));
    hostel_get_or_set options = hostel_get_or_set_expiry(expiry);
    HOSTEL_TRY(number_at(step, "/args/early", &options.early_seconds));
    hostel_result result = hostel_cache_get_or_set_with(step->ctx, step->key, options, compute,
                                                        &computing, &value);
    if (result == HOSTEL_OK)
        step->answer = hostel_format(step->ctx, "{\"value\":%.*s,\"computed\":%s}",
                                     HOSTEL_ARG(value.text),
                                     computing.computed ? "true" : "false");
    return answered(step, result);
}

static hostel_result compute_nothing(hostel_ctx *ctx, void *user_data, hostel_str *json)
{
    (void)user_data, (void)json;
    return hostel_fail(ctx, HOSTEL_INTERNAL, "no value to compute");
}

/* Reads how many times a step repeats its call. */
static hostel_result times_of(struct step *step, int64_t *times)
{
    return hostel_json_integer(step->ctx, step->body, "/value", times);
}

static hostel_result get_or_set_many(struct step *step)
{
    int64_t times;
    hostel_json value;
    HOSTEL_TRY(times_of(step, &times));
    for (int64_t i = 0; i < times; i++)
        HOSTEL_TRY(
            hostel_cache_get_or_set(step->ctx, step->key, 60, compute_nothing, NULL, &value));
    return HOSTEL_OK;
}

static hostel_result increment_many(struct step *step)
{
    int64_t times;
    HOSTEL_TRY(times_of(step, &times));
    for (int64_t i = 0; i < times; i++)
        HOSTEL_TRY(hostel_cache_increment(step->ctx, step->key, 1, HOSTEL_NO_EXPIRY, NULL));
    return HOSTEL_OK;
}

static hostel_result batch_get_many(struct step *step)
{
    int64_t times;
    hostel_str keys[100];
    hostel_json values[100];
    HOSTEL_TRY(times_of(step, &times));
    for (int i = 0; i < 100; i++)
        keys[i] = step->key;
    for (int64_t i = 0; i < times; i++)
        HOSTEL_TRY(hostel_cache_get_many(step->ctx, keys, 100, values));
    return HOSTEL_OK;
}

operation *change_of(hostel_str op)
{
    static const struct {
        const char *op;
        operation *run;
    } operations[] = {
        {"set-if-absent", set_if_absent},
        {"increment", increment},
        {"compare-and-swap", swap},
        {"update", update},
        {"take", take},
        {"take-raw", take_raw},
        {"batch-get", batch_get},
        {"batch-set", batch_set},
        {"batch-delete", batch_delete},
        {"ttl", ttl},
        {"expire", expire},
        {"keys", keys},
        {"delete-prefix", delete_prefix},
        {"get-or-set", get_or_set},
        {"get-or-set-many", get_or_set_many},
        {"increment-many", increment_many},
        {"batch-get-many", batch_get_many},
    };
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (hostel_str_equal(op, hostel_str_of(operations[i].op)))
            return operations[i].run;
    }
    return NULL;
}
