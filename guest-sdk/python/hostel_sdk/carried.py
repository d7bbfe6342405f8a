"""Collects the data files of a plugin: the files in the folder of the author's file and below it,
and the files of imported packages.
"""

from __future__ import annotations

import os
import re
import sys
import zlib
from collections.abc import Iterator

# Keep the original function: `reads` replaces `os.scandir` with a function that records the listed
# folders. This module's listings need no record, because the build itself tracks which files exist.
from os import scandir

from . import files

MAX_BYTES = 16 * 1024 * 1024
"""The maximum total size of the compressed files. They are part of each instance's memory image,
but an instance touches only the pages that it reads. Smaller files are added first."""

MAX_FILES = 10_000
"""The maximum number of files and folders to scan below one folder: the author's file may be in a
very large folder."""

# Names that occur in code that reads files.
_READS = re.compile(
    rb"__file__|__path__|\bopen\b|\bPath\b|\bresources\b|\bget_data\b|Loader\b|\bpathlib\b"
)

# Names of files and folders that are not data: files for tools or people, code, and private keys.
_NOT_DATA = re.compile(
    r"\..*|__pycache__|node_modules|target|venv|tests?|(test_.*|.*_test|conftest)\.\w+"
    r"|.*\.(py|pyc|pyi|pyx|so|pyd|dylib|wasm|key|p12|pfx|jks)|hostel\.toml|pyproject\.toml|.*\.lock"
    r"|requirements.*\.txt|README.*|LICEN[CS]E.*|CHANGELOG.*|Makefile|Dockerfile",
    re.DOTALL,
)
_NO_CODE_OF_PACKAGES = re.compile(r"__pycache__|tests?|.*\.(pyc|pyi|pyx|c|h|so|pyd|dylib|typed)")


def collect(folder: str, packages: str | None, sources: list[str]) -> bool:
    """Copies the data files into the plugin's memory, up to ``MAX_BYTES``. Returns true if there
    are any. ``sources`` are the Python files that the plugin imported from the author's folder. The
    data files of that folder are included only if one of these sources may read files."""
    found: list[str] = []
    if any(_READS.search(_read(source) or b"") for source in sources):
        found += _below(folder, _NOT_DATA)
    if packages:
        for name in _imported(packages):
            found += _below(os.path.join(packages, name), _NO_CODE_OF_PACKAGES)
        found += _metadata(packages)
    loaded = {getattr(module, "__file__", None) for module in sys.modules.values()}
    sizes = {path: size for path in found if path not in loaded and (size := _size(path)) >= 0}
    reason, room = _reason(sizes), MAX_BYTES
    for path in sorted(sizes, key=lambda path: (sizes[path], path)):
        may_fit = sizes[path] <= MAX_BYTES and room > 0
        content = _read(path) if may_fit else None
        if may_fit and not isinstance(content, bytes):
            files.add(path, sizes[path], None, "it could not be read when the plugin was built")
            continue
        compressed = zlib.compress(content) if content is not None else None
        if not compressed or len(compressed) > room:
            compressed, room = None, 0  # Leave out this file and all larger ones.
        else:
            room -= len(compressed)
        files.add(path, sizes[path], compressed, reason)
    return bool(sizes)


def _reason(sizes: dict[str, int]) -> str:
    """Returns the error message for reading a file that did not fit into the component."""
    biggest = max(sizes, key=lambda path: sizes[path], default="")
    return (
        f"it is not in the component, which has {MAX_BYTES >> 20} MiB for compressed files: "
        f"all files have {sum(sizes.values()) >> 20} MiB, and the largest is "
        f"{os.path.basename(biggest)}"
    )


def _imported(packages: str) -> list[str]:
    """Returns the folder names of the imported packages. Includes ``tzdata`` if ``zoneinfo`` is
    imported, because ``zoneinfo`` reads time zones from that package."""
    names = {name.split(".")[0] for name in sys.modules}
    if "zoneinfo" in names:
        names.add("tzdata")
    return sorted(name for name in names if os.path.isdir(os.path.join(packages, name)))


def _metadata(packages: str) -> Iterator[str]:
    """Returns the files ``METADATA`` and ``entry_points.txt`` of all packages if
    ``importlib.metadata`` is imported, because that module reads them. Otherwise returns no files.
    """
    if "importlib.metadata" not in sys.modules:
        return
    for name in sorted(os.listdir(packages)):
        if name.endswith(".dist-info"):
            yield from (os.path.join(packages, name, it) for it in ("METADATA", "entry_points.txt"))


def _below(top: str, leaves_out: re.Pattern[str]) -> Iterator[str]:
    """Returns the files below a folder. Skips files and folders whose name matches ``leaves_out``,
    and virtual environments. Stops after ``MAX_FILES`` entries."""
    left = MAX_FILES
    folders = [top]
    while folders:
        folder = folders.pop()
        entries = sorted(_entries(folder), key=lambda entry: entry.name)
        if any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        left -= len(entries)
        if left < 0:
            return
        wanted = [entry for entry in entries if not leaves_out.fullmatch(entry.name)]
        folders += [entry.path for entry in wanted if entry.is_dir(follow_symlinks=False)]
        yield from (entry.path for entry in wanted if not entry.is_dir())


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _size(path: str) -> int:
    try:
        return os.path.getsize(path) if os.path.isfile(path) else -1
    except OSError:
        return -1


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
