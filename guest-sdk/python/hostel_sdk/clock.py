"""The clock of a fake: it moves only when a test advances it or a service sleeps. Services that run
on the fake use this clock.
"""

from __future__ import annotations

import contextlib
import datetime
import sys
import time
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

_NANOS = 1_000_000_000


class Clock:
    """A clock that starts at the current time. ``nanos`` is the time by which the clock has moved
    forward, in nanoseconds."""

    def __init__(self) -> None:
        self.nanos = 0
        self._began, self._began_monotonic = time.time_ns(), time.monotonic_ns()

    def advance(self, seconds: float) -> None:
        self.nanos += round(seconds * _NANOS)

    def time_ns(self) -> int:
        """Returns the time for ``time.time_ns``."""
        return self._began + self.nanos

    def monotonic_ns(self) -> int:
        """Returns the time for ``time.monotonic_ns``."""
        return self._began_monotonic + self.nanos

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Makes ``time`` and ``datetime`` use this clock inside the context, and ``time.sleep``
        advance it. In other standard modules that are already loaded, names imported from ``time``
        and ``datetime`` stay real, because these modules may run timers of the test. Nested
        contexts use the innermost clock."""
        outer, known = _shown[:], set(sys.modules)
        _shown[:] = [self]
        _replace(_stand_ins, _modules(set()))
        try:
            yield
        finally:
            _shown[:] = outer
            if not outer:
                # Standard modules that were imported inside the context may have replacements.
                _replace(_real, _modules(set(sys.modules) - known))


_shown: list[Clock] = []
"""The active clock, if there is one."""


def _modules(of_python: set[str]) -> Iterator[ModuleType]:
    """Returns all loaded modules, without this one. Of the standard library's modules, returns only
    ``time``, ``datetime`` and those named in ``of_python``."""
    for name, module in list(sys.modules.items()):
        is_other = name.split(".")[0] not in sys.stdlib_module_names and name != __name__
        if is_other or name in ("time", "datetime") or name in of_python:
            if isinstance(module, ModuleType):
                yield module


def _replace(others: dict[int, Any], modules: Iterator[ModuleType]) -> None:
    """Replaces objects in the modules' namespaces; ``others`` maps an object's id to its
    replacement."""
    for module in modules:
        names = vars(module)
        for name, value in list(names.items()):
            if id(value) in others:
                names[name] = others[id(value)]


def _while_shown(real: Callable[..., Any], fake: Callable[..., Any]) -> Callable[..., Any]:
    """Returns a function that calls ``fake`` while a clock is active and ``real`` otherwise: code
    may keep a reference to this function after the call of the service."""
    return lambda *given, **named: (fake if _shown else real)(*given, **named)


class _StandIn(type):
    """The metaclass of a stand-in class. Calling the class creates instances of the real class."""

    real: Any

    def __call__(cls, *given: Any, **named: Any) -> Any:
        return cls.real(*given, **named)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)


def _stand_in(real: Any, fake: dict[str, Callable[..., Any]]) -> Any:
    """Creates a stand-in for a class. While a clock is active, the functions in ``fake`` replace
    the class methods of the same names."""
    methods = {
        name: staticmethod(_while_shown(getattr(real, name), method))
        for name, method in fake.items()
    }
    return _StandIn(real.__name__, (real,), {**methods, "real": real, "__slots__": ()})


def _seconds() -> float:
    return _shown[0].time_ns() / _NANOS


def _monotonic() -> float:
    return _shown[0].monotonic_ns() / _NANOS


def _sleep(seconds: float) -> None:
    if seconds < 0:
        raise ValueError("sleep length must be non-negative")
    _shown[0].advance(seconds)


def _of_seconds(real: Callable[..., Any]) -> Callable[..., Any]:
    """Wraps a function whose argument is a time in seconds: the default is the clock's time."""
    return lambda seconds=None: real(seconds if seconds is not None else _seconds())


def _now(tz: datetime.tzinfo | None = None) -> datetime.datetime:
    seconds, nanos = divmod(_shown[0].time_ns(), _NANOS)
    return datetime.datetime.fromtimestamp(seconds, tz).replace(microsecond=nanos // 1_000)


def _utcnow() -> datetime.datetime:
    return _now(datetime.timezone.utc).replace(tzinfo=None)


_strftime, _asctime, _localtime = time.strftime, time.asctime, time.localtime
_fakes: list[tuple[Any, Callable[..., Any]]] = [
    (time.time, _seconds),
    (time.time_ns, lambda: _shown[0].time_ns()),
    (time.monotonic, _monotonic),
    (time.monotonic_ns, lambda: _shown[0].monotonic_ns()),
    (time.perf_counter, _monotonic),
    (time.perf_counter_ns, lambda: _shown[0].monotonic_ns()),
    (time.sleep, _sleep),
    (time.gmtime, _of_seconds(time.gmtime)),
    (time.localtime, _of_seconds(time.localtime)),
    (time.ctime, _of_seconds(time.ctime)),
    (time.asctime, lambda *given: _asctime(*(given or [_localtime(_seconds())]))),
    (time.strftime, lambda how, *given: _strftime(how, *(given or [_localtime(_seconds())]))),
]
_pairs: list[tuple[Any, Any]] = [
    *((real, _while_shown(real, fake)) for real, fake in _fakes),
    (datetime.date, _stand_in(datetime.date, {"today": lambda: _now().date()})),
    (
        datetime.datetime,
        _stand_in(datetime.datetime, {"now": _now, "today": _now, "utcnow": _utcnow}),
    ),
]
_stand_ins = {id(real): stand_in for real, stand_in in _pairs}
_real = {id(stand_in): real for real, stand_in in _pairs}
