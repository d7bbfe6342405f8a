"""A service that greets."""

from dataclasses import dataclass

from hostel_sdk import cache, logger, service


@dataclass
class Greeting:
    name: str = "world"


@service
def greet(greeting: Greeting) -> str:
    """Greets by name, and counts greetings for an hour."""
    count = cache.increment(f"greetings:{greeting.name}", expiry=3600)
    logger.info("greetings of %s: %d", greeting.name, count)
    return f"Hello, {greeting.name}! ({count})"
