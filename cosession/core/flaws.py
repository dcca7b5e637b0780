"""Says all that is wrong with a model at once, each flaw at its own place.

pydantic reports what a validator raises: one error, at the model's own place. A `ValidationError` that a validator
raises it takes over whole, with every place in it; so rules that look at several fields raise one.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

#: The way to a value: keys, and places in lists, from where the rule stands.
Loc = tuple[int | str, ...]
Flaw = tuple[Loc, str]


def refuse(flaws: Iterable[Flaw]) -> None:
    """Raise ValidationError with all of `flaws`; without any, do nothing. For use in validators."""
    found = [
        InitErrorDetails(type=PydanticCustomError("meaning", "{text}", {"text": text}), loc=loc, input=None)
        for loc, text in flaws
    ]
    if found:
        raise ValidationError.from_exception_data("meaning", found)
