"""Converts failures to problem responses (RFC 9457)."""

from __future__ import annotations

from . import host, values
from .failure import STATUSES, Failure, FailureKind
from .log import sendable
from .response import Response

_TITLES: dict[FailureKind, str] = {
    "bad-request": "Bad Request",
    "unauthorized": "Unauthorized",
    "forbidden": "Forbidden",
    "not-found": "Not Found",
    "method-not-allowed": "Method Not Allowed",
    "conflict": "Conflict",
    "too-many-requests": "Too Many Requests",
    "internal": "Internal Server Error",
    "unavailable": "Service Unavailable",
}

# The detail that the client gets instead of the message, which may contain a secret.
_PUBLIC: dict[FailureKind, str] = {
    "internal": "the service failed",
    "unavailable": "something that the service needs is unavailable",
}


def response_of(failure: Failure, request_id: str) -> Response:
    """Converts a failure to the response that the host would return, with the failure's headers.
    The message of an ``internal`` or ``unavailable`` failure is only logged."""
    kind, message = failure.kind, sendable(failure.message)
    public = _PUBLIC.get(kind)
    if public is not None:
        host.log("error", message)
    problem = {
        "type": "about:blank",
        "title": _TITLES[kind],
        "status": STATUSES[kind],
        "code": kind,
        "detail": public if public is not None else message,
        "request_id": request_id,
    }
    body = values.to_text(problem).encode()
    return Response(STATUSES[kind], "application/problem+json", list(failure.headers), body)
