"""What a Zato service reads as ``self.request`` and fills as ``self.response``."""

from __future__ import annotations

from typing import Any, NoReturn

from hostel_sdk.failure import BadRequest, Internal
from hostel_sdk.request import Request
from hostel_sdk.response import Response


class Requested:
    """The request: ``payload``, ``raw_request`` and ``input``."""

    def __init__(self, request: Request, names: tuple[str, ...]) -> None:
        self._request = request
        self._names = names

    @property
    def raw_request(self) -> str | bytes:
        """The body as it came: a text, or bytes when it is not UTF-8."""
        try:
            return self._request.body.decode()
        except UnicodeDecodeError:
            return self._request.body

    @property
    def payload(self) -> Any:
        """The body, decoded from JSON; an empty text when there is none. A body that no one calls
        JSON and is none stays a text."""
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
            if "json" in (self._request.content_type or ""):
                raise
            return self.raw_request

    @property
    def input(self) -> Input:
        """The members of the payload as attributes; those that the class's ``input`` calls
        optional are empty texts when they are missing.

        Raises ``BadRequest`` when one that it needs is.
        """
        if "_input" not in vars(self):
            self._input = self._checked()
        return self._input

    def _checked(self) -> Input:
        members = Input(self.payload if isinstance(self.payload, dict) else {})
        for name in self._names:
            if name.startswith("-"):
                members.setdefault(name[1:], "")
            elif name not in members:
                raise BadRequest(f"the request needs a member {name!r}")
        return members

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.request", name, ("input", "payload", "raw_request"))


class Input(dict[str, Any]):
    """A dict whose members are attributes too."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            missing("self.request.input", name, tuple(self))


class Responded:
    """The response: ``payload``, ``status_code``, ``headers`` and ``content_type``."""

    __slots__ = ("_content_type", "_status", "headers", "payload")

    def __init__(self) -> None:
        self.payload: Any = None
        """Bytes and texts are answered as they are, anything else as JSON."""
        self.headers: dict[str, str | bytes] = {}
        self._status: int | None = None
        self._content_type: str | None = None

    @property
    def status_code(self) -> int:
        """200, unless it is set. A response with neither a payload nor a status is a 204."""
        return 200 if self._status is None else self._status

    @status_code.setter
    def status_code(self, status: int) -> None:
        self._status = status

    @property
    def content_type(self) -> str | None:
        """Unless it is set, that of a plain text for a text, and of JSON for a value."""
        return self._content_type

    @content_type.setter
    def content_type(self, content_type: str | None) -> None:
        self._content_type = content_type

    def made(self, returned: Any) -> Response:
        """The response, with what ``handle`` returned for a payload that it did not set."""
        payload = returned if self.payload is None else self.payload
        response = _of(payload)
        if self._status is not None:
            response.status = self._status
        if self._content_type is not None:
            response.content_type = self._content_type
        for name, value in self.headers.items():
            if not isinstance(value, bytes):
                value = str(value).encode()
            response.headers.append((str(name).lower(), value))
        return response

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.response", name, ("content_type", "headers", "payload", "status_code"))


def _of(payload: Any) -> Response:
    if payload is None or payload == "" or payload == b"":
        return Response.empty()
    if isinstance(payload, str):
        try:
            return Response.text(payload)
        except UnicodeEncodeError:
            raise Internal("the answer holds a lone surrogate, which is no character") from None
    if isinstance(payload, (bytes, bytearray)):
        return Response(content_type="application/octet-stream", body=bytes(payload))
    return Response.json(payload)


def missing(owner: str, name: str, there: tuple[str, ...]) -> NoReturn:
    """Refuses an attribute, and says what there is."""
    has = ", ".join(there) or "nothing"
    raise AttributeError(f"{owner}.{name} is not offered here; {owner} has: {has}", name=name)
