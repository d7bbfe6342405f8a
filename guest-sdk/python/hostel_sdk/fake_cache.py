"""The cache of a fake. It follows the host's rules and uses the fake's clock."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import grammar, host
from .clock import Clock
from .outcome import Swap

_NANOS = 1_000_000_000
_PAGE = 1_000

_OWN, _OTHER = "own", "other"
"""The lease holders: the test's own calls, and a simulated other call."""


@dataclass
class Stats:
    """Counters of cache operations. A call with several keys counts once for each key. Refused
    calls are not counted."""

    sets: int = 0
    hits: int = 0
    misses: int = 0
    exists: int = 0
    deletes: int = 0
    """Counts only the removed entries."""
    increments: int = 0
    swaps: int = 0
    """Counts only the calls that created, replaced or removed an entry."""
    takes: int = 0
    """Counts only the calls that removed an entry."""
    expires: int = 0
    """Counts only the calls that found an entry."""


@dataclass
class _Entry:
    """A value and its expiry time, in nanoseconds on the fake's clock. ``None`` means no expiry."""

    value: str
    deadline: int | None


class FakeCache:
    """An in-process cache that never evicts entries and never fails with ``denied`` or
    ``unavailable``."""

    def __init__(self, clock: Clock) -> None:
        self.stats = Stats()
        self._clock = clock
        self._entries: dict[str, _Entry] = {}
        self._leases: dict[str, str] = {}
        """The lease holder of each key. Each write ends the lease."""

    def calls(self) -> dict[str, Callable[..., Any]]:
        """Returns the methods that replace the host's cache functions, by name."""
        return {name: getattr(self, name) for name in host.CALLS}

    def get(self, key: str) -> str | None:
        """Implements ``host.get``. Each method named in ``host.CALLS`` implements the function of
        the same name."""
        return self._read(self._live(key))

    def set(self, key: str, value: str, expiry: int | None) -> None:
        self._live(key)
        grammar.check_value(value)
        self._write(key, value, self._deadline(expiry))
        self.stats.sets += 1

    def delete(self, key: str) -> bool:
        removed = self._remove(key)
        self.stats.deletes += removed is not None
        return removed is not None

    def exists(self, key: str) -> bool:
        found = self._live(key) is not None
        self.stats.exists += 1
        return found

    def set_if_absent(self, key: str, value: str, expiry: int | None) -> bool:
        entry = self._live(key)
        grammar.check_value(value)
        if not entry:
            self._write(key, value, self._deadline(expiry))
            self.stats.sets += 1
        return not entry

    def increment(self, key: str, delta: int, expiry: int | None) -> int:
        entry = self._live(key)
        # Like a host, end the lease even if the sum is refused.
        self._leases.pop(key, None)
        total = grammar.sum_of(entry.value if entry else "0", delta)
        deadline = entry.deadline if entry else self._deadline(expiry)
        self._write(key, str(total), deadline)
        self.stats.increments += 1
        return total

    def compare_and_swap(
        self, key: str, expected: str | None, wanted: str | None, lifetime: host.Lifetime
    ) -> Swap:
        entry = self._live(key)
        for text in (expected, wanted):
            if text is not None:
                grammar.check_value(text)
        # Like a host, end the lease even if nothing is swapped.
        self._leases.pop(key, None)
        current = entry.value if entry else None
        if current != expected:
            return Swap(False, current)
        if wanted is not None:
            kept = entry.deadline if entry else None
            self._write(key, wanted, kept if lifetime == "keep" else self._deadline(lifetime))
        self.stats.swaps += wanted is not None or self._remove(key) is not None
        return Swap(True)

    def take(self, key: str) -> str | None:
        removed = self._remove(key)
        self.stats.takes += removed is not None
        return removed.value if removed else None

    def get_or_lease(
        self, key: str, early: int | None, wait: int
    ) -> tuple[host.Found, str | None]:
        """Never waits: no other call could store a value meanwhile."""
        entry = self._live(key)
        text = self._read(entry)
        if not entry:
            return ("compute" if self._begin(key, _OWN) else "busy"), None
        left = entry.deadline - self._clock.nanos if entry.deadline is not None else math.inf
        if left < (early or 0) * _NANOS and self._begin(key, _OWN):
            return "refresh", text
        return "value", text

    def fill(self, key: str, value: str, expiry: int | None) -> bool:
        self._live(key)
        grammar.check_value(value)
        is_its = self._leases.get(key) == _OWN
        if is_its:
            self._write(key, value, self._deadline(expiry))
            self.stats.sets += 1
        return is_its

    def release(self, key: str) -> None:
        grammar.check_key(key)
        self._end(key, _OWN)

    def get_many(self, keys: list[str]) -> list[str | None]:
        # Check all keys before counting: a refused call is not counted.
        entries = [self._live(key) for key in keys]
        return [self._read(entry) for entry in entries]

    def set_many(self, entries: list[tuple[str, str]], expiry: int | None) -> None:
        for key, value in entries:
            grammar.check_key(key)
            grammar.check_value(value)
        for key, value in entries:
            self.set(key, value, expiry)

    def delete_many(self, keys: list[str]) -> int:
        for key in keys:
            grammar.check_key(key)
        return sum([self.delete(key) for key in keys])

    def ttl(self, key: str) -> float | None:
        entry = self._live(key)
        if not entry:
            return None
        if entry.deadline is not None:
            return -((self._clock.nanos - entry.deadline) // _NANOS)
        return math.inf

    def expire(self, key: str, expiry: int | None) -> bool:
        entry = self._live(key)
        self._leases.pop(key, None)
        if entry is not None:
            entry.deadline = self._deadline(expiry)
            self.stats.expires += 1
        return entry is not None

    def keys(self, prefix: str, cursor: str | None) -> tuple[list[str], str | None]:
        """The cursor is the last key of the previous page."""
        found = sorted(
            key
            for key in list(self._entries)
            if key.startswith(prefix) and key > (cursor or "") and self._live(key) is not None
        )
        page = found[:_PAGE]
        return page, page[-1] if len(found) > _PAGE else None

    def delete_prefix(self, prefix: str, cursor: str | None) -> tuple[int, str | None]:
        page, cursor = self.keys(prefix, cursor)
        for key in [key for key in self._leases if key.startswith(prefix)]:
            del self._leases[key]
        return self.delete_many(page), cursor

    def hold(self, key: str) -> None:
        """Gives the lease of a key to the simulated other call."""
        self._end(key, _OWN)
        self._begin(key, _OTHER)

    def let_go(self, key: str) -> None:
        """Releases the lease of the simulated other call."""
        self._end(key, _OTHER)

    def _live(self, key: str) -> _Entry | None:
        grammar.check_key(key)
        entry = self._entries.get(key)
        if entry is not None and entry.deadline is not None:
            if self._clock.nanos >= entry.deadline:
                del self._entries[key]
                return None
        return entry

    def _read(self, entry: _Entry | None) -> str | None:
        """Returns the text of an entry and counts a hit or a miss."""
        if not entry:
            self.stats.misses += 1
            return None
        self.stats.hits += 1
        return entry.value

    def _write(self, key: str, value: str, deadline: int | None) -> None:
        self._entries[key] = _Entry(value, deadline)
        self._leases.pop(key, None)

    def _remove(self, key: str) -> _Entry | None:
        entry = self._live(key)
        self._entries.pop(key, None)
        self._leases.pop(key, None)
        return entry

    def _deadline(self, expiry: int | None) -> int | None:
        return self._clock.nanos + expiry * _NANOS if expiry is not None else None

    def _begin(self, key: str, holder: str) -> bool:
        """Gives the lease of a key to a holder, unless another holder has it. Returns true if
        ``holder`` then has the lease."""
        return self._leases.setdefault(key, holder) == holder

    def _end(self, key: str, holder: str) -> None:
        if self._leases.get(key) == holder:
            del self._leases[key]
