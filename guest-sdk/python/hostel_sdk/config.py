"""The plugin's settings and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar, overload

from . import host
from .error import known_as
from .failure import Internal

D = TypeVar("D")


@known_as(Internal)
class NoSetting(Internal, KeyError):
    """A required setting or secret is missing."""

    __str__ = Exception.__str__


class Config:
    """The plugin's settings and secrets, from ``[plugins.NAME.config]`` and
    ``[plugins.NAME.secrets]`` in the host's configuration, or from
    the options ``--config NAME=VALUE``, ``--secret NAME=env:VARIABLE`` and
    ``--secret NAME=file:PATH`` of ``hostel run``. All values are strings.

    ``hostel build`` adds the host's config interface only if the source uses ``config`` from
    ``hostel_sdk``, or ``self.out.rest`` in a Zato service.

    >>> config.get("base-currency", "EUR")
    'EUR'
    """

    __slots__ = ()

    @overload
    def get(self, name: str) -> str | None: ...

    @overload
    def get(self, name: str, default: D) -> str | D: ...

    def get(self, name: str, default: object = None) -> object:
        """Returns the value of the setting or secret of that name, or ``default`` if it does not
        exist."""
        if not isinstance(name, str):
            raise TypeError(f"a setting's name of {name!r:.64}: it must be a str")
        # All names are ASCII. Passing a lone surrogate to the host would raise an error.
        value = host.config_get(name) if name.isascii() else None
        return value if value is not None else default

    def require(self, name: str) -> str:
        """Returns the value of the setting or secret of that name, like ``config[name]``.

        Raises an ``Internal`` that is also a ``KeyError`` if there is no such setting or secret.
        """
        value = self.get(name)
        if value is not None:
            return value
        where = "[plugins.NAME.config], or as a secret in [plugins.NAME.secrets]"
        raise NoSetting(f'no setting "{name}": write it in {where}')

    def __getitem__(self, name: str) -> str:
        return self.require(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def names(self) -> list[str]:
        """Returns the names of all settings and secrets, sorted."""
        return host.config_names()

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> NoReturn:
            has = "get, names, require"
            raise AttributeError(f"config.{name} is not offered; config has: {has}", name=name)


for _name in ("get", "names", "require"):
    getattr(Config, _name).__qualname__ = f"config.{_name}"

config = Config()
"""The plugin's settings and secrets."""
