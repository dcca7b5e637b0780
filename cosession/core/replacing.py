"""`replace` as `dataclasses` has it, for the values that make up a session's state.

Most of what the engine does is to make one state from another, and `dataclasses.replace` sets every one of some fifty
fields through the guard of a frozen class. Here the new value takes over the fields of the old one in one go, which is
several times as quick. Only for frozen dataclasses without slots and without `__post_init__`. What a value worked out
and kept (`cached_property`) is not a field, and is not taken over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from dataclasses import replace
else:
    T = TypeVar("T")

    def replace(value: T, /, **changes: Any) -> T:
        """`value` with other fields. Which fields there are is checked by mypy, not here."""
        was = value.__dict__
        made = object.__new__(type(value))
        made.__dict__.update({name: was[name] for name in value.__dataclass_fields__}, **changes)
        return made


__all__ = ["replace"]
