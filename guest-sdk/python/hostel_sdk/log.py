"""Logging. The host adds the plugin, the service and the request id to each line."""

from __future__ import annotations

from typing import Literal

from . import host, tracebacks

Level = Literal["debug", "info", "warn", "error"]
"""The severities of a line, in ascending order."""


class Logger:
    """Writes log lines, with the methods and the ``%`` arguments of Python's own ``logging``.

    The message may be any object; it is converted with ``str``. The host escapes control
    characters, so a message is always one line. A message that does not fit its arguments raises no
    error: both are logged unformatted. The host truncates a line that is too long and marks it. The
    host drops the lines above its limit for one call and logs their number.

    ``exc_info`` logs a traceback after the line: the traceback of the given exception, or, with
    ``True``, the traceback of the exception that is being handled.
    """

    __slots__ = ()

    def debug(self, message: object, *args: object, **more: object) -> None:
        """Logs details for debugging."""
        _log("debug", message, args, more)

    def info(self, message: object, *args: object, **more: object) -> None:
        """Logs an ordinary event."""
        _log("info", message, args, more)

    def warning(self, message: object, *args: object, **more: object) -> None:
        """Logs an unexpected event that the service handled."""
        _log("warn", message, args, more)

    warn = warning

    def error(self, message: object, *args: object, **more: object) -> None:
        """Logs an error that makes an operation fail."""
        _log("error", message, args, more)

    critical = fatal = error

    def exception(self, message: object, *args: object, **more: object) -> None:
        """Logs an error and the traceback of the exception that is being handled."""
        more.setdefault("exc_info", True)
        _log("error", message, args, more)

    def log(self, level: int, message: object, *args: object, **more: object) -> None:
        """Logs at a numeric level of ``logging``: 10 is debug, 20 info, 30 warning, 40 and above
        error."""
        _log(level_of(level), message, args, more)

    def isEnabledFor(self, level: int) -> bool:
        """Returns true: the host decides which lines are logged."""
        return True


logger = Logger()
"""The plugin's log."""


def level_of(number: int) -> Level:
    """Returns the host's level for a numeric level of ``logging``."""
    if number >= 30:
        return "error" if number >= 40 else "warn"
    return "info" if number >= 20 else "debug"


def log_traceback(error: BaseException) -> None:
    """Logs a traceback at level error, as one message with line breaks."""
    host.log("error", sendable("\n".join(tracebacks.lines(error))))


def sendable(text: str) -> str:
    """Escapes lone surrogates, which cannot be encoded as UTF-8."""
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
        # A single dict supplies the values of `%(name)s`, as in `logging`.
        first = args[0]
        return text % (first if len(args) == 1 and isinstance(first, dict) and first else args)
    except Exception as error:
        shown = " ".join(_shown(each) for each in (message, *args))
        return f"{shown} [formatting failed: {error}]"


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"
