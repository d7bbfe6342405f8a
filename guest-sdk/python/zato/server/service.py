"""Zato's ``Service`` on Hostel: runs services written for Zato without changes.

A service has ``self.cache``, ``self.cid``, ``self.logger``, ``self.name``, ``self.out``,
``self.request`` and ``self.response``. Other features of Zato raise an error in the build or when a
service uses them. Differences from Zato: changes of variables of modules and classes are lost after
each request unless the plugin reuses instances, and each plugin has its own cache unless the host's
configuration shares it.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

import hostel_sdk
from hostel_sdk.failure import CorrelationId
from hostel_sdk.request import Request
from hostel_sdk.response import Response
from hostel_sdk.service import Handler, finished

from .messages import Requested, Responded, missing
from .outgoing import Outgoing

__all__ = ["Service"]


class ServiceCache:
    """The plugin's cache with Zato's methods. See ``hostel_sdk.Cache`` for keys, values and
    errors."""

    __slots__ = ()

    def get(self, key: str, default: Any = None) -> Any:
        """Returns the value under ``key``, or ``default`` if it is missing, expired or ``None``."""
        return hostel_sdk.cache.get(key, default=default)

    def set(self, key: str, value: object, expiry: Any = 0) -> None:
        """Stores ``value`` for ``expiry`` whole seconds. 0 and ``None`` mean no expiry."""
        hostel_sdk.cache.set(key, value, _none_if_0(expiry))

    def set_if_absent(self, key: str, value: object, expiry: Any = 0) -> bool:
        """Like ``set``, but only if there is no entry. Returns true if it stored the value."""
        return hostel_sdk.cache.set_if_absent(key, value, _none_if_0(expiry))

    def delete(self, key: str) -> None:
        """Removes the entry, if there is one."""
        hostel_sdk.cache.delete(key)

    def exists(self, key: str) -> bool:
        """Returns true if there is an entry, even if its value is ``None``."""
        return hostel_sdk.cache.exists(key)

    def delete_by_prefix(self, prefix: str) -> int:
        """Removes the entries whose keys begin with ``prefix`` and returns the number of removed
        live entries."""
        return hostel_sdk.cache.delete_prefix(prefix)

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.cache", name, _METHODS)


def _none_if_0(expiry: Any) -> Any:
    return None if expiry == 0 and type(expiry) is int else expiry


_METHODS = ("get", "set", "delete", "exists", "set_if_absent", "delete_by_prefix")
# Python's argument errors show these names: the author reads `cache.get()`, without the class.
for _name in _METHODS:
    getattr(ServiceCache, _name).__qualname__ = f"cache.{_name}"

_cache, _out = ServiceCache(), Outgoing()

# Attributes and methods of a service that Zato uses and Hostel does not.
_UNREAD = (
    "SimpleIO output schedule accept initialize_session finalize_handle validate_input "
    "validate_output before_handle after_handle before_job after_job before_add_to_store "
    "after_add_to_store"
).split()


class Service(hostel_sdk.Service):
    """The base class of Zato services. The ``handle`` of a subclass reads ``self.request`` and sets
    the payload of ``self.response``.

    The name of the service is the attribute ``name``, or the class name with hyphens: ``MyService``
    becomes ``my-service``. The attribute ``input``, a name or a tuple of names, lists the required
    members of ``self.request.input``; a name that begins with ``-`` is optional.
    """

    cache: ServiceCache = _cache  # type: ignore[assignment]
    out: Outgoing = _out
    request: Requested  # type: ignore[assignment]
    response: Responded
    cid: str
    input: ClassVar[str | tuple[str, ...]] = ()

    def __init_subclass__(cls, **more: object) -> None:
        super().__init_subclass__(**more)
        for name in _UNREAD:
            if name in vars(cls):
                raise AttributeError(
                    f"{cls.__name__} has {name!r}, which Zato uses and Hostel ignores: "
                    "remove it, or do its work in `handle`"
                )
        for name in vars(cls):
            if name.startswith("handle_") and name[7:].isupper():
                raise AttributeError(
                    f"{cls.__name__} has {name!r}, which Zato calls for {name[7:]} and Hostel does "
                    "not: define `handle`, which can check self.request.http.method"
                )

    def __getattr__(self, name: str) -> NoReturn:
        there = ("cache", "cid", "logger", "name", "out", "request", "response")
        missing("self", name, there)

    @classmethod
    def _handler(cls) -> Handler:
        names = (cls.input,) if isinstance(cls.input, str) else tuple(cls.input)

        def handler(request: Request) -> Response:
            service = cls()
            service.name = request.service  # type: ignore[misc]
            service.cid = CorrelationId(request.id)
            service.request = Requested(request, names)
            if names:
                _ = service.request.input  # Refuse a request without a required member.
            service.response = Responded()
            return service.response.made(finished(service.handle()))

        return handler


def __getattr__(name: str) -> NoReturn:
    if name.startswith("__"):  # The import system looks up such names.
        raise AttributeError(name)
    raise ImportError(f"zato.server.service has no {name!r} here; it has: Service")
