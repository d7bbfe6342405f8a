"""Reads and writes the headers of requests and responses."""

from __future__ import annotations

import re
from collections.abc import Iterable
from json.encoder import c_encode_basestring  # type: ignore[attr-defined]

TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
"""The token of RFC 9110, section 5.6.2: a method, or the name of a header or cookie."""

NAME_RULE = "a name may contain only letters, digits and !#$%&'*+-.^_`|~"


def joined(headers: Iterable[tuple[str, bytes]], name: str) -> str | None:
    """Returns all fields of that name, joined; the name is case-insensitive. Returns ``None`` if no
    field has the name or if a field is not UTF-8. The names in ``headers`` must be in lower
    case."""
    fields = fields_of(headers, name)
    return _text(separator(name).join(fields)) if fields else None


def apart(headers: Iterable[tuple[str, bytes]], name: str) -> list[str]:
    """Returns the value of each field of that name; the name is case-insensitive. Omits values
    that are not UTF-8. The names in ``headers`` must be in lower case."""
    texts = map(_text, fields_of(headers, name))
    return [text for text in texts if text is not None]


def separator(name: str) -> bytes:
    """Returns the separator that joins the fields of a header (RFC 9110, 5.3; for cookies RFC 9113,
    8.2.3)."""
    return b"; " if name.lower() == "cookie" else b", "


def fields_of(headers: Iterable[tuple[str, bytes]], name: str) -> list[bytes]:
    """Returns the value of each field of that name, as bytes; the name is case-insensitive. The
    names in ``headers`` must be in lower case."""
    name = name.lower()
    return [value for each, value in headers if each == name]


def written(name: str, value: str | bytes) -> tuple[str, bytes]:
    """Converts a header to the form that is sent: the name in lower case, and the value as bytes.
    Raises ``TypeError`` if the name or the value has the wrong type."""
    if not isinstance(name, str):
        raise TypeError(f"a header's name of {name!r:.64}: it must be a str")
    if isinstance(value, str):
        value = value.encode()
    if not isinstance(value, bytes):
        rule = "it must be a str or bytes"
        raise TypeError(f"the header {quoted(name)}: its value is {_kind(value)}: {rule}")
    return name.lower(), value


def quoted(text: str) -> str:
    """Returns the text as a JSON string."""
    shown: str = c_encode_basestring(text)
    return shown


def _kind(value: object) -> str:
    return f"of type {type(value).__name__}" if value is not None else "None"


def _text(value: bytes) -> str | None:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return None
