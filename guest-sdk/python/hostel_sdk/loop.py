"""The event loop for ``async`` code: it runs tasks and timers within one call.

A guest has no sockets and no threads, so only another task, a timer or the response to a request
can wake a waiting task. When no task can run, the loop sends all waiting requests concurrently. If
no request is waiting, it sleeps until the next timer. If there is no timer either, it reports a
deadlock.

This module is imported only if a plugin may have ``async`` code, because asyncio is large.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, NoReturn

from . import host, tracebacks

if TYPE_CHECKING:
    from .error import HttpError
    from .incoming import Response
    from .outgoing import Request

# Methods of the event loop that are unavailable in a guest, by the missing resource.
_UNAVAILABLE = {
    "a thread": "run_in_executor",
    "a network": (
        "create_connection create_datagram_endpoint create_server create_unix_connection "
        "create_unix_server getaddrinfo getnameinfo sock_accept sock_connect sock_recv "
        "sock_recv_into sock_recvfrom sock_sendall sock_sendto"
    ),
    "a process or a pipe": (
        "add_reader add_writer connect_read_pipe connect_write_pipe subprocess_exec "
        "subprocess_shell"
    ),
    "signals": "add_signal_handler",
}


class Loop(asyncio.BaseEventLoop):
    """An event loop that waits only for timers and for responses to HTTP requests."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Sleeper(self)
        self._waiting: list[tuple[Request, asyncio.Future[Response | HttpError]]] = []

    def response_to(self, request: Request) -> asyncio.Future[Response | HttpError]:
        """Queues a request and returns a future of its response. The request is sent when no task
        can run."""
        result: asyncio.Future[Response | HttpError] = self.create_future()
        self._waiting.append((request, result))
        return result

    def send_waiting(self) -> bool:
        """Sends all waiting requests concurrently. Returns true if there were any."""
        waiting = [each for each in self._waiting if not each[1].done()]
        self._waiting.clear()
        if not waiting:
            return False
        try:
            results = host.http_send_many([request for request, _ in waiting])
        except Exception as error:
            for _, result in waiting:
                result.set_exception(error)
            return True
        for (_, result), sent in zip(waiting, results, strict=True):
            result.set_result(sent)
        return True

    def _process_events(self, events: object) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


def _unavailable(name: str, needed: str) -> Any:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise NotImplementedError(f"asyncio's {name} needs {needed}, which a service does not have")

    return refuse


for _needed, _names in _UNAVAILABLE.items():
    for _name in _names.split():
        setattr(Loop, _name, _unavailable(_name, _needed))


class _Sleeper:
    """Replaces the loop's selector. The loop calls ``select`` to wait for events, with a timeout of
    0 if a task can run. The only events are responses."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> tuple[()]:
        if timeout != 0 and self._loop.send_waiting():
            return ()
        if timeout is not None:
            if timeout > 0:
                time.sleep(timeout)
            return ()
        places = sorted(filter(None, map(_place, asyncio.all_tasks(self._loop))))
        where = f" (it waits at {', '.join(places[:4])})" if places else ""
        raise RuntimeError(
            f"the service awaits an event that cannot occur{where}: every task waits for "
            "another, and no timer is set"
        )


def _place(task: asyncio.Task[Any]) -> str | None:
    """Returns the innermost file and line outside asyncio at which a task waits, or ``None`` if
    all of its code is in asyncio."""
    waiting: Any = task.get_coro()
    found = None
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "ag_frame", None)
        if frame is not None and not frame.f_globals.get("__name__", "").startswith("asyncio"):
            found = f"{tracebacks.path(frame.f_code.co_filename)}:{frame.f_lineno}"
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "ag_await", None)
    return found


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine and returns its result. Cancels the remaining tasks."""
    loop = Loop()
    try:
        return loop.run_until_complete(coroutine)
    finally:
        try:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True)) if left else None
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()


def install() -> None:
    """Makes ``asyncio.run`` and similar functions use this loop."""
    library: Any = asyncio
    events: Any = asyncio.events

    class Policy(events._BaseDefaultEventLoopPolicy):  # type: ignore[misc]
        _loop_factory = Loop

    events._set_event_loop_policy(Policy())
    library.SelectorEventLoop = library.EventLoop = Loop
