"""Parses queries and forms, and integers in query or path parameters."""

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
    """Returns true if a body of that content type is a form."""
    return (content_type or "").partition(";")[0].strip(" \t").lower() == FORM


def fields(encoded: bytes) -> Iterator[tuple[str, str]]:
    """Returns the names and values of a query or a form, parsed as in the WHATWG URL standard:
    invalid escapes are kept, and invalid UTF-8 becomes a replacement character."""
    for piece in encoded.split(b"&"):
        if piece:
            name, _, value = piece.partition(b"=")
            yield _decoded(name), _decoded(value)


def integer(text: str, called: str) -> int:
    """Parses an integer. Raises ``BadRequest`` if the text is not an integer or does not fit a
    signed 64-bit integer. ``called`` names the text in the message."""
    if not _INTEGER.fullmatch(text):
        raise BadRequest(f"{called} is {quoted(text)}: it must be an integer")
    digits = text.lstrip("-0") or "0"
    # `int` refuses a text with thousands of digits: do not parse more digits than `_MAX` has.
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
