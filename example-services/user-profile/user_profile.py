"""Stores a user with an expiry and reads the fields back."""

from dataclasses import dataclass

from hostel_sdk import cache, logger, service

EXPIRY = 300


@dataclass
class User:
    username: str
    email: str
    roles: list[str]


@service
def user_profile() -> None:
    """Stores a user with an expiry and reads the fields back."""
    cache.set("user:123", User("joe", "joe@example.com", ["admin", "editor"]), expiry=EXPIRY)

    cached = cache.get("user:123", User)
    if cached is not None:
        logger.info(cached.username)
        logger.info(cached.roles)
