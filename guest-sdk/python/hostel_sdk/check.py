"""Finds in an instant what the build would tell after half a minute: a syntax error, and an import
of a module that is not there.

Only what is certain is told; all else is left to the build. The Python of the machine may be older
than that of a plugin, and does not know all of its syntax then.
"""

from __future__ import annotations

import ast
import os
import re
import sys
import traceback
import warnings
from collections.abc import Iterable, Iterator

from . import advice

# The Python that services run on, and the modules that it has beyond those of an older one.
_GUEST = (3, 14)
_NEW_MODULES = {"annotationlib", "compression"}

# What componentize-py adds to a plugin.
_BINDINGS = {"componentize_py_types", "componentize_py_runtime", "poll_loop", "wit_world"}

# Code that changes where modules are found.
_MOVES_IMPORTS = re.compile(rb"sys\.(path|modules|meta_path)|importlib|pkgutil|\b__import__\b")

# Where syntax may stand that came after Python 3.10: up to an error, and in its own lines.
_NEW_BEFORE = re.compile(
    r"^\s*(?:type\s+\w+.*=|(?:async\s+)?def\s+\w+\s*\[|class\s+\w+\s*\["
    r"|except\b\s*(?:\*|[^(:\n]+,))|\b[rR]?[fFtT][rR]?(?:'''|\"\"\")",
    re.MULTILINE,
)
_NEW_THERE = re.compile(
    r"\b[rR]?[fFtT][rR]?['\"]|\[[^\]]*\*|:\s*\*|\basync\b|\bawait\b|\bwith\s*\("
)


def wrong(file: str, packages: str | None) -> str | None:
    """What is wrong with a file or what it imports from beside it, the author's line in front, as
    the build would say it; ``None`` when nothing is found. The lines of the source go to stderr."""
    folder = os.path.dirname(file)
    seen: set[str] = set()
    waiting = [file]
    sources: list[tuple[str, bytes, ast.Module]] = []
    while waiting:
        each = waiting.pop()
        if each in seen or not os.path.isfile(each):
            continue
        seen.add(each)
        with open(each, "rb") as opened:
            text = opened.read()
        line = advice.except_of_2(text)
        if line:
            return f"{each}:{line}: SyntaxError: except Error, name{advice.WRITTEN_FOR_2}"
        try:
            tree = _parsed(text, each)
        except SyntaxError as error:
            return _told(error, each) if _is_certain(error, text) else None
        except ValueError:
            return None
        sources.append((each, text, tree))
        beside = (_beside(folder, name) for name, _ in _at_once(tree))
        waiting += [found for found in beside if found is not None]
    if any(_MOVES_IMPORTS.search(text) for _, text, _ in sources):
        return None
    for each, text, tree in sources:
        for name, line in _at_once(tree):
            if not _is_there(name.split(".")[0], [os.path.dirname(each), folder, packages]):
                return _missing(name, each, line, text, packages)
    return None


def _parsed(text: bytes, file: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(text, file, "exec", dont_inherit=True)
        return ast.parse(text, file)


def _is_certain(error: SyntaxError, text: bytes) -> bool:
    """Whether the Python of services refuses it too."""
    if sys.version_info[:2] >= _GUEST or error.lineno is None:
        return sys.version_info[:2] == _GUEST
    lines = text.decode(errors="replace").split("\n")
    last = error.end_lineno or error.lineno
    before, own = "\n".join(lines[:last]), "\n".join(lines[error.lineno - 1 : last])
    return not (_NEW_BEFORE.search(before) or _NEW_THERE.search(own))


def _at_once(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The modules that a file imports whenever it is imported, each with its line."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def _beside(folder: str, name: str) -> str | None:
    """The file of a module that is a single one beside the author's."""
    file = os.path.join(folder, f"{name}.py")
    return file if "." not in name and os.path.isfile(file) else None


def _is_there(name: str, folders: Iterable[str | None]) -> bool:
    """Whether a module could be found: any file or folder of that name is one, for the build."""
    known = (sys.stdlib_module_names, _NEW_MODULES, _BINDINGS, ("hostel_sdk", "zato"))
    if any(name in names for names in known):
        return True
    for folder in folders:
        if folder is not None:
            entries = os.listdir(folder or ".")
            if any(entry.split(".")[0] == name for entry in entries):
                return True
    return False


def _missing(name: str, file: str, line: int, text: bytes, packages: str | None) -> str:
    source = text.decode(errors="replace").split("\n")[line - 1]
    print(f'  File "{file}", line {line}\n    {source.strip()}', file=sys.stderr)
    first = name.split(".")[0]
    hint = advice.of_missing(name, packages is not None)
    return f"{file}:{line}: ModuleNotFoundError: No module named {first!r}{hint}"


def _told(error: SyntaxError, file: str) -> str:
    lines = traceback.format_exception_only(error)
    advice.add(error)
    print("".join(lines[:-1]).rstrip("\n"), file=sys.stderr)
    return f"{file}:{error.lineno}: {type(error).__name__}: {error.msg}"
