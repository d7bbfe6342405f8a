"""What a client wrote in a query or a form: its fields, decoded, and the integers in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .failure import BadRequest
from .headers import quoted

FORM = "application/x-www-form-urlencoded"
"""The media type of a form."""

_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_INTEGER = re.compile(r"-?[0-9]+")
_MIN, _MAX = -(2**63), 2**63 - 1


def is_form(content_type: str | None) -> bool:
    """Whether a body of that content type is a form."""
    return (content_type or "").partition(";")[0].strip(" \t").lower() == FORM


def fields(encoded: bytes) -> Iterator[tuple[str, str]]:
    """The names and values of a query or a form, by the rules of the URL standard of the WHATWG:
    an invalid escape stays, and what is not UTF-8 becomes a replacement character."""
    for piece in encoded.split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            yield _decoded(name), _decoded(value)


def integer(text: str, called: str) -> int:
    """The integer that a text is. Raises ``BadRequest``, with what the text is ``called``, when it
    is none, and when 64 bits do not hold it."""
    if not _INTEGER.fullmatch(text):
        raise BadRequest(f"{called} is {quoted(text)}: it must be an integer")
    digits = text.lstrip("-0") or "0"
    # `int` refuses thousands of digits.
    size = int(digits) if len(digits) <= len(str(_MAX)) else _MAX + 2
    number = -size if text[0] == "-" else size
    if not _MIN <= number <= _MAX:
        raise BadRequest(f"{called} is {quoted(text)}: it must be from {_MIN} to {_MAX}")
    return number


def _decoded(part: bytes) -> str:
    if b"+" in part:
        part = part.replace(b"+", b" ")
    if b"%" in part:
        part = _ESCAPE.sub(_byte, part)
    return part.decode(errors="replace")


def _byte(escape: re.Match[bytes]) -> bytes:
    return bytes((int(escape[1], 16),))
