"""Zato's exceptions for what a service refuses: each reaches the caller as a failure of its kind.

The first argument of each is the correlation id, ``self.cid``, the second a message.
"""

from __future__ import annotations

from hostel_sdk.failure import Failure, FailureKind


class ZatoException(Exception):
    """An exception with the correlation id; as a fault it is an ``internal`` failure."""

    def __init__(self, cid: object = None, msg: object = None) -> None:
        super().__init__(msg)
        self.cid = cid
        self.msg = msg


_KINDS: dict[int, FailureKind] = {
    400: "bad-request",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    409: "conflict",
    429: "too-many-requests",
    500: "internal",
    503: "unavailable",
}


class HTTPException(ZatoException, Failure):
    """A failure by its HTTP status; one that no kind of failure has is ``internal`` from 500 on,
    ``bad-request`` below."""

    def __init__(self, cid: object, msg: object, status: int) -> None:
        ZatoException.__init__(self, cid, msg)
        self.status = int(status)
        self.reason = msg
        self.kind = _KINDS.get(self.status, "internal" if self.status >= 500 else "bad-request")


class Reportable(HTTPException):
    """A failure whose message the caller may read, as with all of them here."""


class BadRequest(Reportable):
    """400."""

    def __init__(self, cid: object, msg: object = "Bad request", *_: object, **__: object) -> None:
        super().__init__(cid, msg, 400)


class Unauthorized(HTTPException):
    """401. The challenge is kept in ``challenge``."""

    def __init__(
        self, cid: object, msg: object = "Unauthorized", challenge: object = None, *_: object
    ) -> None:
        super().__init__(cid, msg, 401)
        self.challenge = challenge


class Forbidden(HTTPException):
    """403."""

    def __init__(self, cid: object, msg: object = "Forbidden", *_: object, **__: object) -> None:
        super().__init__(cid, msg, 403)


class NotFound(Reportable):
    """404."""

    def __init__(self, cid: object, msg: object = "Not found", *_: object, **__: object) -> None:
        super().__init__(cid, msg, 404)


class MethodNotAllowed(HTTPException):
    """405."""

    def __init__(self, cid: object, msg: object = "Method not allowed", *_: object) -> None:
        super().__init__(cid, msg, 405)


class Conflict(Reportable):
    """409."""

    def __init__(self, cid: object, msg: object = "Conflict", *_: object, **__: object) -> None:
        super().__init__(cid, msg, 409)


class TooManyRequests(HTTPException):
    """429."""

    def __init__(self, cid: object, msg: object = "Too many requests", *_: object) -> None:
        super().__init__(cid, msg, 429)


class InternalServerError(HTTPException):
    """500."""

    def __init__(self, cid: object, msg: object = "Internal server error", *_: object) -> None:
        super().__init__(cid, msg, 500)


class ServiceUnavailable(HTTPException):
    """503."""

    def __init__(self, cid: object, msg: object = "Service unavailable", *_: object) -> None:
        super().__init__(cid, msg, 503)
