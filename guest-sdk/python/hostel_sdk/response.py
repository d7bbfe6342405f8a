"""Responses of a service."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import values
from .cookies import SameSite, set_cookie
from .error import known_as
from .failure import Internal
from .headers import NAME_RULE, TOKEN, apart, joined, quoted, written
from .limits import MAX_STATUS, MIN_STATUS

_REDIRECTS = (301, 302, 303, 307, 308)

# Only the server may set these headers, because they describe the connection, the length or the
# trailers (RFC 9110, 7.6.1, 8.6 and 6.6.2).
_OF_THE_SERVER = (
    *("connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer"),
    *("transfer-encoding", "upgrade"),
)
# The characters that RFC 9110, 5.5, forbids in a header's value. A tab is allowed.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


@known_as(Internal)
class NoJson(Internal):
    """The value for a JSON response has no JSON form."""


@dataclass(slots=True)
class Response:
    """The response of a service. Most services return a value with a JSON form instead.

    ``Response(content_type="image/png", body=picture)`` sends bytes.

    >>> Response.text("made", status=201, headers=[("Location", "/orders/7")]).headers
    [('location', b'/orders/7')]
    """

    status: int = 200
    """The HTTP status code, from 200 to 599."""
    content_type: str | None = None
    """The media type of the body. Overrides a ``content-type`` in ``headers``."""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    """The headers. Names are sent in lower case and may occur more than once."""
    body: bytes = b""
    """The body, possibly empty."""

    @classmethod
    def json(
        cls, value: object, *, status: int = 200, headers: Iterable[tuple[str, str | bytes]] = ()
    ) -> Response:
        """Creates a response with ``value`` as ``application/json``. Raises ``Internal`` if the
        value has no JSON form."""
        try:
            body = values.to_text(value, "response").encode()
        except (TypeError, ValueError) as error:
            raise NoJson(f"the response has no JSON form: {error}") from None
        return cls(status, "application/json", _headers(headers), body)

    @classmethod
    def text(
        cls, text: str, *, status: int = 200, headers: Iterable[tuple[str, str | bytes]] = ()
    ) -> Response:
        """Creates a response with plain text."""
        return cls(status, "text/plain; charset=utf-8", _headers(headers), text.encode())

    @classmethod
    def empty(cls, status: int = 204) -> Response:
        """Creates a response without a body. If a service returns ``None``, its response is
        ``Response.empty()``."""
        return cls(status)

    @classmethod
    def redirect(cls, location: str, status: int = 303) -> Response:
        """Creates a redirect to a URL or a path. With 303 the client sends a ``GET`` request to the
        new location. With 307 and 308 the client repeats its method and body. 301 and 308 are
        permanent.

        Raises ``Internal`` if the status is not a redirect.

        >>> Response.redirect("/orders/7").headers
        [('location', b'/orders/7')]
        """
        if status not in _REDIRECTS:
            rule = "it must be 301, 302, 303, 307 or 308"
            raise Internal(f"a redirect of status {status!r:.40}: {rule}")
        return cls(status).with_header("location", location)

    def with_header(self, name: str, value: str | bytes) -> Response:
        """Adds a header and returns the response. Existing headers of that name are kept.

        Headers are validated when the service returns. An invalid name or value, and a header that
        only the server may set (such as ``content-length``), become an ``internal`` failure.

        >>> Response.json([]).with_header("Cache-Control", "no-store")
        """
        self.headers.append(written(name, value))
        return self

    def with_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        domain: str | None = None,
        path: str | None = "/",
        secure: bool = True,
        http_only: bool = True,
        same_site: SameSite = "lax",
    ) -> Response:
        """Adds a ``set-cookie`` header and returns the response.

        - ``max_age`` is the lifetime in seconds. 0 deletes the cookie of that name, domain and path
          at once. With ``None`` the cookie lasts until the browser is closed.
        - By default a browser sends the cookie only to this host, with any path, and only over TLS.
          A request from another site has the cookie only if the request is a navigation with a safe
          method, for example after a click on a link. Scripts cannot read the cookie.

        Raises ``Internal`` if the name is empty, if the name, value, path or domain has a character
        that is not allowed there, and for a ``same_site`` of ``"none"`` without ``secure``.
        Percent-encode a value with such characters. Raises ``ValueError`` for a negative
        ``max_age`` or an unknown ``same_site``, and ``TypeError`` if ``max_age`` is not an ``int``.

        >>> Response.empty().with_cookie("session", token, max_age=3600)
        """
        options = (max_age, domain, path, secure, http_only, same_site)
        return self.with_header("set-cookie", set_cookie(name, value, *options))

    def header(self, name: str) -> str | None:
        """Returns the header of that name, which is case-insensitive; several fields are joined
        with ``, ``. Returns ``None`` if the header is missing or not UTF-8. The headers do not
        include ``content_type``. Use ``header_values`` for ``set-cookie``, whose fields cannot be
        joined. For tests.
        """
        return joined(_lowered(self.headers), name)

    def header_values(self, name: str) -> list[str]:
        """Returns the value of each header field of that name. Omits values that are not UTF-8.
        For tests."""
        return apart(_lowered(self.headers), name)

    def value(self) -> Any:
        """Parses the body as JSON; an empty body is ``None``. For tests."""
        return values.from_caller(self.body) if self.body else None

    @classmethod
    def of(cls, value: object) -> Response:
        """Converts the result of a service: a response is returned unchanged, ``None`` becomes an
        empty response, and any other value becomes JSON. Raises ``Internal`` if the value has no
        JSON form."""
        if isinstance(value, Response):
            return value
        return cls.json(value) if value is not None else cls.empty()


def _headers(headers: Iterable[tuple[str, str | bytes]]) -> list[tuple[str, bytes]]:
    return [written(name, value) for name, value in headers]


def _lowered(headers: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    return [(name.lower(), value) for name, value in headers]


def checked(response: Response) -> Response:
    """Validates a response and converts the names of its headers to lower case.

    Raises ``Internal`` for an invalid field; the message names the field.
    """
    status, content_type = response.status, response.content_type
    if not isinstance(status, int) or not MIN_STATUS <= status <= MAX_STATUS:
        rule = f"it must be a number from {MIN_STATUS} to {MAX_STATUS}"
        raise Internal(f"a status of {status!r:.40}: {rule}")
    if content_type is not None:
        if not isinstance(content_type, str):
            raise Internal(f"a content type of {content_type!r:.40}: it must be a str in ASCII")
        if not (content_type.isascii() and content_type.isprintable()):
            _check_content_type(content_type)
    if type(response.body) is not bytes:
        raise Internal(f"a body of {type(response.body).__name__}: it must be bytes")
    if type(response.headers) is not list:
        kind = type(response.headers).__name__
        raise Internal(f"headers of a {kind}: they must be a list of pairs")
    if response.headers:
        response.headers = [_checked_header(header) for header in response.headers]
    return response


def _check_content_type(content_type: str) -> None:
    if not content_type.isascii():
        why = "its value contains a non-ASCII character"
        raise Internal(f'the response header "content-type": {why}')
    _check_value("content-type", content_type.encode())


def _checked_header(header: object) -> tuple[str, bytes]:
    if not isinstance(header, tuple) or len(header) != 2:
        raise Internal(f"a header of {header!r:.80}: it must be a pair, (name, value)")
    name, value = header
    if not isinstance(name, str):
        raise Internal(f"a header's name of {name!r:.40}: it must be a str")
    name = name.lower()
    if not TOKEN.fullmatch(name):
        raise Internal(f"the response header {quoted(name)}: {NAME_RULE}")
    if name in _OF_THE_SERVER:
        raise Internal(f"the response header {quoted(name)}: the server sets it")
    if type(value) is not bytes:
        kind = f"of type {type(value).__name__}: it must be bytes; with_header takes a str"
        raise Internal(f"the response header {quoted(name)}: its value is {kind}")
    _check_value(name, value)
    return name, value


def _check_value(name: str, value: bytes) -> None:
    if _CONTROL.search(value):
        why = "its value contains a control character"
        raise Internal(f"the response header {quoted(name)}: {why}")
