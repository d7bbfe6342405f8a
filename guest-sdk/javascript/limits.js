// The limits of the contract, by the same names and values in every language's SDK.

/** The longest key, in bytes of UTF-8. */
export const MAX_KEY_BYTES = 1024;

/** The longest value of a cache that is not configured otherwise, in bytes: 1 MiB. */
export const DEFAULT_VALUE_LIMIT = 1_048_576;

/** The longest expiry, in seconds: ten years. */
export const MAX_EXPIRY_SECONDS = 315_360_000;

/** The largest integer that is counted to, and the smallest without its sign: 2^53 - 1. */
export const MAX_INTEGER = 9_007_199_254_740_991;

/** The most keys of one call. */
export const MAX_KEYS = 1000;

/** The most arrays and objects inside one another in a value, so that every SDK can read it. */
export const MAX_DEPTH = 100;

/** The same in a body, which may hold a value and more; common readers of JSON read so many. */
export const MAX_BODY_DEPTH = 127;

/** The least status code of a response. */
export const MIN_STATUS = 200;

/** The greatest status code of a response. */
export const MAX_STATUS = 599;
