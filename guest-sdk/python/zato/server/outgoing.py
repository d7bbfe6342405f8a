"""``self.out`` of a Zato service: connections to other servers.

A connection consists of two settings of the plugin, ``zato.out.rest.NAME.host`` and
``zato.out.rest.NAME.url-path``. The host sets them from ``[zato.out.rest.NAME]`` in its
configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from hostel_sdk import config, http
from hostel_sdk.config import NoSetting
from hostel_sdk.error import WrongRequest, WrongRequestType

from .messages import Headers, missing

_HeadersGiven = Mapping[str, "str | bytes"]
_PREFIX, _HOST, _PATH = "zato.out.rest.", ".host", ".url-path"
_PARAMETER = re.compile(r"\{([^{}]*)\}")


class Outgoing:
    """``self.out``. Its only attribute is ``rest``, the connections by name."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = RestConnections()

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.out", name, ("rest",))


class RestConnections:
    """``self.out.rest``: the connections whose configuration lists this plugin."""

    __slots__ = ()

    def __getitem__(self, name: str) -> RestConnection:
        # Check the names first: the host logs a warning if a plugin reads a missing setting.
        names = self.keys()
        if name not in names:
            has = ", ".join(names) or "none"
            where = "write it in [zato.out.rest.NAME], with this plugin in its `plugins`"
            raise NoSetting(
                f"no connection {name!r:.64} in self.out.rest; there are: {has}; {where}"
            )
        prefix = _PREFIX + name
        return RestConnection(name, config[prefix + _HOST], config.get(prefix + _PATH, ""))

    def get(self, name: str, default: Any = None) -> Any:
        """Returns the connection of that name, or ``default`` if it does not exist."""
        return self[name] if name in self else default

    def keys(self) -> list[str]:
        """Returns the names of the connections."""
        found = [each for each in config.names() if each.startswith(_PREFIX)]
        return [each[len(_PREFIX) : -len(_HOST)] for each in found if each.endswith(_HOST)]

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __getattr__(self, name: str) -> NoReturn:
        missing("self.out.rest", name, ("get", "keys", *(f"['{each}']" for each in self.keys())))


class RestConnection:
    """A connection. Its ``conn`` sends requests."""

    __slots__ = ("conn", "name")

    def __init__(self, name: str, host: str, path: str) -> None:
        self.name = name
        self.conn = RestConn(name, host, path)

    def __getattr__(self, name: str) -> NoReturn:
        missing(f"self.out.rest[{self.name!r}]", name, ("conn", "name"))


class RestConn:
    """Sends requests to the address of a connection.

    - ``data`` is sent unchanged if it is a ``str`` or bytes, and otherwise as JSON. ``None`` sends
      no body.
    - ``params`` replace each ``{name}`` in the path of the connection; a value cannot span
      segments. The remaining parameters form the query, without those whose value is
      ``None``.
    - The request has the header ``X-Zato-CID``, and with ``data`` also
      ``Content-Type: application/json``, unless ``headers`` has other values. At most 5 redirects
      are followed.
    - ``timeout`` is in seconds.
    - A status of 400 or more is not an error. If no complete response arrives, the call raises
      ``hostel_sdk.HttpError``.
    """

    __slots__ = ("_host", "_name", "_path")

    def __init__(self, name: str, host: str, path: str) -> None:
        self._name, self._host = name, host.rstrip("/")
        self._path = path if path.startswith("/") or not path else f"/{path}"

    def get(
        self,
        cid: str,
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends a ``GET`` request."""
        return self._send("GET", cid, "", params, headers, timeout)

    def head(
        self,
        cid: str,
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends a ``HEAD`` request."""
        return self._send("HEAD", cid, "", params, headers, timeout)

    def post(
        self,
        cid: str,
        data: object = "",
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends a ``POST`` request."""
        return self._send("POST", cid, data, params, headers, timeout)

    send = post

    def put(
        self,
        cid: str,
        data: object = "",
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends a ``PUT`` request."""
        return self._send("PUT", cid, data, params, headers, timeout)

    def patch(
        self,
        cid: str,
        data: object = "",
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends a ``PATCH`` request."""
        return self._send("PATCH", cid, data, params, headers, timeout)

    def delete(
        self,
        cid: str,
        data: object = "",
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends a ``DELETE`` request."""
        return self._send("DELETE", cid, data, params, headers, timeout)

    def options(
        self,
        cid: str,
        data: object = "",
        params: Mapping[str, object] | None = None,
        *,
        headers: _HeadersGiven | None = None,
        timeout: float | None = None,
    ) -> RestResponse:
        """Sends an ``OPTIONS`` request."""
        return self._send("OPTIONS", cid, data, params, headers, timeout)

    def _send(
        self,
        method: str,
        cid: str,
        data: object,
        params: Mapping[str, object] | None,
        headers: _HeadersGiven | None,
        timeout: float | None,
    ) -> RestResponse:
        url = self._url(params)
        given = dict(headers or {})
        names = {str(name).lower() for name in given}
        if "x-zato-cid" not in names:
            given["X-Zato-CID"] = str(cid)
        options: dict[str, Any] = {"body": b"", "timeout": timeout}
        if isinstance(data, (str, bytes, bytearray)):
            options["body"] = data
            if data and "content-type" not in names:
                given["Content-Type"] = "application/json"
        elif data is not None:
            options = {"json": data, "timeout": timeout}
        return RestResponse(http.send(http.Request(method, url, headers=given, **options)))

    def _url(self, params: Mapping[str, object] | None) -> str:
        """Returns the URL of the connection with the parameters filled in."""
        if params is not None and not isinstance(params, Mapping):
            message = f"params of {params!r:.64}: they must be a dict of names and values"
            raise WrongRequestType("invalid-request", message)
        left = dict(params or {})
        lacks = [name for name in _PARAMETER.findall(self._path) if name not in left]
        if lacks:
            needs = ", ".join(map(repr, lacks))
            message = f"the path {self._path} of {self._name!r} needs {needs}, in params"
            raise WrongRequest("invalid-request", message)
        in_path = {name: left.pop(name) for name in set(_PARAMETER.findall(self._path))}
        path = _PARAMETER.sub(lambda it: _segment(it[1], in_path[it[1]]), self._path)
        # Omit `None`, as Zato's HTTP library does.
        query = urlencode({name: it for name, it in left.items() if it is not None}, doseq=True)
        joined = f"{self._host}{path}"
        return joined if not query else f"{joined}{'&' if '?' in path else '?'}{query}"

    def __getattr__(self, name: str) -> NoReturn:
        missing(f"self.out.rest[{self._name!r}].conn", name, (*_METHODS, "send"))


def _segment(name: str, value: object) -> str:
    """Encodes a value as part of a path. Escaping prevents path traversal such as `../admin`.
    Refuses an empty value, `.` and `..`."""
    text = str(value)
    if text in ("", ".", ".."):
        message = f"the parameter {name!r} of the path is {text!r}, which is not a valid segment"
        raise WrongRequest("invalid-request", message)
    return quote(text, safe="")


_METHODS = ("get", "post", "put", "patch", "delete", "head", "options")
# Python's argument errors show these names: the author reads `conn.get()`, not `RestConn.get()`.
for _name in _METHODS:
    getattr(RestConn, _name).__qualname__ = f"conn.{_name}"


class RestResponse:
    """The response of the server of a connection."""

    __slots__ = ("_response", "headers")

    def __init__(self, response: http.Response) -> None:
        self._response = response
        self.headers = Headers.of(response.headers)
        """The headers by name, which is case-insensitive."""

    @property
    def data(self) -> Any:
        """The body, decoded from JSON. An empty body is an empty string. Raises ``Internal`` if the
        body is not JSON; use ``text`` for other bodies."""
        return self._response.json() if self._response.body else ""

    @property
    def text(self) -> str:
        """The body decoded as UTF-8, with replacement characters for invalid bytes."""
        return self.content.decode(errors="replace")

    @property
    def content(self) -> bytes:
        """The body as received."""
        return self._response.body

    @property
    def status_code(self) -> int:
        """The HTTP status code."""
        return self._response.status

    @property
    def ok(self) -> bool:
        """True if the status is below 400."""
        return self._response.status < 400

    @property
    def url(self) -> str:
        """The URL of the response: the last one if redirects were followed."""
        return self._response.url

    def json(self) -> Any:
        """Parses the body as JSON. Raises ``Internal`` if the body is not JSON."""
        return self._response.json()

    def raise_for_status(self) -> None:
        """Raises ``Unavailable`` or ``Internal`` if the status is 400 or more."""
        self._response.raise_for_status()

    def __getattr__(self, name: str) -> NoReturn:
        there = ("content", "data", "headers", "json", "ok", "raise_for_status", "status_code")
        missing("the response", name, (*there, "text", "url"))
