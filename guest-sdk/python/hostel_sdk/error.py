"""The error of a refused cache call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar

CacheErrorKind = Literal[
    "invalid-key", "invalid-value", "invalid-expiry", "too-large", "denied", "unavailable"
]
"""Why a call of the cache was refused. The set is closed."""


class CacheError(Exception):
    """A refused call of the cache: a kind for programs, a message with the offending value and
    the rule.

    The old entry is untouched, except after ``unavailable``: there the write may have happened. A
    call that the SDK refuses before it reaches the host raises a ``TypeError`` or a ``ValueError``
    too, as everywhere in Python.
    """

    __module__ = "hostel_sdk"  # As it is imported, and shown in tracebacks.

    kind: CacheErrorKind

    def __init__(self, kind: CacheErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


E = TypeVar("E", bound="type[Exception]")


def known_as(known: type[Exception]) -> Callable[[E], E]:
    """Gives a class of the SDK's own the name of the one that an author catches."""

    def named(own: E) -> E:
        own.__name__ = own.__qualname__ = known.__name__
        own.__module__ = known.__module__
        return own

    return named


@known_as(CacheError)
class WrongType(CacheError, TypeError):
    """An argument of the wrong type, refused before the host is called."""


@known_as(CacheError)
class WrongValue(CacheError, ValueError):
    """An argument of the wrong value, refused before the host is called."""
