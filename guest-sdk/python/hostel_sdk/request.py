"""What a service is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar, overload

from . import typed, values
from .failure import BadRequest

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
    """The address of the client, ``ip:port``."""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    """In the order they were sent, names in lower case; one name may occur more than once."""

    def header(self, name: str) -> str | None:
        """The first header of that name, in any case; ``None`` also when it is not UTF-8."""
        name = name.lower()
        for each, value in self.headers:
            if each == name:
                try:
                    return value.decode()
                except UnicodeDecodeError:
                    return None
        return None

    def path_param(self, name: str) -> str | None:
        """The decoded parameter of that name in the route's path, ``id`` of ``/orders/{id}``."""
        return next((value for each, value in self.path_params if each == name), None)


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
