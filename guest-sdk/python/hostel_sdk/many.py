"""Several entries in one call of the host."""

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
    """Each key by itself is as in the method for one key; all together are not one step. Arguments
    are checked before anything is done. At most 1,000 keys a call: more are ``too-large``.
    """

    __slots__ = ()

    @overload
    def get_many(self, keys: Iterable[str]) -> list[Any]: ...

    @overload
    def get_many(self, keys: Iterable[str], kind: type[T]) -> list[T | None]: ...

    def get_many(self, keys: Iterable[str], kind: Any = None) -> list[Any]:
        """The values under the keys, in their order, each as ``get`` returns it. Refused as
        ``too-large`` also when the values together are larger than the host reads at once.

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
        """Stores the values under their keys, in their order, all with this expiry. The entries are
        a ``dict`` or pairs. After ``unavailable`` some of them may be set.

        >>> cache.set_many({"stock:tea": 7, "stock:coffee": 0}, expiry=60)
        """
        pairs = list(entries.items() if isinstance(entries, Mapping) else entries)
        _checked([key for key, _ in pairs])
        seconds = seconds_of(expiry)
        host.set_many([(key, json_text(key, value)) for key, value in pairs], seconds)

    def delete_many(self, keys: Iterable[str]) -> int:
        """Removes the entries, and returns how many live ones there were. After ``unavailable``
        some of them may be gone."""
        return host.delete_many(_checked(keys))


def _checked(keys: Iterable[str]) -> list[str]:
    """The keys in a list. Refuses one key in its place, which is iterable too."""
    if isinstance(keys, (str, bytes)):
        raise WrongType("invalid-key", f"keys of {keys!r:.64}: they must be a list of str")
    checked = list(keys)
    if len(checked) > MAX_KEYS:
        message = f"{len(checked)} keys in one call: it may have {MAX_KEYS}; make several calls"
        raise WrongValue("too-large", message)
    for key in checked:
        check_key(key)
    return checked
