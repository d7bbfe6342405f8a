"""Tracebacks with the author's file names and without the SDK's frames."""

from __future__ import annotations

import os
import sys
from traceback import StackSummary, TracebackException

_SDK = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

# Prefixes of the files whose frames are hidden: the SDK and Python's import system. `hide` adds
# others.
_hidden: list[str] = [
    os.path.join(_SDK, "hostel_sdk"),
    os.path.join(_SDK, "zato"),
    "<frozen importlib",
]

# Folders and the names that messages show for them.
_shown: dict[str, str] = {}


def hide(prefix: str) -> None:
    """Hides the frames of files with this prefix."""
    _hidden.append(prefix)


def show(folder: str, name: str) -> None:
    """Shows the files below ``folder`` as files below ``name``."""
    _shown[folder + "/"] = name + "/" if name else ""


def path(file: str) -> str:
    """Returns the path of a file as messages show it."""
    for folder, name in _shown.items():
        if file.startswith(folder):
            return name + file[len(folder) :]
    return file


def lines(error: BaseException) -> list[str]:
    """Returns the lines of the traceback of ``error`` and its causes in Python's format, without
    hidden frames."""
    try:
        trace = TracebackException.from_exception(error)
        _clean(trace)
        return "".join(trace.format()).rstrip("\n").split("\n")
    except Exception:  # The `__str__` of `error` failed, or memory is exhausted.
        return [last_line(error)]


def last_line(error: BaseException) -> str:
    """Returns the exception's type and the first line of its text, in the format of a traceback's
    last line."""
    try:
        trace = TracebackException(type(error), error, None)
        if isinstance(error, SyntaxError):
            return f"{type(error).__name__}: {error.msg}"
        return "".join(trace.format_exception_only()).strip().split("\n")[0]
    except Exception:
        return f"{type(error).__name__}: <its text cannot be formatted>"


def place(error: BaseException, folder: str) -> tuple[str, int] | None:
    """Returns the innermost file and line below ``folder`` in the traceback, or ``None`` if no
    frame is below ``folder``. For a syntax error, returns the file and line of that error."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return path(error.filename), error.lineno
    found = None
    walk = error.__traceback__
    while walk is not None:
        file = walk.tb_frame.f_code.co_filename
        if file.startswith(folder + "/"):
            found = path(file), walk.tb_lineno
        walk = walk.tb_next
    return found


def _clean(trace: TracebackException) -> None:
    seen: list[TracebackException | None] = [trace]
    while seen:
        each = seen.pop()
        if not each:
            continue
        frames = (frame for frame in each.stack if not frame.filename.startswith(tuple(_hidden)))
        each.stack = StackSummary.from_list(list(frames))
        for frame in each.stack:
            frame.filename = path(frame.filename)
        if getattr(each, "filename", None):  # A syntax error.
            each.filename = path(each.filename)
        seen += [each.__cause__, each.__context__, *(getattr(each, "exceptions", None) or ())]


def current() -> BaseException | None:
    """Returns the exception that is being handled, or ``None`` outside an exception handler."""
    return sys.exc_info()[1]
