"""Computes a value once, however many calls need it at the same time."""

from hostel_sdk import cache, logger, service

EXPIRY = 60
# One call in the last ten seconds computes the next value, and none has to wait.
EARLY = 10


@service
def compute_once() -> None:
    """Computes a value once, however many calls need it at the same time."""
    report = cache.get_or_set("report", compute, expiry=EXPIRY, early=EARLY)
    logger.info(report)


def compute() -> str:
    """Stands for whatever is slow."""
    logger.info("Computing ..")
    return "the-report"
