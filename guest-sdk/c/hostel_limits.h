/* The limits that the SDK or the fake checks. A limit has the same name, apart from the prefix and
 * the case, and the same value in every SDK that defines it. Part of <hostel.h>. */
#ifndef HOSTEL_LIMITS_H
#define HOSTEL_LIMITS_H

/* The longest key, in bytes of UTF-8. */
#define HOSTEL_MAX_KEY_BYTES 1024

/* The longest value of a cache in the default configuration, in bytes: 1 MiB. */
#define HOSTEL_DEFAULT_VALUE_LIMIT 1048576

/* The longest expiry, in seconds: ten years. */
#define HOSTEL_MAX_EXPIRY_SECONDS 315360000

/* The largest magnitude of an integer that hostel_cache_increment accepts. */
#define HOSTEL_MAX_INTEGER 9007199254740991

/* The maximum number of keys in one call of a function for several keys. */
#define HOSTEL_MAX_KEYS 1000

/* The deepest nesting of arrays and objects in a cached value. */
#define HOSTEL_MAX_DEPTH 100

/* The deepest nesting of arrays and objects in a body, and in any other JSON text that is not a
 * cached value. This limit is larger than HOSTEL_MAX_DEPTH because a body may contain a cached
 * value. Some common JSON parsers stop at 127 or 128 levels. */
#define HOSTEL_MAX_BODY_DEPTH 127

#endif
