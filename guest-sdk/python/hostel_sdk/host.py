"""The host of this process: the real host in a plugin, a fake host in a test.

This module is the SDK's only interface to the host. It has one function for each host function,
with JSON texts as values. The module ``wit`` replaces these functions in a plugin, and a ``Fake``
replaces them in a test. During a build, ``load`` and ``warm`` replace them too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Union

from .outcome import Swap

if TYPE_CHECKING:
    from .error import HttpError
    from .incoming import Response
    from .outgoing import Request

Lifetime = Union[Literal["keep"], int, None]
"""The lifetime of a swapped entry: unchanged, a number of seconds, or unlimited (``None``)."""

Found = Literal["value", "refresh", "compute", "busy"]
"""The result kinds of ``get_or_lease``. Only ``value`` and ``refresh`` come with a text."""


def _no_host(*_: object) -> NoReturn:
    raise RuntimeError(
        "no host is connected: in a test, first create one with `fake = hostel_sdk.fake.Fake()`"
    )


def get(key: str) -> str | None:
    """Returns the JSON text under ``key``, or ``None`` if the entry is missing or expired."""
    _no_host()


def set(key: str, value: str, expiry: int | None) -> None:
    """Creates the entry, or replaces its value and its expiry."""
    _no_host()


def delete(key: str) -> bool:
    """Removes the entry. Returns true if there was a live entry."""
    _no_host()


def exists(key: str) -> bool:
    """Returns true if there is a live entry."""
    _no_host()


def set_if_absent(key: str, value: str, expiry: int | None) -> bool:
    """Creates the entry if there is no live entry. Returns true if it created the entry."""
    _no_host()


def increment(key: str, delta: int, expiry: int | None) -> int:
    """Adds ``delta`` to the integer under ``key`` and returns the sum."""
    _no_host()


def compare_and_swap(
    key: str, expected: str | None, wanted: str | None, lifetime: Lifetime
) -> Swap:
    """Replaces the entry if the entry's text equals ``expected``. As ``expected`` or ``wanted``,
    ``None`` means no entry."""
    _no_host()


def take(key: str) -> str | None:
    """Removes the entry and returns its text, or ``None`` if there is no live entry."""
    _no_host()


def get_or_lease(key: str, early: int | None, wait: int) -> tuple[Found, str | None]:
    """Returns the kind of the result, and the text of the live entry if there is one. ``wait`` is
    the maximum time to wait for a value that another call computes, in milliseconds."""
    _no_host()


def fill(key: str, value: str, expiry: int | None) -> bool:
    """Stores a computed value unless the lease has ended. Returns true if it stored the value."""
    _no_host()


def release(key: str) -> None:
    """Releases the lease of a key without storing a value."""
    _no_host()


def get_many(keys: list[str]) -> list[str | None]:
    """Returns the texts under the keys, in the same order; ``None`` for a missing entry."""
    _no_host()


def set_many(entries: list[tuple[str, str]], expiry: int | None) -> None:
    """Sets the entries, in the given order."""
    _no_host()


def delete_many(keys: list[str]) -> int:
    """Removes the entries and returns the number of removed live entries."""
    _no_host()


def ttl(key: str) -> float | None:
    """Returns the remaining lifetime in seconds: infinity without an expiry, ``None`` if there is
    no live entry."""
    _no_host()


def expire(key: str, expiry: int | None) -> bool:
    """Sets the expiry of a live entry. Returns true if there is one."""
    _no_host()


def keys(prefix: str, cursor: str | None) -> tuple[list[str], str | None]:
    """Returns a page of keys with this prefix and the cursor of the next page. The cursor of the
    last page is ``None``."""
    _no_host()


def delete_prefix(prefix: str, cursor: str | None) -> tuple[int, str | None]:
    """Removes a page of entries with this prefix. Returns the number of removed live entries and
    the cursor of the next page. The cursor of the last page is ``None``."""
    _no_host()


def http_send(request: Request) -> Response:
    """Sends a request and waits for the whole response. Raises ``HttpError``."""
    _no_host()


def http_send_many(requests: list[Request]) -> list[Response | HttpError]:
    """Sends requests concurrently. The results are in the order of the requests."""
    _no_host()


def config_get(name: str) -> str | None:
    """Returns the setting or secret of that name, or ``None`` if it does not exist."""
    _no_host()


def config_names() -> list[str]:
    """Returns the names of all settings and secrets, sorted."""
    _no_host()


CALLS = (
    *("get", "set", "delete", "exists", "set_if_absent", "increment", "compare_and_swap", "take"),
    *("get_or_lease", "fill", "release", "get_many", "set_many", "delete_many"),
    *("ttl", "expire", "keys", "delete_prefix"),
)
"""The functions of the cache."""

HTTP_CALLS = ("http_send", "http_send_many")
"""The functions of outgoing HTTP requests."""

CONFIG_CALLS = ("config_get", "config_names")
"""The functions of settings and secrets."""


def connect(calls: Mapping[str, Callable[..., Any]]) -> None:
    """Replaces functions of this module. ``calls`` has all functions of one or more groups: cache,
    HTTP requests, settings."""
    for names in (CALLS, HTTP_CALLS, CONFIG_CALLS):
        if names[0] in calls:
            for name in names:
                globals()[name] = calls[name]


def log(level: str, message: str) -> None:
    """Writes one log line."""
    _no_host()
