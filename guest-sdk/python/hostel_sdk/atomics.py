"""Reading and changing one entry in one step."""

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
"""How often ``update`` tries to swap a value in. Each lost try is another caller's success, so only
a key with very many writers reaches it."""


class Atomics:
    """One step each: no other operation on the key comes between the reading and the writing, from
    any instance, plugin or host that shares the cache. After ``unavailable`` the change may have
    been made, so a repeated call may make it twice.
    """

    __slots__ = ()

    def set_if_absent(self, key: str, value: object, expiry: Expiry = None) -> bool:
        """As ``set``, where there is no live entry; true when it stored the value. A live entry
        stays untouched, also one whose value is ``null``.

        >>> cache.set_if_absent("owner", "Ada")
        """
        check_key(key)
        seconds = seconds_of(expiry)
        return host.set_if_absent(key, json_text(key, value), seconds)

    def increment(self, key: str, delta: int = 1, expiry: Expiry = None) -> int:
        """Adds ``delta`` to the integer under ``key`` and returns the sum. A missing entry counts
        as 0, and only then the expiry applies: an entry that is there keeps its own, so a count
        ends that long after it began.

        Refused as ``invalid-value`` when ``delta``, the sum, or the value under the key is not an
        integer from -(2^53 - 1) to 2^53 - 1; ``1.0`` and ``"1"`` under the key are none.

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
        """Replaces the entry if its JSON text is ``expected``, byte for byte. ``None`` stands for
        "no live entry" on either side: as ``expected`` it creates the entry, as ``wanted`` it
        removes it. The result is true when the entry was swapped, and otherwise has the text that
        is there.

        The entry keeps its expiry; a new one has none. With another ``expiry`` it gets that, as
        ``set`` takes it: ``None`` takes it away. ``get_raw`` returns such a text; ``update`` is the
        common use.

        >>> cache.compare_and_swap_raw("flag", "true", None)
        """
        check_key(key)
        for text in (expected, wanted):
            if text is not None:
                check_text(key, text)
        # The lifetime of an entry that is removed does not count.
        keeps = wanted is None or expiry == "keep"
        return host.compare_and_swap(key, expected, wanted, "keep" if keeps else seconds_of(expiry))

    @overload
    def update(self, key: str, change: Callable[[Any], T]) -> T: ...

    @overload
    def update(self, key: str, change: Callable[[T | None], T], kind: type[T]) -> T: ...

    def update(self, key: str, change: Callable[[Any], Any], kind: Any = None) -> Any:
        """Replaces the value under ``key`` by the one that ``change`` makes of it, and returns the
        new one. No other change of the entry is lost: where one came between, ``change`` is called
        again with the value that is there then. It must do nothing else than compute.

        ``change`` gets ``None`` where ``get`` returns it, and otherwise the value, as a ``kind`` if
        there is one. An entry that is there keeps its expiry; a new one has none, and ``expire``
        gives it one. When ``change`` raises, the entry is untouched. Refused as ``unavailable``
        when other callers changed the entry each time, which is tried 100 times.

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
        why = f"it was changed meanwhile {_UPDATE_TRIES} times"
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
        """Removes the entry and returns its value, as ``get`` does: of several callers one gets it.
        A value that is none of the ``kind`` is removed as well; ``take_raw`` returns any.

        >>> cache.take("token:abc123", str)
        """
        check_key(key)
        read = reader_of(kind)
        return from_text(key, host.take(key), read, default)

    def take_raw(self, key: str) -> str | None:
        """As ``take``, with the JSON text as it was stored; a ``null`` is ``"null"``."""
        check_key(key)
        return host.take(key)
