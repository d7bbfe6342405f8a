"""Allows a limited number of calls a minute."""

from hostel_sdk import TooManyRequests, cache, logger, service

MAX_CALLS = 5
WINDOW = 60


@service
def rate_limiter() -> None:
    """Allows five calls a minute."""
    # The window begins with its first call: a later call does not change the expiry.
    calls = cache.increment("calls", expiry=WINDOW)
    if calls > MAX_CALLS:
        raise TooManyRequests(f"at most {MAX_CALLS} calls a minute")
    logger.info("Call %d of %d", calls, MAX_CALLS)
