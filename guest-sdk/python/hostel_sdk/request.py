"""The request that a service handles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from . import cookies, forms, headers, typed, values
from .failure import BadRequest, Internal

T = TypeVar("T")


@dataclass(slots=True)
class HttpRequest:
    """What only a request that came by HTTP has."""

    method: str = ""
    """As sent, ``GET`` for example."""
    path: str = ""
    """As sent, still percent-encoded, without the query."""
    path_params: list[tuple[str, str]] = field(default_factory=list)
    """The decoded parameters of the route's path, name and value, in the route's order."""
    query: str = ""
    """As sent, without the ``?``; empty when there is none."""
    authority: str = ""
    """Host and port as the client named them; empty when it named none."""
    client: str = ""
    """The address and port of the client, ``192.0.2.1:4711`` or ``[2001:db8::1]:4711``.
    ``Request.client_address`` returns the address alone."""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    """In the order they were sent, names in lower case; one name may occur more than once."""


@dataclass(slots=True)
class Request:
    """One request to one service. A test makes one with the fields it needs."""

    service: str = ""
    """The service's name within the plugin."""
    id: str = ""
    """The correlation id, the one that the host's log lines carry."""
    content_type: str | None = None
    """The media type of the body, when the caller named one."""
    body: bytes = b""
    """Empty when there is none."""
    http: HttpRequest | None = None
    """Absent when the request did not come by HTTP."""

    @overload
    def json(self) -> Any: ...

    @overload
    def json(self, kind: type[T]) -> T: ...

    def json(self, kind: Any = None) -> Any:
        """The body, read as JSON whatever media type the caller named; an empty one is ``None``.

        With a ``kind`` the value has to be one, by the rules of ``Cache.get``. For a dataclass
        whose fields all have defaults an empty body is an object without members.

        Raises ``BadRequest`` for a body that does not fit; the message says where.
        """
        try:
            value = values.from_caller(self.body) if self.body else None
        except ValueError as error:
            raise BadRequest(f"the request body: {error}") from None
        return value if kind is None else _read(value, kind)

    def text(self) -> str:
        """The body as a text. Raises ``BadRequest`` when it is not UTF-8."""
        try:
            return self.body.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"the request body: {error}") from None

    def header(self, name: str) -> str | None:
        """The value of the header of that name, in any case: all its fields, joined by ``, ``, and
        those of ``cookie`` by ``; ``. ``None`` also when it is not UTF-8.

        >>> request.header("Accept")
        'text/html, application/json'
        """
        return None if self.http is None else headers.joined(self.http.headers, name)

    def header_values(self, name: str) -> list[str]:
        """The fields of the header of that name one by one, without those that are not UTF-8."""
        return [] if self.http is None else headers.apart(self.http.headers, name)

    def client_address(self) -> str | None:
        """The client's IP address, without its port: ``192.0.2.1``, or ``2001:db8::1``. ``None``
        when the request did not come by HTTP. Behind a proxy it is the address of the client only
        if the host's configuration names that proxy in ``server.trusted-proxies``.
        """
        client = "" if self.http is None else self.http.client
        start, end = ("[", "]") if client.startswith("[") else ("", ":")
        return client.removeprefix(start).partition(end)[0] or None

    def query(self, name: str) -> str | None:
        """The first query parameter of that name, decoded: ``a b`` of ``?q=a+b``. ``None`` without
        one."""
        return next(self._query(name), None)

    def query_values(self, name: str) -> list[str]:
        """All query parameters of that name, decoded."""
        return list(self._query(name))

    def query_integer(self, name: str) -> int | None:
        """The first query parameter of that name as an integer; ``None`` without one.

        Raises ``BadRequest`` when it is no integer of 64 bits.

        >>> page = request.query_integer("page") or 1
        """
        text = self.query(name)
        called = f"the query parameter {headers.quoted(name)}"
        return None if text is None else forms.integer(text, called)

    def path_param(self, name: str) -> str | None:
        """The decoded parameter of that name in the route's path, ``id`` of ``/orders/{id}``."""
        params = () if self.http is None else self.http.path_params
        return next((value for each, value in params if each == name), None)

    def path_integer(self, name: str) -> int:
        """The parameter of that name in the route's path as an integer.

        Raises ``BadRequest`` when it is no integer of 64 bits, and ``Internal`` when the route has
        no such parameter.
        """
        text = self.path_param(name)
        if text is None:
            raise Internal(f"the route has no path parameter {headers.quoted(name)}")
        return forms.integer(text, f"the path parameter {headers.quoted(name)}")

    def cookie(self, name: str) -> str | None:
        """The first cookie of that name, as it was set: it is not percent-decoded."""
        header = self.header("cookie")
        return None if header is None else cookies.read(header, name)

    def form(self, name: str) -> str | None:
        """The first field of that name in a body that is a form, ``None`` without one.

        Raises ``BadRequest`` when the body is not ``application/x-www-form-urlencoded``. An empty
        one without a content type is a form without fields.
        """
        return next(self._form(name), None)

    def form_values(self, name: str) -> list[str]:
        """All fields of that name in a body that is a form. Raises as ``form`` does."""
        return list(self._form(name))

    def _query(self, name: str) -> Iterator[str]:
        query = b"" if self.http is None else self.http.query.encode()
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
