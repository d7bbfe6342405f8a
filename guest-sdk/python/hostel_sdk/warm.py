"""Runs the code paths of common requests while a plugin is built.

Python specialises bytecode during its first runs and caches lookups. During a request, each memory
page that Python changes this way would be copied for the instance. Running the code before the
snapshot makes the first request faster.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from . import host, http, wit
from .cache import cache
from .config import config
from .forms import FORM
from .log import logger
from .outcome import Swap
from .request import HttpRequest, Request
from .response import Response, checked
from .service import Service, declared, service

# Python specialises an instruction after some runs; the number depends on its kind.
_RUNS = 20


def up() -> None:
    """Handles requests to internal services, on a host that returns fixed values. Then connects the
    real host again."""
    text = '{"a": [1, 1.5, "b", null]}'
    returned = {
        **{"take": text, "get_many": [text], "get_or_lease": ("value", text)},
        **{"compare_and_swap": Swap(True), "keys": ([], None), "delete_prefix": (0, None)},
    }
    calls = {name: _returning(returned.get(name, 1)) for name in host.CALLS}
    # The stand-ins for the most common functions need the same parameters as the real functions, so
    # that Python specialises the calls' bytecode correctly.
    calls.update(get=lambda key: text, set=lambda key, value, expiry: None)
    host.connect({**calls, "delete": lambda key: True, "exists": lambda key: True})
    response = http.Response.of_host(200, "a", [("content-type", b"application/json")], b"[1]")
    host.connect({"http_send": lambda request: response, "http_send_many": lambda requests: []})
    host.connect({"config_get": lambda name: "a", "config_names": lambda: []})
    host.log = lambda level, message: None
    # Run the rare paths before the common ones: a request reuses memory that the last calls freed.
    for _ in range(_RUNS):
        _work_of_few()
    classes: list[type[Service]] = [_Class]
    if "zato.server.service" in sys.modules:
        classes.append(_zato())
    handler = wit.exported(declared([_function, _nothing, *classes]), lambda: None)()
    for _ in range(_RUNS):
        for info in handler.services():
            handler.handle(Request(info.name, "id", None, b'{"a": 1}', None))
    wit.connect()


def _returning(value: Any) -> Callable[..., Any]:
    return lambda *_: value


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


def _work_of_few() -> None:
    sent = HttpRequest("GET", "/a", [("id", "7")], "a=1", "", "", [("cookie", b"a=1")])
    request = Request("function", "id", FORM, b"a=1", sent)
    request.query_integer("a")
    request.path_integer("id")
    request.cookie("a")
    request.form("a")
    checked(Response.redirect("/a").with_cookie("a", "1"))
    http.get("a", headers={"a": "b"}).raise_for_status().json()
    config.get("a")
    cache.increment("a", expiry=60)
    cache.set_if_absent("a", 1, expiry=60)
    cache.update("a", lambda value: 1)
    cache.take("a")
    cache.get_or_set("a", lambda: 1, expiry=60, early=5)
    cache.get_or_set("a", lambda: 1, expiry=60)
    cache.get_many(["a"])
    cache.set_many({"a": 1})
    cache.delete_many(["a"])
    cache.ttl("a")
    cache.expire("a", 60)
    list(cache.keys("a"))
    cache.delete_prefix("a")
