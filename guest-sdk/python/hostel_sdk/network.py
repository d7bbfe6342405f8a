"""Refuses sockets, in services and while a plugin is built.

The C library caches its network handle. If a package used the network during the build, for example
to test for IPv6, the handle would be in the snapshot. The first request that uses the handle would
then trap.
"""

from __future__ import annotations

import _socket
import errno
from typing import Any, NoReturn

_WHY = "a service has no network"


class _Socket(_socket.socket):
    """Replaces the base class of ``socket.socket``. No socket can be created."""

    __slots__ = ()

    def __init__(self, *_: Any, **__: Any) -> None:
        raise PermissionError(errno.EACCES, _WHY)


def _no_address(*_: Any, **__: Any) -> NoReturn:
    raise _socket.gaierror(_socket.EAI_FAIL, _WHY)


def refuse() -> None:
    """Refuses every socket and every name lookup from now on."""
    module: Any = _socket
    module.socket = module.SocketType = _Socket
    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo"):
        if hasattr(module, name):
            setattr(module, name, _no_address)
