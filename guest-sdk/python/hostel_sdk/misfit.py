"""Error messages for values that do not fit the requested type."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any


def at(place: object, read: Callable[[Any], Any], value: Any) -> Any:
    """Reads a part of a value. An error message starts with the part's place."""
    try:
        return read(value)
    except ValueError as error:
        raise ValueError(f"at {place!r}: {error}") from None


def wrong(value: Any, kind: Any) -> typing.NoReturn:
    raise ValueError(misfit(value, kind))


def misfit(value: Any, kind: Any) -> str:
    return f"{value!r:.40} is not of type {name_of(kind)}"


def name_of(kind: Any) -> str:
    """Returns the name of a type, or the beginning of the repr of any other object."""
    if isinstance(kind, type) and not typing.get_args(kind):
        return kind.__name__
    return f"{kind!r:.64}"
