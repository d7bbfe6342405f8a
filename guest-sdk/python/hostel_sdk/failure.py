"""Failures that services raise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from .headers import written

if TYPE_CHECKING:
    from typing_extensions import Self

FailureKind = Literal[
    "bad-request",
    "unauthorized",
    "forbidden",
    "not-found",
    "method-not-allowed",
    "conflict",
    "too-many-requests",
    "internal",
    "unavailable",
]
"""The kinds of a ``Failure``. No kinds will be added."""

KINDS: tuple[FailureKind, ...] = get_args(FailureKind)


class Failure(Exception):
    """A failed request: a kind for programs and a message for people.

    Raise one of the subclasses, or this class with a kind. Any other uncaught exception becomes
    ``internal``, with its type and the first line of its text as the message, and the traceback is
    logged. The error of an unavailable cache or HTTP server becomes ``unavailable``.

    The constructor raises ``ValueError`` for an unknown kind.
    """

    kind: FailureKind = "internal"
    headers: Sequence[tuple[str, bytes]] = ()
    """Headers of the HTTP response, with names in lower case."""

    def __init__(self, message: object = "", kind: FailureKind | None = None) -> None:
        super().__init__(message)
        if kind is not None:
            if kind not in KINDS:
                if message in KINDS:
                    name = str(message).title().replace("-", "")
                    raise ValueError(f"Failure(message, kind): swap them, or raise {name}(..)")
                raise ValueError(f"the kind is {kind!r}: it must be one of {', '.join(KINDS)}")
            self.kind = kind

    @property
    def message(self) -> str:
        """The message for people. A good message contains the failed operation, the invalid value,
        and the fix."""
        return str(self.args[0]) if self.args else ""

    def with_header(self, name: str, value: str | bytes) -> Self:
        """Adds a header to the HTTP response and returns the failure. Headers are ignored for calls
        that are not made over HTTP.

        >>> raise TooManyRequests("slow down").with_header("Retry-After", "7")
        """
        self.headers = [*self.headers, written(name, value)]
        return self


class CorrelationId(str):
    """The ``cid`` of a request in a Zato service."""

    __slots__ = ()


class HTTPException(Failure):
    """The base class of failures whose class determines the kind. These classes are also Zato's
    exceptions: in a Zato service, the correlation id is the first argument and the message is the
    second, as in ``NotFound(self.cid, "no user 7")``. ``HTTPException`` itself takes a status as
    the third argument; the status then determines the kind.
    """

    def __init__(
        self,
        message: object = "",
        msg: object = None,
        status: object = None,
        *_: object,
        cid: object = None,
        **__: object,
    ) -> None:
        if msg is not None or isinstance(message, CorrelationId):
            cid, message = message or cid, msg if msg is not None else type(self)._default()
        super().__init__(message)
        self.cid = cid
        self.msg = self.reason = message
        self.status = STATUSES[self.kind]
        self.challenge = status if isinstance(self, Unauthorized) else None
        if type(self) is HTTPException and isinstance(status, int):
            self.status = int(status)
            by_class: FailureKind = "internal" if self.status >= 500 else "bad-request"
            self.kind = _KINDS_BY_STATUS.get(self.status, by_class)

    @classmethod
    def _default(cls) -> str:
        return cls.kind.replace("-", " ").capitalize()


class BadRequest(HTTPException):
    """The request is malformed; the same request will fail again. 400 over HTTP."""

    kind = "bad-request"


class Unauthorized(HTTPException):
    """The caller is not authenticated. 401."""

    kind = "unauthorized"


class Forbidden(HTTPException):
    """The caller is authenticated but has no permission. 403."""

    kind = "forbidden"


class NotFound(HTTPException):
    """The requested resource does not exist. 404."""

    kind = "not-found"


class MethodNotAllowed(HTTPException):
    """The service does not support the request's method. 405."""

    kind = "method-not-allowed"


class Conflict(HTTPException):
    """The request conflicts with the current state. 409."""

    kind = "conflict"


class TooManyRequests(HTTPException):
    """The caller sends too many requests. 429."""

    kind = "too-many-requests"


class Internal(HTTPException):
    """The service has a fault. 500."""

    kind = "internal"


class Unavailable(HTTPException):
    """A dependency of the service is temporarily unavailable. 503."""

    kind = "unavailable"


STATUSES: dict[FailureKind, int] = {
    "bad-request": 400,
    "unauthorized": 401,
    "forbidden": 403,
    "not-found": 404,
    "method-not-allowed": 405,
    "conflict": 409,
    "too-many-requests": 429,
    "internal": 500,
    "unavailable": 503,
}
"""The HTTP status of each kind."""

_KINDS_BY_STATUS = {status: kind for kind, status in STATUSES.items()}
