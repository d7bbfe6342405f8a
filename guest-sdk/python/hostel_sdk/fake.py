"""A host for tests: the cache, the log, the clock, the settings and the servers elsewhere of a
real one, in the test's own process.

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
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from . import host, values
from .clock import Clock
from .error import UnexpectedRequest
from .fake_cache import FakeCache, Stats
from .fake_sources import Answer, FakeSources
from .outgoing import Request as HttpRequest
from .request import Request
from .response import Response
from .service import Declared, answer

__all__ = ["Fake", "Stats", "UnexpectedRequest"]


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
    - It does not check the request or the names in the response, as a host does.
    """

    def __init__(self) -> None:
        self.logs: list[str] = []
        """The lines logged so far: level, colon, message."""
        self._clock = Clock()
        self._cache = FakeCache(self._clock)
        self.stats: Stats = self._cache.stats
        self._sources = FakeSources()
        host.connect({**self._cache.calls(), **self._sources.calls()})
        host.log = self._log

    def call(
        self,
        service: object,
        payload: object = None,
        *,
        request: Request | None = None,
    ) -> Response:
        """Sends ``payload`` as JSON to a service, the way a host does, or a request as it is: for
        bodies that are not JSON, and for HTTP.

        Raises the service's ``Failure``; ``internal`` for any other exception, with that as its
        cause, and its traceback in the log.
        """
        declared = Declared(service)
        if request is None:
            body = b"" if payload is None else values.to_text(payload).encode()
            request = Request(content_type="application/json" if body else None, body=body)
        request.service = request.service or declared.name
        request.id = request.id or "fake"
        with self._clock.shown():
            return self._watched(lambda: answer({request.service: declared}, request))

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
    def requests(self) -> list[HttpRequest]:
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
