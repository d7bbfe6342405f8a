"""The error of a refused cache call."""

from __future__ import annotations

from typing import Literal

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


class WrongType(CacheError, TypeError):
    """An argument of the wrong type, refused before the host is called."""


class WrongValue(CacheError, ValueError):
    """An argument of the wrong value, refused before the host is called."""


# An author knows both as the class that they catch.
for _each in (WrongType, WrongValue):
    _each.__name__ = _each.__qualname__ = CacheError.__name__
    _each.__module__ = CacheError.__module__
