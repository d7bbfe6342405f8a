"""Requests to servers elsewhere.

>>> from hostel_sdk import http, service
>>>
>>> @service
... def latest() -> float:
...     response = http.get("https://api.example.com/latest", timeout=2.5)
...     return response.raise_for_status().json()["usd"]

- A plugin reaches what the host's configuration grants it, and nothing else:
  ``[plugins.NAME.http] allow = ["https://api.example.com"]``, or ``hostel run --allow-http URL``.
- Each call waits for the whole response. A status of 400 or more is a response as well; see
  ``Response.raise_for_status``. Where there is none, the call raises ``HttpError``.
- Arguments are those of ``Request``. Up to 5 redirects are followed.
- The calls whose names begin with ``async_`` are for ``async`` services. What waits when nothing
  else can run is sent at the same time: ``await asyncio.gather(http.async_get(a),
  http.async_get(b))``.
- The build puts this into a component when its source imports ``http`` of ``hostel_sdk``.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from . import host
from .error import HttpError, HttpErrorKind, WrongRequestType
from .incoming import Response
from .outgoing import Request

if TYPE_CHECKING:
    from typing import TypedDict, Unpack

    from .outgoing import Headers, Timeout

    class Options(TypedDict, total=False):
        """What a request may have beside its method and its URL: see ``Request``."""

        headers: Headers
        timeout: Timeout
        redirects: int

    class BodyOptions(Options, total=False):
        """Those of a request with a body."""

        json: object
        body: str | bytes


__all__ = [
    "HttpError",
    "HttpErrorKind",
    "Request",
    "Response",
    "async_delete",
    "async_get",
    "async_head",
    "async_options",
    "async_patch",
    "async_post",
    "async_put",
    "async_send",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "send",
    "send_many",
]


def get(url: str, **options: Unpack[Options]) -> Response:
    """Sends a ``GET``. The options are ``headers``, ``timeout`` and ``redirects`` of a
    ``Request``.

    >>> http.get("https://api.example.com/latest", headers={"x-api-key": key}, timeout=2)
    """
    return host.http_send(Request("GET", url, **options))


def head(url: str, **options: Unpack[Options]) -> Response:
    """Sends a ``HEAD``, with the options of ``get``."""
    return host.http_send(Request("HEAD", url, **options))


def options(url: str, **options: Unpack[Options]) -> Response:
    """Sends an ``OPTIONS``, with the options of ``get``."""
    return host.http_send(Request("OPTIONS", url, **options))


def delete(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``DELETE``, with the options of ``post``."""
    return host.http_send(Request("DELETE", url, **options))


def post(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``POST``. The options are ``json``, ``body``, ``headers``, ``timeout`` and
    ``redirects`` of a ``Request``.

    >>> http.post("https://api.example.com/orders", json={"item": "tea"})
    """
    return host.http_send(Request("POST", url, **options))


def put(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``PUT``, with the options of ``post``."""
    return host.http_send(Request("PUT", url, **options))


def patch(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``PATCH``, with the options of ``post``."""
    return host.http_send(Request("PATCH", url, **options))


def send(request: Request) -> Response:
    """Sends a request: for one of another method, and for one that is made elsewhere."""
    return host.http_send(_checked(request))


def send_many(requests: Iterable[Request]) -> list[Response | HttpError]:
    """Sends requests at the same time, and waits for all. The results are in their order; where
    there is no response, the error is in its place, and not raised.

    >>> http.send_many([http.Request("GET", url) for url in urls])
    """
    if isinstance(requests, (Request, str, bytes)):
        message = f"requests of {requests!r:.64}: they must be a list of http.Request"
        raise WrongRequestType("invalid-request", message)
    return host.http_send_many([_checked(request) for request in requests])


async def async_get(url: str, **options: Unpack[Options]) -> Response:
    """As ``get``, in an ``async`` service."""
    return await async_send(Request("GET", url, **options))


async def async_head(url: str, **options: Unpack[Options]) -> Response:
    """As ``head``, in an ``async`` service."""
    return await async_send(Request("HEAD", url, **options))


async def async_options(url: str, **options: Unpack[Options]) -> Response:
    """As ``options``, in an ``async`` service."""
    return await async_send(Request("OPTIONS", url, **options))


async def async_delete(url: str, **options: Unpack[BodyOptions]) -> Response:
    """As ``delete``, in an ``async`` service."""
    return await async_send(Request("DELETE", url, **options))


async def async_post(url: str, **options: Unpack[BodyOptions]) -> Response:
    """As ``post``, in an ``async`` service."""
    return await async_send(Request("POST", url, **options))


async def async_put(url: str, **options: Unpack[BodyOptions]) -> Response:
    """As ``put``, in an ``async`` service."""
    return await async_send(Request("PUT", url, **options))


async def async_patch(url: str, **options: Unpack[BodyOptions]) -> Response:
    """As ``patch``, in an ``async`` service."""
    return await async_send(Request("PATCH", url, **options))


async def async_send(request: Request) -> Response:
    """As ``send``, in an ``async`` service. What ends the wait, as ``asyncio.timeout`` does, does
    not end a request that is sent: its own ``timeout`` does."""
    import asyncio  # Large, and imported already where there is ``async`` code.

    # Another loop than that of a plugin is one of a test.
    response_to = getattr(asyncio.get_running_loop(), "response_to", None)
    if response_to is None:
        return send(request)
    result: Response | HttpError = await response_to(_checked(request))
    if isinstance(result, HttpError):
        raise result
    return result


def _checked(request: Request) -> Request:
    if isinstance(request, Request):
        return request
    rule = "it must be an http.Request"
    raise WrongRequestType("invalid-request", f"a request of {request!r:.64}: {rule}")


if not TYPE_CHECKING:

    def __getattr__(name: str) -> NoReturn:
        if name.startswith("__"):  # The import machinery asks for these.
            raise AttributeError(name)
        has = ", ".join(each for each in __all__ if each[0].islower())
        raise AttributeError(f"http.{name} is not offered; http has: {has}", name=name)
