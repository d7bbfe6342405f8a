"""Strict conversion of values to JSON and back, so that every language can read the stored
values."""

from __future__ import annotations

import math
import re
from json.decoder import JSONDecodeError, JSONDecoder
from json.encoder import c_encode_basestring, c_make_encoder  # type: ignore[attr-defined]
from typing import Any, NoReturn

from . import refusal
from .limits import MAX_DEPTH


def _default(value: object) -> object:
    """Converts a value whose type is not a JSON type. Only dataclasses are supported."""
    names = refusal.field_names(value)
    if names is not None:
        try:
            return {name: getattr(value, name) for name in names}
        except AttributeError as error:  # A field was never set.
            raise TypeError(str(error)) from None
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not JSON")


# All calls share this encoder; `json.dumps` would create one for each call. `_open` has the
# containers that are being encoded, to detect cycles.
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


# For texts that may contain `-0`, which an int cannot represent, or a number outside the range of a
# float.
_slow_decoder = JSONDecoder(parse_constant=_constant, parse_int=_signed, parse_float=_finite)
_NEGATIVE_ZERO = re.compile(r"(?:^|[\[:,\s])-0(?:$|[\]},\s])")
_MAYBE_INFINITE = re.compile(r"\d[eE]\+?\d{3}|\d{308}")

# Matches a JSON name that may come from a key that is not a `str`. Only such a name can equal the
# name of another key.
_NUMBER_AS_NAME = re.compile(r'"(?:[-\d]|true"|false"|null")')
_scan: Any = _decoder.scan_once  # type: ignore[attr-defined]


def to_text(value: object, name: str = "value") -> str:
    """Converts ``value`` to JSON. Tuples become arrays, keys that are numbers, ``bool`` or ``None``
    become strings, dataclasses become objects of their fields, and integers stay exact. An instance
    of a subclass of a JSON type, such as ``OrderedDict`` or ``StrEnum``, is stored as that type,
    without its own attributes.

    Raises ``TypeError`` or ``ValueError`` for a value without a JSON form: a set, bytes, a date, a
    function, NaN, infinity, a cycle, a lone surrogate, or two keys with the same JSON name. The
    message calls the value ``name`` and contains the place and the reason.
    """
    try:
        text: str = "".join(_chunks(value, 0))
        if not text.isascii():
            text.encode()  # Raises for a lone surrogate.
    except (TypeError, ValueError, RecursionError) as error:
        _open.clear()
        refused = TypeError if isinstance(error, TypeError) else ValueError
        why = refusal.reason(value, name, MAX_DEPTH)
        if not why and isinstance(error, RecursionError):
            why = f"{name} is nested too deep: {MAX_DEPTH} levels at most"
        raise refused(why or f"{name}: {error}") from None
    if _NUMBER_AS_NAME.search(text) and refusal.has_clash(value):
        raise ValueError(refusal.reason(value, name, MAX_DEPTH))
    return text


def from_host(text: str) -> Any:
    """Parses a text that the host has validated. Integers stay exact."""
    if "-0" in text and _NEGATIVE_ZERO.search(text):
        return _slow_decoder.decode(text)
    try:
        return _scan(text, 0)[0]
    except StopIteration:
        return _decoder.decode(text)  # The text begins with white space.


def from_caller(body: bytes) -> Any:
    """Parses a text that has not been validated.

    Raises ``ValueError`` with the reason unless the text is UTF-8 and JSON, without lone surrogates
    and not nested too deep. A number with a fraction or an exponent must be in the range of a
    float.
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
    """Returns true if the text is nested deeper than ``MAX_DEPTH``. A text with many brackets that
    do not match also counts. Call this function before the recursive parser."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return False
    # Each round removes the innermost pairs. Brackets that remain are nested too deep or do not
    # match.
    brackets = _STRING.sub(b"", body).translate(None, _NOT_BRACKETS)
    for _ in range(MAX_DEPTH):
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if not brackets:
            return False
    return True
