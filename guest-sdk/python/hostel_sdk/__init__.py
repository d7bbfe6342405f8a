"""Write services for Hostel in Python.

A service is a function or a class:

>>> from hostel_sdk import NotFound, cache, logger, service
>>>
>>> @service
... def find_user(number: int) -> dict[str, str]:
...     '''Finds a user.'''
...     user = cache.get(f"user:{number}")
...     if user is not None:
...         logger.info("found %s", user["name"])
...         return user
...     raise NotFound(f"no user {number}")

Hostel builds the plugin ``users`` from the file ``users.py``, so this service is
``users.find-user``. The plugin has all services of the file, including those that the file imports
from other files in its folder.

Module-level code runs once, when the plugin is built. At that time there is no cache, the clock
shows the time of the build, and random values would be the same in every instance. All modules are
imported during the build, including those in ``import`` statements of functions. In a service,
``random``, ``secrets`` and ``uuid`` return different values in every instance, and ``print`` writes
log lines.

Tests run services without a host, on a fake: see ``hostel_sdk.fake``.
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
