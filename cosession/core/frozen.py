"""What makes values that never change cheap: to make one from another, and to work something out of one only once.

Most of what the engine does is to make one state from another, and `dataclasses.replace` sets every one of some fifty
fields through the guard of a frozen class. Here the new value takes over the fields of the old one in one go, which is
several times as quick. What was worked out from a value is memoized (`memoized`, `memoized_at`, `memoized_property`)
beside its fields; it is not compared. Each names the fields that it depends on, and the new value takes over what none
of the changed fields concerns. Only for frozen dataclasses without slots and without `__post_init__`. That each names
all of its fields is held by a test that works everything out anew.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar, overload

V = TypeVar("V")
R = TypeVar("R")


class Memoized(NamedTuple):
    """What is memoized. `fields`: what it depends on, none for all; `of_moment`: with the moment that it is true of."""

    function: Callable[..., Any]
    fields: frozenset[str]
    of_moment: bool


MEMOIZED: dict[str, Memoized] = {}
"""By the name under which it lies in a value."""

_stale: dict[tuple[str, ...], tuple[str, ...]] = {}
"""What is not taken over when these fields change."""

if TYPE_CHECKING:
    from dataclasses import replace
else:

    def replace(value: R, /, **changes: Any) -> R:
        """`value` with other fields. Which fields there are is checked by mypy, not here."""
        names = (*changes,)
        stale = _stale.get(names)
        if stale is None:
            stale = _stale[names] = tuple(
                name for name, (_, fields, _) in MEMOIZED.items() if not fields or not fields.isdisjoint(names)
            )
        state = value.__dict__.copy()
        for name in stale:
            state.pop(name, None)
        state.update(changes)
        made = object.__new__(type(value))
        object.__setattr__(made, "__dict__", state)
        return made


def _register(name: str, function: Callable[..., Any], fields: tuple[str, ...], *, of_moment: bool = False) -> None:
    MEMOIZED[name] = Memoized(function, frozenset(fields), of_moment)
    _stale.clear()


def memoized(*fields: str) -> Callable[[Callable[[V], R]], Callable[[V], R]]:
    """A function of a value, worked out once while none of `fields` changes; without any, once for each value. What it
    returns is changed by nobody either."""

    def memoizing(function: Callable[[V], R]) -> Callable[[V], R]:
        name = f"{function.__module__}:{function.__qualname__}"
        _register(name, function, fields)

        @wraps(function)
        def once(value: V) -> R:
            known: R
            try:
                known = value.__dict__[name]
            except KeyError:
                known = value.__dict__[name] = function(value)
            return known

        return once

    return memoizing


class _OfMoment(Generic[V, R]):
    def __init__(self, function: Callable[[V, int], R], fields: tuple[str, ...]) -> None:
        self.function, self.name = function, f"{function.__module__}:{function.__qualname__}"
        self.__doc__ = function.__doc__
        _register(self.name, function, fields, of_moment=True)

    def __call__(self, value: V, now_ms: int) -> R:
        known: tuple[int, R] | None = value.__dict__.get(self.name)
        if known is None or known[0] != now_ms:
            known = value.__dict__[self.name] = (now_ms, self.function(value, now_ms))
        return known[1]

    def known(self, value: V) -> tuple[int, R] | None:
        """The moment that was asked for last, and its answer; None if none is memoized."""
        known: tuple[int, R] | None = value.__dict__.get(self.name)
        return known

    def memoize(self, value: V, now_ms: int, answer: R) -> None:
        """What is known without asking."""
        value.__dict__[self.name] = now_ms, answer


def memoized_at(*fields: str) -> Callable[[Callable[[V, int], R]], _OfMoment[V, R]]:
    """As `memoized`, for a function of a value and of a moment: the last moment's answer is memoized, for one moment
    asks several times."""
    return lambda function: _OfMoment(function, fields)


class _Property(Generic[R]):
    """Lies in the value under its own name once it was worked out, so that nothing is called from then on."""

    def __init__(self, function: Callable[[Any], R], fields: tuple[str, ...]) -> None:
        self.function, self.name = function, function.__name__
        self.__doc__ = function.__doc__
        _register(self.name, function, fields)

    @overload
    def __get__(self, value: None, owner: type) -> _Property[R]: ...
    @overload
    def __get__(self, value: object, owner: type) -> R: ...
    def __get__(self, value: object | None, owner: type) -> _Property[R] | R:
        if value is None:
            return self
        known = value.__dict__[self.name] = self.function(value)
        return known


def memoized_property(*fields: str) -> Callable[[Callable[[Any], R]], _Property[R]]:
    """As `memoized`, for a property."""
    return lambda function: _Property(function, fields)


def forget(value: object) -> None:
    """Whatever was worked out from `value` is worked out anew: for who wants to know what that costs."""
    for name in MEMOIZED:
        value.__dict__.pop(name, None)


__all__ = ["MEMOIZED", "forget", "memoized", "memoized_at", "memoized_property", "replace"]
