"""The response of a server elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar, overload

from . import typed, values
from .failure import Internal, Unavailable
from .headers import apart, joined
from .outgoing import Headers, Request, without_query

T = TypeVar("T")


class Response:
    """The response of a server elsewhere, whole. A status of 400 or more is one too.

    A test makes one to be a route's answer:

    >>> Response(json={"usd": 1.1}).json()["usd"]
    1.1
    """

    __slots__ = ("body", "headers", "status", "url")
    __module__ = "hostel_sdk.http"

    status: int
    """A status code of HTTP."""
    url: str
    """The URL that answered: the last one where redirects were followed."""
    headers: list[tuple[str, bytes]]
    """In the order they came, names in lower case; one name may occur more than once."""
    body: bytes
    """As it was sent: what is compressed stays so."""

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
        # By the rules of a request, which are those of the host.
        made = Request("GET", url, headers=headers, json=json, body=given)
        self.headers = [(name.lower(), value) for name, value in made.headers]
        if typed_as is not None and not self.header_values("content-type"):
            self.headers.append(("content-type", typed_as))
        self.body = made.body

    @classmethod
    def of_host(
        cls, status: int, url: str, headers: Iterable[tuple[str, bytes]], body: bytes
    ) -> Response:
        """The response that the host gave, which is not checked again."""
        made = cls.__new__(cls)
        made.status, made.url, made.headers, made.body = status, url, list(headers), body
        return made

    @property
    def ok(self) -> bool:
        """Whether the status is 200 to 299."""
        return 200 <= self.status < 300

    def raise_for_status(self) -> Response:
        """The response itself, unless its status is 400 or more: then it raises ``Unavailable`` for
        429 and from 500 on, and ``Internal`` for the others.

        >>> http.get("https://api.example.com/latest").raise_for_status().json()
        """
        if self.status < 400:
            return self
        message = f"{without_query(self.url)} answered with status {self.status}"
        if self.status == 429 or self.status >= 500:
            raise Unavailable(message)
        raise Internal(message)

    def header(self, name: str) -> str | None:
        """The value of the header of that name, in any case: all its fields, joined by ``, ``.
        ``None`` also when it is not UTF-8. ``set-cookie`` is read by ``header_values``: joined, its
        fields mean nothing.

        >>> http.get("https://api.example.com/latest").header("ETag")
        """
        return joined(self.headers, name)

    def header_values(self, name: str) -> list[str]:
        """The fields of the header of that name one by one, without those that are not UTF-8."""
        return apart(self.headers, name)

    def text(self) -> str:
        """The body as a text. Raises ``Internal`` when it is not UTF-8."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise Internal(f"{without_query(self.url)}: the body: {error}") from None

    @overload
    def json(self) -> Any: ...

    @overload
    def json(self, kind: type[T]) -> T: ...

    def json(self, kind: Any = None) -> Any:
        """The body, read as JSON whatever media type it has. With a ``kind`` the value has to be
        one, by the rules of ``Cache.get``.

        Raises ``Internal`` for a body that does not fit; the message says where.
        """
        read = None if kind is None else typed.reader(kind)
        try:
            value = values.from_caller(self.body)
            return value if read is None else read(value)
        except ValueError as error:
            where = f"{without_query(self.url)} (status {self.status})"
            raise Internal(f"{where}: the body: {error}") from None

    def __repr__(self) -> str:
        return f"<Response {self.status} of {without_query(self.url)!r}>"
