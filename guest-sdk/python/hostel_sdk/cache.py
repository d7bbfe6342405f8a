"""The plugin's cache: values that have a JSON form, under a key, with an expiry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast, overload

from . import host, typed, values

if TYPE_CHECKING:
    from datetime import timedelta

T = TypeVar("T")

LONGEST_EXPIRY = 315_360_000
"""Ten years in seconds: ``hostel:cache/cache`` takes no longer expiry."""

CacheErrorKind = Literal[
    "invalid-key", "invalid-value", "invalid-expiry", "too-large", "denied", "unavailable"
]
"""Why a call of the cache was refused. The set is closed."""


class CacheError(Exception):
    """A refused call of the cache: a kind for programs, a message with the offending value and
    the rule.

    Whatever entry was there is untouched, except after ``unavailable``: there the write may have
    happened. What is refused here, before the host is called, is a ``TypeError`` or a
    ``ValueError`` too, as everywhere in Python.
    """

    __module__ = "hostel_sdk"  # As it is imported, and shown in tracebacks.

    kind: CacheErrorKind

    def __init__(self, kind: CacheErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _WrongType(CacheError, TypeError):
    __module__, __qualname__ = CacheError.__module__, CacheError.__qualname__


class _WrongValue(CacheError, ValueError):
    __module__, __qualname__ = CacheError.__module__, CacheError.__qualname__


class Cache:
    """The cache that the host bound to this plugin, shared by all its instances.

    - Values are JSON: whatever one language stores, every other can read.
    - Keys are 1 to 1,024 bytes of UTF-8. Values are at most 1 MiB of JSON, 100 levels deep, unless
      the host's configuration says otherwise.
    - A cache may forget: a full one evicts what was not used for a while. A value worth keeping
      has its source elsewhere.

    Every method raises ``CacheError``.
    """

    __slots__ = ()

    @overload
    def get(self, key: str) -> Any: ...

    @overload
    def get(self, key: str, kind: type[T]) -> T | None: ...

    def get(self, key: str, kind: Any = None) -> Any:
        """The value under ``key``; ``None`` when it is missing or expired, and when it is a stored
        ``null`` (``exists`` tells them apart). Never extends the expiry.

        Each call makes a fresh value. With a ``kind`` (``int``, ``list[str]``, a dataclass) the
        value has to be one: nothing is rounded, so an integer beyond 2**53 is no ``float``, and
        ``1.0`` no ``int``; otherwise the call is refused as ``invalid-value``.
        """
        if type(key) is not str or not key.isascii():
            _check(key)
        text = host.get(key)
        if text is None:
            return None
        value = values.from_host(text)
        if kind is None or value is None:
            return value
        try:
            return typed.reader(kind)(value)
        except ValueError as error:
            message = f"the value under {_shortened(key)} does not fit: {error}"
            raise _WrongValue("invalid-value", message) from None

    def get_raw(self, key: str) -> str | None:
        """The JSON text under ``key``, byte for byte as it was stored; a stored ``null`` is
        ``"null"``."""
        if type(key) is not str or not key.isascii():
            _check(key)
        return host.get(key)

    def set(self, key: str, value: object, expiry: int | timedelta | None = None) -> None:
        """Stores ``value`` under ``key``, until ``expiry`` seconds have passed if there is one.
        Replaces value and expiry of the entry that was there.

        The value is made of ``str``, ``int``, ``float``, ``bool``, ``None``, lists, tuples, dicts
        and dataclasses; anything else, NaN and cycles are refused as ``invalid-value``. The expiry
        is whole seconds, 1 to 315,360,000 (ten years), an ``int`` or a ``timedelta``.
        """
        if type(key) is not str or not key.isascii():
            _check(key)
        seconds = None if expiry is None else _seconds(expiry)
        try:
            text = values.to_text(value)
        except (TypeError, ValueError) as error:
            raise _no_json(key, error) from None
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


# So that Python's own words about arguments name what the author wrote.
for _name in ("get", "get_raw", "set", "delete", "exists"):
    getattr(Cache, _name).__qualname__ = f"cache.{_name}"

cache = Cache()
"""The plugin's cache."""


def _check(key: object) -> None:
    """Refuses a key that is no text which the host can be handed; its length the host checks."""
    if not isinstance(key, str):
        raise _WrongType("invalid-key", f"a key of {key!r:.64}: it must be a str")
    try:
        key.encode()
    except UnicodeEncodeError:
        message = f"the key {_shortened(key)} holds a lone surrogate, which is no character"
        raise _WrongValue("invalid-key", message) from None


def _no_json(key: str, error: Exception) -> CacheError:
    refused = _WrongType if isinstance(error, TypeError) else _WrongValue
    return refused("invalid-value", f"the value for {_shortened(key)} has no JSON form: {error}")


def _seconds(expiry: object) -> int:
    if type(expiry) is int and 1 <= expiry <= LONGEST_EXPIRY:
        return expiry
    seconds: object = expiry
    if type(expiry).__name__ == "timedelta":  # Its module is not imported for this alone.
        span = cast("timedelta", expiry)
        seconds = None if span.microseconds else int(span.total_seconds())
    if isinstance(seconds, int) and not isinstance(seconds, bool):
        if 1 <= seconds <= LONGEST_EXPIRY:
            return int(seconds)
        refused: type[CacheError] = _WrongValue
    else:
        refused = _WrongType
    rule = f"it must be whole seconds, 1 to {LONGEST_EXPIRY:,} (ten years)"
    raise refused("invalid-expiry", f"an expiry of {expiry!r:.64}: {rule}")


def _shortened(key: str) -> str:
    """The key in quotes, cut to what an error message can carry."""
    return repr(key) if len(key) <= 64 else f"{key[:64]!r}.."
