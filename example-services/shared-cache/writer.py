"""Stores a user for `reader.js` to read."""

from hostel_sdk import cache, service


@service
def writer() -> None:
    """Stores a user in the cache."""
    user = {
        "name": "Zoë 😀",
        "height": 1.75,
        "visits": 2**53 - 1,
        "active": True,
        "banned": False,
        "manager": None,
        "shifts": [[9, 12.5], [13.5, 18], []],
    }
    cache.set("user:123", user, expiry=300)
