"""Write services for Hostel in Python.

A service is a function or a class; what it needs is at hand:

>>> from hostel_sdk import NotFound, cache, logger, service
>>>
>>> @service
... def find_user(number: int) -> dict[str, str]:
...     '''Finds a user.'''
...     user = cache.get(f"user:{number}")
...     if user is None:
...         raise NotFound(f"no user {number}")
...     logger.info("found %s", user["name"])
...     return user

The file ``users.py`` is the plugin ``users``, so this is the service ``users.find-user``. Its
services are all that the file has, imported ones too.

What stands outside of functions runs once, when the plugin is built: there is no clock worth
reading then, no cache, and no randomness that stays secret. Modules are imported then as well, also
those that a function imports. In a service ``random``, ``secrets`` and ``uuid`` are real, and fresh
in every instance; ``print`` writes log lines.

A service is tested without a host, on a fake: see ``hostel_sdk.fake``.
"""

from . import http
from .cache import Cache, cache
from .config import Config, config
from .error import CacheError, CacheErrorKind, HttpError, HttpErrorKind
from .failure import (
    BadRequest,
    Conflict,
    Failure,
    FailureKind,
    Forbidden,
    Internal,
    MethodNotAllowed,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unavailable,
)
from .log import Logger, logger
from .outcome import Swap
from .request import HttpRequest, Request
from .response import Response
from .service import Service, service

__all__ = [
    "BadRequest",
    "Cache",
    "CacheError",
    "CacheErrorKind",
    "Config",
    "Conflict",
    "Failure",
    "FailureKind",
    "Forbidden",
    "HttpError",
    "HttpErrorKind",
    "HttpRequest",
    "Internal",
    "Logger",
    "MethodNotAllowed",
    "NotFound",
    "Request",
    "Response",
    "Service",
    "Swap",
    "TooManyRequests",
    "Unauthorized",
    "Unavailable",
    "cache",
    "config",
    "http",
    "logger",
    "service",
]
