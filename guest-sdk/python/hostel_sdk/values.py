"""Values to JSON text and back, strictly: what one language stores, every other can read."""

from __future__ import annotations

import re
from json.decoder import JSONDecodeError, JSONDecoder
from json.encoder import c_encode_basestring, c_make_encoder  # type: ignore[attr-defined]
from typing import Any, NoReturn

from . import refusal
from .limits import MAX_DEPTH


def _default(value: object) -> object:
    """The JSON form of a value whose type is not one of JSON's. Only a dataclass has one."""
    fields = getattr(value, "__dataclass_fields__", None)
    if fields is None or isinstance(value, type):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return {name: getattr(value, name) for name in fields}


def _constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


# The encoder, which `json.dumps` makes anew for each call. `_open` holds the values it is inside.
_open: dict[int, object] = {}
_chunks = c_make_encoder(_open, _default, c_encode_basestring, None, ":", ",", False, False, False)
_decoder = JSONDecoder(parse_constant=_constant)
_scan: Any = _decoder.scan_once  # type: ignore[attr-defined]


def to_text(value: object, name: str = "value") -> str:
    """The JSON text of ``value``. Tuples are arrays, keys that are numbers become strings,
    dataclasses are objects, integers are exact.

    Raises ``TypeError`` or ``ValueError`` for what has no JSON form: a set, bytes, a date, a
    function, NaN, infinity, a cycle, a lone surrogate. The message calls the value ``name``, and
    says where in it and what would help.
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
    return text


def from_host(text: str) -> Any:
    """The value of a text that the host has checked. Integers are exact, each call makes a fresh
    value."""
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
        value = _decoder.decode(text)
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
