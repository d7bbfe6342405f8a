"""Computes a value once, however many calls need it at the same time."""

from hostel_sdk import cache, logger, service

EXPIRY = 60
# In the last ten seconds before expiry, one call computes the next value, and other calls get the
# old one.
EARLY = 10


@service
def compute_once() -> None:
    """Computes a value once, however many calls need it at the same time."""
    report = cache.get_or_set("report", compute, expiry=EXPIRY, early=EARLY)
    logger.info(report)


def compute() -> str:
    """A placeholder for a slow computation."""
    logger.info("Computing ..")
    return "the-report"
