"""How long entries live, and work on all entries whose keys begin alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import host
from .arguments import check_key, seconds_of

if TYPE_CHECKING:
    from .arguments import Expiry


class Entries:
    """A prefix is plain text, never a pattern; the empty one is that of every key."""

    __slots__ = ()

    def ttl(self, key: str) -> float | None:
        """The seconds that the entry still lives: an ``int``, rounded up, never 0; ``math.inf``
        when it has no expiry, ``None`` when it is missing. Does not count as a use for eviction.

        >>> cache.ttl("session:abc123")
        """
        check_key(key)
        return host.ttl(key)

    def expire(self, key: str, expiry: Expiry) -> bool:
        """Gives a live entry another expiry, counted from now; ``None`` takes its expiry away. True
        when there is a live entry."""
        check_key(key)
        return host.expire(key, seconds_of(expiry))

    def keys(self, prefix: str) -> Iterator[str]:
        """The keys that begin with ``prefix``, in no order. The host is called for the next keys
        when the iterator needs them.

        A key that lives throughout the walk is in it, and may be in it more than once. One that is
        set or removed meanwhile may be in it or not.

        >>> for key in cache.keys("session:"): ...
        """
        check_key(prefix, "prefix")
        return _keys(prefix)

    def delete_prefix(self, prefix: str) -> int:
        """Removes the entries whose keys begin with ``prefix``, and returns how many live ones
        there were. Together this is not one step: an entry that is set meanwhile may stay. After
        ``unavailable`` some of them may be gone."""
        check_key(prefix, "prefix")
        removed, cursor = host.delete_prefix(prefix, None)
        while cursor is not None:
            count, cursor = host.delete_prefix(prefix, cursor)
            removed += count
        return removed


def _keys(prefix: str) -> Iterator[str]:
    """The keys of all pages."""
    page, cursor = host.keys(prefix, None)
    yield from page
    while cursor is not None:
        page, cursor = host.keys(prefix, cursor)
        yield from page
