"""A service that greets."""

from dataclasses import dataclass

from hostel_sdk import cache, logger, service


@dataclass
class Greeting:
    name: str = "world"


@service
def greet(greeting: Greeting) -> str:
    """Greets by name, and counts until an hour passes without a greeting."""
    key = f"greetings:{greeting.name}"
    count = (cache.get(key, int) or 0) + 1
    cache.set(key, count, expiry=3600)
    logger.info("greetings of %s: %d", greeting.name, count)
    return f"Hello, {greeting.name}! ({count})"
