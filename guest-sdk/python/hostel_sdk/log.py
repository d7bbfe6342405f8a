"""The plugin's log lines. The host adds the plugin, the service and the request to each."""

from __future__ import annotations

from typing import Literal

from . import host, tracebacks

Level = Literal["debug", "info", "warn", "error"]
"""How much a line matters, least first."""


class Logger:
    """Writes log lines, with the methods and the ``%`` arguments of Python's own ``logging``.

    The message may be any object; what is no text is logged as ``str`` tells it. A line stays one
    line whatever it contains. Logging never raises: a message that does not fit its arguments is
    logged with them. The host cuts a line that is too long, and drops lines that are too many, and
    says so.

    ``exc_info`` logs a traceback after the line: of the exception given, or of the one that is
    being handled when it is true.
    """

    __slots__ = ()

    def debug(self, message: object, *args: object, **more: object) -> None:
        """For whoever looks for a fault."""
        _log("debug", message, args, more)

    def info(self, message: object, *args: object, **more: object) -> None:
        """What happens in the ordinary course."""
        _log("info", message, args, more)

    def warning(self, message: object, *args: object, **more: object) -> None:
        """What is odd and was coped with."""
        _log("warn", message, args, more)

    warn = warning

    def error(self, message: object, *args: object, **more: object) -> None:
        """What failed."""
        _log("error", message, args, more)

    critical = fatal = error

    def exception(self, message: object, *args: object, **more: object) -> None:
        """What failed, and the traceback of the exception that is being handled."""
        more.setdefault("exc_info", True)
        _log("error", message, args, more)

    def log(self, level: int, message: object, *args: object, **more: object) -> None:
        """At a level of ``logging``: 10 is debug, 20 info, 30 warning, 40 and more error."""
        _log(level_of(level), message, args, more)

    def isEnabledFor(self, level: int) -> bool:
        """Always true: which lines are shown the host decides."""
        return True


logger = Logger()
"""The plugin's log."""


def level_of(number: int) -> Level:
    """The host's level for one of ``logging``."""
    if number >= 30:
        return "error" if number >= 40 else "warn"
    return "info" if number >= 20 else "debug"


def log_traceback(error: BaseException) -> None:
    """Logs a traceback at level error, as one record of several lines."""
    host.log("error", sendable("\n".join(tracebacks.lines(error))))


def sendable(text: str) -> str:
    """The text with an escape for each lone surrogate, which no other language has."""
    if text.isascii():
        return text
    return text.encode(errors="backslashreplace").decode()


def _log(level: Level, message: object, args: tuple[object, ...], more: dict[str, object]) -> None:
    host.log(level, sendable(_formatted(message, args)))
    error = more.get("exc_info")
    if error:
        error = error if isinstance(error, BaseException) else tracebacks.current()
        if error is not None:
            log_traceback(error)


def _formatted(message: object, args: tuple[object, ...]) -> str:
    try:
        text = message if type(message) is str else str(message)
        if not args:
            return text
        # One dict is for `%(name)s`, as in `logging`.
        first = args[0]
        return text % (first if len(args) == 1 and isinstance(first, dict) and first else args)
    except Exception as error:
        told = " ".join(_told(each) for each in (message, *args))
        return f"{told} [these do not format: {error}]"


def _told(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
