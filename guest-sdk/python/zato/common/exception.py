"""Zato's exceptions for what a service refuses: each reaches the caller as a failure of its kind.

They are the classes of ``hostel_sdk``, so each catches what the other raises. The first argument is
the correlation id, ``self.cid``, the second a message.
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
    if name.startswith("__"):  # The import machinery asks for these.
        raise AttributeError(name)
    raise ImportError(f"zato.common.exception offers {', '.join(__all__)} here, and not {name!r}")
