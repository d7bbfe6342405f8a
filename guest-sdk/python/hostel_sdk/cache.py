"""The plugin's cache: values that have a JSON form, under a key, with an expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from . import host, values
from .arguments import check_key, check_text, fitting, no_json, reader_of, whole_seconds
from .atomics import Atomics
from .entries import Entries
from .lease import Leases
from .many import Many

if TYPE_CHECKING:
    from .arguments import Expiry

T = TypeVar("T")
D = TypeVar("D")


class Cache(Atomics, Leases, Many, Entries):
    """The cache that the host bound to this plugin, shared by all its instances.

    - Values are JSON: every language can read the values of every other.
    - Keys are 1 to 1,024 bytes of UTF-8. Values are at most 1 MiB of JSON, 100 levels deep, unless
      the host's configuration says otherwise.
    - A cache may forget: a full one evicts entries that were not used for a while. Keep the
      source of a value that must not be lost elsewhere.
    - Each method is one step for its key. A ``get`` with a ``set`` after it is not: of two calls
      that do both at the same time, one change may be lost. ``increment``, ``update``, ``take`` and
      ``set_if_absent`` lose none.
    - What a service uses beside ``get``, ``get_raw``, ``set``, ``set_raw``, ``delete`` and
      ``exists`` is built into its component by the methods' names in its source.

    Every method raises ``CacheError``. Arguments are checked first, whatever is in the cache. After
    ``unavailable`` a write may have happened; the SDK repeats none.
    """

    __slots__ = ()

    @overload
    def get(self, key: str) -> Any: ...

    @overload
    def get(self, key: str, *, default: Any) -> Any: ...

    @overload
    def get(self, key: str, kind: type[T]) -> T | None: ...

    @overload
    def get(self, key: str, kind: type[T], *, default: D) -> T | D: ...

    def get(self, key: str, kind: Any = None, *, default: Any = None) -> Any:
        """The value under ``key``; ``default`` when it is missing or expired, and when it is a
        stored ``null`` (``exists`` tells them apart). Never extends the expiry.

        Each call makes a fresh value. With a ``kind`` (``int``, ``list[str]``, a dataclass, an
        enum) the value must be one: nothing is rounded, so an integer that a ``float`` does not
        hold is not one, and ``1.0`` is not an ``int``; otherwise the call is refused as
        ``invalid-value``. Raises ``TypeError`` for a kind that JSON is not read as.

        >>> cache.get("visits", int, default=0)
        """
        if type(key) is not str or not key.isascii():
            check_key(key)
        read = None if kind is None else reader_of(kind)
        text = host.get(key)
        if text is None:
            return default
        value = values.from_host(text)
        if value is None:
            return default
        return value if read is None else fitting(key, value, read)

    def get_raw(self, key: str) -> str | None:
        """The JSON text under ``key``, byte for byte as it was stored; a stored ``null`` is
        ``"null"``."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        return host.get(key)

    def set(self, key: str, value: object, expiry: Expiry = None) -> None:
        """Stores ``value`` under ``key``, until ``expiry`` seconds have passed if there is one.
        Replaces value and expiry of the entry that was there.

        The value is made of ``str``, ``int``, ``float``, ``bool``, ``None``, lists, tuples, dicts
        and dataclasses. A class that derives from one of them counts as it: an ``OrderedDict`` is
        an object of its items, without attributes of its own. Anything else, NaN, cycles, and two
        keys that are one name in JSON, as ``1`` and ``"1"`` are, are refused as ``invalid-value``.
        The expiry is whole seconds, 1 to 315,360,000 (ten years), a number or a ``timedelta``.
        """
        if type(key) is not str or not key.isascii():
            check_key(key)
        seconds = None if expiry is None else whole_seconds(expiry)
        try:
            text = values.to_text(value)
        except (TypeError, ValueError) as error:
            raise no_json(key, error) from None
        host.set(key, text, seconds)

    def set_raw(self, key: str, text: str, expiry: Expiry = None) -> None:
        """As ``set``, with a value that is a JSON text already, which is stored byte for byte: for
        numbers that no type here holds, and to pass a value on unread. A text that is not JSON is
        refused as ``invalid-value``."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        seconds = None if expiry is None else whole_seconds(expiry)
        check_text(key, text)
        host.set(key, text, seconds)

    def delete(self, key: str) -> bool:
        """Removes the entry; true when a live one was there. Deleting a missing key is no
        error."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        return host.delete(key)

    def exists(self, key: str) -> bool:
        """True for a live entry, also for one whose value is ``null``. Does not count as a use for
        eviction."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        return host.exists(key)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            has = ", ".join(METHODS)
            raise AttributeError(f"cache.{name} is not offered; cache has: {has}", name=name)


METHODS = (
    *("get", "get_raw", "set", "set_raw", "delete", "exists", "set_if_absent", "increment"),
    *("compare_and_swap_raw", "update", "take", "take_raw", "get_or_set", "get_many", "set_many"),
    *("delete_many", "ttl", "expire", "keys", "delete_prefix"),
)
# Python's own errors about arguments then name the call as the author wrote it.
for _name in METHODS:
    getattr(Cache, _name).__qualname__ = f"cache.{_name}"

cache = Cache()
"""The plugin's cache."""
