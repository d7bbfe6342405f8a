"""The arguments of the cache's methods, checked before the host is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Union, cast

from . import typed, values
from .error import CacheError, WrongType, WrongValue
from .limits import MAX_EXPIRY_SECONDS, MAX_INTEGER

if TYPE_CHECKING:
    from datetime import timedelta

Expiry = Union[float, "timedelta", None]
"""An expiry as a caller gives it. ``None`` is none."""

_MAX_MILLIS = 2**32 - 1


def check_key(key: object, called: str = "key") -> None:
    """Refuses a key, or what is ``called`` otherwise, that is not a text in UTF-8. The host checks
    its length."""
    if not isinstance(key, str):
        raise WrongType("invalid-key", f"a {called} of {key!r:.64}: it must be a str")
    try:
        key.encode()
    except UnicodeEncodeError:
        message = f"the {called} {shortened(key)} holds a lone surrogate, which is no character"
        raise WrongValue("invalid-key", message) from None


def json_text(key: str, value: object) -> str:
    """The JSON text of a value for the key."""
    try:
        return values.to_text(value)
    except (TypeError, ValueError) as error:
        raise no_json(key, error) from None


def no_json(key: str, error: Exception) -> CacheError:
    """The refusal of a value that has no JSON text."""
    refused = WrongType if isinstance(error, TypeError) else WrongValue
    return refused("invalid-value", f"the value for {shortened(key)} has no JSON form: {error}")


def check_text(key: str, text: object) -> None:
    """Refuses a JSON text that is not a text in UTF-8. The host checks that it is JSON."""
    if not isinstance(text, str):
        message = f"a JSON text of {text!r:.64}: it must be a str; set makes JSON of a value"
        raise WrongType("invalid-value", message)
    try:
        text.encode()
    except UnicodeEncodeError:
        message = f"the JSON text for {shortened(key)} holds a lone surrogate"
        raise WrongValue("invalid-value", message) from None


def reader_of(kind: Any) -> typed.Reader | None:
    """The reader of a kind, if there is one. A default in its place is told as that."""
    if kind is None:
        return None
    try:
        return typed.reader(kind)
    except TypeError as error:
        if not isinstance(kind, (str, int, float, list, dict, tuple, set)):
            raise TypeError(f"the kind of a value is a type, like int: {error}") from None
        message = f"{kind!r:.64} is no kind, which is a type like int: a default is given by name"
        raise TypeError(f"{message}, cache.get(key, default={kind!r:.64})") from None


def from_text(key: str, text: str | None, read: typed.Reader | None, default: Any = None) -> Any:
    """The value of a text that was under the key; the default where there is none, and for a
    ``null``."""
    value = None if text is None else values.from_host(text)
    if value is None:
        return default
    return value if read is None else fitting(key, value, read)


def fitting(key: str, value: Any, read: typed.Reader) -> Any:
    """The value that was under the key, as its kind. Refuses one that is none."""
    try:
        return read(value)
    except ValueError as error:
        message = f"the value under {shortened(key)} does not fit: {error}"
        raise WrongValue("invalid-value", message) from None


def seconds_of(expiry: object) -> int | None:
    """The whole seconds of an expiry, if there is one."""
    return None if expiry is None else whole_seconds(expiry)


def whole_seconds(expiry: object) -> int:
    """The seconds of an expiry. Refuses what is not whole seconds in range."""
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
        rounded = rounded if isinstance(expiry, str) and expiry.isdecimal() else ""
    rule = f"it must be whole seconds, 1 to {MAX_EXPIRY_SECONDS:,} (ten years)"
    fix = f"; {rounded} is" if rounded else ""
    raise refused("invalid-expiry", f"an expiry of {shown}: {rule}{fix}")


def milliseconds(wait: object) -> int:
    """The milliseconds of a time to wait, as many as the host takes."""
    seconds: object = wait
    if type(wait).__name__ == "timedelta":
        seconds = cast("timedelta", wait).total_seconds()
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        raise WrongType("invalid-expiry", f"a wait of {wait!r:.64}: it must be seconds")
    if not seconds >= 0:  # A NaN is not, either.
        raise WrongValue("invalid-expiry", f"a wait of {wait!r:.64}: it must be 0 seconds or more")
    return int(min(seconds * 1_000, _MAX_MILLIS))


def whole_delta(delta: object) -> int:
    """The integer to add. Refuses what is not whole, or out of range."""
    rule = "it must be an integer from -(2^53 - 1) to 2^53 - 1"
    if not isinstance(delta, (int, float)) or isinstance(delta, bool):
        raise WrongType("invalid-value", f"a delta of {delta!r:.64}: {rule}")
    whole = isinstance(delta, int) or delta.is_integer()
    if whole and -MAX_INTEGER <= delta <= MAX_INTEGER:
        return int(delta)
    raise WrongValue("invalid-value", f"a delta of {delta!r:.64}: {rule}")


def shortened(key: str) -> str:
    """The key in quotes, cut to what an error message can carry."""
    return repr(key) if len(key) <= 64 else f"{key[:64]!r}.."
