"""Responses to outgoing HTTP requests."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

from . import typed, values
from .failure import Internal, Unavailable
from .headers import apart, joined
from .outgoing import Headers, Request, without_query

T = TypeVar("T")


class Response:
    """The complete response of another server, of any status.

    Tests create a ``Response`` for a route:

    >>> Response(json={"usd": 1.1}).json()["usd"]
    1.1
    """

    __slots__ = ("body", "headers", "status", "url")
    __module__ = "hostel_sdk.http"

    status: int
    """The HTTP status code."""
    url: str
    """The URL of the response: the last one if redirects were followed."""
    headers: list[tuple[str, bytes]]
    """The headers, with names in lower case. Headers of the same name are in the received
    order."""
    body: bytes
    """The body as received. A compressed body is not decompressed."""

    def __init__(
        self,
        status: int = 200,
        *,
        headers: Headers = (),
        json: object = ...,
        text: str | None = None,
        body: bytes = b"",
        url: str = "",
    ) -> None:
        self.status, self.url = status, url
        given: Any = body
        typed_as = None
        if text is not None:
            given, typed_as = text, b"text/plain; charset=utf-8"
        # Reuse the validation of requests: headers and bodies of responses have the same form.
        made = Request("GET", url, headers=headers, json=json, body=given)
        self.headers = [(name.lower(), value) for name, value in made.headers]
        if typed_as is not None and not self.header_values("content-type"):
            self.headers.append(("content-type", typed_as))
        self.body = made.body

    @classmethod
    def of_host(
        cls, status: int, url: str, headers: Iterable[tuple[str, bytes]], body: bytes
    ) -> Response:
        """Wraps a response of the host without validating it again."""
        made = cls.__new__(cls)
        made.status, made.url, made.headers, made.body = status, url, list(headers), body
        return made

    @property
    def ok(self) -> bool:
        """True if the status is from 200 to 299."""
        return 200 <= self.status < 300

    def raise_for_status(self) -> Response:
        """Returns the response if its status is below 400. Raises ``Unavailable`` for status 429
        and for 500 or more, and ``Internal`` for other statuses from 400.

        >>> http.get("https://api.example.com/latest").raise_for_status().json()
        """
        if self.status < 400:
            return self
        message = f"{without_query(self.url)} responded with status {self.status}"
        if self.status == 429 or self.status >= 500:
            raise Unavailable(message)
        raise Internal(message)

    def header(self, name: str) -> str | None:
        """Returns the header of that name, which is case-insensitive; several fields are joined
        with ``, ``. Returns ``None`` if the header is missing or not UTF-8. Use ``header_values``
        for ``set-cookie``, whose fields cannot be joined.

        >>> http.get("https://api.example.com/latest").header("ETag")
        """
        return joined(self.headers, name)

    def header_values(self, name: str) -> list[str]:
        """Returns the value of each header field of that name. Omits values that are not UTF-8."""
        return apart(self.headers, name)

    def text(self) -> str:
        """Returns the body as text. Raises ``Internal`` if it is not UTF-8."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise Internal(f"{without_query(self.url)}: the body: {error}") from None

    @overload
    def json(self) -> Any: ...

    @overload
    def json(self, kind: type[T]) -> T: ...

    def json(self, kind: Any = None) -> Any:
        """Parses the body as JSON, whatever its media type. With a ``kind``, the value must fit
        that type, as in ``Cache.get``.

        Raises ``Internal`` for a body that is not JSON or does not fit the ``kind``; the message
        contains the reason.
        """
        read = typed.reader(kind) if kind is not None else None
        try:
            value = values.from_caller(self.body)
            return read(value) if read is not None else value
        except ValueError as error:
            where = f"{without_query(self.url)} (status {self.status})"
            raise Internal(f"{where}: the body: {error}") from None

    def __repr__(self) -> str:
        return f"<Response {self.status} of {without_query(self.url)!r}>"
