"""Result types of cache operations."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Swap:
    """The result of ``cache.compare_and_swap_raw``. True in a boolean context if the entry was
    swapped."""

    swapped: bool
    """True if the entry was as expected and the swap was made. If false, the entry is unchanged."""
    current: str | None = None
    """The current JSON text if it differs from the expected one. ``None`` if there is no live entry
    or if the entry was swapped."""

    def __bool__(self) -> bool:
        return self.swapped
