"""The clock of a fake: it stands still until a test moves it, and a service on the fake sees no
other.
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
    """A clock that begins at the present time. Its nanoseconds count from there."""

    def __init__(self) -> None:
        self.nanos = 0
        self._began, self._began_monotonic = time.time_ns(), time.monotonic_ns()

    def advance(self, seconds: float) -> None:
        """Moves the clock forward."""
        self.nanos += round(seconds * _NANOS)

    def time_ns(self) -> int:
        """The time of day, as ``time.time_ns`` returns it."""
        return self._began + self.nanos

    def monotonic_ns(self) -> int:
        """The time that ``time.monotonic_ns`` returns."""
        return self._began_monotonic + self.nanos

    @contextlib.contextmanager
    def shown(self) -> Iterator[None]:
        """Meanwhile ``time`` and ``datetime`` tell this clock's time, and ``time.sleep`` moves it,
        in every module but Python's own, which may have timers of the test's. Nested uses show the
        innermost clock."""
        outer, known = _shown[:], set(sys.modules)
        _shown[:] = [self]
        _replace(_stand_ins, _modules(set()))
        try:
            yield
        finally:
            _shown[:] = outer
            if not outer:
                # A module that was imported meanwhile has them too.
                _replace(_real, _modules(set(sys.modules) - known))


_shown: list[Clock] = []
"""The clock that is shown, if one is."""


def _modules(of_python: set[str]) -> Iterator[ModuleType]:
    """All modules but this one and those of Python, of which these are meant as well."""
    for name, module in list(sys.modules.items()):
        is_other = name.split(".")[0] not in sys.stdlib_module_names and name != __name__
        if is_other or name in ("time", "datetime") or name in of_python:
            if isinstance(module, ModuleType):
                yield module


def _replace(others: dict[int, Any], modules: Iterator[ModuleType]) -> None:
    """Puts others in the place of what modules name, by its identity."""
    for module in modules:
        names = vars(module)
        for name, value in list(names.items()):
            if id(value) in others:
                names[name] = others[id(value)]


def _while_shown(real: Callable[..., Any], told: Callable[..., Any]) -> Callable[..., Any]:
    """Tells the clock's time while one is shown, and afterwards the real one, to what has kept the
    function."""
    return lambda *given, **named: (told if _shown else real)(*given, **named)


class _StandIn(type):
    """The type of a class that only stands in for another: what it makes is of the other."""

    real: Any

    def __call__(cls, *given: Any, **named: Any) -> Any:
        return cls.real(*given, **named)

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.real)

    def __subclasscheck__(cls, other: type) -> bool:
        return issubclass(other, cls.real)


def _stand_in(real: Any, told: dict[str, Callable[..., Any]]) -> Any:
    """A class that stands in for another, and tells the clock's time by these class methods."""
    methods = {
        name: staticmethod(_while_shown(getattr(real, name), method))
        for name, method in told.items()
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
    """A function of seconds, which are the clock's where none are given."""
    return lambda seconds=None: real(_seconds() if seconds is None else seconds)


def _now(tz: datetime.tzinfo | None = None) -> datetime.datetime:
    seconds, nanos = divmod(_shown[0].time_ns(), _NANOS)
    return datetime.datetime.fromtimestamp(seconds, tz).replace(microsecond=nanos // 1_000)


def _utcnow() -> datetime.datetime:
    return _now(datetime.timezone.utc).replace(tzinfo=None)


_strftime, _asctime, _localtime = time.strftime, time.asctime, time.localtime
_told: list[tuple[Any, Callable[..., Any]]] = [
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
    *((real, _while_shown(real, told)) for real, told in _told),
    (datetime.date, _stand_in(datetime.date, {"today": lambda: _now().date()})),
    (
        datetime.datetime,
        _stand_in(datetime.datetime, {"now": _now, "today": _now, "utcnow": _utcnow}),
    ),
]
_stand_ins = {id(real): stand_in for real, stand_in in _pairs}
_real = {id(stand_in): real for real, stand_in in _pairs}
