"""Records the files that are read while a plugin is built, so that a change of one of them causes a
rebuild.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import sys
from collections.abc import Callable, Iterator
from importlib.machinery import SourceFileLoader
from typing import Any

LIST = "/0/reads"
"""The path, inside the component, of the list of files that the build read. The list has one path
per line."""

# The class whose `get_data` reads modules and the files of `pkgutil.get_data`.
_LOADER: Any = SourceFileLoader.__mro__[1]


@contextlib.contextmanager
def recorded(folders: list[str]) -> Iterator[None]:
    """Records the paths below these folders that code reads inside the context: files, including
    missing ones, and listed folders. Writes the list at the end of the context."""
    seen: set[str] = set()

    def noting(function: Callable[..., Any]) -> Callable[..., Any]:
        def noted(path: Any = ".", *arguments: Any, **options: Any) -> Any:
            if isinstance(path, (str, bytes, os.PathLike)):
                seen.add(os.path.abspath(os.fsdecode(path)))
            return function(path, *arguments, **options)

        return noted

    def get_data(loader: Any, path: str) -> bytes:
        seen.add(path)
        return loaded(loader, path)  # type: ignore[no-any-return]

    loaded = _LOADER.get_data
    places: list[tuple[Any, str]] = [
        *((builtins, "open"), (io, "open"), (os, "open")),
        *((os, "listdir"), (os, "scandir")),
    ]
    before = [getattr(module, name) for module, name in places]
    for (module, name), function in zip(places, before, strict=True):
        setattr(module, name, noting(function))
    _LOADER.get_data = get_data
    try:
        yield
    finally:
        _LOADER.get_data = loaded
        for (module, name), function in zip(places, before, strict=True):
            setattr(module, name, function)
        seen.update(filter(None, (getattr(it, "__file__", None) for it in sys.modules.values())))
        within = tuple(folder + "/" for folder in folders)
        with open(LIST, "w", encoding="utf-8", errors="surrogateescape") as listed:
            for path in sorted(seen):
                # Skip cached bytecode: its source is recorded instead.
                if (path.startswith(within) or path in folders) and "/__pycache__/" not in path:
                    listed.write(path + "\n")
