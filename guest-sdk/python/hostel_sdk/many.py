"""Operations on several entries in one call to the host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar, Union, overload

from . import host
from .arguments import check_key, from_text, json_text, reader_of, seconds_of
from .error import WrongType, WrongValue
from .limits import MAX_KEYS

if TYPE_CHECKING:
    from .arguments import Expiry

T = TypeVar("T")


class Many:
    """Operations on several keys. Each key is handled atomically, but the whole call is not atomic.
    All arguments are checked before any entry changes. A call with more than 1,000 keys raises
    ``too-large``.
    """

    __slots__ = ()

    @overload
    def get_many(self, keys: Iterable[str]) -> list[Any]: ...

    @overload
    def get_many(self, keys: Iterable[str], kind: type[T]) -> list[T | None]: ...

    def get_many(self, keys: Iterable[str], kind: Any = None) -> list[Any]:
        """Returns the values under the keys, in the same order, each as ``get`` returns it. Raises
        ``too-large`` if the values together exceed the host's limit for one call.

        >>> cache.get_many(["stock:tea", "stock:coffee"], int)
        """
        read = reader_of(kind)
        checked = _checked(keys)
        texts = host.get_many(checked)
        return [from_text(key, text, read) for key, text in zip(checked, texts, strict=True)]

    def set_many(
        self,
        entries: Union[Mapping[str, object], Iterable[tuple[str, object]]],
        expiry: Expiry = None,
    ) -> None:
        """Stores the values under their keys, in the given order; every entry gets this expiry.
        ``entries`` is a ``dict`` or pairs. After ``unavailable`` some entries may already be set.

        >>> cache.set_many({"stock:tea": 7, "stock:coffee": 0}, expiry=60)
        """
        pairs = list(entries.items() if isinstance(entries, Mapping) else entries)
        _checked([key for key, _ in pairs])
        seconds = seconds_of(expiry)
        host.set_many([(key, json_text(key, value)) for key, value in pairs], seconds)

    def delete_many(self, keys: Iterable[str]) -> int:
        """Removes the entries and returns the number of removed live entries. After ``unavailable``
        some entries may already be removed."""
        return host.delete_many(_checked(keys))


def _checked(keys: Iterable[str]) -> list[str]:
    """Returns the keys as a list. Refuses more than ``MAX_KEYS`` keys, keys that ``check_key``
    refuses, and a single ``str`` or ``bytes``, which is iterable too."""
    if isinstance(keys, (str, bytes)):
        raise WrongType("invalid-key", f"keys of {keys!r:.64}: they must be a list of str")
    checked = list(keys)
    if len(checked) > MAX_KEYS:
        message = f"{len(checked)} keys in one call: the maximum is {MAX_KEYS}; make several calls"
        raise WrongValue("too-large", message)
    for key in checked:
        check_key(key)
    return checked
