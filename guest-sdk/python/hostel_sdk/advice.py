"""What an import that fails means here, and what helps."""

from __future__ import annotations

has_packages = False
"""Whether the plugin was built with a virtual environment's packages."""


def of_missing(name: str, packages: bool) -> str:
    """What follows Python's own words about a module that is not there."""
    if name.split(".")[0] == "zato":
        return ": of Zato, zato.server.service and zato.common.exception are offered here"
    where = "the virtual environment" if packages else "a virtual environment that is active"
    return f": it is neither beside the file nor in {where}"


def add(error: BaseException) -> None:
    """Adds that to an error's own message, once, if it is one of such an import."""
    if isinstance(error, ModuleNotFoundError) and error.name and error.msg:
        advice = of_missing(error.name, has_packages)
        if not error.msg.endswith(advice):
            error.msg += advice
