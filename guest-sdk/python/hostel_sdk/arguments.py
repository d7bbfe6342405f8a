"""Validates and converts the arguments of the cache's methods, and reads the values that the host
returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union, cast

from . import typed, values
from .error import CacheError, WrongType, WrongValue
from .limits import MAX_EXPIRY_SECONDS, MAX_INTEGER

if TYPE_CHECKING:
    from datetime import timedelta

Expiry = Union[float, "timedelta", None]
"""An expiry as the caller passes it. ``None`` means no expiry."""

_MAX_MILLIS = 2**32 - 1


def check_key(key: object, called: str = "key") -> None:
    """Refuses a key that is not a ``str`` or cannot be encoded as UTF-8. ``called`` names the
    argument in the message. The host checks the length."""
    if not isinstance(key, str):
        raise WrongType("invalid-key", f"a {called} of {key!r:.64}: it must be a str")
    try:
        key.encode()
    except UnicodeEncodeError:
        message = f"the {called} {shortened(key)} contains a lone surrogate, which is not UTF-8"
        raise WrongValue("invalid-key", message) from None


def json_text(key: str, value: object) -> str:
    try:
        return values.to_text(value)
    except (TypeError, ValueError) as error:
        raise no_json(key, error) from None


def no_json(key: str, error: Exception) -> CacheError:
    """Returns the error for a value that has no JSON form."""
    refused = WrongType if isinstance(error, TypeError) else WrongValue
    return refused("invalid-value", f"the value for {shortened(key)} has no JSON form: {error}")


def check_text(key: str, text: object) -> None:
    """Refuses a JSON text that is not a ``str`` or cannot be encoded as UTF-8. The host checks that
    the text is JSON."""
    if not isinstance(text, str):
        message = f"a JSON text of {text!r:.64}: it must be a str; use set to store a value as JSON"
        raise WrongType("invalid-value", message)
    try:
        text.encode()
    except UnicodeEncodeError:
        message = f"the JSON text for {shortened(key)} contains a lone surrogate"
        raise WrongValue("invalid-value", message) from None


def reader_of(kind: Any) -> typed.Reader | None:
    """Returns the reader of the type ``kind``, or ``None`` if no type is given. If ``kind`` is a
    value such as ``0``, the error explains how to pass a default."""
    try:
        return typed.reader(kind) if kind is not None else None
    except TypeError as error:
        if not isinstance(kind, (str, int, float, list, dict, tuple, set)):
            raise TypeError(f"kind must be a type, such as int: {error}") from None
        message = f"kind is {kind!r:.64}: it must be a type, such as int; pass a default by name"
        raise TypeError(f"{message}, cache.get(key, default={kind!r:.64})") from None


def from_text(key: str, text: str | None, read: typed.Reader | None, default: Any = None) -> Any:
    """Parses the text that was stored under the key. Returns the default if the text is missing or
    ``null``."""
    value = values.from_host(text) if text is not None else None
    if value is not None:
        return fitting(key, value, read) if read is not None else value
    return default


def fitting(key: str, value: Any, read: typed.Reader) -> Any:
    """Reads a stored value as the requested type. Refuses a value that does not fit."""
    try:
        return read(value)
    except ValueError as error:
        message = f"the value under {shortened(key)} does not fit: {error}"
        raise WrongValue("invalid-value", message) from None


def seconds_of(expiry: object) -> int | None:
    """Converts an expiry to seconds. ``None`` stays ``None``."""
    return whole_seconds(expiry) if expiry is not None else None


def whole_seconds(expiry: object) -> int:
    """Converts an expiry to seconds. Refuses a value that is not a whole number of seconds from 1
    to ``MAX_EXPIRY_SECONDS``."""
    if type(expiry) is int and 1 <= expiry <= MAX_EXPIRY_SECONDS:
        return expiry
    seconds: object = expiry
    shown = f"{expiry!r:.64}"
    rounded = f"int({shown})"
    if type(expiry).__name__ == "timedelta":  # Compare names: importing `datetime` is slow.
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
        rounded = rounded if isinstance(expiry, str) and expiry.isdecimal() else ""
    rule = f"it must be whole seconds, 1 to {MAX_EXPIRY_SECONDS:,} (ten years)"
    fix = f"; write {rounded}" if rounded else ""
    raise refused("invalid-expiry", f"an expiry of {shown}: {rule}{fix}")


def early_seconds(early: object, expiry: int | None) -> int | None:
    """Converts ``early`` to seconds; ``None`` stays ``None``. Refuses an ``early`` that is not a
    valid expiry, or not less than ``expiry``. Without an ``expiry``, refuses all but ``None``."""
    seconds = seconds_of(early)
    if seconds is not None and not (expiry is not None and seconds < expiry):
        message = f"early is {seconds} s, but there is no expiry: set a longer expiry"
        if expiry is not None:
            message = f"early is {seconds} s: it must be less than the expiry, {expiry} s"
        raise WrongValue("invalid-expiry", message)
    return seconds


def milliseconds(wait: object) -> int:
    """Converts a waiting time to milliseconds, at most 2^32 - 1. Refuses a negative time, a NaN,
    and a value that is neither a number nor a ``timedelta``."""
    seconds: object = wait
    if type(wait).__name__ == "timedelta":
        seconds = cast("timedelta", wait).total_seconds()
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise WrongType("invalid-expiry", f"a wait of {wait!r:.64}: it must be seconds")
    if not seconds >= 0:  # Also refuses a NaN.
        raise WrongValue("invalid-expiry", f"a wait of {wait!r:.64}: it must be 0 seconds or more")
    return int(min(seconds * 1_000, _MAX_MILLIS))


def whole_delta(delta: object) -> int:
    """Converts a delta to an integer. Refuses a value that is not a number, has a fraction or is
    out of range."""
    rule = "it must be an integer from -(2^53 - 1) to 2^53 - 1"
    if not isinstance(delta, (int, float)) or isinstance(delta, bool):
        raise WrongType("invalid-value", f"a delta of {delta!r:.64}: {rule}")
    whole = isinstance(delta, int) or delta.is_integer()
    if whole and -MAX_INTEGER <= delta <= MAX_INTEGER:
        return int(delta)
    raise WrongValue("invalid-value", f"a delta of {delta!r:.64}: {rule}")


def shortened(key: str) -> str:
    """Returns the key in quotes, cut to 64 characters for error messages."""
    return repr(key) if len(key) <= 64 else f"{key[:64]!r}.."
