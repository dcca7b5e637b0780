"""What makes values that never change cheap: to make one from another, and to work something out of one only once.

Most of what the engine does is to make one state from another, and `dataclasses.replace` sets every one of some fifty
fields through the guard of a frozen class. Here the new value takes over the fields of the old one in one go, which is
several times as quick. Only for frozen dataclasses without slots and without `__post_init__`. What a value keeps
(`kept`, `cached_property`) is not a field: it is not compared, and not taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol, TypeVar


class Keeps(Protocol):
    @property
    def kept(self) -> dict[Any, Any]: ...

    @property
    def handed_on(self) -> dict[Any, Any]: ...


V = TypeVar("V", bound=Keeps)
R = TypeVar("R")

if TYPE_CHECKING:
    from dataclasses import replace
    from functools import cached_property
else:

    class cached_property:  # noqa: N801
        """As in `functools`, without the lock that it takes before Python 3.12."""

        def __init__(self, function: Callable[[Any], R]) -> None:
            self.function = function
            self.name = function.__name__
            self.__doc__ = function.__doc__

        def __set_name__(self, owner: Any, name: str) -> None:
            owner._worked_out = (*getattr(owner, "_worked_out", ()), name)

        def __get__(self, value: Any, owner: type | None = None) -> Any:
            if value is None:
                return self
            known = value.__dict__[self.name] = self.function(value)
            return known

    def replace(value: R, /, **changes: Any) -> R:
        """`value` with other fields. Which fields there are is checked by mypy, not here."""
        kind = type(value)
        fields = value.__dict__.copy()
        for name in getattr(kind, "_worked_out", ()):
            fields.pop(name, None)
        fields.update(changes)
        made = object.__new__(kind)
        object.__setattr__(made, "__dict__", fields)
        return made


def kept(function: Callable[[V], R]) -> Callable[[V], R]:
    """`function` of a value, worked out once for each value: the value keeps it. What it returns is not changed by
    anybody either."""

    @wraps(function)
    def once(value: V) -> R:
        try:
            known: R = value.kept[function]
        except KeyError:
            known = value.kept[function] = function(value)
        return known

    return once


def kept_with(field: str) -> Callable[[Callable[[V], R]], Callable[[V], R]]:
    """As `kept`, for a function that depends on one field alone: values that are made from this one with the same field
    keep it too."""

    def keeping(function: Callable[[V], R]) -> Callable[[V], R]:
        @wraps(function)
        def once(value: V) -> R:
            source: object = getattr(value, field)
            known: tuple[object, R] | None = value.handed_on.get(function)
            if known is None or known[0] is not source:
                known = value.handed_on[function] = (source, function(value))
            return known[1]

        return once

    return keeping


__all__ = ["cached_property", "kept", "kept_with", "replace"]
