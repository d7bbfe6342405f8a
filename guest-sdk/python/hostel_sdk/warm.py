"""Runs the paths that every request takes, while a plugin is built.

Python rewrites bytecode at its first runs, and remembers what it looked up. A page of memory that a
request writes to is copied for its instance, so an image in which that has happened already
answers its first request sooner.
"""

from __future__ import annotations

import sys

from . import host, wit
from .cache import cache
from .log import logger
from .request import Request
from .service import Service, declared, service

# Python rewrites at the second run or later, by the kind of instruction.
_RUNS = 20


def up() -> None:
    """Handles requests to services of its own, on a host that does nothing."""
    host.get = lambda key: '{"a": [1, 1.5, "b", null]}'
    host.set = lambda key, value, expiry: None
    host.delete = host.exists = lambda key: True
    host.log = lambda level, message: None
    classes: list[type[Service]] = [_Class]
    if "zato.server.service" in sys.modules:
        classes.append(_zato())
    handler = wit.exported(declared([_function, _nothing, *classes]), lambda: None)()
    for _ in range(_RUNS):
        for info in handler.services():
            handler.handle(Request(info.name, "id", None, b'{"a": 1}', None))
    wit.connect()


@service(name="function")
def _function(body):  # type: ignore[no-untyped-def]
    _work()
    return body


@service(name="nothing")
def _nothing() -> None:
    pass


class _Class(Service):
    name = "class"

    def handle(self) -> None:
        self.logger.info("a")


def _zato() -> type[Service]:
    from zato.server.service import Service as ZatoService

    class Zato(ZatoService):
        def handle(self) -> None:
            self.cache.set("a", 1, expiry=60)
            self.cache.delete("a")
            self.logger.info(self.cache.get("a") and self.cache.exists("a"))
            self.response.payload = self.request.payload

    return Zato


def _work() -> None:
    cache.set("a", {"a": [1, 1.5, "b", None]}, expiry=60)
    cache.set("a", "b")
    cache.exists("a")
    cache.delete("a")
    cache.get_raw("a")
    logger.info("a %s", cache.get("a"))
