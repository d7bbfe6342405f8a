"""What a service answers when it does not fulfil a request."""

from __future__ import annotations

from typing import Literal, get_args

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


class BadRequest(Failure):
    """The request is malformed; the same request will fail again. 400 over HTTP."""

    kind = "bad-request"


class Unauthorized(Failure):
    """The caller is not known. 401."""

    kind = "unauthorized"


class Forbidden(Failure):
    """The caller is known and may not. 403."""

    kind = "forbidden"


class NotFound(Failure):
    """What the request names is not there. 404."""

    kind = "not-found"


class MethodNotAllowed(Failure):
    """The service does not do this with that method. 405."""

    kind = "method-not-allowed"


class Conflict(Failure):
    """The request does not fit the present state. 409."""

    kind = "conflict"


class TooManyRequests(Failure):
    """The caller asks too often. 429."""

    kind = "too-many-requests"


class Internal(Failure):
    """The service has a fault. 500."""

    kind = "internal"


class Unavailable(Failure):
    """Something that the service needs is not there at present. 503."""

    kind = "unavailable"
