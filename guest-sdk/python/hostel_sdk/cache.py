"""The plugin's cache: JSON values, each with a key and an optional expiry."""

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
    """The cache that the host assigns to this plugin. All instances of the plugin share it.

    - Values are stored as JSON, so services in any language can read them.
    - Keys are 1 to 1,024 bytes of UTF-8. Values are JSON of at most 100 levels and 1 MiB; the
      host's configuration can change the size limit.
    - A cache may lose entries: a full cache in memory evicts entries that have not been used
      recently. A Redis server evicts by its own ``maxmemory-policy``, or refuses each ``set``. Do
      not keep the only copy of important data in a cache.
    - Each single read or write of a key is atomic. A ``get`` followed by a ``set`` is not: if two
      calls do both at the same time, one change may be lost. ``increment``, ``update``, ``take``
      and ``set_if_absent`` never lose a change.
    - All methods except ``get``, ``get_raw``, ``set``, ``set_raw``, ``delete`` and ``exists`` need
      further interfaces of the host. ``hostel build`` adds such an interface only if the source
      contains the name of one of its methods.

    Every method can raise ``CacheError``. After ``unavailable`` a write may have happened; the SDK
    never retries after this error.
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
        """Returns the value under ``key``. Returns ``default`` if the entry is missing or expired,
        or if its value is ``null`` (``exists`` distinguishes these cases). The call never extends
        the expiry.

        Each call decodes the value again. With a ``kind`` (``int``, ``list[str]``, a dataclass, an
        enum) the value must fit that type; otherwise the call raises ``invalid-value``. Integers
        are never rounded: an integer that a ``float`` cannot represent exactly does not fit
        ``float``. ``1.0`` does not fit ``int``. Raises ``TypeError`` for an unsupported ``kind``.

        >>> cache.get("visits", int, default=0)
        """
        if type(key) is not str or not key.isascii():
            check_key(key)
        read = reader_of(kind) if kind is not None else None
        text = host.get(key)
        value = values.from_host(text) if text is not None else None
        if value is not None:
            return fitting(key, value, read) if read is not None else value
        return default

    def get_raw(self, key: str) -> str | None:
        """Returns the JSON text under ``key``, byte for byte as stored. A stored ``null`` is
        ``"null"``. Returns ``None`` if there is no live entry."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        return host.get(key)

    def set(self, key: str, value: object, expiry: Expiry = None) -> None:
        """Stores ``value`` under ``key``. The entry expires after ``expiry`` seconds, or never if
        ``expiry`` is ``None``. Replaces the value and the expiry of an existing entry.

        A value consists of ``str``, ``int``, ``float``, ``bool``, ``None``, lists, tuples, dicts
        and dataclasses. An instance of a subclass is stored as its base type, without its own
        attributes: an ``OrderedDict`` is stored as a dict. Other types, NaN, infinity, cycles, and
        dict keys with the same JSON name (such as ``1`` and ``"1"``) are refused as
        ``invalid-value``. The expiry is a number or a ``timedelta``: whole seconds from 1 to
        315,360,000 (ten years).
        """
        if type(key) is not str or not key.isascii():
            check_key(key)
        seconds = whole_seconds(expiry) if expiry is not None else None
        try:
            text = values.to_text(value)
        except (TypeError, ValueError) as error:
            raise no_json(key, error) from None
        host.set(key, text, seconds)

    def set_raw(self, key: str, text: str, expiry: Expiry = None) -> None:
        """Like ``set``, but stores a JSON text byte for byte. Use it for numbers that neither
        ``int`` nor ``float`` represents, or to pass a value on without parsing it. A text that is
        not JSON is refused as ``invalid-value``."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        seconds = whole_seconds(expiry) if expiry is not None else None
        check_text(key, text)
        host.set(key, text, seconds)

    def delete(self, key: str) -> bool:
        """Removes the entry. Returns true if it existed and had not expired. Deleting a missing key
        is not an error."""
        if type(key) is not str or not key.isascii():
            check_key(key)
        return host.delete(key)

    def exists(self, key: str) -> bool:
        """Returns true if the entry exists and has not expired, even if its value is ``null``. The
        call does not count as a use for eviction."""
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
# Python's argument errors show these names: the author reads `cache.get()`, not `Cache.get()`.
for _name in METHODS:
    getattr(Cache, _name).__qualname__ = f"cache.{_name}"

cache = Cache()
"""The plugin's cache."""
