"""Requests to a service."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from . import cookies, forms, headers, typed, values
from .failure import BadRequest, Internal

T = TypeVar("T")


@dataclass(slots=True)
class HttpRequest:
    """The HTTP part of a request."""

    method: str = ""
    """The method as sent, for example ``GET``."""
    path: str = ""
    """The path as sent, still percent-encoded, without the query."""
    path_params: list[tuple[str, str]] = field(default_factory=list)
    """The names and decoded values of the route's path parameters, in the order of the route."""
    query: str = ""
    """The query as sent, without the ``?``, possibly empty."""
    authority: str = ""
    """The host and port that the client sent, possibly empty."""
    client: str = ""
    """The address and port of the client, for example ``192.0.2.1:4711`` or ``[2001:db8::1]:4711``.
    ``Request.client_address`` returns only the address."""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    """The headers, with names in lower case. Headers of the same name are in the received
    order."""


@dataclass(slots=True)
class Request:
    """One request to one service. Tests create a ``Request`` with the fields that they need."""

    service: str = ""
    """The service's name within the plugin."""
    id: str = ""
    """The correlation id. The host adds it to the log lines of the request."""
    content_type: str | None = None
    """The media type of the body, if the caller sent one."""
    body: bytes = b""
    """The body, possibly empty."""
    http: HttpRequest | None = None
    """The HTTP request; ``None`` for a call that is not made over HTTP."""

    @overload
    def json(self) -> Any: ...

    @overload
    def json(self, kind: type[T]) -> T: ...

    def json(self, kind: Any = None) -> Any:
        """Parses the body as JSON, whatever its media type. An empty body is ``None``.

        With a ``kind``, the value must fit that type, as in ``Cache.get``. If ``None`` does not fit
        the ``kind``, an empty body or ``null`` counts as an empty object: for example, for a
        dataclass whose fields all have defaults.

        Raises ``BadRequest`` for a body that is not JSON or does not fit the ``kind``; the message
        contains the reason.
        """
        try:
            value = values.from_caller(self.body) if self.body else None
        except ValueError as error:
            raise BadRequest(f"the request body: {error}") from None
        return _read(value, kind) if kind is not None else value

    def text(self) -> str:
        """Returns the body as text. Raises ``BadRequest`` if it is not UTF-8."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"the request body: {error}") from None

    def header(self, name: str) -> str | None:
        """Returns the header of that name, which is case-insensitive. Several fields are joined
        with ``, ``, or with ``; `` for ``cookie``. Returns ``None`` if the header is missing or not
        UTF-8.

        >>> request.header("Accept")
        'text/html, application/json'
        """
        return headers.joined(self.http.headers, name) if self.http else None

    def header_values(self, name: str) -> list[str]:
        """Returns the value of each header field of that name. Omits values that are not UTF-8."""
        return headers.apart(self.http.headers, name) if self.http else []

    def client_address(self) -> str | None:
        """Returns the client's IP address without the port, for example ``192.0.2.1`` or
        ``2001:db8::1``. Returns ``None`` if the call is not made over HTTP, or if a test sets no
        client. Behind a proxy, this method returns the proxy's address, unless the host's
        configuration lists the proxy in ``server.trusted-proxies``.
        """
        client = self.http.client if self.http else ""
        start, end = ("[", "]") if client.startswith("[") else ("", ":")
        return client.removeprefix(start).partition(end)[0] or None

    def query(self, name: str) -> str | None:
        """Returns the decoded value of the first query parameter of that name, or ``None`` if it is
        missing. For example, ``q`` in ``?q=a+b`` has the value ``a b``."""
        return next(self._query(name), None)

    def query_values(self, name: str) -> list[str]:
        """Returns the decoded values of all query parameters of that name."""
        return list(self._query(name))

    def query_integer(self, name: str) -> int | None:
        """Returns the first query parameter of that name as an integer, or ``None`` if it is
        missing.

        Raises ``BadRequest`` if it is not a signed 64-bit integer.

        >>> page = request.query_integer("page") or 1
        """
        text = self.query(name)
        called = f"the query parameter {headers.quoted(name)}"
        return forms.integer(text, called) if text is not None else None

    def path_param(self, name: str) -> str | None:
        """Returns the decoded path parameter of that name, for example ``id`` of
        ``/orders/{id}``. Returns ``None`` if the route has no such parameter."""
        params = self.http.path_params if self.http else ()
        return next((value for each, value in params if each == name), None)

    def path_integer(self, name: str) -> int:
        """Returns the path parameter of that name as an integer.

        Raises ``BadRequest`` if it is not a signed 64-bit integer, and ``Internal`` if the route
        has no such parameter.
        """
        text = self.path_param(name)
        if text is not None:
            return forms.integer(text, f"the path parameter {headers.quoted(name)}")
        raise Internal(f"the route has no path parameter {headers.quoted(name)}")

    def cookie(self, name: str) -> str | None:
        """Returns the value of the first cookie of that name, without surrounding quotes. The value
        is not percent-decoded. Returns ``None`` if the cookie is missing or a ``cookie`` header is
        not UTF-8."""
        header = self.header("cookie")
        return cookies.read(header, name) if header is not None else None

    def form(self, name: str) -> str | None:
        """Returns the decoded value of the first form field of that name, or ``None`` if it is
        missing.

        Raises ``BadRequest`` if the content type is missing or not
        ``application/x-www-form-urlencoded``. But an empty body without a content type is an empty
        form.
        """
        return next(self._form(name), None)

    def form_values(self, name: str) -> list[str]:
        """Returns the decoded values of all form fields of that name. Raises as ``form`` does."""
        return list(self._form(name))

    def _query(self, name: str) -> Iterator[str]:
        query = self.http.query.encode() if self.http else b""
        return (value for each, value in forms.fields(query) if each == name)

    def _form(self, name: str) -> Iterator[str]:
        if (self.body or self.content_type is not None) and not forms.is_form(self.content_type):
            rule = f"it must be a form, of the content type {forms.FORM}"
            raise BadRequest(f"the request body: {rule}")
        return (value for each, value in forms.fields(self.body) if each == name)


def _read(value: Any, kind: Any) -> Any:
    read = typed.reader(kind)
    try:
        return read(value)
    except ValueError as error:
        if value is not None:
            raise BadRequest(f"the request body: {error}") from None
    try:
        return read({})
    except ValueError:
        raise BadRequest("the request needs a JSON body and has none") from None
