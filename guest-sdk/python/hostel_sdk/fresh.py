"""Randomness that is fresh in every instance, although a plugin starts from one frozen image.

``os.urandom`` and what draws from it (``secrets``, ``uuid.uuid4``, ``random.SystemRandom``) ask the
host each time. The generators of ``random`` have a state, which is in the image: each instance
seeds them anew before its first request, those that the author seeded by a number excepted. The
seed of ``hash`` cannot change once there are dictionaries: it is drawn anew by each build, and the
same in all instances of one; quick builds share that of their base.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import sys
from collections.abc import Callable, Iterator
from types import FrameType, ModuleType
from typing import Any

from .service import DeclarationError
from .tracebacks import path

_generators: list[random.Random] = []
_seed = random.seed


@contextlib.contextmanager
def watch(folder: str) -> Iterator[None]:
    """Takes note of the generators that are made meanwhile, and refuses random bytes to the
    author's own module level, where they would become the same in every instance."""
    seed, urandom = random.Random.seed, os.urandom
    watching = True

    def noting_seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        _generators[:] = [each for each in _generators if each is not self]
        if a is None:
            _generators.append(self)
        seed(self, a, version)

    def refusing_urandom(size: int) -> bytes:
        caller: FrameType | None = sys._getframe(1)
        while caller is not None and caller.f_code.co_filename.startswith("/python/"):
            caller = caller.f_back  # Python's own modules draw for whoever calls them.
        file = caller.f_code.co_filename if caller is not None else ""
        if watching and caller is not None and file.startswith(folder + "/"):
            raise DeclarationError(
                f"{path(file)}:{caller.f_lineno}: random bytes drawn while the plugin is built "
                "would be the same in every instance: draw them at a request"
            )
        return urandom(size)

    random.Random.seed = noting_seed  # type: ignore[method-assign]
    os.urandom = random._urandom = refusing_urandom  # type: ignore[attr-defined]
    try:
        yield
    finally:
        watching = False
        random.Random.seed = seed  # type: ignore[method-assign]
        os.urandom = random._urandom = urandom  # type: ignore[attr-defined]


def rest(folders: list[str]) -> Callable[[], None]:
    """Ends the build's part, and answers what to call before an instance's first request.

    That is nothing when no source that is loaded speaks of `random`: seeding costs more than the
    rest of a small request.
    """
    # The bindings call this themselves at the first request. Once is enough.
    random.seed = _nothing  # type: ignore[assignment]
    return _wake if any(_speaks_of_random(each, folders) for each in _modules()) else _nothing


def _nothing() -> None:
    pass


def _wake() -> None:
    random.seed = _seed
    _seed()
    for generator in _generators:
        generator.seed()
    uuid: Any = sys.modules.get("uuid")
    if uuid is not None:
        uuid._node = None  # What stands in for a hardware address is drawn once and kept.


def _modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name not in ("random", __name__)]


def _speaks_of_random(module: ModuleType, folders: list[str]) -> bool:
    """Whether a module imports `random`; in the author's own, whether it has the word at all."""
    file = getattr(module, "__file__", None) or ""
    own = file.startswith(tuple(folder + "/" for folder in folders))
    pattern = rb"\brandom\b" if own else rb"(?m)^\s*(?:import|from)\s[^\n]*\brandom\b"
    try:
        with open(file, "rb") as source:
            return re.search(pattern, source.read()) is not None
    except OSError:
        return False
