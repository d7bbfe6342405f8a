"""HTTP requests to other servers.

>>> from hostel_sdk import http, service
>>>
>>> @service
... def latest() -> float:
...     response = http.get("https://api.example.com/latest", timeout=2.5)
...     return response.raise_for_status().json()["usd"]

- A plugin can send requests only to the servers that the host's configuration allows:
  ``[plugins.NAME.http] allow = ["https://api.example.com"]``, or ``hostel run --allow-http URL``.
- Each call waits for the whole response. A status of 400 or more is not an error; see
  ``Response.raise_for_status``. If no complete response arrives, the call raises ``HttpError``;
  ``send_many`` returns the error instead.
- ``Request`` describes the keyword arguments. By default at most 5 redirects are followed.
- The functions with the prefix ``async_`` are for ``async`` services. Requests of several tasks are
  sent concurrently: ``await asyncio.gather(http.async_get(a), http.async_get(b))``.
- ``hostel build`` adds the host's HTTP interface only if the source uses ``http`` from
  ``hostel_sdk``, or ``self.out.rest`` in a Zato service.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from . import host
from .error import HttpError, HttpErrorKind, WrongRequestType
from .incoming import Response
from .outgoing import Request

if TYPE_CHECKING:
    from typing import TypedDict

    from typing_extensions import Unpack

    from .outgoing import Headers, Timeout

    class Options(TypedDict, total=False):
        """The options of a request without a body: see ``Request``."""

        headers: Headers
        timeout: Timeout
        redirects: int

    class BodyOptions(Options, total=False):
        """The options of a request with a body."""

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
    """Sends a ``GET`` request. The options are ``headers``, ``timeout`` and ``redirects`` of a
    ``Request``.

    >>> http.get("https://api.example.com/latest", headers={"x-api-key": key}, timeout=2)
    """
    return host.http_send(Request("GET", url, **options))


def head(url: str, **options: Unpack[Options]) -> Response:
    """Sends a ``HEAD`` request, with the options of ``get``."""
    return host.http_send(Request("HEAD", url, **options))


def options(url: str, **options: Unpack[Options]) -> Response:
    """Sends an ``OPTIONS`` request, with the options of ``get``."""
    return host.http_send(Request("OPTIONS", url, **options))


def delete(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``DELETE`` request, with the options of ``post``."""
    return host.http_send(Request("DELETE", url, **options))


def post(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``POST`` request. The options are ``json``, ``body``, ``headers``, ``timeout`` and
    ``redirects`` of a ``Request``.

    >>> http.post("https://api.example.com/orders", json={"item": "tea"})
    """
    return host.http_send(Request("POST", url, **options))


def put(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``PUT`` request, with the options of ``post``."""
    return host.http_send(Request("PUT", url, **options))


def patch(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Sends a ``PATCH`` request, with the options of ``post``."""
    return host.http_send(Request("PATCH", url, **options))


def send(request: Request) -> Response:
    """Sends a ``Request``. Use it for other methods and for requests created in advance."""
    return host.http_send(_checked(request))


def send_many(requests: Iterable[Request]) -> list[Response | HttpError]:
    """Sends requests concurrently and waits for all of them. The results are in the order of the
    requests. For a failed request, the list contains the ``HttpError``, which is not raised.

    >>> http.send_many([http.Request("GET", url) for url in urls])
    """
    if isinstance(requests, (Request, str, bytes)):
        message = f"requests of {requests!r:.64}: they must be a list of http.Request"
        raise WrongRequestType("invalid-request", message)
    return host.http_send_many([_checked(request) for request in requests])


async def async_get(url: str, **options: Unpack[Options]) -> Response:
    """Like ``get``, for ``async`` services."""
    return await async_send(Request("GET", url, **options))


async def async_head(url: str, **options: Unpack[Options]) -> Response:
    """Like ``head``, for ``async`` services."""
    return await async_send(Request("HEAD", url, **options))


async def async_options(url: str, **options: Unpack[Options]) -> Response:
    """Like ``options``, for ``async`` services."""
    return await async_send(Request("OPTIONS", url, **options))


async def async_delete(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Like ``delete``, for ``async`` services."""
    return await async_send(Request("DELETE", url, **options))


async def async_post(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Like ``post``, for ``async`` services."""
    return await async_send(Request("POST", url, **options))


async def async_put(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Like ``put``, for ``async`` services."""
    return await async_send(Request("PUT", url, **options))


async def async_patch(url: str, **options: Unpack[BodyOptions]) -> Response:
    """Like ``patch``, for ``async`` services."""
    return await async_send(Request("PATCH", url, **options))


async def async_send(request: Request) -> Response:
    """Like ``send``, for ``async`` services. ``asyncio.timeout`` does not interrupt a request that
    is being sent: use the ``timeout`` of the ``Request``."""
    import asyncio  # Slow to import, but a plugin with ``async`` code has already imported it.

    # Only the SDK's event loop has `response_to`. On another loop, as in a test that calls the
    # service directly, send the request now.
    response_to = getattr(asyncio.get_running_loop(), "response_to", None)
    if not response_to:
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
        if name.startswith("__"):  # The import system looks up such names.
            raise AttributeError(name)
        has = ", ".join(each for each in __all__ if each[0].islower())
        raise AttributeError(f"http.{name} is not offered; http has: {has}", name=name)
