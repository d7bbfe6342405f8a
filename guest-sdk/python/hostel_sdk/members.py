"""Readers of enums, dataclasses, ``NamedTuple``, ``TypedDict`` and the keys of dicts.

A parameter ``reader`` is a function that returns the reader of a member's type.
"""

from __future__ import annotations

import dataclasses
import enum
import json
import typing
from collections.abc import Callable
from typing import Any

from .misfit import at, misfit, wrong

Reader = Callable[[Any], Any]


def meaning(kind: Any, origin: Any, arguments: tuple[Any, ...]) -> Any:
    """Returns the type that an alias, ``Annotated``, ``NewType`` or type variable means. Returns
    ``None`` for any other ``kind``."""
    if origin is typing.Annotated:
        return arguments[0]
    if hasattr(kind, "__supertype__"):  # NewType
        return kind.__supertype__
    if type(origin).__name__ == "TypeAliasType":  # Python 3.12 or later.
        return _substituted(origin.__value__, dict(zip(origin.__type_params__, arguments)))
    if isinstance(kind, typing.TypeVar):
        constraints = kind.__constraints__
        return kind.__bound__ or (typing.Union[constraints] if constraints else Any)
    return None


def enumeration(kind: type[enum.Enum]) -> Reader:
    choices = [(_plain(member), member) for member in kind]

    def read(value: Any) -> Any:
        for plain, member in choices:
            # Compare the types too, because True equals 1.
            if type(plain) is type(value) and plain == value:
                return member
        if issubclass(kind, enum.Flag) and type(value) is int:
            return kind(value)
        has = ", ".join(repr(plain) for plain, _ in choices)
        raise ValueError(f"{misfit(value, kind)}, which has {has:.200}")

    return read


def _plain(member: enum.Enum) -> Any:
    """Returns the JSON value of an enum member: for example, the text of a ``StrEnum`` member."""
    for base in (str, int, float):
        if isinstance(member.value, base) and not isinstance(member.value, bool):
            return base(member.value)
    return list(member.value) if isinstance(member.value, tuple) else member.value


def dataclass(kind: Any, origin: Any, reader: Callable[[Any], Reader]) -> Reader:
    hints = _hints(kind, origin)
    fields = [field for field in dataclasses.fields(origin) if field.init]
    readers = {field.name: reader(hints[field.name]) for field in fields}
    missing = dataclasses.MISSING
    needed = [f.name for f in fields if f.default is missing and f.default_factory is missing]
    init_only: Any = dataclasses._FIELD_INITVAR  # type: ignore[attr-defined]
    for name, field in origin.__dataclass_fields__.items():
        if field._field_type is init_only and field.default is missing:
            raise TypeError(f"{origin.__name__} needs {name!r}, an InitVar, which is not stored")

    def read(value: Any) -> Any:
        if type(value) is not dict:
            wrong(value, origin)
        for name in needed:
            if name not in value:
                raise ValueError(f"{origin.__name__} needs a member {name!r}")
        known = ((name, each) for name, each in value.items() if name in readers)
        return origin(**{name: at(name, readers[name], each) for name, each in known})

    return read


def typed_dict(kind: Any, origin: Any, reader: Callable[[Any], Reader]) -> Reader:
    readers = {name: reader(hint) for name, hint in _hints(kind, origin).items()}
    needed = sorted(origin.__required_keys__)

    def read(value: Any) -> Any:
        if type(value) is not dict:
            wrong(value, origin)
        for name in needed:
            if name not in value:
                raise ValueError(f"{origin.__name__} needs a member {name!r}")
        return {
            name: at(name, readers[name], each) if name in readers else each
            for name, each in value.items()
        }

    return read


def named_tuple(kind: Any, origin: Any, reader: Callable[[Any], Reader]) -> Reader:
    hints = _hints(kind, origin)
    readers = [reader(hints.get(name, Any)) for name in origin._fields]
    fewest = len(readers) - len(origin._field_defaults)

    def read(value: Any) -> Any:
        if type(value) is not list or not fewest <= len(value) <= len(readers):
            raise ValueError(f"{misfit(value, origin)}, an array of {len(readers)}")
        return origin(*(at(name, *pair) for name, *pair in zip(origin._fields, readers, value)))

    return read


def key(read: Reader) -> Reader:
    """Returns the reader of a dict's keys, which JSON stores as strings: ``1`` as ``"1"`` and
    ``None`` as ``"null"``."""

    def read_name(name: str) -> Any:
        try:
            return read(name)
        except ValueError as error:
            try:
                value = json.loads(name)
            except ValueError:
                raise error from None
        if isinstance(value, (dict, list, str)) or json.dumps(value) != name:
            raise ValueError(f"{name!r:.40} is not a key of that type")
        return read(value)

    return read_name


def _hints(kind: Any, origin: Any) -> dict[str, Any]:
    """Returns the types of a class's members, with the type variables of a generic class
    substituted."""
    bound = _bound(kind, origin)
    hints = typing.get_type_hints(origin)
    return {name: _substituted(hint, bound) for name, hint in hints.items()} if bound else hints


def _bound(kind: Any, origin: Any) -> dict[Any, Any]:
    """Maps the type variables of a generic class and its bases to the actual types."""
    bound = dict(zip(getattr(origin, "__parameters__", ()), typing.get_args(kind)))
    for base in getattr(origin, "__orig_bases__", ()):
        generic = typing.get_origin(base)
        if generic is not None and generic is not typing.Generic:
            base = _substituted(base, bound)
            bound = {**_bound(base, generic), **bound}
    return bound


def _substituted(hint: Any, bound: dict[Any, Any]) -> Any:
    if isinstance(hint, typing.TypeVar):
        return bound.get(hint, hint)
    variables = getattr(hint, "__parameters__", ())
    if not bound or not variables or not typing.get_origin(hint):
        return hint
    return hint[tuple(bound.get(variable, variable) for variable in variables)]
