"""Reading a decoded JSON value as a type, without a guess: nothing is rounded or converted."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable
from typing import Any

Reader = Callable[[Any], Any]
"""Answers the value as its type; raises ``ValueError`` with place and reason when it is none."""

_EXACT = 2**53  # Up to here every integer is a float of the same value.

_readers: dict[Any, Reader] = {}


def reader(kind: Any) -> Reader:
    """The reader of a type: ``str``, ``int``, ``float``, ``bool``, ``None``, ``list[T]``,
    ``tuple[T, ...]``, ``dict[str, T]``, ``T | None`` and other unions, ``Literal``, ``Any``, and
    dataclasses of such types. Members of an object that a dataclass does not have do not matter.

    Raises ``TypeError`` for any other type.
    """
    try:
        return _readers[kind]
    except KeyError:
        found = _readers[kind] = _make(kind)
        return found


def _make(kind: Any) -> Reader:
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if kind is Any or kind is object:
        return lambda value: value
    if kind in (str, bool, int, None, type(None)):
        return _plain(kind)
    if kind is float:
        return _float
    if origin in (typing.Union, types.UnionType):
        return _union(kind, [reader(argument) for argument in arguments])
    if origin is typing.Literal:
        return _one_of(arguments)
    if origin is list:
        return _list(reader(arguments[0]) if arguments else None)
    if origin is tuple:
        return _tuple(arguments)
    if origin is dict and (not arguments or arguments[0] is str):
        return _dict(reader(arguments[1]) if arguments else None)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        return _dataclass(kind)
    raise TypeError(f"{_name(kind)} is no type that JSON is read as")


def _plain(kind: Any) -> Reader:
    kind = type(None) if kind is None else kind

    def read(value: Any) -> Any:
        # `type`, because a bool is an instance of int.
        return value if type(value) is kind else _wrong(value, kind)

    return read


def _float(value: Any) -> Any:
    if type(value) is float:
        return value
    if type(value) is not int:
        return _wrong(value, float)
    if abs(value) > _EXACT:
        raise ValueError(
            f"the integer {value!s:.40} would be rounded as a float: "
            "read it as an int, or the JSON text with get_raw"
        )
    return float(value)


def _union(kind: Any, readers: list[Reader]) -> Reader:
    def read(value: Any) -> Any:
        reasons = []
        for each in readers:
            try:
                return each(value)
            except ValueError as error:
                reasons.append(str(error))
        objects = isinstance(value, (dict, list)) and reasons
        raise ValueError(reasons[0]) if objects else ValueError(_misfit(value, kind))

    return read


def _one_of(choices: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        for choice in choices:
            if type(choice) is type(value) and choice == value:
                return choice
        raise ValueError(f"{value!r:.40} is none of {', '.join(map(repr, choices))}")

    return read


def _list(item: Reader | None) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not list:
            _wrong(value, list)
        return _each(item, value) if item else value

    return read


def _tuple(arguments: tuple[Any, ...]) -> Reader:
    if not arguments or arguments[-1] is ...:
        items = _list(reader(arguments[0]) if arguments else None)
        return lambda value: tuple(items(value))
    readers = [reader(argument) for argument in arguments]

    def read(value: Any) -> Any:
        if type(value) is not list or len(value) != len(readers):
            raise ValueError(f"{value!r:.40} is no array of {len(readers)}")
        return tuple(_at(at, *pair) for at, pair in enumerate(zip(readers, value)))

    return read


def _dict(item: Reader | None) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not dict:
            _wrong(value, dict)
        return {key: _at(key, item, each) for key, each in value.items()} if item else value

    return read


def _dataclass(kind: Any) -> Reader:
    # A class that holds itself finds this one while its own reader is made.
    _readers[kind] = lambda value: read(value)
    hints = typing.get_type_hints(kind)
    fields = [field for field in dataclasses.fields(kind) if field.init]
    readers = {field.name: reader(hints[field.name]) for field in fields}
    missing = dataclasses.MISSING
    needed = [f.name for f in fields if f.default is missing and f.default_factory is missing]

    def read(value: Any) -> Any:
        if type(value) is not dict:
            _wrong(value, kind)
        for name in needed:
            if name not in value:
                raise ValueError(f"{kind.__name__} needs a member {name!r}")
        known = ((name, each) for name, each in value.items() if name in readers)
        members = {name: _at(name, readers[name], each) for name, each in known}
        return kind(**members)

    return read


def _each(item: Reader, values: list[Any]) -> list[Any]:
    return [_at(at, item, each) for at, each in enumerate(values)]


def _at(place: object, item: Reader, value: Any) -> Any:
    try:
        return item(value)
    except ValueError as error:
        raise ValueError(f"at {place!r}: {error}") from None


def _wrong(value: Any, kind: Any) -> typing.NoReturn:
    raise ValueError(_misfit(value, kind))


def _misfit(value: Any, kind: Any) -> str:
    return f"{value!r:.40} is no {_name(kind)}"


def _name(kind: Any) -> str:
    return kind.__name__ if isinstance(kind, type) and not typing.get_args(kind) else str(kind)
