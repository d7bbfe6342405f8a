"""Read-only files in memory, which ``open``, ``os`` and ``pathlib`` read in a plugin.

A host gives plugins no access to its file system. Instead, the component contains the data files of
the plugin: see ``carried``.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import stat as modes
import zlib
from collections.abc import Iterator
from typing import Any

from . import tracebacks

contents: dict[str, bytes] = {}
"""The compressed files by absolute path. Compression saves memory for files that no request
reads."""

sizes: dict[str, int] = {}
"""The uncompressed sizes by absolute path, in bytes."""

left_out: dict[str, str] = {}
"""Files whose content is not in the component, each with the reason."""

folders: dict[str, list[str]] = {}
"""The folders by absolute path, each with the names of its entries."""

_roots: list[str] = []
_real: dict[str, Any] = {}


def add(path: str, size: int, compressed: bytes | None, reason: str = "") -> None:
    """Adds a file and its parent folders. If ``compressed`` is ``None``, the content is not in the
    component, for the given reason."""
    sizes[path] = size
    if compressed is not None:
        contents[path] = compressed
    else:
        left_out[path] = reason
    while path != "/":
        folder, name = os.path.split(path)
        names = folders.setdefault(folder, [])
        if name in names:
            break
        names.append(name)
        path = folder


def install(roots: list[str]) -> None:
    """Makes ``open`` and the functions of ``os`` that list or check files use the files in memory.
    Below ``roots`` these functions find no other files."""
    _roots[:] = roots
    import _io
    import posix

    system = {"stat": _stat, "lstat": _stat, "listdir": _listdir, "scandir": _scandir}
    system["access"] = _access
    for name, function in system.items():
        # Replace both: the import system calls functions of `posix`, and other code calls `os`.
        _replace(name, function, [os, posix])
    _replace("open", _open, [builtins, io, _io])
    _replace("open_code", _open_code, [io, _io])


def _replace(name: str, function: Any, modules: list[Any]) -> None:
    _real[name] = getattr(modules[0], name)
    for module in modules:
        setattr(module, name, function)


def _kept(path: Any, options: Any = None) -> str | None:
    """Returns the absolute path if it is a root or below one. Returns ``None`` for other paths, for
    file descriptors, and if ``options`` has a ``dir_fd``."""
    if isinstance(path, int) or (options and options.get("dir_fd") is not None):
        return None
    text = os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path)))
    within = any(text == root or text.startswith(root + "/") for root in _roots)
    return text if within else None


def _refused(code: int, path: str, why: str | None = None) -> OSError:
    return OSError(code, why or os.strerror(code), tracebacks.path(path) or path)


def _content(path: str) -> bytes:
    if path in contents:
        return zlib.decompress(contents[path])
    if path in left_out:
        raise _refused(errno.ENOENT, path, left_out[path])
    raise _refused(errno.EISDIR if path in folders else errno.ENOENT, path)


def _names(path: str) -> list[str]:
    if path in folders:
        return folders[path]
    raise _refused(errno.ENOTDIR if path in sizes else errno.ENOENT, path)


class _File(io.BytesIO):
    """A file that is open for reading in binary mode."""

    def __init__(self, path: str, name: Any) -> None:
        super().__init__(_content(path))
        self.name = name
        self.mode = "rb"  # type: ignore[misc]

    def writable(self) -> bool:
        return False


def _open(
    file: Any,
    mode: str = "r",
    buffering: int = -1,
    encoding: str | None = None,
    errors: str | None = None,
    newline: str | None = None,
    closefd: bool = True,
    opener: Any = None,
) -> Any:
    path = _kept(file)
    if not path or opener is not None:
        return _real["open"](file, mode, buffering, encoding, errors, newline, closefd, opener)
    if set(mode) & set("wax+"):
        why = "a service cannot write files: store values in the cache"
        raise _refused(errno.EROFS, path, why)
    opened = _File(path, file)
    return opened if "b" in mode else io.TextIOWrapper(opened, encoding, errors, newline)


def _open_code(path: str) -> Any:
    kept = _kept(path)
    return _File(kept, path) if kept else _real["open_code"](path)


def _stat(path: Any, **options: Any) -> os.stat_result:
    kept = _kept(path, options)
    if not kept:
        follows = options.get("follow_symlinks", True)
        return _real["stat" if follows else "lstat"](path)  # type: ignore[no-any-return]
    if kept in sizes:
        mode, size = modes.S_IFREG | 0o444, sizes[kept]
    elif kept in folders:
        mode, size = modes.S_IFDIR | 0o555, 0
    else:
        raise _refused(errno.ENOENT, kept)
    return os.stat_result((mode, hash(kept), 0, 1, 0, 0, size, 0, 0, 0))


def _access(path: Any, mode: int, **options: Any) -> bool:
    kept = _kept(path, options)
    if not kept:
        return _real["access"](path, mode, **options)  # type: ignore[no-any-return]
    return (kept in folders or kept in sizes) and not mode & os.W_OK


def _listdir(path: Any = ".") -> list[Any]:
    kept = _kept(path)
    if not kept:
        return _real["listdir"](path)  # type: ignore[no-any-return]
    names = _names(kept)
    return [os.fsencode(name) for name in names] if isinstance(path, bytes) else list(names)


def _scandir(path: Any = ".") -> Any:
    kept = _kept(path)
    if not kept:
        return _real["scandir"](path)
    return _Entries(_Entry(os.fspath(path), name) for name in _listdir(path) if _names(kept))


class _Entries:
    """The result of ``os.scandir``."""

    def __init__(self, entries: Iterator[_Entry]) -> None:
        self._entries = entries

    def __iter__(self) -> Iterator[_Entry]:
        return self._entries

    def __next__(self) -> _Entry:
        return next(self._entries)

    def __enter__(self) -> _Entries:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the listing."""
        self._entries = iter(())


class _Entry:
    """An entry of a folder, like ``os.DirEntry``."""

    __slots__ = ("name", "path")

    def __init__(self, folder: Any, name: Any) -> None:
        self.name, self.path = name, os.path.join(folder, name)

    def __fspath__(self) -> Any:
        return self.path

    def inode(self) -> int:
        """Returns a number derived from the path."""
        return self.stat().st_ino

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return modes.S_ISDIR(self.stat().st_mode)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return modes.S_ISREG(self.stat().st_mode)

    def is_symlink(self) -> bool:
        """Returns false: there are no links."""
        return False

    def is_junction(self) -> bool:
        """Returns false: there are no junctions."""
        return False

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self.path)
