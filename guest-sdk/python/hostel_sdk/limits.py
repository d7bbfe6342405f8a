"""The limits of the WIT interfaces that the SDK or the fake checks."""

from __future__ import annotations

MAX_KEY_BYTES = 1_024
"""The maximum length of a key, in bytes of UTF-8."""

DEFAULT_VALUE_LIMIT = 1_048_576
"""The default maximum length of a value, in bytes: 1 MiB."""

MAX_EXPIRY_SECONDS = 315_360_000
"""The maximum expiry, in seconds: ten years."""

MAX_INTEGER = 9_007_199_254_740_991
"""The maximum absolute value of an integer that ``increment`` accepts: 2^53 - 1."""

MAX_KEYS = 1_000
"""The maximum number of keys in one call."""

MAX_DEPTH = 100
"""The maximum nesting depth of arrays and objects, in stored values and in bodies that the SDK
parses."""

MIN_STATUS = 200
"""The smallest status code of a response."""

MAX_STATUS = 599
"""The largest status code of a response."""
