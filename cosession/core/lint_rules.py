"""How turns of phrase are written down for `lint`: the phrases are in `lint_french` and `lint_english`.

The text they meet is folded: small letters, no accents, hyphens as spaces; French splits after apostrophes (`qu' as
tu`), English drops them (`dont you`); commas stand alone. Phrases match whole words. Every quantifier is bounded, which
a test proves. Add a phrase together with sentences in `tests/core/lint_corpus`, of both kinds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """A phrase (its group `advice` is what is shown), and what makes a real question of it all the same."""

    phrase: re.Pattern[str]
    open_before: bool = True
    """Harmless after a question word: « comment as-tu essayé de… »."""
    open_after: bool = False
    """Harmless before one: « tu pourrais compter sur qui ? »."""
    asked: bool = False
    """Only in a sentence that ends with a question mark."""
    stated: bool = False
    """Only in a sentence that does not."""
    unless: re.Pattern[str] | None = None
    """Harmless if the sentence goes on like this."""


@dataclass(frozen=True, slots=True)
class Grammar:
    asking: re.Pattern[str]
    """The words with which a question asks for something unknown."""
    opener: re.Pattern[str]
    """How a sentence begins that is plainly a question of its own."""
    rules: tuple[Rule, ...]
    joined: bool = False
    """An apostrophe joins (`dont`); otherwise it splits (`qu'`, `as`)."""


def any_of(words: str) -> str:
    """Expression: one of these; `_` stands for a space within."""
    return f"(?:{'|'.join(words.split()).replace('_', ' ')})"


def some_of(words: str, at_most: int = 3) -> str:
    """Expression: up to so many of these, one after another, each with the space behind it."""
    return f"(?:{any_of(words)} ){{0,{at_most}}}"


def rule(before: str, phrase: str, unless: str = "", **flags: bool) -> Rule:
    """The rule for `phrase` where it stands right behind `before` (nothing: anywhere). `flags` are those of `Rule`."""
    excuse = re.compile(unless) if unless else None
    return Rule(re.compile(rf"{before} (?P<advice>{phrase})(?= )"), unless=excuse, **flags)
