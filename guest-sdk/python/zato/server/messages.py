"""``self.request`` and ``self.response`` of a Zato service."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from hostel_sdk import forms, values
from hostel_sdk.failure import BadRequest, Internal
from hostel_sdk.headers import fields_of, separator
from hostel_sdk.request import HttpRequest, Request
from hostel_sdk.response import Response


class Requested:
    """The request: ``payload``, ``raw_request``, ``input`` and ``http``."""

    def __init__(self, request: Request, names: tuple[str, ...]) -> None:
        self._request = request
        self._names = names

    @property
    def raw_request(self) -> str | bytes:
        """The unparsed body: a ``str``, or bytes if it is not UTF-8."""
        try:
            return self._request.body.decode()
        except UnicodeDecodeError:
            return self._request.body

    @property
    def payload(self) -> Any:
        """The body, decoded from JSON. An empty body is an empty string. For a body that is not
        JSON, the payload is ``raw_request``; but if the content type contains ``json``, in
        any case of letters, the property raises ``BadRequest``."""
        if "_payload" not in vars(self):
            self._payload = self._decoded()
        return self._payload

    @payload.setter
    def payload(self, value: Any) -> None:
        self._payload = value

    def _decoded(self) -> Any:
        if not self._request.body:
            return ""
        try:
            return self._request.json()
        except BadRequest:
            if "json" in (self._request.content_type or "").lower():
                raise
            return self.raw_request

    @property
    def input(self) -> Input:
        """The members of the body (JSON or a form), the path parameters and the query parameters,
        as attributes. If a name occurs in several of these, the last one in this order takes
        precedence. Missing optional members of the class's ``input`` are empty strings.

        Raises ``BadRequest`` if a required member is missing.
        """
        if "_input" not in vars(self):
            self._input = self._checked()
        return self._input

    def _checked(self) -> Input:
        members = Input(self.payload if isinstance(self.payload, dict) else self.http.POST)
        # As in Zato, a query parameter overrides a path parameter.
        members.update(self.http.params)
        members.update(self.http.GET)
        for name in self._names:
            if name.startswith("-"):
                members.setdefault(name[1:], "")
            elif name not in members:
                raise BadRequest(f"the request needs {name!r}, in its body, its path or its query")
        return members

    @property
    def http(self) -> RequestedHttp:
        """The HTTP part of the request: ``method``, ``path``, ``params`` (of the path), ``GET``
        (query parameters), ``POST`` (form fields) and ``headers``. If the call is not made over
        HTTP, all except ``POST`` are empty."""
        if "_http" not in vars(self):
            self._http = RequestedHttp(self._request)
        return self._http

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.request", name, ("http", "input", "payload", "raw_request"))


class RequestedHttp:
    """The HTTP part of a request."""

    def __init__(self, request: Request) -> None:
        http = request.http or HttpRequest()
        self.method = http.method
        self.path = http.path
        self.params: dict[str, Any] = dict(http.path_params)
        self.GET = _fields(http.query.encode())
        self.POST = _fields(request.body) if forms.is_form(request.content_type) else {}
        self.headers = Headers.of(http.headers)

    def __getattr__(self, name: str) -> NoReturn:
        there = ("GET", "POST", "headers", "method", "params", "path")
        missing("self.request.http", name, there)


def _fields(encoded: bytes) -> dict[str, Any]:
    """Parses the fields of a query or a form. The value of a repeated field is a list."""
    found: dict[str, list[str]] = {}
    for name, value in forms.fields(encoded):
        found.setdefault(name, []).append(value)
    return {name: texts[0] if len(texts) == 1 else texts for name, texts in found.items()}


class Headers(dict[str, str]):
    """A dict of headers. In ``[]``, ``in`` and ``get``, the names are case-insensitive."""

    @classmethod
    def of(cls, pairs: list[tuple[str, bytes]]) -> Headers:
        """Converts the headers of a message. Fields of the same name are joined."""
        headers = cls()
        for name in dict(pairs):
            value = separator(name).join(fields_of(pairs, name))
            headers[name] = value.decode(errors="replace")
        return headers

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __setitem__(self, name: str, value: str) -> None:
        super().__setitem__(name.lower(), value)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())

    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)


class Input(dict[str, Any]):
    """A dict whose members can also be read as attributes."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            missing("self.request.input", name, tuple(self))


class Payload(dict[str, Any]):
    """The initial payload of a response: a dict or a list. A service fills the dict by setting
    attributes or items, and the list with a slice, ``append`` or ``extend``."""

    __slots__ = ("_elements",)

    def __init__(self) -> None:
        super().__init__()
        object.__setattr__(self, "_elements", None)

    def value(self) -> Any:
        """Returns the content, or ``None`` if the service has not set any."""
        return self._elements if self._elements is not None else dict(self) or None

    def append(self, element: Any) -> None:
        """Adds an element."""
        self._list("append").append(element)

    def extend(self, elements: Iterable[Any]) -> None:
        """Adds elements."""
        self._list("extend").extend(elements)

    def _list(self, way: str) -> list[Any]:
        if len(self) > 0:
            raise TypeError(f"self.response.payload has members: it does not support {way}")
        elements: list[Any] = self._elements if self._elements is not None else []
        object.__setattr__(self, "_elements", elements)
        return elements

    def __setitem__(self, name: Any, value: Any) -> None:
        if isinstance(name, slice):
            self._list("slice")[name] = value
        elif self._elements is not None:
            raise TypeError("self.response.payload is a list: it has no members")
        else:
            super().__setitem__(name, value)

    def __setattr__(self, name: str, value: Any) -> None:
        self[name] = value

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            missing("self.response.payload", name, tuple(self))


class Responded:
    """The response: ``payload``, ``status_code``, ``headers`` and ``content_type``."""

    __slots__ = ("_content_type", "_status", "headers", "payload")

    def __init__(self) -> None:
        self.payload: Any = Payload()
        """A ``str`` or bytes is sent unchanged, any other value except ``None`` as JSON."""
        self.headers: dict[str, str | bytes] = {}
        self._status: int | None = None
        self._content_type: str | None = None

    @property
    def status_code(self) -> int:
        """The status, 200 by default. If the service sets no status, a response without a body has
        status 204."""
        return self._status if self._status is not None else 200

    @status_code.setter
    def status_code(self, status: int) -> None:
        self._status = status

    @property
    def content_type(self) -> str | None:
        """The content type that the service set, or ``None``. With ``None``, the payload determines
        the content type:

        - ``application/json`` for text or bytes that are valid JSON, and for a payload that is
          neither text nor bytes,
        - plain text for other text,
        - ``application/octet-stream`` for other bytes,
        - none for a response without a body.
        """
        return self._content_type

    @content_type.setter
    def content_type(self, content_type: str | None) -> None:
        self._content_type = content_type

    def made(self, returned: Any) -> Response:
        """Creates the response. If the service set no payload or ``None``, the result of ``handle``
        is the payload. The response is empty if that is ``None`` too."""
        payload = self.payload.value() if isinstance(self.payload, Payload) else self.payload
        payload = payload if payload is not None else returned
        response = _of(payload)
        if self._status is not None:
            response.status = self._status
        if self._content_type is not None:
            response.content_type = self._content_type
        for name, value in self.headers.items():
            response.with_header(str(name), value if isinstance(value, bytes) else str(value))
        return response

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.response", name, ("content_type", "headers", "payload", "status_code"))


def _of(payload: Any) -> Response:
    match payload:
        case None | "" | b"":
            return Response.empty()
    if isinstance(payload, (bytes, bytearray)):
        content_type = "application/json" if _is_json(payload) else "application/octet-stream"
        return Response(content_type=content_type, body=bytes(payload))
    if not isinstance(payload, str):
        return Response.json(payload)
    try:
        response = Response.text(payload)
    except UnicodeEncodeError:
        raise Internal("the response contains a lone surrogate, which is not UTF-8") from None
    if _is_json(response.body):
        response.content_type = "application/json"
    return response


def _is_json(body: bytes | bytearray) -> bool:
    try:
        values.from_caller(bytes(body))
    except ValueError:
        return False
    return True


def missing(owner: str, name: str, there: tuple[str, ...]) -> NoReturn:
    """Raises ``AttributeError`` with the list of supported attributes."""
    has = ", ".join(there) or "nothing"
    raise AttributeError(f"{owner}.{name} is not offered here; {owner} has: {has}", name=name)
