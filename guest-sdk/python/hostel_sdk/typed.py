"""Reads decoded JSON values as Python types, without rounding integers.

For example, a stored dataclass can be read back as the same dataclass.
"""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import enum
import types
import typing
from collections.abc import Callable
from typing import Any

from . import members
from .misfit import at, misfit, name_of, wrong

Reader = Callable[[Any], Any]
"""Reads a decoded JSON value as a type. Raises ``ValueError`` with the place and the reason if the
value does not fit."""

_readers: dict[Any, Reader] = {}

_ARRAYS = (
    collections.abc.Sequence,
    collections.abc.MutableSequence,
    collections.abc.Collection,
    collections.abc.Iterable,
)
_OBJECTS = (collections.abc.Mapping, collections.abc.MutableMapping)
_SCALARS = (str, bool, int, type(None))


def reader(kind: Any) -> Reader:
    """Returns the reader of a type.

    Supported types are ``str``, ``int``, ``float``, ``bool``, ``None``, ``list[T]``, tuples,
    ``dict[K, T]``, the abstract types of lists and dicts such as ``Sequence[T]`` and
    ``Mapping[K, T]``, unions, ``Literal``, ``Any``, ``object``, enums, and dataclasses,
    ``NamedTuple`` and ``TypedDict``, including generic ones. Aliases, ``Annotated``, ``NewType``
    and type variables are supported too, and subclasses of ``str``, ``int``, ``float``, ``list``
    and ``dict``. Members of a JSON object for which a dataclass has no field are ignored.

    Raises ``TypeError`` for any other type.
    """
    try:
        return _readers[kind]
    except KeyError:
        pass
    except TypeError:  # The kind is not hashable.
        return _make(kind)
    # A recursive type finds this placeholder while its reader is created.
    _readers[kind] = lambda value: read(value)
    try:
        read = _readers[kind] = _make(kind)
    except BaseException:
        del _readers[kind]
        raise
    return read


def _make(kind: Any) -> Reader:
    origin, arguments = typing.get_origin(kind) or kind, typing.get_args(kind)
    if kind is Any or kind is object:
        return lambda value: value
    if isinstance(kind, types.NoneType) or kind in _SCALARS:
        return _plain(kind)
    if kind is float:
        return _float
    if origin in (typing.Union, types.UnionType):
        return _union(kind, [reader(argument) for argument in arguments])
    if origin is typing.Literal:
        return _one_of(arguments)
    if origin is list or origin in _ARRAYS:
        return _list(reader(arguments[0]) if arguments else None)
    if origin is tuple:
        return _tuple(kind, arguments)
    if origin is dict or origin in _OBJECTS:
        return _dict(arguments)
    other = members.meaning(kind, origin, arguments)
    if other is not None:
        return reader(other)
    if isinstance(origin, type):
        return _class(kind, origin, arguments)
    raise TypeError(f"{name_of(kind)} is not a type that JSON can be read as")


def _class(kind: Any, origin: type, arguments: tuple[Any, ...]) -> Reader:
    if issubclass(origin, enum.Enum):
        return members.enumeration(origin)
    if dataclasses.is_dataclass(origin):
        return members.dataclass(kind, origin, reader)
    if typing.is_typeddict(origin):
        return members.typed_dict(kind, origin, reader)
    if issubclass(origin, tuple) and hasattr(origin, "_fields"):
        return members.named_tuple(kind, origin, reader)
    if issubclass(origin, collections.Counter):
        arguments = (*arguments, int)[:2] if arguments else ()
    bases: tuple[Any, ...] = (str, int, float, list, dict)
    for base in bases:
        if issubclass(origin, base) and origin is not bool:
            return _subclass(origin, reader(base[arguments] if arguments else base))
    raise TypeError(f"{name_of(kind)} is not a type that JSON can be read as")


def _subclass(kind: type, read: Reader) -> Reader:
    """Returns the reader of a subclass of a JSON type."""
    if kind is collections.defaultdict:
        return lambda value: collections.defaultdict(None, read(value))

    def build(value: Any) -> Any:
        plain = read(value)
        try:
            return kind(plain)
        except Exception as error:
            raise ValueError(f"{misfit(value, kind)}: {error}") from None

    return build


def _plain(kind: Any) -> Reader:
    kind = kind if kind is not None else type(None)

    def read(value: Any) -> Any:
        # Compare with `type`, because a bool is an instance of int.
        return value if type(value) is kind else wrong(value, kind)

    return read


def _float(value: Any) -> Any:
    if type(value) is float:
        return value
    if type(value) is not int:
        return wrong(value, float)
    try:
        number = float(value)
    except OverflowError:
        number = 0.0
    if number != value:
        raise ValueError(
            f"the integer {value!s:.40} would be rounded as a float: "
            "read it as an int, or the JSON text with get_raw"
        )
    return number


def _union(kind: Any, readers: list[Reader]) -> Reader:
    def read(value: Any) -> Any:
        reasons = []
        found = []
        for each in readers:
            try:
                found.append(each(value))
            except ValueError as error:
                reasons.append(str(error))
                continue
            # Read an integer as a float only if no other type of the union fits.
            if type(value) is not int or type(found[-1]) is not float:
                return found[-1]
        if found:
            return found[0]
        objects = isinstance(value, (dict, list)) and reasons
        raise ValueError(reasons[0] if objects else misfit(value, kind))

    return read


def _one_of(choices: tuple[Any, ...]) -> Reader:
    def read(value: Any) -> Any:
        for choice in choices:
            plain = choice.value if isinstance(choice, enum.Enum) else choice
            if type(plain) is type(value) and plain == value:
                return choice
        raise ValueError(f"{value!r:.40} is not one of {', '.join(map(repr, choices))}")

    return read


def _list(item: Reader | None) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not list:
            wrong(value, list)
        return [at(index, item, each) for index, each in enumerate(value)] if item else value

    return read


def _tuple(kind: Any, arguments: tuple[Any, ...]) -> Reader:
    if kind in (tuple, typing.Tuple) or arguments[1:] == (...,):
        items = _list(reader(arguments[0]) if arguments else None)
        return lambda value: tuple(items(value))
    readers = [reader(argument) for argument in arguments]

    def read(value: Any) -> Any:
        if type(value) is not list or len(value) != len(readers):
            raise ValueError(f"{value!r:.40} is not an array of {len(readers)}")
        return tuple(at(index, *pair) for index, pair in enumerate(zip(readers, value)))

    return read


def _dict(arguments: tuple[Any, ...]) -> Reader:
    name = members.key(reader(arguments[0])) if arguments and arguments[0] is not str else None
    item = reader(arguments[1]) if arguments else None

    def read(value: Any) -> Any:
        if type(value) is not dict:
            wrong(value, dict)
        if name is not None:
            value = {at(key, name, key): each for key, each in value.items()}
        return {key: at(key, item, each) for key, each in value.items()} if item else value

    return read
