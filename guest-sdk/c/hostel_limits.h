/* The limits of the contract, by the same names and values in every language's SDK. Part of
 * <hostel.h>. */
#ifndef HOSTEL_LIMITS_H
#define HOSTEL_LIMITS_H

/* The longest key, in bytes of UTF-8. */
#define HOSTEL_MAX_KEY_BYTES 1024

/* The longest value of a cache that is not configured otherwise, in bytes: 1 MiB. */
#define HOSTEL_DEFAULT_VALUE_LIMIT 1048576

/* The longest expiry, in seconds: ten years. */
#define HOSTEL_MAX_EXPIRY_SECONDS 315360000

/* The largest integer that hostel_cache_increment adds to, and the smallest without its sign. */
#define HOSTEL_MAX_INTEGER 9007199254740991

/* The most keys of one call for several. */
#define HOSTEL_MAX_KEYS 1000

/* The most arrays and objects inside one another in a value of the cache. */
#define HOSTEL_MAX_DEPTH 100

/* The same in a body and in any other JSON text, which may hold a value and more; common readers of
 * JSON read so many. */
#define HOSTEL_MAX_BODY_DEPTH 127

#endif
