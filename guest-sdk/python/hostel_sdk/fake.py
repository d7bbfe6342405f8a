"""A host for tests: the cache and the log of a real one, in the test's own process.

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

from dataclasses import dataclass
from datetime import timedelta

from . import grammar, host, values
from .request import Request
from .response import Response
from .service import Declared, answer


@dataclass
class Stats:
    """The numbers of cache calls. A refused call is not counted."""

    sets: int = 0
    hits: int = 0
    misses: int = 0
    exists: int = 0
    deletes: int = 0
    """Only those that removed an entry."""


class Fake:
    """A host with one cache, empty at first, and a clock that stands still until the test moves
    it. The newest fake is the process's host.

    - Keys, values, expiry and errors are a real host's, with its default limits; only ``denied``
      and ``unavailable`` never happen, and nothing is evicted.
    - It does not check the request or the names in the response, as a host does.
    """

    def __init__(self) -> None:
        self.logs: list[str] = []
        """The lines logged so far: level, colon, message."""
        self.stats = Stats()
        self._entries: dict[str, tuple[str, int | None]] = {}
        self._now = 0
        host.get, host.set = self._get, self._set
        host.delete, host.exists, host.log = self._delete, self._exists, self._log

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
        return answer({request.service: declared}, request)

    def advance(self, by: float | timedelta) -> None:
        """Moves the clock forward, by seconds. Entries whose expiry has then passed are gone."""
        seconds = by.total_seconds() if isinstance(by, timedelta) else by
        self._now += round(seconds * 1_000_000_000)

    def _live(self, key: str) -> str | None:
        grammar.check_key(key)
        value, deadline = self._entries.get(key, (None, None))
        if deadline is not None and self._now >= deadline:
            del self._entries[key]
            return None
        return value

    def _get(self, key: str) -> str | None:
        value = self._live(key)
        if value is None:
            self.stats.misses += 1
        else:
            self.stats.hits += 1
        return value

    def _set(self, key: str, value: str, expiry: int | None) -> None:
        self._live(key)
        grammar.check_value(value)
        deadline = None if expiry is None else self._now + expiry * 1_000_000_000
        self._entries[key] = value, deadline
        self.stats.sets += 1

    def _delete(self, key: str) -> bool:
        found = self._live(key) is not None
        self._entries.pop(key, None)
        self.stats.deletes += found
        return found

    def _exists(self, key: str) -> bool:
        found = self._live(key) is not None
        self.stats.exists += 1
        return found

    def _log(self, level: str, message: str) -> None:
        self.logs.append(f"{level}: {message}")
