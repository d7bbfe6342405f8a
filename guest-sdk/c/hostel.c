/* The SDK as one translation unit, the only file that a build adds to a service's files. Functions
 * and variables that the headers do not declare are static, so they cannot clash with the service's
 * names. The bindings in src/wit*.c are the exception; their names begin with `wit_`. */

#include "src/ctx.h"

#include "src/memory.c"
#include "src/text.c"
#include "src/headers.c"
#include "src/failure.c"
#include "src/json_grammar.c"
#include "src/json_reading.c"
#include "src/json_typed.c"
#include "src/json_writing.c"
#include "src/arguments.c"
#include "src/cache.c"
#include "src/atomics.c"
#include "src/lease.c"
#include "src/many.c"
#include "src/entries.c"
#include "src/log.c"
#include "src/form.c"
#include "src/request.c"
#include "src/response.c"
#include "src/response_checks.c"
#include "src/problem.c"
#include "src/http_response.c"
#include "src/http.c"
#include "src/config.c"
#include "src/service.c"

#ifdef __wasm__
#include "src/wit.c"
#include "src/wit_cache.c"
#include "src/wit_http.c"
#elif !defined HOSTEL_TEST_HOST /* A test of the SDK provides its own host. */
#include "src/fake.c"
#include "src/fake_arguments.c"
#include "src/fake_cache.c"
#include "src/fake_http.c"
#include "src/fake_routes.c"
#include "src/fake_serving.c"
#endif
