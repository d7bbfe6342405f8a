"""Adds advice to Python's own error messages: what the error means in a service, and the fix."""

from __future__ import annotations

import re
import sys

has_packages = False
"""True if the plugin is built with a folder of installed packages."""


# Modules of Python 2, each with the module of Python 3 that replaces it.
_PYTHON_2 = {
    "BaseHTTPServer": "http.server",
    "ConfigParser": "configparser",
    "Cookie": "http.cookies",
    "HTMLParser": "html.parser",
    "Queue": "queue",
    "SocketServer": "socketserver",
    "StringIO": "io",
    "UserDict": "collections",
    "__builtin__": "builtins",
    "anydbm": "dbm",
    "cPickle": "pickle",
    "cStringIO": "io",
    "commands": "subprocess",
    "cookielib": "http.cookiejar",
    "copy_reg": "copyreg",
    "exceptions": "builtins",
    "httplib": "http.client",
    "md5": "hashlib",
    "robotparser": "urllib.robotparser",
    "sets": "builtins",
    "sha": "hashlib",
    "thread": "_thread",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
    "xmlrpclib": "xmlrpc.client",
}

WRITTEN_FOR_2 = (
    ": this is Python 2, and services run on Python 3.14: convert the file, with 2to3 for example"
)

# Matches a line that looks like Python 2. Only the lines of syntax errors are searched.
_LINE_OF_2 = re.compile(
    r"^\s*(?:print|exec)\b\s*(?:[\"'\w>`%]|$)|^\s*raise\s+[\w.]+\s*,"
    r"|\bexcept\b[^:#]*\w\s*,\s*[a-z_]\w*\s*:|`[^`]*`|<>|\bur[\"']|\b0[0-7]+\b|\b\d+[lL]\b"
)


# Matches ``except Error, name:``. Python 3.14 reads this as two exception types and fails only when
# an exception is raised, because ``name`` is undefined.
_EXCEPT_OF_2 = re.compile(
    rb"^[ \t]*except[ \t]+[\w.]+[ \t]*,[ \t]*([a-z_]\w*)[ \t]*:", re.MULTILINE
)


def except_of_2(text: bytes) -> int:
    """Returns the line number of the first ``except Error, name:`` whose name is not defined in the
    file by an import, a class, ``as`` or an assignment. Returns 0 if no line matches."""
    for found in _EXCEPT_OF_2.finditer(text):
        made = rb"\b(?:import|class|as)\b[^\n]*\b%b\b|^[ \t]*%b[ \t]*=" % (found[1], found[1])
        if not re.search(made, text, re.MULTILINE):
            return text.count(b"\n", 0, found.start()) + 1
    return 0


def of_missing(name: str, packages: bool) -> str:
    """Returns the advice to append to Python's message about a missing module."""
    first = name.split(".")[0]
    if first == "zato":
        return ": of Zato, only zato.server.service and zato.common.exception are available"
    if first in _PYTHON_2:
        return f", which is {_PYTHON_2[first]} in Python 3{WRITTEN_FOR_2}"
    if first in sys.stdlib_module_names:
        return ": services do not have this module, or no import statement of the source names it"
    where = "the project's packages" if packages else "a virtual environment or a requirements.txt"
    return f": it is neither beside the file nor in {where}"


def of_syntax(error: SyntaxError) -> str:
    """Returns the advice to append to Python's message about a syntax error. The advice is empty
    unless the line looks like Python 2."""
    return WRITTEN_FOR_2 if error.text and _LINE_OF_2.search(error.text) else ""


def add(error: BaseException) -> None:
    """Appends advice to the error's message if the error is of a known kind. A second call appends
    nothing."""
    if isinstance(error, ModuleNotFoundError) and error.name and error.msg:
        error.msg = _with(error.msg, of_missing(error.name, has_packages))
    elif isinstance(error, SyntaxError) and error.msg:
        error.msg = _with(error.msg, of_syntax(error))
    elif type(error).__name__ == "ZoneInfoNotFoundError" and _lacks(error, "tzdata"):
        error.args = (_with(str(error.args[0]), _NO_ZONES),)


_NO_ZONES = ": a service has no time zone data: run `pip install tzdata` in "
_NO_ZONES += "the virtual environment that is active during the build"


def _lacks(error: BaseException, module: str) -> bool:
    """Returns true if the error was raised because ``module`` is missing."""
    cause = error.__cause__ or error.__context__
    return isinstance(cause, ModuleNotFoundError) and cause.name == module


def _with(message: str, advice: str) -> str:
    return message if message.endswith(advice) else message + advice
