"""Explains why a value has no JSON form: the place in the value, the reason and the fix.

``reason`` is called only after the encoder has refused the value or written the same name twice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from types import NoneType
from typing import Any

MAX_PATH_CHARS = 64

# The keys are names of types, so that the SDK need not import the types' modules.
_REMEDIES = {
    "datetime": "store its isoformat()",
    "date": "store its isoformat()",
    "time": "store its isoformat()",
    "timedelta": "store its total_seconds()",
    "Decimal": "store str(..) of it",
    "Fraction": "store str(..) of it",
    "UUID": "store str(..) of it",
    "complex": "store its parts",
    "Enum": "store its value",
    "set": "store list(..) of it",
    "frozenset": "store list(..) of it",
    "deque": "store list(..) of it",
    "generator": "store list(..) of it",
    "range": "store list(..) of it",
    "bytes": "store its decode(), or base64 of it",
    "bytearray": "store its decode(), or base64 of it",
    "memoryview": "store base64 of it",
    "function": "store its result",
    "method": "store its result",
    "builtin_function_or_method": "store its result",
    "coroutine": "await it",
}


def field_names(value: object) -> list[str] | None:
    """Returns the names of a dataclass's fields, without ``ClassVar`` and ``InitVar``. Returns
    ``None`` if the value is not a dataclass instance."""
    declared = getattr(value, "__dataclass_fields__", None)
    if declared is not None and not isinstance(value, type):
        # The names of the fields that `dataclasses.fields` returns.
        return [name for name, field in declared.items() if field._field_type.name == "_FIELD"]
    return None


def reason(value: object, name: str, max_depth: int) -> str | None:
    """Returns the place, the reason and the fix if ``value`` has no JSON form of at most
    ``max_depth`` levels, and ``None`` otherwise. The message calls the value ``name``."""
    found = _find(value, max_depth, [])
    if not found:
        return None
    path, why = found
    path = path if len(path) <= MAX_PATH_CHARS else f"{path[:MAX_PATH_CHARS]}.."
    return f"{name}{path} {why}"


def _find(value: object, levels: int, above: list[object]) -> tuple[str, str] | None:
    """Returns the path to the refused part and the reason, or ``None`` if no part is refused."""
    why = _refused(value)
    if why is not None:
        return "", why
    inside = _inside(value)
    if not inside:
        return None
    if any(value is each for each in above):
        return "", "contains itself"
    if levels == 0:
        return "", "is nested too deep inside"
    for path, each in inside:
        found = _find(each, levels - 1, [*above, value])
        if found is not None:
            return path + found[0], found[1]
    return None


def _inside(value: object) -> Iterator[tuple[str, object]] | None:
    """Returns the direct parts of a value, each with its path segment. Returns ``None`` if the
    value is not a container."""
    if isinstance(value, (list, tuple)):
        return ((f"[{at}]", each) for at, each in enumerate(value))
    if isinstance(value, dict):
        return ((f"[{key!r:.40}]", each) for key, each in value.items())
    names = field_names(value)
    if names is not None:
        return ((f".{name}", getattr(value, name, None)) for name in names)
    return None


def _refused(value: object) -> str | None:
    """Returns why the value itself is refused, ignoring its parts but not the keys of a dict.
    Returns ``None`` if the value is not refused."""
    if isinstance(value, str):
        return _refused_text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return f"is {value}, which is not a JSON number: use None or a str"
    if isinstance(value, dict):
        return _refused_key(value)
    if isinstance(value, (NoneType, bool, int, float, list, tuple)):
        return None
    if isinstance(value, type):
        return f"is the class {value.__name__}: store a value"
    names = field_names(value)
    if names is not None:
        unset = next((name for name in names if not hasattr(value, name)), None)
        return unset and f"has no {unset}, a field of its class: set it"
    for kind in type(value).__mro__:
        if kind.__name__ in _REMEDIES:
            return f"is {_kind(value)}: {_REMEDIES[kind.__name__]}"
    return f"is {_kind(value)}: make it a dict, a list or a dataclass"


def _kind(value: object) -> str:
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def _refused_text(value: str) -> str | None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return "contains a lone surrogate, which is not UTF-8"
    return None


def _refused_key(value: dict[object, object]) -> str | None:
    for key in value:
        if isinstance(key, str):
            if _refused_text(key) is not None:
                return "has a key that contains a lone surrogate, which is not UTF-8"
        elif key is not None and not isinstance(key, (bool, int, float)):
            return f"has the key {key!r:.40}, {_kind(key)}: make it a str"
        elif isinstance(key, float) and not math.isfinite(key):
            return f"has the key {key}: make it a str"
    names: dict[str, object] = {}
    for key in value:
        other = names.setdefault(_name(key), key)
        if other is not key:
            return f"has the keys {other!r:.40} and {key!r:.40}, which have the same name in JSON"
    return None


def _name(key: object) -> str:
    """Returns the JSON name that the encoder writes for a key."""
    if isinstance(key, str):
        return str.__str__(key)
    if isinstance(key, (NoneType, bool)):
        return {None: "null", True: "true", False: "false"}[key]
    number: Any = key
    return float.__repr__(number) if isinstance(key, float) else int.__repr__(number)


def has_clash(value: object) -> bool:
    """Returns true if a dict in an encoded value has two keys with the same JSON name."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            if not set(map(type, each)) <= {str} and len(set(map(_name, each))) < len(each):
                return True
            waiting += each.values()
        elif isinstance(each, (list, tuple)):
            waiting += each
        else:
            waiting += [getattr(each, name) for name in field_names(each) or ()]
    return False
