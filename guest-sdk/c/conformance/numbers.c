/* The operations that read and write numbers as C types. */

#include "step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

hostel_result get_integer(struct step *step)
{
    hostel_json value;
    int64_t integer;
    HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    HOSTEL_TRY(hostel_json_integer(step->ctx, value, "", &integer));
    hostel_str text = hostel_format(step->ctx, "%lld", (long long)integer);
    step->answer = hostel_json_of_string(step->ctx, text);
    return HOSTEL_OK;
}

hostel_result get_unsigned(struct step *step)
{
    hostel_json value;
    uint64_t integer;
    HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    HOSTEL_TRY(hostel_json_unsigned(step->ctx, value, "", &integer));
    hostel_str text = hostel_format(step->ctx, "%llu", (unsigned long long)integer);
    step->answer = hostel_json_of_string(step->ctx, text);
    return HOSTEL_OK;
}

hostel_result set_unsigned(struct step *step)
{
    uint64_t integer = strtoull(hostel_copy(step->ctx, step->what).ptr, NULL, 10);
    hostel_str json = hostel_json_of_unsigned(step->ctx, integer);
    return hostel_cache_set(step->ctx, step->key, json, HOSTEL_NO_EXPIRY);
}

hostel_result get_bits(struct step *step)
{
    hostel_json value;
    double number;
    uint64_t bits;
    HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    HOSTEL_TRY(hostel_json_double(step->ctx, value, "", &number));
    memcpy(&bits, &number, sizeof bits);
    hostel_str text = hostel_format(step->ctx, "%016llx", (unsigned long long)bits);
    step->answer = hostel_json_of_string(step->ctx, text);
    return HOSTEL_OK;
}

static hostel_result set_double(struct step *step, double number)
{
    hostel_str json = hostel_json_of_double(step->ctx, number);
    return hostel_cache_set(step->ctx, step->key, json, HOSTEL_NO_EXPIRY);
}

hostel_result set_bits(struct step *step)
{
    uint64_t bits = strtoull(hostel_copy(step->ctx, step->what).ptr, NULL, 16);
    double number;
    memcpy(&number, &bits, sizeof number);
    return set_double(step, number);
}

/* Stores a double and reads it. If the double changed, sets the step's result to the stored text.
 * Skips a NaN and an infinity, which have no JSON form. */
static hostel_result check_float(struct step *step, double number)
{
    hostel_json value;
    double read;
    if (!isfinite(number))
        return HOSTEL_OK;
    HOSTEL_TRY(set_double(step, number));
    HOSTEL_TRY(hostel_cache_get(step->ctx, step->key, &value));
    HOSTEL_TRY(hostel_json_double(step->ctx, value, "", &read));
    if (memcmp(&read, &number, sizeof read) != 0)
        step->answer = hostel_json_of_string(step->ctx, value.text);
    return HOSTEL_OK;
}

/* An integer of about 34 to 73 bits. */
static double whole_number(uint64_t bits, int size)
{
    double number = (double)((int64_t)bits >> (size < 30 ? 30 - size : 0));
    for (int doubled = 30; doubled < size; doubled++)
        number *= 2;
    return number;
}

/* Stores and reads pseudo-random doubles: half have random bits, half are integers. */
hostel_result loop_through_bits(struct step *step)
{
    int64_t rounds;
    uint64_t state = 1;
    HOSTEL_TRY(hostel_json_integer(step->ctx, step->body, "/value", &rounds));
    for (int round = 0; round < rounds; round++) {
        double number;
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        memcpy(&number, &state, sizeof number);
        HOSTEL_TRY(check_float(step, number));
        HOSTEL_TRY(check_float(step, whole_number(state, round % 40)));
    }
    return HOSTEL_OK;
}
