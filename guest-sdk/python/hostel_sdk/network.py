"""Sockets: a service has none, and what asks for one is told so, also while the plugin is built.

The C library keeps the handle of the network that it asked for. One of the build, where packages
try whether there is IPv6, would be in the image, and end the first request that uses it.
"""

from __future__ import annotations

import _socket
import errno
from typing import Any, NoReturn

_WHY = "a service has no network"


class _Socket(_socket.socket):
    """What ``socket.socket`` derives from."""

    __slots__ = ()

    def __init__(self, *_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, _WHY)


def _no_address(*_: Any, **__: Any) -> NoReturn:
    raise _socket.gaierror(_socket.EAI_FAIL, _WHY)


def refuse() -> None:
    """Has every socket and every look-up of a name refused from now on."""
    module: Any = _socket
    module.socket = module.SocketType = _Socket
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        if hasattr(module, name):
            setattr(module, name, _no_address)
