"""The host this process runs under: a real one in a plugin, a fake one in a test.

The one seam between the SDK and what is below it: a function for each of the host's, texts as they
are. The module ``wit`` sets them in a plugin, a ``Fake`` in a test; all others only call them.
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
"""How long an entry lives that is swapped in: as before, so many seconds, or without an end."""

Found = Literal["value", "refresh", "compute", "busy"]
"""What ``get_or_lease`` finds: with the first two there is a text."""


def _nobody(*_: object) -> NoReturn:
    raise RuntimeError(
        "there is no host here: in a test, make one first with `fake = hostel_sdk.fake.Fake()`"
    )


def get(key: str) -> str | None:
    """The JSON text under ``key``; ``None`` when it is missing or expired."""
    _nobody()


def set(key: str, value: str, expiry: int | None) -> None:
    """Creates or replaces the entry, value and expiry together."""
    _nobody()


def delete(key: str) -> bool:
    """Removes the entry; true when a live one was there."""
    _nobody()


def exists(key: str) -> bool:
    """True for a live entry."""
    _nobody()


def set_if_absent(key: str, value: str, expiry: int | None) -> bool:
    """Creates the entry where there is no live one; true when it did."""
    _nobody()


def increment(key: str, delta: int, expiry: int | None) -> int:
    """Adds to the integer under ``key`` and returns the sum."""
    _nobody()


def compare_and_swap(
    key: str, expected: str | None, wanted: str | None, lifetime: Lifetime
) -> Swap:
    """Replaces the entry if its text is the expected one."""
    _nobody()


def take(key: str) -> str | None:
    """Removes the entry and returns its text."""
    _nobody()


def get_or_lease(key: str, early: int | None, wait: int) -> tuple[Found, str | None]:
    """The text of a live entry, or who computes it. ``wait`` is milliseconds."""
    _nobody()


def fill(key: str, value: str, expiry: int | None) -> bool:
    """Stores what was computed; false when the lease has ended."""
    _nobody()


def release(key: str) -> None:
    """Ends the lease of a key that is not filled."""
    _nobody()


def get_many(keys: list[str]) -> list[str | None]:
    """The texts under the keys, in their order."""
    _nobody()


def set_many(entries: list[tuple[str, str]], expiry: int | None) -> None:
    """Sets the entries, in their order."""
    _nobody()


def delete_many(keys: list[str]) -> int:
    """Removes the entries, and returns how many live ones there were."""
    _nobody()


def ttl(key: str) -> float | None:
    """The seconds that the entry still lives; infinity without an expiry, ``None`` without an
    entry."""
    _nobody()


def expire(key: str, expiry: int | None) -> bool:
    """Gives a live entry another expiry; true when there is one."""
    _nobody()


def keys(prefix: str, cursor: str | None) -> tuple[list[str], str | None]:
    """A page of the keys that begin so, and the cursor of the next page."""
    _nobody()


def delete_prefix(prefix: str, cursor: str | None) -> tuple[int, str | None]:
    """Removes a page of the entries whose keys begin so, and returns how many live ones there were,
    and the cursor of the next page."""
    _nobody()


def http_send(request: Request) -> Response:
    """Sends a request and waits for the whole response. Raises ``HttpError``."""
    _nobody()


def http_send_many(requests: list[Request]) -> list[Response | HttpError]:
    """Sends requests at the same time. The results are in their order."""
    _nobody()


def config_get(name: str) -> str | None:
    """The setting or secret of that name; ``None`` where there is none."""
    _nobody()


def config_names() -> list[str]:
    """The names of all settings and secrets, sorted."""
    _nobody()


CALLS = (
    *("get", "set", "delete", "exists", "set_if_absent", "increment", "compare_and_swap", "take"),
    *("get_or_lease", "fill", "release", "get_many", "set_many", "delete_many"),
    *("ttl", "expire", "keys", "delete_prefix"),
)
"""The functions of the cache."""

HTTP_CALLS = ("http_send", "http_send_many")
"""The functions of requests to servers elsewhere."""

CONFIG_CALLS = ("config_get", "config_names")
"""The functions of settings and secrets."""


def connect(calls: Mapping[str, Callable[..., Any]]) -> None:
    """Makes another host this process's: ``calls`` has all functions of the cache, of requests or
    of settings, or of several of these."""
    for names in (CALLS, HTTP_CALLS, CONFIG_CALLS):
        if names[0] in calls:
            for name in names:
                globals()[name] = calls[name]


def log(level: str, message: str) -> None:
    """Writes one line of the log."""
    _nobody()
