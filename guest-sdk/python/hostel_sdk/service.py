"""The services of a plugin and the dispatch of requests to their handlers."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Iterable
from types import CoroutineType
from typing import Any, ClassVar, TypeVar, overload

from . import advice, problem, tracebacks, typed
from .cache import Cache, cache
from .error import UnexpectedRequest, is_unavailable
from .failure import Failure
from .log import Logger, log_traceback, logger
from .request import Request
from .response import NoJson, Response, checked

F = TypeVar("F", bound=Callable[..., Any])

Handler = Callable[[Request], Response]

_MARK = "__hostel_service__"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,127}")


class DeclarationError(Exception):
    """An error that the SDK finds in the author's code before the first request, such as an invalid
    service declaration. The message begins with the file and the line of the error."""


@overload
def service(function: F) -> F: ...


@overload
def service(*, name: str | None = None) -> Callable[[F], F]: ...


def service(function: Any = None, *, name: str | None = None) -> Any:
    """Declares a function as a service and returns the same function, so tests can call it.

    - The name of the service is ``name``, or the function's name with hyphens instead of
      underscores and without underscores at its ends. It has 1 to 128 ASCII letters, digits,
      dots, hyphens and underscores, begins with a letter, and is unique in the plugin.
    - The first line of the docstring is the service's description.
    - A parameter annotated ``Request`` receives the request. Another parameter receives the body,
      parsed as in ``Request.json``: as the annotated type, or without an annotation as any value. A
      service has at most one parameter of each kind.
    - The function returns a ``Response``, ``None``, or any value with a JSON form.
    - The function may be ``async``. The call ends when the function returns; remaining tasks are
      cancelled.

    >>> @service(name="orders.find")
    ... def find_order(number: int) -> str | None:
    ...     return cache.get(f"order:{number}")
    """

    def declare(function: Any) -> Any:
        setattr(function, _MARK, name or function.__name__.strip("_").replace("_", "-"))
        return function

    return declare(function) if function is not None else declare


class Service:
    """The base class of services. A subclass defines ``handle``, with the same parameters and
    results as a function decorated with ``service``.

    The name of the service is the attribute ``name``, or the class name with hyphens: ``MyService``
    becomes ``my-service``. Each request gets a new instance of the class. A class whose name begins
    with an underscore is not a service.
    """

    name: ClassVar[str]
    cache: Cache = cache
    logger: Logger = logger
    request: Request

    @classmethod
    def _handler(cls) -> Handler:
        """Returns a handler that creates an instance of the class for each request."""
        arguments = _arguments(cls.handle, skip=1)  # type: ignore[attr-defined]

        def handler(request: Request) -> Response:
            instance = cls()
            instance.request = request
            return Response.of(finished(instance.handle(*arguments(request))))  # type: ignore[attr-defined]

        return handler


class Declared:
    """One service of a plugin."""

    __slots__ = ("description", "handler", "name", "place")

    def __init__(self, declaration: Any) -> None:
        """Takes a decorated function or a subclass of ``Service``.

        Raises ``DeclarationError`` if the declaration is invalid.
        """
        is_class = isinstance(declaration, type)
        if not is_class and not hasattr(declaration, _MARK):
            rule = "it must be a function decorated with @service or a subclass of Service"
            raise _refused(declaration, f"this is not a service: {rule}")
        self.name: str = _name_of_class(declaration) if is_class else getattr(declaration, _MARK)
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            rule = "it must be 1 to 128 ASCII letters, digits, dots, hyphens and underscores, "
            why = f"{self.name!r:.140} is not a service name: {rule}and begin with a letter"
            raise _refused(declaration, why)
        text = vars(declaration).get("__doc__") if is_class else declaration.__doc__
        self.description: str = (text or "").strip().split("\n")[0]
        function = declaration.handle if is_class else declaration
        self.place: tuple[str, int] = _place(function)
        """The file and the line of the function, or of the class's ``handle``."""
        if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
            why = "yields: it must return its result"
            raise _refused(function, f"service {self.name!r} {why}")
        try:
            self.handler: Handler = declaration._handler() if is_class else _caller(declaration)
        except (TypeError, NameError) as error:
            raise _refused(function, f"service {self.name!r}: {error}") from None


def is_service(value: object) -> bool:
    """Returns true if a value declares a service."""
    if isinstance(value, type):
        return (
            issubclass(value, Service)
            and hasattr(value, "handle")
            and not value.__name__.startswith("_")
            and not inspect.isabstract(value)
        )
    return callable(value) and hasattr(value, _MARK)


def declared(values: Iterable[object]) -> dict[str, Declared]:
    """Returns the services among these values by name, in the order of the values.

    Raises ``DeclarationError`` for an invalid service and for a duplicate name.
    """
    found: dict[str, Declared] = {}
    seen: list[object] = []
    for value in values:
        if not is_service(value) or any(value is each for each in seen):
            continue
        seen.append(value)
        each = Declared(value)
        if each.name in found:
            raise _refused(value, f"two services have the name {each.name!r}: rename one of them")
        found[each.name] = each
    return found


def respond(services: dict[str, Declared], request: Request) -> Response:
    """Passes the request to the service that the request names.

    Raises the service's ``Failure``, or ``not-found`` for an unknown name. An error for which
    ``is_unavailable`` is true becomes ``unavailable``. ``KeyboardInterrupt`` and
    ``UnexpectedRequest`` are raised unchanged, for tests. Any other exception becomes ``internal``,
    and its traceback is logged. Over HTTP, a failure with headers is returned as a response,
    because the WIT failure has no headers.
    """
    found = services.get(request.service)
    if not found:
        names = ", ".join(services)
        raise Failure(f"no service {request.service!r} here; there are: {names}", "not-found")
    try:
        return checked(found.handler(request))
    except NoJson as failure:
        file, line = found.place
        where = f"in the response of service {found.name!r}, {tracebacks.path(file)}:{line}"
        raise Failure(f"{failure} ({where})", "internal") from None
    except Failure as failure:
        if not failure.headers or not request.http:
            raise
        return checked(problem.response_of(failure, request.id))
    except (KeyboardInterrupt, UnexpectedRequest):
        raise
    except BaseException as error:
        advice.add(error)
        why = tracebacks.last_line(error)
        if is_unavailable(error):
            raise Failure(why, "unavailable") from error
        log_traceback(error)
        raise Failure(why, "internal") from error


def _caller(function: Callable[..., Any]) -> Handler:
    arguments = _arguments(function, skip=0)
    return lambda request: Response.of(finished(function(*arguments(request))))


def finished(result: Any) -> Any:
    """Returns the result of a handler. If the handler returned a coroutine, runs the coroutine and
    returns the coroutine's result."""
    if type(result) is not CoroutineType:
        return result
    from .loop import run  # Slow to import, and few services need it.

    return run(result)


def _arguments(function: Callable[..., Any], skip: int) -> Callable[[Request], list[Any]]:
    """Returns a function that converts a request to the handler's arguments."""
    parameters = list(inspect.signature(function).parameters.values())[skip:]
    hints = typing.get_type_hints(function)
    makers: list[Callable[[Request], Any]] = []
    for parameter in parameters:
        if parameter.kind not in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            raise TypeError(
                f"{parameter} is not a positional parameter: a handler takes a request and its body"
            )
        makers.append(_argument(hints.get(parameter.name)))
    requests = makers.count(_whole)
    if requests > 1 or len(makers) - requests > 1:
        names = ", ".join(parameter.name for parameter in parameters)
        raise TypeError(f"({names}): a handler takes at most one `Request` and one body value")
    return lambda request: [make(request) for make in makers]


def _whole(request: Request) -> Request:
    return request


def _argument(kind: Any) -> Callable[[Request], Any]:
    if kind is Request:
        return _whole
    if kind is not None:
        typed.reader(kind)  # Refuse an unsupported type now, not at the first request.
    return lambda request: request.json(kind)


def _name_of_class(cls: type) -> str:
    return getattr(cls, "name", None) or _kebab(cls.__name__)


def _kebab(name: str) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+", "-", name)
    return words.strip("-").lower()


def _refused(declaration: Any, why: str) -> DeclarationError:
    file, line = _place(declaration)
    return DeclarationError(f"{tracebacks.path(file)}:{line}: {why}")


def _place(declaration: Any) -> tuple[str, int]:
    code = getattr(inspect.unwrap(declaration), "__code__", None)
    if code is not None:
        return code.co_filename, code.co_firstlineno
    module = inspect.getmodule(declaration)
    file = getattr(module, "__file__", "") or getattr(declaration, "__module__", "")
    # Python before 3.13 does not have this attribute; the Python of plugins does.
    return file, getattr(declaration, "__firstlineno__", 0)
