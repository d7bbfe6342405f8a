"""The limits of the contract, by the same names and values in every language's SDK."""

from __future__ import annotations

MAX_KEY_BYTES = 1_024
"""The longest key, in bytes of UTF-8."""

DEFAULT_VALUE_LIMIT = 1_048_576
"""The longest value of a cache that is not configured otherwise, in bytes: 1 MiB."""

MAX_EXPIRY_SECONDS = 315_360_000
"""The longest expiry, in seconds: ten years."""

MAX_INTEGER = 9_007_199_254_740_991
"""The largest integer that is counted to, and the smallest without its sign: 2^53 - 1."""

MAX_KEYS = 1_000
"""The most keys of one call."""

MAX_DEPTH = 100
"""The most arrays and objects inside one another, in the cache and in a request."""

MIN_STATUS = 200
"""The least status code of a response."""

MAX_STATUS = 599
"""The greatest status code of a response."""
