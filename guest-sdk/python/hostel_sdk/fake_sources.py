"""The HTTP servers and the settings of a fake, as the test defines them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union
from urllib.parse import urljoin, urlsplit

from . import host
from .error import HTTP_KINDS, HttpError, HttpErrorKind, UnexpectedRequest
from .incoming import Response
from .outgoing import Request, without_query

Reply = Union[Response, HttpErrorKind, HttpError]
Answer = Union[Reply, Callable[[Request], Reply]]
"""The response or the error of a route, or a function that returns one of them."""

_REDIRECTS = (301, 302, 303, 307, 308)
_CREDENTIALS = ("authorization", "cookie", "proxy-authorization")
_OF_BODY = ("content-type", "content-encoding", "content-language", "content-location")


class FakeSources:
    """The simulated HTTP servers and the plugin's settings."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.settings: dict[str, str] = {}
        self.fault: BaseException | None = None
        """The first error of the test's routes in a call. The service may have caught the error."""
        self._routes: list[tuple[str, str, Answer]] = []

    def calls(self) -> dict[str, Callable[..., Any]]:
        """Returns the methods that replace the host's HTTP and settings functions, by name."""
        return {name: getattr(self, name) for name in (*host.HTTP_CALLS, *host.CONFIG_CALLS)}

    def route(self, method: str, url: str, answer: Answer) -> None:
        """Adds a route. The newest route is tried first."""
        if not callable(answer):
            _check_reply(answer, method, url)
        self._routes.insert(0, (method, url, answer))

    def http_send(self, request: Request) -> Response:
        """Implements ``host.http_send``. The other methods that ``calls`` returns implement the
        functions of the same names."""
        url, method, body, headers = request.url, request.method, request.body, request.headers
        for followed in range(request.redirects + 1):
            asked = Request(
                method,
                url.partition("#")[0],
                headers=headers,
                body=body,
                timeout=request.timeout,
                redirects=request.redirects,
            )
            response = self._answer(asked)
            location = response.header("location")
            follows = response.status in _REDIRECTS and request.redirects
            if not (follows and location is not None):
                return response
            to = urljoin(url, location)
            dropped: tuple[str, ...] = ()
            if urlsplit(to)[:2] != urlsplit(url)[:2]:
                dropped = _CREDENTIALS
            if _becomes_get(response.status, method):
                method, body, dropped = "GET", b"", (*dropped, *_OF_BODY)
            headers = [header for header in headers if header[0].lower() not in dropped]
            last, url = url, to
        message = f"{without_query(last)}: it redirects more than {followed} times"
        raise HttpError("aborted", message)

    def http_send_many(self, requests: list[Request]) -> list[Response | HttpError]:
        results: list[Response | HttpError] = []
        for request in requests:
            try:
                results.append(self.http_send(request))
            except HttpError as error:
                results.append(error)
        return results

    def config_get(self, name: str) -> str | None:
        return self.settings.get(name)

    def config_names(self) -> list[str]:
        return sorted(self.settings)

    def _answer(self, request: Request) -> Response:
        """Returns the response of the newest matching route. Raises ``HttpError`` if the route has
        an error, and ``UnexpectedRequest`` if no route matches."""
        self.requests.append(request)
        try:
            method, url, answer = self._row(request)
            reply = answer(request) if callable(answer) else answer
            _check_reply(reply, method, url)
        except HttpError:
            raise
        except BaseException as error:
            self.fault = self.fault or error
            raise
        if isinstance(reply, HttpError):
            raise reply
        if isinstance(reply, str):
            shown = without_query(request.url)
            raise HttpError(reply, f"{shown}: the fake returns {reply}")
        made_url = reply.url or request.url
        return Response.of_host(reply.status, made_url, reply.headers, reply.body)

    def _row(self, request: Request) -> tuple[str, str, Answer]:
        for row in self._routes:
            method, url, _ = row
            is_url = request.url.startswith(url[:-1]) if url[-1:] == "*" else request.url == url
            if is_url and method == request.method:
                return row
        rows = ", ".join(f"{method} {url}" for method, url, _ in reversed(self._routes))
        asked = f"{request.method} {request.url}"
        message = f"{asked} matches no route of the fake; there are: {rows or 'none'}"
        raise UnexpectedRequest(message)


def _becomes_get(status: int, method: str) -> bool:
    if status == 303:
        return method not in ("GET", "HEAD")
    return status in (301, 302) and method == "POST"


def _check_reply(reply: object, method: str, url: str) -> None:
    if isinstance(reply, (Response, HttpError)) or reply in HTTP_KINDS:
        return
    kinds = ", ".join(HTTP_KINDS)
    rule = f"it must be an http.Response, as http.Response(json=..), an HttpError, or one of {kinds}"
    raise TypeError(f"the response of the route {method} {url} is {reply!r:.64}: {rule}")
