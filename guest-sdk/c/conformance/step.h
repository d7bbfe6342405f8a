/* Declarations shared by the files of the conformance plugin. */
#ifndef STEP_H
#define STEP_H

#include <hostel.h>

/* One step, and its result `answer`, which is a JSON text. The `ptr` of `answer` is NULL if the
 * plugin skips the step, because C cannot express the step or the operation is unknown. */
struct step {
    hostel_ctx *ctx;
    const hostel_request *req;
    hostel_response *res;
    hostel_json body;
    hostel_str op, key, what;
    hostel_str answer;
};

/* A function that executes one step. */
typedef hostel_result operation(struct step *step);

/* The operation of that name in changes.c; NULL if changes.c has no such operation. */
operation *change_of(hostel_str op);

/* The operations of numbers.c. */
hostel_result get_integer(struct step *step);
hostel_result get_unsigned(struct step *step);
hostel_result set_unsigned(struct step *step);
hostel_result get_bits(struct step *step);
hostel_result set_bits(struct step *step);
hostel_result loop_through_bits(struct step *step);

/* Executes an operation of requests.c. `*result` is then the result of the handler. Returns false
 * for other operations. */
bool direct_step(struct step *step, hostel_result *result);

/* The failure kind of that name; HOSTEL_INTERNAL for an unknown name. */
hostel_result failure_kind(hostel_str name);

/* The services of sources.c. */
hostel_handler http_send, http_at_once, config_get, config_names;

#endif
