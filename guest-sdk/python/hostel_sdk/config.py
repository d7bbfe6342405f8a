"""The plugin's settings and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar, overload

from . import host
from .error import known_as
from .failure import Internal

D = TypeVar("D")


@known_as(Internal)
class NoSetting(Internal, KeyError):
    """A setting that is required and not there."""

    __str__ = Exception.__str__


class Config:
    """The settings and secrets that the host's configuration gives this plugin: those of
    ``[plugins.NAME.config]`` and ``[plugins.NAME.secrets]``, or of ``hostel run --config
    NAME=VALUE`` and ``--secret NAME=env:VARIABLE``. Their values are texts.

    The build puts this into a component when its source imports ``config`` of ``hostel_sdk``.

    >>> config.get("base-currency", "EUR")
    'EUR'
    """

    __slots__ = ()

    @overload
    def get(self, name: str) -> str | None: ...

    @overload
    def get(self, name: str, default: D) -> str | D: ...

    def get(self, name: str, default: object = None) -> object:
        """The value of the setting or secret of that name; ``default`` where there is none."""
        if not isinstance(name, str):
            raise TypeError(f"a setting's name of {name!r:.64}: it must be a str")
        # No name of a setting has others, and a lone surrogate would not reach the host.
        value = host.config_get(name) if name.isascii() else None
        return default if value is None else value

    def require(self, name: str) -> str:
        """The value of the setting or secret of that name; ``config[name]`` is the same.

        Raises an ``Internal`` that is a ``KeyError`` too where there is none.
        """
        value = self.get(name)
        if value is None:
            where = "[plugins.NAME.config], or as a secret in [plugins.NAME.secrets]"
            raise NoSetting(f'no setting "{name}": write it in {where}')
        return value

    def __getitem__(self, name: str) -> str:
        return self.require(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def names(self) -> list[str]:
        """The names of all settings and secrets, sorted."""
        return host.config_names()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            has = "get, names, require"
            raise AttributeError(f"config.{name} is not offered; config has: {has}", name=name)


for _name in ("get", "names", "require"):
    getattr(Config, _name).__qualname__ = f"config.{_name}"

config = Config()
"""The plugin's settings and secrets."""
