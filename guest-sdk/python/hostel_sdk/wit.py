"""Connects the generated bindings of `wit/` with this package's types.

This module can be imported only in a component.
"""

from __future__ import annotations

import importlib
import io
import math
import sys
from typing import Any, Callable, NoReturn

import componentize_py_types  # type: ignore[import-not-found]

from . import host
from .error import HTTP_KINDS, CacheError, CacheErrorKind, HttpError, known_as
from .failure import KINDS, Failure
from .incoming import Response
from .log import sendable
from .outcome import Swap
from .outgoing import Request as Outgoing
from .outgoing import milliseconds
from .request import HttpRequest, Request
from .service import Declared, respond


class _Ok(StopIteration):
    """The result of an imported function, in `value`. It is a ``StopIteration``, because creating
    one runs no Python code."""

    __slots__ = ()


@known_as(CacheError)
class _Err(CacheError):
    """The error of an imported function, or the failure of an exported one."""

    def __init__(self, value: Any) -> None:
        self.value = value
        kind = _CACHE_ERROR_KINDS.get(value.kind, "unavailable")
        super().__init__(kind, value.message)


# Set these before the bindings are imported: the bindings then create and raise these classes.
componentize_py_types.Ok, componentize_py_types.Err = _Ok, _Err

import wit_world.imports.cache as host_cache  # type: ignore[import-not-found]  # noqa: E402
import wit_world.imports.log as host_log  # type: ignore[import-not-found]  # noqa: E402
from wit_world.exports import handler as export  # type: ignore[import-not-found]  # noqa: E402


def _interface(name: str) -> Any:
    """Returns the bindings of an interface, or ``None`` if it is not in the component."""
    try:
        return importlib.import_module(f"wit_world.imports.{name}")
    except ModuleNotFoundError:
        return None


atomics, lease = _interface("atomics"), _interface("lease")
batch, entries = _interface("batch"), _interface("entries")
client, config = _interface("client"), _interface("config")


class _Case:
    """An enum case, with the attribute that the bindings read. Python's ``Enum`` would run Python
    code at each access."""

    __slots__ = ("value",)

    def __init__(self, case: Any) -> None:
        self.value: int = case.value


_LEVELS = {
    "debug": _Case(host_log.Level.DEBUG),
    "info": _Case(host_log.Level.INFO),
    "warn": _Case(host_log.Level.WARN),
    "error": _Case(host_log.Level.ERROR),
}
_FAILURE_KINDS = {kind: export.FailureKind[kind.replace("-", "_").upper()] for kind in KINDS}
_CACHE_ERROR_KINDS: dict[Any, CacheErrorKind] = {
    host_cache.ErrorKind.INVALID_KEY: "invalid-key",
    host_cache.ErrorKind.INVALID_VALUE: "invalid-value",
    host_cache.ErrorKind.INVALID_EXPIRY: "invalid-expiry",
    host_cache.ErrorKind.TOO_LARGE: "too-large",
    host_cache.ErrorKind.DENIED: "denied",
    host_cache.ErrorKind.UNAVAILABLE: "unavailable",
}


def _log(level: str, message: str) -> None:
    host_log.log(_LEVELS[level], message)


def _absent(*_: object) -> NoReturn:
    """Replaces the functions of an interface that is not in the component."""
    # The calling frame is a method of the cache, or the generator `_keys` of its method `keys`.
    method = "cache." + sys._getframe(1).f_code.co_name.strip("_")
    raise RuntimeError(
        f"{method} is not in this component: the build includes only what the source "
        f"names: write `{method}` literally in it"
    )


_calls: dict[str, Callable[..., Any]] = dict.fromkeys(host.CALLS, _absent)
_calls.update(
    get=host_cache.get, set=host_cache.set, delete=host_cache.delete, exists=host_cache.exists
)

if atomics is not None:
    _lifetimes: dict[Any, Any] = {"keep": atomics.Lifetime_Keep(), None: atomics.Lifetime_Unlimited()}

    def _increment(key: str, delta: int, expiry: int | None) -> int:
        # A float represents every integer in the range of the interface exactly.
        return int(atomics.increment(key, float(delta), expiry))

    def _compare_and_swap(
        key: str, expected: str | None, wanted: str | None, lifetime: host.Lifetime
    ) -> Swap:
        made = _lifetimes.get(lifetime) or atomics.Lifetime_After(lifetime)
        swap = atomics.compare_and_swap(key, expected, wanted, made)
        is_swapped = type(swap) is atomics.Swap_Swapped
        return Swap(True) if is_swapped else Swap(False, swap.value)

    _calls.update(
        set_if_absent=atomics.set_if_absent,
        increment=_increment,
        compare_and_swap=_compare_and_swap,
        take=atomics.take,
    )

if lease is not None:
    _found: dict[Any, host.Found] = {
        lease.Found_Value: "value",
        lease.Found_Refresh: "refresh",
        lease.Found_Compute: "compute",
        lease.Found_Busy: "busy",
    }

    def _get_or_lease(key: str, early: int | None, wait: int) -> tuple[host.Found, str | None]:
        found = lease.get_or_lease(key, early, wait)
        return _found[type(found)], getattr(found, "value", None)

    _calls.update(get_or_lease=_get_or_lease, fill=lease.fill, release=lease.release)

if batch is not None:
    _calls.update(
        get_many=batch.get_many, set_many=batch.set_many, delete_many=batch.delete_many
    )

if entries is not None:

    def _ttl(key: str) -> float | None:
        left = entries.ttl(key)
        if type(left) is entries.TimeLeft_Seconds:
            return left.value  # type: ignore[no-any-return]
        return math.inf if type(left) is entries.TimeLeft_Unlimited else None

    def _keys(prefix: str, cursor: str | None) -> tuple[list[str], str | None]:
        page = entries.keys(prefix, cursor)
        return page.keys, page.cursor

    _calls.update(
        ttl=_ttl, expire=entries.expire, keys=_keys, delete_prefix=entries.delete_prefix
    )


def _not_built_in(what: str) -> Callable[..., NoReturn]:
    """Like ``_absent``, for the functions of ``http`` or ``config``."""

    def refuse(*_: object) -> NoReturn:
        raise RuntimeError(
            f"{what} is not in this component: the build includes only what the source "
            f"imports: write `from hostel_sdk import {what}` literally in it"
        )

    return refuse


_calls.update(dict.fromkeys(host.HTTP_CALLS, _not_built_in("http")))
_calls.update(dict.fromkeys(host.CONFIG_CALLS, _not_built_in("config")))

if client is not None:
    _http_kinds = {client.ErrorKind[kind.replace("-", "_").upper()]: kind for kind in HTTP_KINDS}

    def _request(request: Outgoing) -> Any:
        return client.Request(
            *(request.method, request.url, request.headers, request.body),
            *(milliseconds(request.timeout), request.redirects),
        )

    def _response(response: Any) -> Response:
        headers = response.headers
        return Response.of_host(response.status, response.url, headers, response.body)

    def _refusal(error: Any) -> HttpError:
        return HttpError(_http_kinds[error.kind], error.message)

    def _http_send(request: Outgoing) -> Response:
        try:
            return _response(client.send(_request(request)))
        except _Err as error:
            refusal = _refusal(error.value)
        raise refusal

    def _http_send_many(requests: list[Outgoing]) -> list[Response | HttpError]:
        results = client.send_many(list(map(_request, requests)))
        return [
            _refusal(each.value) if isinstance(each, _Err) else _response(each.value)
            for each in results
        ]

    _calls.update(http_send=_http_send, http_send_many=_http_send_many)

if config is not None:
    _calls.update(config_get=config.get, config_names=config.names)


def connect() -> None:
    """Connects the SDK to the real host and replaces the bindings' request types and the output
    streams."""
    host.connect(_calls)
    host.log = _log
    # The bindings look up these names to create a request, so they create the SDK's types.
    export.Request, export.HttpRequest = Request, HttpRequest
    sys.stdout, sys.stderr = _out, _err


class _Stream(io.TextIOWrapper):
    """Stdout or stderr: the host logs each line. Escapes lone surrogates."""

    def __init__(self, descriptor: int) -> None:
        raw = io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False))
        super().__init__(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
        self.holds_text = False

    def write(self, text: str) -> int:
        self.holds_text = True
        return super().write(text)


_out, _err = _Stream(1), _Stream(2)


def exported(services: dict[str, Declared], wake: Callable[[], None]) -> type:
    """Returns the class that the bindings instantiate. The class calls ``wake`` at the beginning of
    an instance's first request."""
    infos = [
        export.ServiceInfo(each.name, sendable(each.description)) for each in services.values()
    ]
    asleep = True

    class Handler:
        def services(self) -> list[Any]:
            return infos

        def handle(self, request: Request) -> Any:
            nonlocal asleep
            if asleep:
                asleep = False
                wake()
            try:
                return respond(services, request)
            except Failure as failure:
                kind = _FAILURE_KINDS[failure.kind]
                raise _Err(export.Failure(kind, sendable(failure.message))) from None
            finally:
                if _out.holds_text or _err.holds_text:
                    _flush()

    return Handler


def _flush() -> None:
    """Writes incomplete lines. Skips a stream that the service has closed."""
    for stream in (_out, _err):
        stream.holds_text = False
        if not stream.closed:
            stream.flush()
