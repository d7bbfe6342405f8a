"""A host for tests, in the test's own process: cache, log, clock, settings, routes and HTTP
servers.

>>> from hostel_sdk import cache, logger, service
>>> from hostel_sdk.fake import Fake
>>>
>>> @service
... def remember(name: str) -> None:
...     logger.info("remembering %s", name)
...     cache.set("name", name, expiry=60)
>>>
>>> fake = Fake()
>>> fake.call(remember, "Ada").status
204
>>> fake.logs
['info: remembering Ada']
>>> fake.advance(60)
>>> cache.exists("name")
False
>>> fake.serve("PUT /names/{name}", remember)
>>> fake.http("PUT", "/names/7", json="Ada").status
204
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from . import forms, host, problem, values
from .clock import Clock
from .error import UnexpectedRequest
from .failure import Failure
from .fake_cache import FakeCache, Stats
from .fake_routes import Routes
from .fake_sources import Answer, FakeSources
from .outgoing import Request as Outgoing
from .request import HttpRequest, Request
from .response import Response
from .service import Declared, respond

if TYPE_CHECKING:
    from .outgoing import Headers

__all__ = ["Fake", "Stats", "UnexpectedRequest"]

_ID = "fake"
"""The id that the fake gives to a request without one."""


class Fake:
    """A host with an empty cache and a clock that moves only when the test advances it or a service
    sleeps. The SDK in this process uses the newest fake.

    - Keys, values and expiry behave as in a real host with default limits. But nothing is evicted,
      cache calls never fail with ``denied`` or ``unavailable``, and there is no limit for the total
      size of the values of one ``get_many``.
    - ``cache.get_or_set`` never waits for another call. ``hold`` simulates a call that computes the
      value.
    - Services called with ``call`` or ``http`` use the fake's clock. ``time.time``, ``monotonic``,
      ``perf_counter``, ``localtime`` and similar functions, ``datetime.now`` and ``date.today``
      return its time. ``advance`` moves the clock, and ``time.sleep`` and ``asyncio.sleep`` advance
      it without waiting. Code that runs outside such a call uses the real time, as do default
      arguments such as ``now=time.time`` in modules that the test imported. CPU time is real.
      During a call, ``datetime`` is a stand-in class, so compare types with ``isinstance``.
    - Outgoing HTTP requests get the responses of the routes that the test adds. A request that
      matches no route raises ``UnexpectedRequest``, which ``except Exception`` does not catch.
    - Unlike a host, a fake does not limit the number or the size of outgoing requests, and has no
      list of allowed servers.
    """

    def __init__(self) -> None:
        self.logs: list[str] = []
        """The lines logged so far, as ``level: message``."""
        self._clock = Clock()
        self._cache = FakeCache(self._clock)
        self.stats: Stats = self._cache.stats
        self._sources = FakeSources()
        self._routes = Routes()
        host.connect({**self._cache.calls(), **self._sources.calls()})
        host.log = self._log

    def call(self, service: object, payload: object = None) -> Response:
        """Sends ``payload`` as JSON to a service. ``None`` sends an empty body. A ``Request`` is
        sent as it is, with a default service name and id if they are empty; use it for bodies that
        are not JSON or requests that ``http`` cannot send.

        Raises the service's ``Failure``. But if the failure has headers and ``payload`` is a
        ``Request`` with an HTTP part, returns the failure as a response. An ``HttpError`` of the
        kind ``unreachable``, ``timeout`` or ``aborted`` becomes an ``unavailable`` failure. Any
        other exception becomes an ``internal`` failure, and its traceback is logged. Both failures
        have the original exception as their cause. ``UnexpectedRequest``, ``KeyboardInterrupt`` and
        the errors of functions passed to ``route``, except ``HttpError``, are raised unchanged.
        """
        declared = Declared(service)
        if isinstance(payload, Request):
            request = payload
        else:
            body = values.to_text(payload).encode() if payload is not None else b""
            request = Request(content_type="application/json" if body else None, body=body)
        request.service = request.service or declared.name
        return self._sent(declared, request)

    def serve(self, route: str, service: object) -> None:
        """Adds a route for ``http``: a method and a path, as in ``[[routes]]`` of a host's
        configuration, or only a path for any method. A segment in braces is a parameter, which
        ``Request.path_param`` returns.

        Raises ``ValueError`` if the route is invalid or conflicts with another route, and
        ``DeclarationError`` if the declaration of the service is invalid.

        >>> fake.serve("GET /orders/{id}", find_order)
        """
        self._routes.add(route, Declared(service))

    def http(
        self,
        method: str,
        path: str,
        *,
        headers: Headers = (),
        json: object = ...,
        form: Mapping[str, object] | Iterable[tuple[str, object]] | None = None,
        body: str | bytes = b"",
    ) -> Response:
        """Sends an HTTP request through the routes of ``serve`` and returns the service's response.
        A failure becomes a problem response (RFC 9457) with the status of the failure's kind.

        ``path`` is percent-encoded and includes the query. At most one of ``json``, ``form`` (a
        ``dict`` or pairs) and ``body`` is allowed. The client is ``127.0.0.1:1`` and the authority
        is ``localhost``.

        >>> fake.http("GET", "/orders/7?page=2", headers={"Accept": "text/html"}).status
        200
        """
        if form is not None:
            body, headers = _form(form, headers, json, body)
        made = Outgoing(method, path, headers=headers, json=json, body=body)
        sent = [(name.lower(), value) for name, value in made.headers]
        path, _, query = path.partition("?")
        try:
            service, params = self._routes.find(method, path)
            http = HttpRequest(method, path, params, query, "localhost", "127.0.0.1:1", sent)
            content_type = made.header("content-type")
            return self._sent(service, Request(service.name, "", content_type, made.body, http))
        except Failure as failure:
            return problem.response_of(failure, _ID)

    def _sent(self, service: Declared, request: Request) -> Response:
        request.id = request.id or _ID
        with self._clock.shown():
            return self._watched(lambda: respond({request.service: service}, request))

    def _watched(self, call: Callable[[], Response]) -> Response:
        """Runs the call. If the test's routes caused an error, raises the first such error, even if
        the service caught it."""
        self._sources.fault = None
        try:
            return call()
        finally:
            if self._sources.fault is not None:
                raise self._sources.fault

    def route(self, method: str, url: str, answer: Answer) -> None:
        """Sets the response to requests with that method and URL. A URL that ends with ``*``
        matches every URL with that prefix. If several routes match, the newest one is used.

        ``answer`` is an ``http.Response``, an error kind such as ``"timeout"``, an ``HttpError``,
        or a function that takes the ``http.Request`` and returns one of these.

        >>> fake.route("GET", "https://api.example.com/latest", http.Response(json={"usd": 1.1}))
        """
        self._sources.route(method, url, answer)

    @property
    def requests(self) -> list[Outgoing]:
        """The HTTP requests that services sent so far, including those that follow redirects."""
        return self._sources.requests

    def set_config(self, name: str, value: str) -> None:
        """Sets a setting or a secret of the plugin."""
        self._sources.settings[name] = value

    def advance(self, by: float | timedelta) -> None:
        """Moves the clock forward by a number of seconds or a ``timedelta``. Entries expire when
        the clock reaches their expiry."""
        self._clock.advance(by.total_seconds() if isinstance(by, timedelta) else by)

    def time(self) -> float:
        """Returns the time that a service gets from ``time.time()``."""
        return self._clock.time_ns() / 1_000_000_000

    def hold(self, key: str) -> None:
        """Simulates another call that computes the value of this key. ``cache.get_or_set`` then
        computes a missing value without storing it, and does not refresh an old one. The effect
        ends with ``let_go``, or at the latest when the entry is set, changed or deleted."""
        self._cache.hold(key)

    def let_go(self, key: str) -> None:
        """Ends the effect of ``hold``."""
        self._cache.let_go(key)

    def _log(self, level: str, message: str) -> None:
        self.logs.append(f"{level}: {message}")


def _form(
    form: Mapping[str, object] | Iterable[tuple[str, object]],
    headers: Headers,
    json: object,
    body: str | bytes,
) -> tuple[bytes, Headers]:
    """Returns the encoded form, and the headers. Adds the content type of a form to the headers
    unless they already have a content type."""
    if json is not ... or body:
        raise ValueError("json, form and body: a request can have only one of them")
    fields: Any = form
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("content-type", forms.FORM))
    return urlencode(fields, doseq=True).encode(), pairs
