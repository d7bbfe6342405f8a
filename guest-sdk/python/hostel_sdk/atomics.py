"""Atomic operations on one entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, overload

from . import host
from .arguments import (
    check_key,
    check_text,
    from_text,
    json_text,
    reader_of,
    seconds_of,
    shortened,
    whole_delta,
)
from .error import CacheError

if TYPE_CHECKING:
    from .arguments import Expiry
    from .outcome import Swap

T = TypeVar("T")
D = TypeVar("D")

_UPDATE_TRIES = 100
"""The maximum number of tries of ``update``. ``update`` tries again only if the entry changed
meanwhile, so only a key with very many writers reaches this limit."""


class Atomics:
    """Atomic operations: no operation overwrites a change that another instance, plugin or host
    makes to the entry meanwhile. After ``unavailable`` the operation may have been executed, so a
    retry may execute it twice.
    """

    __slots__ = ()

    def set_if_absent(self, key: str, value: object, expiry: Expiry = None) -> bool:
        """Like ``set``, but stores the value only if there is no live entry. Returns true if it
        stored the value. A live entry stays unchanged, even if its value is ``null``.

        >>> cache.set_if_absent("owner", "Ada")
        """
        check_key(key)
        seconds = seconds_of(expiry)
        return host.set_if_absent(key, json_text(key, value), seconds)

    def increment(self, key: str, delta: int = 1, expiry: Expiry = None) -> int:
        """Adds ``delta`` to the integer under ``key`` and returns the sum. A missing entry counts
        as 0. ``expiry`` applies only to a new entry: an existing entry keeps its expiry, so the
        lifetime of a counter begins with its first increment.

        Raises ``invalid-value`` if ``delta``, the sum, or the value under the key is not an integer
        from -(2^53 - 1) to 2^53 - 1. Stored values such as ``1.0`` and ``"1"`` are not integers.

        >>> cache.increment("visits", expiry=3600)
        """
        check_key(key)
        whole = whole_delta(delta)
        return host.increment(key, whole, seconds_of(expiry))

    def compare_and_swap_raw(
        self,
        key: str,
        expected: str | None,
        wanted: str | None,
        expiry: Union[Literal["keep"], Expiry] = "keep",
    ) -> Swap:
        """Replaces the entry if the entry's JSON text equals ``expected``, byte for byte. ``None``
        means no live entry: if ``expected`` is ``None``, the call only creates an entry; if
        ``wanted`` is ``None``, it removes the entry. The result is true if the entry was swapped;
        otherwise it contains the current text.

        By default an existing entry keeps its expiry, and a new entry has no expiry. With an
        ``expiry`` the entry gets that expiry, as in ``set``; ``None`` removes the expiry.
        ``get_raw`` returns the text to compare with. In most cases ``update`` is simpler.

        >>> cache.compare_and_swap_raw("flag", "true", None)
        """
        check_key(key)
        for text in (expected, wanted):
            if text is not None:
                check_text(key, text)
        # Ignore the expiry if the call removes the entry.
        sets = wanted is not None and expiry != "keep"
        return host.compare_and_swap(key, expected, wanted, seconds_of(expiry) if sets else "keep")

    @overload
    def update(self, key: str, change: Callable[[Any], T]) -> T: ...

    @overload
    def update(self, key: str, change: Callable[[T | None], T], kind: type[T]) -> T: ...

    def update(self, key: str, change: Callable[[Any], Any], kind: Any = None) -> Any:
        """Replaces the value under ``key`` with the result of ``change`` and returns the new value.
        If another caller changes the entry meanwhile, ``update`` calls ``change`` again with the
        current value, so no change is lost. ``change`` must have no side effects.

        ``change`` receives the value, read as the ``kind`` if one is given, or ``None`` when
        ``get`` would return ``None``. An existing entry keeps its expiry. A new entry has no
        expiry; ``expire`` sets one. If ``change`` raises, the entry stays unchanged. ``update``
        raises ``unavailable`` if other callers changed the entry during each of 100 tries.

        >>> cache.update("tags", lambda tags: [*(tags or []), "new"])
        """
        check_key(key)
        if not callable(change):
            raise TypeError(f"change is {change!r:.64}: it must be a function of the old value")
        read = reader_of(kind)
        old = host.get(key)
        for _ in range(_UPDATE_TRIES):
            value = change(from_text(key, old, read))
            swap = host.compare_and_swap(key, old, json_text(key, value), "keep")
            if swap.swapped:
                return value
            old = swap.current
        why = f"other callers changed it {_UPDATE_TRIES} times"
        message = f"the value under {shortened(key)} is not updated: {why}"
        raise CacheError("unavailable", message)

    @overload
    def take(self, key: str) -> Any: ...

    @overload
    def take(self, key: str, *, default: Any) -> Any: ...

    @overload
    def take(self, key: str, kind: type[T]) -> T | None: ...

    @overload
    def take(self, key: str, kind: type[T], *, default: D) -> T | D: ...

    def take(self, key: str, kind: Any = None, *, default: Any = None) -> Any:
        """Removes the entry and returns the value that ``get`` would return. If several callers
        take the same entry, only one gets the value. A value that does not fit the ``kind`` is
        removed too and is lost; ``take_raw`` returns any value.

        >>> cache.take("token:abc123", str)
        """
        check_key(key)
        read = reader_of(kind)
        return from_text(key, host.take(key), read, default)

    def take_raw(self, key: str) -> str | None:
        """Like ``take``, but returns the JSON text as stored. A stored ``null`` is ``"null"``.
        Returns ``None`` if there is no live entry."""
        check_key(key)
        return host.take(key)
