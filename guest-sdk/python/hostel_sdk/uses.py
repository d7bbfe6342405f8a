"""Which interfaces a plugin uses, so that its component imports these and no others.

Found by names: in the author's file, and in all files that it may import. So more may be found than
is used, and never less, unless a name is put together when the plugin runs.
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
    # The last one is Zato's.
    "entries": ["ttl", "expire", "keys", "delete_prefix", "delete_by_prefix"],
}
"""The interfaces of the cache beside `cache`, each with the methods that need it."""

SOURCES: dict[str, list[str]] = {
    "client": ["hostel_sdk.http", "out.rest"],
    "config": ["hostel_sdk.config", "out.rest"],
}
"""Those of servers elsewhere and of settings, each with the modules that need it. One is Zato's."""

_OWN = ("hostel_sdk", "zato")
"""Packages of the SDK, which name everything."""

_WORD = re.compile(r"[^\W\d]\w*")

# For a file that the Python of the machine cannot read.
_KEYS_OF_A_DICT = re.compile(r"\.\s*keys\s*\(\s*\)")
_NAMED = re.compile(r"\.\s*(\w+)|['\"](\w+)['\"]|\bimport\b(.*)")


def interfaces(file: str, packages: str | None) -> list[str]:
    """The interfaces that a plugin's file uses, with what it imports from beside it and from its
    packages."""
    names: set[str] = set()
    for source in _sources(file, packages):
        names |= named(source)
    if {"zato.server.service", "out", "rest"} <= names:
        names.add("out.rest")
    needs = {**INTERFACES, **SOURCES}
    return [each for each, needed_by in needs.items() if not names.isdisjoint(needed_by)]


def named(source: bytes) -> set[str]:
    """What may be methods of the cache in a file: its attributes, its texts, and the names that it
    imports. A call that only a dict or a set has is none: `keys()`, and `update` of one thing.

    What is imported from a module has its module before it too, as in `hostel_sdk.http`: Python has
    an `http` of its own, and a request another."""
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
    """What a file calls the package of the SDK."""
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
    """What a `getattr` takes from the package of the SDK."""
    if call.args[1:] and isinstance(call.args[0], ast.Name) and call.args[0].id in modules:
        yield f"hostel_sdk.{getattr(call.args[1], 'value', '')}"


def _is_other(call: ast.Call) -> bool:
    """Whether a call cannot be one of the cache: it has too few arguments."""
    least = {"keys": 1, "update": 2}.get(getattr(call.func, "attr", ""), 0)
    given = [*call.args, *call.keywords]
    # There may be any number of `*values` and `**values`.
    has_any = any(isinstance(it, ast.Starred) or getattr(it, "arg", it) is None for it in given)
    return not has_any and len(given) < least


def _named_in_text(text: str) -> set[str]:
    found = _NAMED.findall(_KEYS_OF_A_DICT.sub("", text))
    names = {word for groups in found for each in groups for word in _WORD.findall(each)}
    words = set(_WORD.findall(text))
    if "hostel_sdk" in words:
        names.update(f"hostel_sdk.{word}" for word in words)
    if "zato" in words:
        names.add("zato.server.service")
    return names


def _sources(file: str, packages: str | None) -> Iterator[bytes]:
    """The text of the file, and of each that it may import: one whose name is a word of a text
    before, in its folder, in that of the packages, or in a package of such a name."""
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
    """The modules and packages in a folder whose names are among the words."""
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
