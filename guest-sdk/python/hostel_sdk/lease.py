"""Values that one call computes while other calls wait for the result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, Union, overload

from . import host, tracebacks
from .arguments import check_key, early_seconds, from_text, json_text, milliseconds
from .arguments import reader_of, seconds_of, shortened
from .error import CacheError
from .failure import Failure
from .log import logger

if TYPE_CHECKING:
    from datetime import timedelta

    from .arguments import Expiry

T = TypeVar("T")
N = TypeVar("N", bound=None)


class Leases:
    """The method ``get_or_set``, which computes a missing value."""

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
        """Returns the value under ``key``. If the value is missing, calls ``compute`` and stores
        its result with this expiry.

        If several calls miss the key at the same time, on any host that shares the cache, one of
        them computes the value. The others wait up to ``wait`` seconds for it; after that each
        computes its own value and does not store it. So ``compute`` can run more than once: this is
        not a lock. The maximum wait is three quarters of the call's remaining time.

        With ``early``, the value is refreshed before it expires: during the last ``early`` seconds
        of its lifetime, one call recomputes it. Meanwhile other calls get the old value without
        waiting. If a refresh fails, the method logs a warning and returns the old value. Raises
        ``invalid-expiry`` if ``expiry`` is not set or ``early`` is not less than ``expiry``.

        ``None`` is stored as ``null``, which counts as a value. If the key is set or deleted while
        ``compute`` runs, the method returns the result but does not store it, because the other
        change is newer. Except in a refresh, an exception from ``compute`` is passed on to the
        caller, and the next call computes again. If the cache is ``unavailable`` when the computed
        value is stored, the method logs a warning and still returns the value.

        A value from the cache is decoded JSON: pass a ``kind`` to get, for example, a dataclass.
        ``compute`` cannot be ``async``.

        >>> cache.get_or_set("rates", read_rates, expiry=60, early=5)
        """
        check_key(key)
        if not callable(compute):
            message = f"compute is {compute!r:.64}: it must be a function without arguments"
            raise TypeError(f"{message}; the expiry comes after it")
        read = reader_of(kind)
        stays, waits = seconds_of(expiry), milliseconds(wait)
        earlier = early_seconds(early, stays)
        if not earlier:  # Try a plain `get` first: a hit needs no lease.
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
            logger.warning("the value under %s could not be refreshed: %s", shortened(key), why)
            return from_text(key, text, read)


def _compute_and_fill(key: str, compute: Callable[[], Any], expiry: int | None) -> Any:
    try:
        value = compute()
        _fill(key, json_text(key, value), expiry)
    except BaseException:
        # Ignore an error: the host releases the lease at the end of the call anyway.
        with contextlib.suppress(CacheError):
            host.release(key)
        raise
    return value


def _fill(key: str, text: str, expiry: int | None) -> None:
    """Stores the text unless the lease has ended. Logs an ``unavailable`` error as a warning,
    because the service already has the value."""
    try:
        host.fill(key, text, expiry)
    except CacheError as error:
        if error.kind != "unavailable":
            raise
        logger.warning("the value under %s may not have been stored: %s", shortened(key), error)
