// The limits that the SDK or the fake checks. A limit has the same name, apart from the prefix and
// the case, and the same value in every SDK that defines it.

/** The maximum length of a key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** The default maximum length of a value, in bytes: 1 MiB. */
export const DEFAULT_VALUE_LIMIT = 1_048_576;

/** The maximum expiry, in seconds: ten years. */
export const MAX_EXPIRY_SECONDS = 315_360_000;

/** The largest magnitude of an integer that `increment` accepts: 2^53 - 1. */
export const MAX_INTEGER = 9_007_199_254_740_991;

/** The maximum number of keys in one call. */
export const MAX_KEYS = 1000;

/** The maximum nesting depth of a value, so that every SDK can read it. */
export const MAX_DEPTH = 100;

/**
 * The maximum nesting depth of a body, which may wrap a value. By default, serde_json accepts this
 * depth, but no greater depth.
 */
export const MAX_BODY_DEPTH = 127;

/** The smallest status code of a response. */
export const MIN_STATUS = 200;

/** The largest status code of a response. */
export const MAX_STATUS = 599;
