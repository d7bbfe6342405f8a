"""What methods of the cache return, where a plain type does not express it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Swap:
    """The result of ``cache.compare_and_swap_raw``. True when the entry was swapped."""

    swapped: bool
    """Whether the entry was as expected, and is now as wanted. Otherwise nothing has changed."""
    current: str | None = None
    """The JSON text that is there in place of the expected one; ``None`` where there is no live
    entry, and when the entry was swapped."""

    def __bool__(self) -> bool:
        return self.swapped
