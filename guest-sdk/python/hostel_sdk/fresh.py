"""Gives every instance different random values, although all start from one memory snapshot.

``os.urandom`` and its users (``secrets``, ``uuid.uuid4``, ``random.SystemRandom``) get random bytes
from the host each time. The state of the generators of ``random`` is in the snapshot, so each
instance reseeds them before its first request: the module's own generator, and each ``Random``
object that the author did not seed. The seed of ``hash`` cannot change after the first dict exists.
A full build picks a new seed, which all instances of the plugin share. A plugin built from a base
has the seed of this base.
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
    """Records the ``Random`` objects that are created inside the context without a seed. Refuses
    to return random bytes to the author's code inside the context, because the bytes would be the
    same in every instance."""
    seed, urandom = random.Random.seed, os.urandom
    watching = True

    def noting_seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        others = [each for each in _generators if each is not self]
        _generators[:] = others if a is not None else [*others, self]
        seed(self, a, version)

    def refusing_urandom(size: int) -> bytes:
        caller: FrameType | None = sys._getframe(1)
        while caller is not None and caller.f_code.co_filename.startswith("/python/"):
            caller = caller.f_back  # Skip the standard library: its caller is responsible.
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
    """Disables the bindings' own seeding, and returns the function to call before an instance's
    first request.

    The returned function does nothing if no loaded source uses `random`, because seeding costs more
    than all other work of a small request.
    """
    # Otherwise the bindings would seed `random` again at the first request.
    random.seed = _nothing  # type: ignore[assignment]
    return _wake if any(_mentions_random(each, folders) for each in _modules()) else _nothing


def _nothing() -> None:
    pass


def _wake() -> None:
    random.seed = _seed
    _seed()
    for generator in _generators:
        generator.seed()
    uuid: Any = sys.modules.get("uuid")
    if uuid is not None:
        uuid._node = None  # Clear the random node id that `uuid1` caches.


def _modules() -> list[ModuleType]:
    return [module for name, module in sys.modules.items() if name not in ("random", __name__)]


def _mentions_random(module: ModuleType, folders: list[str]) -> bool:
    """Returns true if a module imports `random`. In modules below ``folders``, any occurrence of
    the word counts."""
    file = getattr(module, "__file__", None) or ""
    own = file.startswith(tuple(folder + "/" for folder in folders))
    pattern = rb"\brandom\b" if own else rb"(?m)^\s*(?:import|from)\s[^\n]*\brandom\b"
    try:
        with open(file, "rb") as source:
            return re.search(pattern, source.read()) is not None
    except OSError:
        return False
