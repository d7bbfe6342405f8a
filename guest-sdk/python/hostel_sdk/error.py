"""The errors of a refused cache call, and of a request without a response."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar, get_args

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


HttpErrorKind = Literal[
    "invalid-request", "denied", "unreachable", "timeout", "too-large", "aborted"
]
"""Why a request has no response. The set is closed."""

HTTP_KINDS: tuple[HttpErrorKind, ...] = get_args(HttpErrorKind)


class HttpError(Exception):
    """A request without a response: a kind for programs, a message for a person.

    - ``invalid-request``: it is no request of HTTP, or one that a plugin cannot make.
    - ``denied``: the plugin has no permission for this address, or for more requests in this call.
    - ``unreachable``: no connection to the server was made. Nothing of the request was sent.
    - ``timeout``: the time is over. The server may have done what it was asked for.
    - ``too-large``: the response is larger than the host allows.
    - ``aborted``: the response was not whole, or no HTTP. The server may have done what it was
      asked for.

    A service that does not handle it answers ``unavailable`` for ``unreachable``, ``timeout`` and
    ``aborted``, and ``internal`` for the others. A request that the SDK refuses before it reaches
    the host raises a ``TypeError`` or a ``ValueError`` too.
    """

    __module__ = "hostel_sdk"

    kind: HttpErrorKind

    def __init__(self, kind: HttpErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def message(self) -> str:
        """For a person: the URL, and the reason or limit; where a setting would allow it, the
        setting."""
        return str(self)


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


@known_as(HttpError)
class WrongRequestType(HttpError, TypeError):
    """An argument of the wrong type, refused before the host is called."""


@known_as(HttpError)
class WrongRequest(HttpError, ValueError):
    """An argument of the wrong value, refused before the host is called."""


class UnexpectedRequest(BaseException):
    """A request that no route of a fake matches. It fails the test: no ``except Exception`` of the
    service hides it."""

    __module__ = "hostel_sdk.fake"


def is_unavailable(error: BaseException) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, HttpError):
        return error.kind in ("unreachable", "timeout", "aborted")
    return isinstance(error, CacheError) and error.kind == "unavailable"
