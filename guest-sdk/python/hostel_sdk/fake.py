"""A host for tests: the cache, the log, the clock, the settings, the routes and the servers
elsewhere of a real one, in the test's own process.

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
from .service import Declared, answer

if TYPE_CHECKING:
    from .outgoing import Headers

__all__ = ["Fake", "Stats", "UnexpectedRequest"]

_ID = "fake"
"""The id of a request that has none."""


class Fake:
    """A host with one cache, empty at first, and a clock that stands still until the test moves
    it. The newest fake is the process's host.

    - Keys, values, expiry and errors are a real host's, with its default limits; only ``denied``
      and ``unavailable`` never happen, and nothing is evicted.
    - ``cache.get_or_set`` computes what is missing and never waits, unless the test holds the key.
    - A service that ``call`` calls sees the fake's clock: ``time.time``, ``monotonic``,
      ``perf_counter``, ``localtime`` and their kin, ``datetime.now`` and ``date.today`` stand still
      and move with ``advance``, and ``time.sleep`` and ``asyncio.sleep`` move it at once. The test
      itself, and what it calls in another way, see the real time. So do a default argument such as
      ``now=time.time`` and CPU time. During a call ``datetime`` is a stand-in for the class, so
      compare types by ``isinstance``.
    - A request to a server elsewhere is answered by a route that the test adds. One that no route
      matches fails the test: it raises ``UnexpectedRequest``, which no ``except Exception`` hides.
    - It does not check the request, as a host does.
    """

    def __init__(self) -> None:
        self.logs: list[str] = []
        """The lines logged so far: level, colon, message."""
        self._clock = Clock()
        self._cache = FakeCache(self._clock)
        self.stats: Stats = self._cache.stats
        self._sources = FakeSources()
        self._routes = Routes()
        host.connect({**self._cache.calls(), **self._sources.calls()})
        host.log = self._log

    def call(self, service: object, payload: object = None) -> Response:
        """Sends ``payload`` as JSON to a service, the way a host does. A ``Request`` is sent as it
        is: for bodies that are not JSON, and for what ``http`` does not send.

        Raises the service's ``Failure``; ``internal`` for any other exception, with that as its
        cause, and its traceback in the log.
        """
        declared = Declared(service)
        if isinstance(payload, Request):
            request = payload
        else:
            body = b"" if payload is None else values.to_text(payload).encode()
            request = Request(content_type="application/json" if body else None, body=body)
        request.service = request.service or declared.name
        return self._sent(declared, request)

    def serve(self, route: str, service: object) -> None:
        """Adds a route for ``http``: a method and a path, as the ``[[routes]]`` of a host's
        configuration have them, or a path alone for any method. A segment in braces is a parameter,
        which ``Request.path_param`` reads.

        Raises ``ValueError`` for a text that is no route, and for one that takes requests of
        another route.

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
        """Sends a request to the service that a route leads to, and returns the response that a
        client gets: a failure too is one, of the kind's status, with a problem as its body.

        ``path`` is as it is sent, percent-encoded, with the query. A request has ``json``,
        ``form``, a ``dict`` or pairs, or ``body``, or none of them. The client is
        ``127.0.0.1:1``, and ``localhost`` the authority.

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
            return self._watched(lambda: answer({request.service: service}, request))

    def _watched(self, call: Callable[[], Response]) -> Response:
        """What the call returns or raises, unless a request was not what the test expects."""
        self._sources.fault = None
        try:
            return call()
        finally:
            if self._sources.fault is not None:
                raise self._sources.fault

    def route(self, method: str, url: str, answer: Answer) -> None:
        """Answers requests of that method to that URL; with a ``*`` at its end, to all URLs that
        begin so. Of several routes that match, the newest answers.

        The answer is an ``http.Response``, a kind of error like ``"timeout"``, an ``HttpError``, or
        a function of the ``http.Request`` that returns one of these.

        >>> fake.route("GET", "https://api.example.com/latest", http.Response(json={"usd": 1.1}))
        """
        self._sources.route(method, url, answer)

    @property
    def requests(self) -> list[Outgoing]:
        """The requests that were sent to servers elsewhere so far, redirects included."""
        return self._sources.requests

    def set_config(self, name: str, value: str) -> None:
        """Gives the plugin a setting or a secret."""
        self._sources.settings[name] = value

    def advance(self, by: float | timedelta) -> None:
        """Moves the clock forward, by seconds. Entries whose expiry has then passed are gone."""
        self._clock.advance(by.total_seconds() if isinstance(by, timedelta) else by)

    def time(self) -> float:
        """What ``time.time()`` returns to a service now."""
        return self._clock.time_ns() / 1_000_000_000

    def hold(self, key: str) -> None:
        """From now on another call computes the value of this key, as ``cache.get_or_set`` sees it:
        while the key has no value, the service computes its own and does not store it, and an old
        value is not renewed. It ends with ``let_go``, or when the key is set or deleted."""
        self._cache.hold(key)

    def let_go(self, key: str) -> None:
        """Ends what ``hold`` began."""
        self._cache.let_go(key)

    def _log(self, level: str, message: str) -> None:
        self.logs.append(f"{level}: {message}")


def _form(
    form: Mapping[str, object] | Iterable[tuple[str, object]],
    headers: Headers,
    json: object,
    body: str | bytes,
) -> tuple[bytes, Headers]:
    """The body of a form, and the headers with its content type."""
    if json is not ... or body:
        raise ValueError("a request has one of json, form and body")
    fields: Any = form
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if not any(name.lower() == "content-type" for name, _ in pairs):
        pairs.append(("content-type", forms.FORM))
    return urlencode(fields, doseq=True).encode(), pairs
