"""The failures that a service raises when it does not fulfil a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, get_args

from .headers import written

if TYPE_CHECKING:
    from typing import Self

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
"""The kinds of failure that a service may answer. The set is closed."""

KINDS: tuple[FailureKind, ...] = get_args(FailureKind)


class Failure(Exception):
    """A request that a service did not fulfil: a kind for programs, a message for a person.

    Raise one of the subclasses, or this one with a kind. Any other exception that leaves a service
    is a fault: its traceback is logged and the caller gets ``internal`` with its last line, or
    ``unavailable`` when it is a ``CacheError`` of that kind.

    Raises ``ValueError`` for a kind that there is not.
    """

    kind: FailureKind = "internal"
    headers: Sequence[tuple[str, bytes]] = ()
    """Those of its response over HTTP, names in lower case."""

    def __init__(self, message: object = "", kind: FailureKind | None = None) -> None:
        super().__init__(message)
        if kind is not None:
            if kind not in KINDS:
                if message in KINDS:
                    name = str(message).title().replace("-", "")
                    raise ValueError(f"Failure(message, kind): swap them, or raise {name}(..)")
                raise ValueError(f"no failure kind {kind!r}; there are: {', '.join(KINDS)}")
            self.kind = kind

    @property
    def message(self) -> str:
        """What was being done, with which value, and what would help."""
        return str(self.args[0]) if self.args else ""

    def with_header(self, name: str, value: str | bytes) -> Self:
        """Adds a header to the response that a client gets by HTTP, and returns the failure. A
        request that did not come by HTTP fails with the kind and the message alone.

        >>> raise TooManyRequests("slow down").with_header("Retry-After", "7")
        """
        self.headers = [*self.headers, written(name, value)]
        return self


class CorrelationId(str):
    """The ``cid`` of a request in a Zato service."""

    __slots__ = ()


class HTTPException(Failure):
    """A failure whose kind its class says. Zato's exceptions are these classes too; there the
    correlation id comes first and the message second, ``NotFound(self.cid, "no user 7")``, and
    ``HTTPException`` takes the status third.
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
            cid, message = message or cid, type(self)._default() if msg is None else msg
        super().__init__(message)
        self.cid = cid
        self.msg = self.reason = message
        self.status = STATUSES[self.kind]
        self.challenge = status if isinstance(self, Unauthorized) else None
        if type(self) is HTTPException and isinstance(status, int):
            self.status = int(status)
            by_class = "internal" if self.status >= 500 else "bad-request"
            self.kind = _KINDS_BY_STATUS.get(self.status, by_class)

    @classmethod
    def _default(cls) -> str:
        return cls.kind.replace("-", " ").capitalize()


class BadRequest(HTTPException):
    """The request is malformed; the same request will fail again. 400 over HTTP."""

    kind = "bad-request"


class Unauthorized(HTTPException):
    """The caller is not known. 401."""

    kind = "unauthorized"


class Forbidden(HTTPException):
    """The caller is known and may not. 403."""

    kind = "forbidden"


class NotFound(HTTPException):
    """What the request names is not there. 404."""

    kind = "not-found"


class MethodNotAllowed(HTTPException):
    """The service does not do this with that method. 405."""

    kind = "method-not-allowed"


class Conflict(HTTPException):
    """The request does not fit the present state. 409."""

    kind = "conflict"


class TooManyRequests(HTTPException):
    """The caller asks too often. 429."""

    kind = "too-many-requests"


class Internal(HTTPException):
    """The service has a fault. 500."""

    kind = "internal"


class Unavailable(HTTPException):
    """Something that the service needs is not there at present. 503."""

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
"""The status of each kind over HTTP."""

_KINDS_BY_STATUS = {status: kind for kind, status in STATUSES.items()}
