"""The routes of a fake: they map a method and a path to a service, by the host's rules."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from .failure import BadRequest, MethodNotAllowed, NotFound
from .headers import quoted
from .service import Declared

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PARAMETER = re.compile(r"\{([0-9A-Za-z_-]+)\}")
_ODD = re.compile(r"[%?#\\\s\x00-\x1f\x7f-\x9f]")
_NO_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")


class Route(NamedTuple):
    """A method, a path and their service."""

    method: str
    """Empty for any method."""
    path: str
    segments: list[str | None]
    """The fixed text of each segment; ``None`` for a parameter."""
    parameters: list[str]
    service: Declared

    def takes(self, method: str) -> bool:
        """Returns true if the route accepts the method. A route for ``GET`` also accepts
        ``HEAD``."""
        return self.method in ("", method) or (method == "HEAD" and self.method == "GET")

    def fits(self, segments: list[str]) -> bool:
        """Returns true if the route matches a path with these segments. A parameter matches any
        non-empty segment."""
        return len(segments) == len(self.segments) and all(
            given == fixed if fixed is not None else given
            for given, fixed in zip(segments, self.segments)
        )

    def rank(self) -> list[bool]:
        """Returns the sort key among routes that match the same path: the route with the lowest
        key takes precedence. From left to right, fixed text ranks before a parameter."""
        return [not isinstance(fixed, str) for fixed in self.segments]


class Routes:
    """All routes of a fake."""

    def __init__(self) -> None:
        self._routes: list[Route] = []

    def add(self, route: str, service: Declared) -> None:
        """Adds a route. Raises ``ValueError`` if the route is invalid or conflicts with another
        one."""
        made = _route(route, service)
        for other in self._routes:
            is_like = other.segments == made.segments
            if is_like and (other.method == made.method or "" in (other.method, made.method)):
                what = f"{made.path} matches requests that the earlier route {other.path} matches"
                raise ValueError(f"{what}: give each its own path or method")
        self._routes.append(made)

    def find(self, method: str, path: str) -> tuple[Declared, list[tuple[str, str]]]:
        """Returns the service for a request, and the path parameters. If several routes match the
        path, fixed text takes precedence over a parameter, from left to right; only then is the
        method compared.

        Raises the ``Failure`` that a host reports if no route matches or the path has an invalid
        escape. Raises ``ValueError`` for a path that does not begin with a slash.
        """
        if not path.startswith("/"):
            raise ValueError(f"the path {quoted(path)} must begin with a slash")
        segments = _decoded(path)
        fitting = [route for route in self._routes if route.fits(segments)]
        if not fitting:
            raise NotFound("no service has this path")
        best = min(route.rank() for route in fitting)
        ends = [route for route in fitting if route.rank() == best]
        for route in ends:
            if route.takes(method):
                values = [given for given, is_value in zip(segments, best) if is_value]
                return route.service, list(zip(route.parameters, values))
        names = {route.method for route in ends}
        allow = ", ".join(sorted(names | ({"HEAD"} if "GET" in names else set())))
        raise MethodNotAllowed(f"this path allows {allow}").with_header("allow", allow)


def _route(text: str, service: Declared) -> Route:
    method, blank, path = text.partition(" ")
    if not blank or text.startswith("/"):
        method, path = "", text
    elif method not in _METHODS:
        raise ValueError(f"unknown method {quoted(method)}; there are: {', '.join(_METHODS)}")
    shown = f"the path {quoted(path)}"
    if not path.startswith("/"):
        raise ValueError(f"{shown} must begin with a slash")
    segments: list[str | None] = [""] if path == "/" else []
    parameters: list[str] = []
    for segment in path[1:].split("/") if path != "/" else []:
        name = _parameter(shown, segment)
        segments.append(None if name is not None else segment)
        if name in parameters:
            raise ValueError(f"{shown} has the parameter `{name}` twice")
        if name is not None:
            parameters.append(name)
    return Route(method, path, segments, parameters, service)


def _parameter(shown: str, segment: str) -> str | None:
    """Returns the name of a parameter segment, or ``None`` for fixed text. Raises ``ValueError``
    for an invalid segment."""
    has = f"{shown} has the segment {quoted(segment)}"
    if segment in ("", ".", ".."):
        raise ValueError(f"{has}: a segment must not be empty, `.` or `..`")
    found = _PARAMETER.fullmatch(segment)
    if found is not None:
        return found[1]
    if "{" in segment or "}" in segment:
        rule = "of letters, digits, hyphens and underscores"
        raise ValueError(f"{has}: a parameter must be a whole segment, `{{name}}`, {rule}")
    odd = _ODD.search(segment)
    if odd is not None:
        rule = "write it without percent-encoding or a query"
        raise ValueError(f"{shown} has {quoted(odd[0])}: {rule}")
    return None


def _decoded(path: str) -> list[str]:
    """Returns the decoded segments of a path. Raises ``BadRequest`` for an invalid escape."""
    if _NO_ESCAPE.search(path):
        raise BadRequest("the path has an invalid escape")
    try:
        return [unquote_to_bytes(segment).decode() for segment in path[1:].split("/")]
    except UnicodeDecodeError:
        raise BadRequest("the path has an invalid escape") from None
