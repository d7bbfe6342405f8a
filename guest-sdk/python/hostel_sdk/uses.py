"""Determines the optional interfaces that a plugin uses, so that its component imports no others.

Searches for names in the author's file and in all files that the author's file may import. The
result may include unused interfaces. It misses a used interface if the source hides the name, for
example by constructing the name at run time.
"""

from __future__ import annotations

import ast
import os
import re
import warnings
from collections.abc import Iterator

INTERFACES: dict[str, list[str]] = {
    "atomics": "set_if_absent increment compare_and_swap_raw update take take_raw".split(),
    "lease": ["get_or_set"],
    "batch": ["get_many", "set_many", "delete_many"],
    # The last name is from the Zato API.
    "entries": ["ttl", "expire", "keys", "delete_prefix", "delete_by_prefix"],
}
"""The cache interfaces other than `cache`, each with the methods that need it."""

SOURCES: dict[str, list[str]] = {
    "client": ["hostel_sdk.http", "out.rest"],
    "config": ["hostel_sdk.config", "out.rest"],
}
"""The interfaces for HTTP requests and settings, each with the modules that need it. `out.rest` is
from the Zato API."""

_OWN = ("hostel_sdk", "zato")
"""Packages of the SDK. The search skips them, because they contain every name."""

_WORD = re.compile(r"[^\W\d]\w*")

# Patterns for a file that the machine's Python cannot parse.
_KEYS_OF_A_DICT = re.compile(r"\.\s*keys\s*\(\s*\)")
_NAMED = re.compile(r"\.\s*(\w+)|['\"](\w+)['\"]|\bimport\b(.*)")


def interfaces(file: str, packages: str | None) -> list[str]:
    """Returns the names of the optional interfaces that a plugin's file, or a file that it may
    import, uses. ``packages`` is the folder of the installed packages."""
    names: set[str] = set()
    for source in _sources(file, packages):
        names |= named(source)
    if {"out", "rest"} <= names and any(name.split(".")[0] == "zato" for name in names):
        names.add("out.rest")
    needs = {**INTERFACES, **SOURCES}
    return [each for each, needed_by in needs.items() if not names.isdisjoint(needed_by)]


def named(source: bytes) -> set[str]:
    """Returns the names in a file that may be methods of the cache: attributes, strings and
    imported names. Skips calls that fit only dicts and sets: `keys()`, and `update` with at most
    one argument.

    Names imported from the SDK are also returned with the package name, as in `hostel_sdk.http`:
    the name `http` alone could be Python's module or an attribute of a request."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _named_in_text(source.decode(errors="replace"))
    nodes = list(ast.walk(tree))
    modules = _modules(nodes)
    of_others = {id(node.func) for node in nodes if isinstance(node, ast.Call) and _is_other(node)}
    return {name for node in nodes if id(node) not in of_others for name in _names(node, modules)}


def _modules(nodes: list[ast.AST]) -> set[str]:
    """Returns the names under which a file imports the SDK package."""
    found = [alias for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    found = [alias for alias in found if alias.name.split(".")[0] == "hostel_sdk"]
    return {alias.asname or "hostel_sdk" for alias in found}


def _names(node: ast.AST, modules: set[str]) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
        if isinstance(node.value, ast.Name) and node.value.id in modules:
            yield f"hostel_sdk.{node.attr}"
    elif isinstance(node, ast.Call):
        yield from _of_call(node, modules)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield from (alias.name for alias in node.names)
        yield node.module or ""
        if node.module == "hostel_sdk":
            names = [alias.name for alias in node.names]
            all_names = ["http", "config"] if "*" in names else names
            yield from (f"hostel_sdk.{name}" for name in all_names)
    elif isinstance(node, ast.MatchClass):
        yield from node.kwd_attrs


def _of_call(call: ast.Call, modules: set[str]) -> Iterator[str]:
    """Returns the name in a call such as `getattr(hostel_sdk, "http")`."""
    if call.args[1:] and isinstance(call.args[0], ast.Name) and call.args[0].id in modules:
        yield f"hostel_sdk.{getattr(call.args[1], 'value', '')}"


def _is_other(call: ast.Call) -> bool:
    """Returns true if a call of ``keys`` or ``update`` has too few arguments to be a call of a
    cache method."""
    least = {"keys": 1, "update": 2}.get(getattr(call.func, "attr", ""), 0)
    given = [*call.args, *call.keywords]
    # `*values` and `**values` may stand for any number of arguments.
    has_any = any(isinstance(it, ast.Starred) or not getattr(it, "arg", it) for it in given)
    return not has_any and len(given) < least


def _named_in_text(text: str) -> set[str]:
    found = _NAMED.findall(_KEYS_OF_A_DICT.sub("", text))
    names = {word for groups in found for each in groups for word in _WORD.findall(each)}
    words = set(_WORD.findall(text))
    if "hostel_sdk" in words:
        names.update(f"hostel_sdk.{word}" for word in words)
    if "zato" in words:
        names.add("zato")
    return names


def _sources(file: str, packages: str | None) -> Iterator[bytes]:
    """Returns the texts of the file and of each file that it may import. A file may be imported if
    its name occurs as a word in an earlier text. Searches the plugin's folder, the folder of
    packages, and the packages that may be imported."""
    folders = [os.path.dirname(file) or ".", *([packages] if packages else [])]
    seen = set(map(os.path.realpath, folders))
    waiting, words = [file], {"__init__"}
    while True:
        for each in waiting:
            seen.add(os.path.realpath(each))
            text = _read(each)
            words.update(_WORD.findall(text.decode(errors="replace")))
            yield text
        found = [it for folder in folders for it in _named_by(folder, words)]
        found = [it for it in found if os.path.realpath(it) not in seen]
        folders += [it for it in found if os.path.isdir(it)]
        seen.update(os.path.realpath(it) for it in found)
        waiting = [it for it in found if not os.path.isdir(it)]
        if not found:
            return


def _named_by(folder: str, words: set[str]) -> Iterator[str]:
    """Returns the modules and packages in a folder whose names are in ``words``."""
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return
    for entry in entries:
        name, path = entry.removesuffix(".py"), os.path.join(folder, entry)
        if name in words and name not in _OWN and (name != entry or os.path.isdir(path)):
            yield path


def _read(file: str) -> bytes:
    try:
        with open(file, "rb") as opened:
            return opened.read()
    except OSError:
        return b""
