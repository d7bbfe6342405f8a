"""The plugin's cache: values that have a JSON form, under a key, with an expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast, overload

from . import host, typed, values
from .error import CacheError, WrongType, WrongValue
from .limits import MAX_EXPIRY_SECONDS

if TYPE_CHECKING:
    from datetime import timedelta

T = TypeVar("T")
D = TypeVar("D")


class Cache:
    """The cache that the host bound to this plugin, shared by all its instances.

    - Values are JSON: every language can read the values of every other.
    - Keys are 1 to 1,024 bytes of UTF-8. Values are at most 1 MiB of JSON, 100 levels deep, unless
      the host's configuration says otherwise.
    - A cache may forget: a full one evicts entries that were not used for a while. Keep the
      source of a value that must not be lost elsewhere.

    Every method raises ``CacheError``. Arguments are checked first, whatever is in the cache.
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
            _check(key)
        read = None if kind is None else _reader(kind)
        text = host.get(key)
        if text is None:
            return default
        value = values.from_host(text)
        if value is None:
            return default
        if read is None:
            return value
        try:
            return read(value)
        except ValueError as error:
            message = f"the value under {_shortened(key)} does not fit: {error}"
            raise WrongValue("invalid-value", message) from None

    def get_raw(self, key: str) -> str | None:
        """The JSON text under ``key``, byte for byte as it was stored; a stored ``null`` is
        ``"null"``."""
        if type(key) is not str or not key.isascii():
            _check(key)
        return host.get(key)

    def set(self, key: str, value: object, expiry: float | timedelta | None = None) -> None:
        """Stores ``value`` under ``key``, until ``expiry`` seconds have passed if there is one.
        Replaces value and expiry of the entry that was there.

        The value is made of ``str``, ``int``, ``float``, ``bool``, ``None``, lists, tuples, dicts
        and dataclasses. A class that derives from one of them counts as it: an ``OrderedDict`` is
        an object of its items, without attributes of its own. Anything else, NaN, cycles, and two keys that are one name in JSON, as
        ``1`` and ``"1"`` are, are refused as ``invalid-value``. The expiry is whole seconds, 1 to
        315,360,000 (ten years), a number or a ``timedelta``.
        """
        if type(key) is not str or not key.isascii():
            _check(key)
        seconds = None if expiry is None else _seconds(expiry)
        try:
            text = values.to_text(value)
        except (TypeError, ValueError) as error:
            raise _no_json(key, error) from None
        host.set(key, text, seconds)

    def set_raw(self, key: str, text: str, expiry: float | timedelta | None = None) -> None:
        """As ``set``, with a value that is a JSON text already, which is stored byte for byte: for
        numbers that no type here holds, and to pass a value on unread. A text that is not JSON is
        refused as ``invalid-value``."""
        if type(key) is not str or not key.isascii():
            _check(key)
        seconds = None if expiry is None else _seconds(expiry)
        if not isinstance(text, str):
            message = f"a JSON text of {text!r:.64}: it must be a str; set makes JSON of a value"
            raise WrongType("invalid-value", message)
        try:
            text.encode()
        except UnicodeEncodeError:
            message = f"the JSON text for {_shortened(key)} holds a lone surrogate"
            raise WrongValue("invalid-value", message) from None
        host.set(key, text, seconds)

    def delete(self, key: str) -> bool:
        """Removes the entry; true when a live one was there. Deleting a missing key is no
        error."""
        if type(key) is not str or not key.isascii():
            _check(key)
        return host.delete(key)

    def exists(self, key: str) -> bool:
        """True for a live entry, also for one whose value is ``null``. Does not count as a use for
        eviction."""
        if type(key) is not str or not key.isascii():
            _check(key)
        return host.exists(key)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            has = ", ".join(METHODS)
            raise AttributeError(f"cache.{name} is not offered; cache has: {has}", name=name)


# Python's own errors about arguments then name the call as the author wrote it.
METHODS = ("get", "get_raw", "set", "set_raw", "delete", "exists")
for _name in METHODS:
    getattr(Cache, _name).__qualname__ = f"cache.{_name}"

cache = Cache()
"""The plugin's cache."""


def _check(key: object) -> None:
    """Refuses a key that is not a text in UTF-8. The host checks its length."""
    if not isinstance(key, str):
        raise WrongType("invalid-key", f"a key of {key!r:.64}: it must be a str")
    try:
        key.encode()
    except UnicodeEncodeError:
        message = f"the key {_shortened(key)} holds a lone surrogate, which is no character"
        raise WrongValue("invalid-key", message) from None


def _no_json(key: str, error: Exception) -> CacheError:
    refused = WrongType if isinstance(error, TypeError) else WrongValue
    return refused("invalid-value", f"the value for {_shortened(key)} has no JSON form: {error}")


def _reader(kind: Any) -> typed.Reader:
    """The reader of a kind. A default in its place is told as that."""
    try:
        return typed.reader(kind)
    except TypeError as error:
        if not isinstance(kind, (str, int, float, list, dict, tuple, set)):
            raise TypeError(f"the kind of a value is a type, like int: {error}") from None
        message = f"{kind!r:.64} is no kind, which is a type like int: a default is given by name"
        raise TypeError(f"{message}, cache.get(key, default={kind!r:.64})") from None


def _seconds(expiry: object) -> int:
    if type(expiry) is int and 1 <= expiry <= MAX_EXPIRY_SECONDS:
        return expiry
    seconds: object = expiry
    shown = f"{expiry!r:.64}"
    rounded = f"int({shown})"
    if type(expiry).__name__ == "timedelta":  # Its module is not imported for this alone.
        span = cast("timedelta", expiry)
        seconds = span.total_seconds()
        shown, rounded = str(span), "int(expiry.total_seconds())"
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool):
        whole = isinstance(seconds, int) or seconds.is_integer()
        if whole and 1 <= seconds <= MAX_EXPIRY_SECONDS:
            return int(seconds)
        refused: type[CacheError] = WrongValue
        if whole or not 1 <= seconds <= MAX_EXPIRY_SECONDS:
            rounded = ""
    else:
        refused = WrongType
        rounded = rounded if isinstance(expiry, str) else ""
    rule = f"it must be whole seconds, 1 to {MAX_EXPIRY_SECONDS:,} (ten years)"
    fix = f"; {rounded} is" if rounded else ""
    raise refused("invalid-expiry", f"an expiry of {shown}: {rule}{fix}")


def _shortened(key: str) -> str:
    """The key in quotes, cut to what an error message can carry."""
    return repr(key) if len(key) <= 64 else f"{key[:64]!r}.."
