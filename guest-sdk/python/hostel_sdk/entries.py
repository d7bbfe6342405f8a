"""Expiry of entries, and operations on all keys with a common prefix."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from . import host
from .arguments import check_key, seconds_of

if TYPE_CHECKING:
    from .arguments import Expiry


class Entries:
    """Methods for expiry and prefixes. A prefix is literal text, not a pattern; the empty prefix
    matches every key."""

    __slots__ = ()

    def ttl(self, key: str) -> float | None:
        """Returns the remaining lifetime of the entry in seconds: an ``int``, rounded up, never 0.
        Returns ``math.inf`` if the entry has no expiry, and ``None`` if it is missing. The call
        does not count as a use for eviction.

        >>> cache.ttl("session:abc123")
        """
        check_key(key)
        return host.ttl(key)

    def expire(self, key: str, expiry: Expiry) -> bool:
        """Sets the expiry of a live entry, counted from now; ``None`` removes its expiry. Returns
        true if there is a live entry."""
        check_key(key)
        return host.expire(key, seconds_of(expiry))

    def keys(self, prefix: str) -> Iterator[str]:
        """Iterates over the keys that begin with ``prefix``, in no particular order. The iterator
        fetches one page of keys at a time from the host.

        A key that exists during the whole iteration is returned, possibly more than once. A key
        that is set or removed during the iteration may or may not be returned.

        >>> for key in cache.keys("session:"): ...
        """
        check_key(prefix, "prefix")
        return _keys(prefix)

    def delete_prefix(self, prefix: str) -> int:
        """Removes the entries whose keys begin with ``prefix`` and returns the number of removed
        live entries. The call is not atomic: an entry that another call sets meanwhile may remain.
        After ``unavailable`` some entries may already be removed."""
        check_key(prefix, "prefix")
        removed, cursor = host.delete_prefix(prefix, None)
        while cursor is not None:
            count, cursor = host.delete_prefix(prefix, cursor)
            removed += count
        return removed


def _keys(prefix: str) -> Iterator[str]:
    """Returns the keys of all pages."""
    page, cursor = host.keys(prefix, None)
    yield from page
    while cursor is not None:
        page, cursor = host.keys(prefix, cursor)
        yield from page
