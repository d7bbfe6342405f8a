"""Values to JSON text and back, strictly: what one language stores, every other can read."""

from __future__ import annotations

import math
import re
from json.decoder import JSONDecodeError, JSONDecoder
from json.encoder import c_encode_basestring, c_make_encoder  # type: ignore[attr-defined]
from typing import Any, NoReturn

from . import refusal
from .limits import MAX_DEPTH


def _default(value: object) -> object:
    """The JSON form of a value whose type is not one of JSON's. Only a dataclass has one."""
    names = refusal.field_names(value)
    if names is None:
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    try:
        return {name: getattr(value, name) for name in names}
    except AttributeError as error:  # Of a field that was never set.
        raise TypeError(str(error)) from None


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


# The encoder, which `json.dumps` makes anew for each call. `_open` holds the values it is inside.
_open: dict[int, object] = {}
_chunks = c_make_encoder(_open, _default, c_encode_basestring, None, ":", ",", False, False, False)
_decoder = JSONDecoder(parse_constant=_constant)


def _signed(text: str) -> int | float:
    return -0.0 if text == "-0" else int(text)


def _finite(text: str) -> float:
    number = float(text)
    if number in (math.inf, -math.inf):
        raise ValueError(f"the number {text:.40} is beyond a float")
    return number


# For texts that may hold a -0, whose sign an int does not have, or a number that is not finite.
_slow_decoder = JSONDecoder(parse_constant=_constant, parse_int=_signed, parse_float=_finite)
_NEGATIVE_ZERO = re.compile(r"(?:^|[\[:,\s])-0(?:$|[\]},\s])")
_MAYBE_INFINITE = re.compile(r"\d[eE]\+?\d{3}|\d{308}")

# A name that a key which is no text may have: only such names can be those of two keys.
_NUMBER_AS_NAME = re.compile(r'"(?:[-\d]|true"|false"|null")')
_scan: Any = _decoder.scan_once  # type: ignore[attr-defined]


def to_text(value: object, name: str = "value") -> str:
    """The JSON text of ``value``. Tuples are arrays, keys that are numbers become strings,
    dataclasses are objects of their fields, integers are exact. What derives from a JSON type, as
    an ``OrderedDict`` or a ``StrEnum``, is stored as that type, without attributes of its own.

    Raises ``TypeError`` or ``ValueError`` for what has no JSON form: a set, bytes, a date, a
    function, NaN, infinity, a cycle, a lone surrogate, two keys that are one name. The message
    calls the value ``name``, and says where in it and what would help.
    """
    try:
        text: str = "".join(_chunks(value, 0))
        if not text.isascii():
            text.encode()  # Raises for a lone surrogate, which UTF-8 does not have.
    except (TypeError, ValueError, RecursionError) as error:
        _open.clear()
        refused = TypeError if isinstance(error, TypeError) else ValueError
        why = refusal.reason(value, name, MAX_DEPTH)
        if why is None and isinstance(error, RecursionError):
            why = f"{name} is nested too deep: {MAX_DEPTH} levels at most"
        raise refused(why or f"{name}: {error}") from None
    if _NUMBER_AS_NAME.search(text) and refusal.has_clash(value):
        raise ValueError(refusal.reason(value, name, MAX_DEPTH))
    return text


def from_host(text: str) -> Any:
    """The value of a text that the host has checked. Integers are exact, each call makes a fresh
    value."""
    if "-0" in text and _NEGATIVE_ZERO.search(text):
        return _slow_decoder.decode(text)
    try:
        return _scan(text, 0)[0]
    except StopIteration:
        return _decoder.decode(text)  # White space comes first.


def from_caller(body: bytes) -> Any:
    """The value of a text that is not checked yet.

    Raises ``ValueError``, with the place, unless it is one JSON text in UTF-8 that the cache would
    accept: no NaN, no lone surrogate, not nested too deep.
    """
    if _is_deep(body):
        raise ValueError(f"it is nested too deep: {MAX_DEPTH} levels at most")
    try:
        text = body.decode()
        slow = "-0" in text or _MAYBE_INFINITE.search(text)
        value = (_slow_decoder if slow else _decoder).decode(text)
    except JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno} column {error.colno}") from None
    if "\\u" in text:
        to_text(value, "it")
    return value


_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"?', re.DOTALL)


def _is_deep(body: bytes) -> bool:
    """True when the text is nested too deep. Checked before it is read, which needs the stack."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    # Each round removes the innermost pairs, so a text with any left is deeper.
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True
