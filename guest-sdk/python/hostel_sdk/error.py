"""Errors of cache calls and of outgoing HTTP requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeVar, get_args

CacheErrorKind = Literal[
    "invalid-key", "invalid-value", "invalid-expiry", "too-large", "denied", "unavailable"
]
"""Why a cache call failed. No kinds will be added."""


class CacheError(Exception):
    """A failed cache call: a kind for programs and a message for people.

    The entry is unchanged, with two exceptions. After ``unavailable`` the write may have happened,
    and ``take`` also removes a value that does not fit its ``kind``. If the SDK and not the host
    refuses an argument or a stored value, the error is also a ``TypeError`` or a ``ValueError``.
    """

    __module__ = "hostel_sdk"  # The public name, for tracebacks.

    kind: CacheErrorKind

    def __init__(self, kind: CacheErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind


HttpErrorKind = Literal[
    "invalid-request", "denied", "unreachable", "timeout", "too-large", "aborted"
]
"""Why a request failed. No kinds will be added."""

HTTP_KINDS: tuple[HttpErrorKind, ...] = get_args(HttpErrorKind)


class HttpError(Exception):
    """A failed outgoing request: a kind for programs and a message for people.

    - ``invalid-request``: the request is not valid HTTP, or plugins cannot send such a request.
    - ``denied``: the plugin has no permission for this address, or this call has sent too many
      requests.
    - ``unreachable``: the connection to the server failed, and nothing was sent to this server.
      After a redirect, the redirecting server has processed its request.
    - ``timeout``: the request timed out. The server may have processed it.
    - ``too-large``: the response has too many headers; it exceeds the host's limit, alone or
      together with the responses of concurrent requests; or the host is short of memory.
    - ``aborted``: the response was missing, incomplete or not valid HTTP. Also if there were too
      many redirects or an invalid one, or the host repeated the request and could not connect
      again. The server may have processed the request.

    If a service does not catch the error, the call fails as ``unavailable`` for ``unreachable``,
    ``timeout`` and ``aborted``, and as ``internal`` otherwise. If the SDK refuses an argument
    before it calls the host, the error is also a ``TypeError`` or a ``ValueError``.
    """

    __module__ = "hostel_sdk"

    kind: HttpErrorKind

    def __init__(self, kind: HttpErrorKind, message: str) -> None:
        super().__init__(message)
        self.kind = kind

    @property
    def message(self) -> str:
        """A message for people. In an error of the host it contains the URL without its query, the
        reason or limit, and the setting that would allow the request, if there is one."""
        return str(self)


E = TypeVar("E", bound="type[Exception]")


def known_as(known: type[Exception]) -> Callable[[E], E]:
    """A decorator that gives an internal class the name of the public class that services catch."""

    def named(own: E) -> E:
        own.__name__ = own.__qualname__ = known.__name__
        own.__module__ = known.__module__
        return own

    return named


@known_as(CacheError)
class WrongType(CacheError, TypeError):
    """An argument has the wrong type. The SDK raises this error itself, without the host."""


@known_as(CacheError)
class WrongValue(CacheError, ValueError):
    """An argument has an invalid value, or a stored value does not fit the requested type. The SDK
    raises this error itself, without the host."""


@known_as(HttpError)
class WrongRequestType(HttpError, TypeError):
    """An argument has the wrong type. Raised before the host is called."""


@known_as(HttpError)
class WrongRequest(HttpError, ValueError):
    """An argument has an invalid value. Raised before the host is called."""


class UnexpectedRequest(BaseException):
    """A request that no route of a fake matches. It is not an ``Exception``, so that a service's
    ``except Exception`` cannot hide it from the test."""

    __module__ = "hostel_sdk.fake"


def is_unavailable(error: BaseException) -> bool:
    """Returns true if a cache or an HTTP server failed in a way that may be temporary."""
    if isinstance(error, HttpError):
        return error.kind in ("unreachable", "timeout", "aborted")
    return isinstance(error, CacheError) and error.kind == "unavailable"
