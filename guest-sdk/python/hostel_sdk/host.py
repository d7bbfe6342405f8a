"""The host this process runs under: a real one in a plugin, a fake one in a test.

The one seam between the SDK and what is below it: five functions, texts as they are. The module
``wit`` sets them in a plugin, a ``Fake`` in a test; everybody else only calls them.
"""

from __future__ import annotations

from typing import NoReturn


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


def log(level: str, message: str) -> None:
    """Writes one line of the log."""
    _nobody()
