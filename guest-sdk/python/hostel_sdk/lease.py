"""Values that are computed once, however many calls need them at the same time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, Union, overload

from . import host, tracebacks
from .arguments import check_key, from_text, json_text, milliseconds, reader_of, seconds_of
from .arguments import shortened
from .error import CacheError
from .failure import Failure
from .log import logger

if TYPE_CHECKING:
    from datetime import timedelta

    from .arguments import Expiry

T = TypeVar("T")
N = TypeVar("N", bound=None)


class Leases:
    """Of all calls that miss a key at the same time, one is told to compute its value."""

    __slots__ = ()

    @overload
    def get_or_set(
        self,
        key: str,
        compute: Callable[[], Any],
        expiry: Expiry = None,
        early: Expiry = None,
        wait: Union[float, timedelta] = 5,
    ) -> Any: ...

    @overload
    def get_or_set(
        self,
        key: str,
        compute: Callable[[], T | N],
        expiry: Expiry = None,
        early: Expiry = None,
        wait: Union[float, timedelta] = 5,
        *,
        kind: type[T],
    ) -> T | N: ...

    def get_or_set(
        self,
        key: str,
        compute: Callable[[], Any],
        expiry: Expiry = None,
        early: Expiry = None,
        wait: Union[float, timedelta] = 5,
        kind: Any = None,
    ) -> Any:
        """The value under ``key``. If there is none, ``compute`` makes one, which is stored with
        the expiry.

        Of all calls that miss the key at the same time, on all hosts that share the cache, one
        computes; the others wait up to ``wait`` seconds for its value. Then they compute as well,
        without storing the result. So ``compute`` may still run more than once: this is no lock.
        The host bounds the wait by three quarters of the time that the call has left.

        With ``early``, the value is computed anew before it expires, by one call in the last
        ``early`` seconds of its life. The other calls get the old value meanwhile, so none has to
        wait. When that fails, a warning is logged and the old value returned.

        ``None`` is stored as ``null``, which is a value here. A value that was set, or a key that
        was deleted, while ``compute`` ran is newer than its result: the result is then returned
        and not stored. What ``compute`` raises is raised, and the next call computes; only where
        the value cannot be stored because the cache is ``unavailable``, it is returned all the
        same, and a warning is logged.

        A value that was found is what JSON makes of the computed one: give its ``kind`` to read a
        dataclass as that. ``compute`` is not ``async``.

        >>> cache.get_or_set("rates", read_rates, expiry=60, early=5)
        """
        check_key(key)
        if not callable(compute):
            message = f"compute is {compute!r:.64}: it must be a function without arguments"
            raise TypeError(f"{message}; the expiry comes after it")
        read = reader_of(kind)
        stays, earlier, waits = seconds_of(expiry), seconds_of(early), milliseconds(wait)
        if earlier is None:  # A hit then costs what `get` costs.
            text = host.get(key)
            if text is not None:
                return from_text(key, text, read)
        found, text = host.get_or_lease(key, earlier, waits)
        if found == "value":
            return from_text(key, text, read)
        if found == "busy":
            return compute()
        try:
            return _compute_and_fill(key, compute, stays)
        except Exception as error:
            if found == "compute":
                raise
            why = error.message if isinstance(error, Failure) else tracebacks.last_line(error)
            logger.warning("the value under %s is not computed anew: %s", shortened(key), why)
            return from_text(key, text, read)


def _compute_and_fill(key: str, compute: Callable[[], Any], expiry: int | None) -> Any:
    try:
        value = compute()
        _fill(key, json_text(key, value), expiry)
    except BaseException:
        # An error of it is left out: the lease ends with the call in any case.
        with contextlib.suppress(CacheError):
            host.release(key)
        raise
    return value


def _fill(key: str, text: str, expiry: int | None) -> None:
    """Stores the text. A cache that is unavailable is a warning: the service has its value."""
    try:
        host.fill(key, text, expiry)
    except CacheError as error:
        if error.kind != "unavailable":
            raise
        logger.warning("the value under %s may not be stored: %s", shortened(key), error)
