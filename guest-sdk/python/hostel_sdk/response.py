"""The response to a request that a service fulfilled."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from . import values
from .error import known_as
from .failure import Internal
from .limits import MAX_STATUS, MIN_STATUS


@known_as(Internal)
class NoJson(Internal):
    """A result that has no JSON form."""


@dataclass(slots=True)
class Response:
    """A service's response. Most services return any value that has a JSON form instead.

    ``Response(content_type="image/png", body=picture)`` sends bytes.

    >>> Response.text("made", status=201, headers=[("Location", "/orders/7")]).headers
    [('location', b'/orders/7')]
    """

    status: int = 200
    """A status code of HTTP, 200 to 599."""
    content_type: str | None = None
    """The media type of the body. Wins over a header of that name."""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    """Names in lower case; one name may occur more than once."""
    body: bytes = b""
    """Empty when there is none."""

    @classmethod
    def json(
        cls, value: object, *, status: int = 200, headers: Iterable[tuple[str, str | bytes]] = ()
    ) -> Response:
        """``value`` as ``application/json``. Raises ``Internal`` when it has no JSON form."""
        try:
            body = values.to_text(value, "answer").encode()
        except (TypeError, ValueError) as error:
            raise NoJson(f"the answer has no JSON form: {error}") from None
        return cls(status, "application/json", _headers(headers), body)

    @classmethod
    def text(
        cls, text: str, *, status: int = 200, headers: Iterable[tuple[str, str | bytes]] = ()
    ) -> Response:
        """A plain text."""
        return cls(status, "text/plain; charset=utf-8", _headers(headers), text.encode())

    @classmethod
    def empty(cls, status: int = 204) -> Response:
        """No body: the response of a service that returns ``None``."""
        return cls(status)

    def value(self) -> Any:
        """The body, read as JSON; an empty one is ``None``. For tests."""
        return values.from_caller(self.body) if self.body else None

    @classmethod
    def of(cls, value: object) -> Response:
        """The response that a service's result stands for: a response itself, ``None`` an empty
        one, anything else its JSON form. Raises ``Internal`` when it has none."""
        if isinstance(value, Response):
            return value
        return cls.empty() if value is None else cls.json(value)


def _headers(headers: Iterable[tuple[str, str | bytes]]) -> list[tuple[str, bytes]]:
    return [
        (name.lower(), value.encode() if isinstance(value, str) else value)
        for name, value in headers
    ]


def checked(response: Response) -> Response:
    """The response, if its fields have the types that the host requires.

    Raises ``Internal`` that names the field that does not.
    """
    status, content_type = response.status, response.content_type
    if not isinstance(status, int) or not MIN_STATUS <= status <= MAX_STATUS:
        rule = f"it must be a number from {MIN_STATUS} to {MAX_STATUS}"
        raise Internal(f"a status of {status!r:.40}: {rule}")
    if not (content_type is None or (isinstance(content_type, str) and content_type.isascii())):
        raise Internal(f"a content type of {content_type!r:.40}: it must be a str in ASCII")
    if type(response.body) is not bytes:
        raise Internal(f"a body of {type(response.body).__name__}: it must be bytes")
    if type(response.headers) is not list:
        raise Internal(f"headers of {response.headers!r:.40}: they must be a list of pairs")
    for header in response.headers:
        _check_header(header)
    return response


def _check_header(header: object) -> None:
    if isinstance(header, tuple) and len(header) == 2:
        name, value = header
        if isinstance(name, str) and name.isascii() and type(value) is bytes:
            return
    raise Internal(
        f"a header of {header!r:.80}: it must be a name in ASCII, and its value as bytes"
    )
