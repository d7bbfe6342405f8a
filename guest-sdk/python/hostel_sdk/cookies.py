"""Reads the cookies of a request and formats ``set-cookie`` headers."""

from __future__ import annotations

import re
from typing import Literal

from .failure import Internal
from .headers import NAME_RULE, TOKEN, quoted

SameSite = Literal["lax", "strict", "none"]
"""Which requests from other sites include the cookie: only navigations with a safe method, such as
followed links (``lax``), no requests (``strict``) or all requests (``none``)."""

_SAME_SITE = {"lax": "Lax", "strict": "Strict", "none": "None"}
# A cookie's value (RFC 6265, 4.1.1), without quotes.
_VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
_VALUE_RULE = (
    "a value must not contain blanks, quotes, commas, semicolons, backslashes, control characters "
    "or non-ASCII characters: percent-encode it"
)
_ENDS_ATTRIBUTE = re.compile(r"[;\x00-\x1f\x7f]")


def read(header: str, name: str) -> str | None:
    """Returns the value of the first cookie of that name in a ``cookie`` header, without
    surrounding quotes. Returns ``None`` if the header has no such cookie."""
    for piece in header.split(";"):
        each, equals, value = piece.partition("=")
        if equals and each.strip(" \t") == name:
            value = value.strip(" \t")
            is_quoted = len(value) > 1 and value[0] == value[-1] == '"'
            return value[1:-1] if is_quoted else value
    return None


def set_cookie(
    name: str,
    value: str,
    max_age: int | None,
    domain: str | None,
    path: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
) -> str:
    """Returns the value of a ``set-cookie`` header. Raises ``ValueError`` or ``TypeError`` for an
    invalid ``max_age`` or ``same_site``, and ``Internal`` for an invalid text and for a
    ``same_site`` of ``"none"`` without ``secure``."""
    called = f"the cookie {quoted(name)}"
    if not TOKEN.fullmatch(name):
        raise Internal(f"{called}: {NAME_RULE}")
    if not _VALUE.fullmatch(value):
        raise Internal(f"{called}: {_VALUE_RULE}")
    for attribute, text in (("path", path), ("domain", domain)):
        if text and _ENDS_ATTRIBUTE.search(text):
            raise Internal(f"{called}: its {attribute} contains a semicolon or a control character")
    if same_site not in _SAME_SITE:
        rule = "it must be 'lax', 'strict' or 'none'"
        raise ValueError(f"{called}: a same_site of {same_site!r:.40}: {rule}")
    if same_site == "none" and not secure:
        raise Internal(f"{called}: SameSite=None needs Secure")
    if max_age is not None and type(max_age) is not int:
        raise TypeError(f"{called}: a max_age of {max_age!r:.40}: it must be whole seconds")
    if max_age is not None and max_age < 0:
        raise ValueError(f"{called}: a max_age of {max_age!r:.40}: it must be 0 or more")
    parts = [
        f"{name}={value}",
        f"Max-Age={max_age}" if max_age is not None else "",
        f"Domain={domain}" if domain else "",
        f"Path={path}" if path else "",
        "Secure" if secure else "",
        "HttpOnly" if http_only else "",
        f"SameSite={_SAME_SITE[same_site]}",
    ]
    return "; ".join(filter(None, parts))
