"""The headers of a message: how they are read and written, for requests and responses alike."""

from __future__ import annotations

import re
from collections.abc import Iterable
from json.encoder import c_encode_basestring  # type: ignore[attr-defined]

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""What a method and the name of a header or a cookie are: RFC 9110, 5.6.2."""

NAME_RULE = "a name has only letters, digits and !#$%&'*+-.^_`|~"


def joined(headers: Iterable[tuple[str, bytes]], name: str) -> str | None:
    """The value of all fields of that name, in any case; ``None`` without one, and when it is not
    UTF-8. The names of ``headers`` are in lower case."""
    fields = fields_of(headers, name)
    return _text(separator(name).join(fields)) if fields else None


def apart(headers: Iterable[tuple[str, bytes]], name: str) -> list[str]:
    """The values of the fields of that name, in any case, without those that are not UTF-8. The
    names of ``headers`` are in lower case."""
    texts = map(_text, fields_of(headers, name))
    return [text for text in texts if text is not None]


def separator(name: str) -> bytes:
    """What joins the fields of one header: RFC 9110, 5.3, and RFC 9113, 8.2.3, for cookies."""
    return b"; " if name.lower() == "cookie" else b", "


def fields_of(headers: Iterable[tuple[str, bytes]], name: str) -> list[bytes]:
    """The fields of that name, in any case, as they came."""
    name = name.lower()
    return [value for each, value in headers if each == name]


def written(name: str, value: str | bytes) -> tuple[str, bytes]:
    """A header as it is sent. Raises ``TypeError`` that names it for what is no text."""
    if not isinstance(name, str):
        raise TypeError(f"a header's name of {name!r:.64}: it must be a str")
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        rule = "it must be a str or bytes"
        raise TypeError(f"the header {quoted(name)}: its value is {_kind(value)}: {rule}")
    return name.lower(), value


def quoted(text: str) -> str:
    """The text in quotes, on one line."""
    shown: str = c_encode_basestring(text)
    return shown


def _kind(value: object) -> str:
    return "None" if value is None else f"of type {type(value).__name__}"


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
