"""Zato's exceptions. The caller gets each as a failure of the corresponding kind.

They are the classes of ``hostel_sdk``, so code can catch them by either name. The first argument
is the correlation id, ``self.cid``; the second is the message.
"""

from __future__ import annotations

from typing import NoReturn

from hostel_sdk.failure import (
    BadRequest,
    Conflict,
    Forbidden,
    HTTPException,
    Internal,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)

__all__ = [
    "BadRequest",
    "Conflict",
    "Forbidden",
    "HTTPException",
    "InternalServerError",
    "MethodNotAllowed",
    "NotFound",
    "Reportable",
    "ServiceUnavailable",
    "TooManyRequests",
    "Unauthorized",
    "ZatoException",
]

ZatoException = Reportable = HTTPException
InternalServerError = Internal
ServiceUnavailable = Unavailable


def __getattr__(name: str) -> NoReturn:
    if name.startswith("__"):  # The import system looks up such names.
        raise AttributeError(name)
    raise ImportError(f"zato.common.exception has no {name!r} here; it has: {', '.join(__all__)}")
