"""Finds syntax errors and imports of missing modules before the build, which takes much longer to
report them.

Reports an error only if it is certain, and leaves all other errors to the build. The machine's
Python may be older than the Python of plugins, and may not know newer syntax.
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

# The Python version of services, and its modules that Python 3.10 does not have.
_GUEST = (3, 14)
_NEW_MODULES = {"annotationlib", "compression", "tomllib"}

# Modules that componentize-py adds to a plugin.
_BINDINGS = {"componentize_py_types", "componentize_py_runtime", "poll_loop", "wit_world"}

# Code that may change how modules are found.
_MOVES_IMPORTS = re.compile(rb"sys\.(path|modules|meta_path)|importlib|pkgutil|\b__import__\b")

# Code that may be valid only in a newer Python than the machine's. The first pattern is searched in
# the text up to the end of the error, the second only in the lines of the error.
_NEW_BEFORE = re.compile(
    r"^\s*(?:type\s+\w+.*=|(?:async\s+)?def\s+\w+\s*\[|class\s+\w+\s*\["
    r"|except\b\s*(?:\*|[^(:\n]+,))|\b[rR]?[fFtT][rR]?(?:'''|\"\"\")",
    re.MULTILINE,
)
_NEW_THERE = re.compile(
    r"\b[rR]?[fFtT][rR]?['\"]|\[[^\]]*\*|:\s*\*|\basync\b|\bawait\b|\bwith\s*\("
)


def wrong(file: str, packages: str | None) -> str | None:
    """Returns an error in a file, or in a module that the file imports from its own folder,
    directly or indirectly. The error has the build's format, with file and line. Returns ``None``
    if no error is certain. Prints the source line of the error to stderr, except for
    ``except Error, name:``."""
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
    """Returns true only if the Python version of services certainly refuses the text too."""
    if sys.version_info[:2] < _GUEST and error.lineno is not None:
        lines = text.decode(errors="replace").split("\n")
        last = error.end_lineno or error.lineno
        before, own = "\n".join(lines[:last]), "\n".join(lines[error.lineno - 1 : last])
        return not (_NEW_BEFORE.search(before) or _NEW_THERE.search(own))
    return sys.version_info[:2] == _GUEST


def _at_once(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Returns the modules that a file imports in its top-level statements, each with its line.
    Skips relative imports."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module, node.lineno


def _beside(folder: str, name: str) -> str | None:
    """Returns the file of a single-file module in the author's folder, or ``None`` if the file
    does not exist."""
    file = os.path.join(folder, f"{name}.py")
    return file if "." not in name and os.path.isfile(file) else None


def _is_there(name: str, folders: Iterable[str | None]) -> bool:
    """Returns true if the module may exist. In ``folders``, any file or folder of that name counts,
    whatever its extension."""
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
