"""Outgoing HTTP requests, validated before the host is called."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn, Union, cast

from . import values
from .headers import TOKEN, joined
from .error import WrongRequest, WrongRequestType

if TYPE_CHECKING:
    from datetime import timedelta

Headers = Union[Mapping[str, "str | bytes"], Iterable[tuple[str, "str | bytes"]]]
"""Headers as the caller passes them."""

Timeout = Union[float, "timedelta", None]
"""A timeout as the caller passes it. ``None`` means the maximum."""

REDIRECTS = 5
"""The default number of redirects to follow."""

_MAX_REDIRECTS = 255
_MAX_MILLIS = 2**32 - 1
_BREAK = re.compile(rb"[\r\n\0]")


class Request:
    """An HTTP request to another server. The constructor validates its arguments.

    - ``headers`` is a ``dict`` or pairs. In pairs, a name may occur more than once; headers of the
      same name are sent in the given order.
    - ``json`` is a value with a JSON form, including ``None``. It is sent as ``application/json``
      unless ``headers`` has a ``content-type``. ``body`` is a ``str`` or bytes, sent unchanged. At
      most one of ``json`` and ``body`` is allowed.
    - ``timeout`` is the time limit, including redirects, in seconds or as a ``timedelta``. The
      default and the maximum are the call's remaining time minus 100 milliseconds.
    - ``redirects`` is the maximum number of redirects to follow. With 0, a redirect is returned as
      a response.

    >>> Request("POST", "https://api.example.com/orders", json=["tea"], timeout=2.5).headers
    [('content-type', b'application/json')]
    """

    __slots__ = ("body", "headers", "method", "redirects", "timeout", "url")
    __module__ = "hostel_sdk.http"

    body: bytes
    headers: list[tuple[str, bytes]]
    method: str
    redirects: int
    timeout: float | None
    """The timeout in seconds; ``None`` means the maximum."""
    url: str

    def __init__(
        self,
        method: str,
        url: str,
        *,
        headers: Headers = (),
        json: object = ...,
        body: str | bytes = b"",
        timeout: Timeout = None,
        redirects: int = REDIRECTS,
    ) -> None:
        self.method, self.url = _method(method), _url(url)
        self.headers = _headers(headers)
        self.body = _body(body)
        if json is not ...:
            if self.body:
                _wrong("json and body are both given: a request can have only one of them")
            self.body = _json(json)
            if not any(name.lower() == "content-type" for name, _ in self.headers):
                self.headers.append(("content-type", b"application/json"))
        self.timeout = _seconds(timeout) if timeout is not None else None
        self.redirects = _redirects(redirects)

    def header(self, name: str) -> str | None:
        """Returns the header of that name, which is case-insensitive. Several fields are joined
        with ``, ``, or with ``; `` for ``cookie``. Returns ``None`` if the header is missing or not
        UTF-8."""
        return joined(((each.lower(), value) for each, value in self.headers), name)

    def text(self) -> str:
        """Returns the body as text. For tests."""
        return self.body.decode()

    def value(self) -> Any:
        """Parses the body as JSON; an empty body is ``None``. For tests."""
        return values.from_caller(self.body) if self.body else None

    def __repr__(self) -> str:
        return f"Request({self.method!r}, {without_query(self.url)!r})"


def without_query(url: str) -> str:
    """Returns a URL without its query and fragment, because these may contain credentials."""
    return re.split("[?#]", url, maxsplit=1)[0]


def milliseconds(seconds: float | None) -> int | None:
    """Converts a timeout to milliseconds, rounded up, at most 2^32 - 1. ``None`` stays ``None``."""
    return min(math.ceil(seconds * 1_000), _MAX_MILLIS) if seconds is not None else None


def _wrong(message: str) -> NoReturn:
    raise WrongRequest("invalid-request", message)


def _wrong_type(message: str) -> NoReturn:
    raise WrongRequestType("invalid-request", message)


def _method(method: object) -> str:
    rule = "it must be a method of HTTP, like 'GET'"
    if not isinstance(method, str):
        _wrong_type(f"a method of {method!r:.64}: {rule}")
    if not TOKEN.fullmatch(method):
        _wrong(f"a method of {method!r:.64}: {rule}")
    return method


def _url(url: object) -> str:
    """Checks only the type and encoding; the host parses the URL."""
    if not isinstance(url, str):
        _wrong_type(f"a url of {url!r:.64}: it must be a str, like 'https://example.com/'")
    if not _is_utf8(url):
        _wrong(f"the url {without_query(url)!r:.64} contains a lone surrogate, which is not UTF-8")
    return url


def _headers(headers: object) -> list[tuple[str, bytes]]:
    rule = "they must be a dict of names and values, or pairs of them"
    if isinstance(headers, (str, bytes)) or not isinstance(headers, Iterable):
        # Do not show the value, which may contain a secret.
        _wrong_type(f"headers of a {type(headers).__name__}: {rule}")
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return [_header(pair) for pair in pairs]


def _header(pair: Any) -> tuple[str, bytes]:
    # The errors of this function do not show the header's value, which may be a secret.
    if not isinstance(pair, (tuple, list)) or len(pair) != 2:
        _wrong_type(f"one of headers is a {type(pair).__name__}: it must be a pair, (name, value)")
    name, value = pair
    rule = "it must be letters, digits and hyphens"
    if not isinstance(name, str):
        _wrong_type(f"a header's name of {name!r:.64}: {rule}")
    if not TOKEN.fullmatch(name):
        _wrong(f"a header's name of {name!r:.64}: {rule}")
    called = f"the value of the header {name!r}"
    if isinstance(value, str):
        if not _is_utf8(value):
            _wrong(f"{called} contains a lone surrogate, which is not UTF-8")
        value = value.encode()
    if not isinstance(value, bytes):
        _wrong_type(f"{called} is of type {type(value).__name__}: it must be a str or bytes")
    if _BREAK.search(value):
        _wrong(f"{called} contains a line break or a NUL, which HTTP does not allow")
    return name, bytes(value)


def _body(body: object) -> bytes:
    if isinstance(body, (bytes, bytearray, memoryview)):
        return bytes(body)
    if not isinstance(body, str):
        _wrong_type(f"a body of {body!r:.64}: it must be a str or bytes; json takes any value")
    if not _is_utf8(body):
        _wrong("the body contains a lone surrogate, which is not UTF-8")
    return body.encode()


def _json(value: object) -> bytes:
    try:
        return values.to_text(value, "json").encode()
    except (TypeError, ValueError) as error:
        refused = WrongRequestType if isinstance(error, TypeError) else WrongRequest
        raise refused("invalid-request", f"the body has no JSON form: {error}") from None


def _seconds(timeout: object) -> float:
    rule = "it must be 0 seconds or more"
    seconds: object = timeout
    if type(timeout).__name__ == "timedelta":  # Compare names: importing `datetime` is slow.
        seconds = cast("timedelta", timeout).total_seconds()
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool):
        _wrong_type(f"a timeout of {timeout!r:.64}: {rule}, as a number or a timedelta")
    if not seconds >= 0:  # Also refuses a NaN.
        _wrong(f"a timeout of {timeout!s:.64}: {rule}")
    return float(min(seconds, _MAX_MILLIS / 1_000))


def _redirects(redirects: object) -> int:
    rule = f"they must be an integer from 0 to {_MAX_REDIRECTS}"
    if not isinstance(redirects, int) or isinstance(redirects, bool):
        _wrong_type(f"redirects of {redirects!r:.64}: {rule}")
    if not 0 <= redirects <= _MAX_REDIRECTS:
        _wrong(f"redirects of {redirects}: {rule}")
    return redirects


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
