"""Advice in disguise, in a typed question: a hint to its author while writing, never a block.

Pure. A text is read as words without case, accents, hyphens and quotations, sentence by sentence; the turns of phrase
that give advice away are in `lint_french` and `lint_english`, and a language without such a grammar gives no hints. A
wrong hint patronises a manager: whoever doubts stays silent. Every expression is bounded and looked at from each word
once, so that the work grows with the length of the text and with nothing else. Source: method.md, `questions` ("no
advice in disguise", "one question") and "Rules that the software holds".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise

from cosession.core.lint_english import ENGLISH
from cosession.core.lint_french import FRENCH
from cosession.core.lint_rules import Grammar, Rule
from cosession.core.script import Language
from cosession.core.state import SessionState
from cosession.core.vocabulary import Guidance

GRAMMARS: Mapping[str, Grammar] = {"fr": FRENCH, "en": ENGLISH}


class LintKind(StrEnum):
    """What a hint is about. The list is closed; each has its words in `web/locales` as `lint.<kind>`."""

    ADVICE_IN_DISGUISE = "advice_in_disguise"
    SEVERAL_QUESTIONS = "several_questions"  #: one question, one answer


@dataclass(frozen=True, slots=True)
class LintHint:
    """`text[start:end]` of the text as it was given made us think so; in characters (code points)."""

    kind: LintKind
    start: int
    end: int


def lint(text: str, language: Language) -> LintHint | None:
    """The first thing to say about a question, advice before anything else; None if there is nothing. Total: takes
    any text, and gives composed and decomposed spellings the same answer. The regions of a language share its
    grammar."""
    grammar = GRAMMARS.get(language.partition("-")[0])
    if grammar is None:
        return None
    sentences = list(_sentences(_without_quotations(_tokens(text, grammar))))
    for sentence in sentences:
        found = _advice(sentence, grammar)
        if found is not None:
            return LintHint(LintKind.ADVICE_IN_DISGUISE, *found)
    questions = [one for one in sentences if one.asks and len(one.tokens) > 2 and grammar.opener.match(one.words)]
    for _, second in pairwise(questions):
        return LintHint(LintKind.SEVERAL_QUESTIONS, second.tokens[0].start, second.tokens[-1].end)
    return None


def hints(state: SessionState, capture: str, fields: Mapping[str, str]) -> dict[str, LintHint]:
    """What the author of an unsent capture may be told, by field. Only captures whose script says `lint`, and never
    where the group's guidance is free."""
    spec = state.spec(capture)
    if spec is None or not spec.lint or state.guidance is Guidance.FREE:
        return {}
    typed = [field for field in spec.fields if field.kind in ("text", "line")]
    found = {field.id: lint(fields.get(field.id, "")[: field.max_length], state.language) for field in typed}
    return {field: hint for field, hint in found.items() if hint is not None}


# -- words ---------------------------------------------------------------------------------------------------------

_APOSTROPHES = frozenset("'’‘ʼ`´′＇")
_HYPHENS = frozenset("-‐‑")
_DASHES = frozenset("–—―(),[]")
_ENDS = frozenset(".?!;:…\n\r\u2028\u2029")
_OPENING, _CLOSING, _EITHER = frozenset("«“„"), frozenset("»”"), frozenset('"')


@dataclass(slots=True)
class _Token:
    """A word as it is compared, or one sign (`,`, an end, a quotation mark), and where it stands in the text."""

    word: str
    start: int
    end: int
    is_word: bool


@lru_cache(maxsize=4096)
def _folded(char: str) -> str:
    """The letters and signs of one character: no case, no accents, nothing that does not show."""
    result = ""
    for part in unicodedata.normalize("NFD", char):
        if part in _APOSTROPHES:
            result += "'"
            continue
        if part in "…\n\r\u2028\u2029":
            result += part
            continue
        for small in unicodedata.normalize("NFKD", part).casefold():
            for base in unicodedata.normalize("NFD", small):
                category = unicodedata.category(base)
                if not category.startswith("M") and category != "Cf" and not unicodedata.combining(base):
                    result += "'" if base in _APOSTROPHES else base
    return result


def _tokens(text: str, grammar: Grammar) -> list[_Token]:
    """Words and signs in order. French splits at apostrophes (`qu'`, `as`), English joins (`dont`); both split at
    hyphens (`as`, `tu`)."""
    tokens: list[_Token] = []
    open_word: _Token | None = None
    for place, char in enumerate(text):
        folded = _folded(char)
        if not folded and open_word is not None:
            open_word.end = place + 1
        for base in folded:
            if base.isalnum():
                if open_word is None:
                    open_word = _Token("", place, place, True)
                    tokens.append(open_word)
                open_word.word += base
                open_word.end = place + 1
                continue
            if base == "'" and open_word is not None:
                if grammar.joined:
                    continue
                open_word.word += base
                open_word.end = place + 1
            elif base in _ENDS or base in _OPENING or base in _CLOSING or base in _EITHER:
                tokens.append(_Token(base, place, place + 1, False))
            elif base in _DASHES:
                tokens.append(_Token(",", place, place + 1, False))
            open_word = None
    return tokens


def _without_quotations(tokens: list[_Token]) -> Iterator[_Token]:
    """What somebody else said is not the author's advice: a closed quotation becomes one sign, unless it is all there
    is."""
    closes: dict[int, int] = {}
    opened: int | None = None
    for index, token in enumerate(tokens):
        if opened is None and not token.is_word and (token.word in _OPENING or token.word in _EITHER):
            opened = index
        elif opened is not None and not token.is_word and (token.word in _CLOSING or token.word in _EITHER):
            closes[opened] = index
            opened = None
    words = sum(token.is_word for token in tokens)
    index = 0
    while index < len(tokens):
        token, last = tokens[index], closes.get(index)
        if last is not None and sum(t.is_word for t in tokens[index:last]) < words:
            yield _Token(",", token.start, tokens[last].end, False)
            index = last
        elif token.is_word or token.word == "," or token.word in _ENDS:
            yield token
        index += 1


# -- sentences -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Sentence:
    """`words` is ` word word , word `, each token between two spaces; `at` where each token begins in it."""

    tokens: tuple[_Token, ...]
    words: str
    at: Mapping[int, int]
    asks: bool


def _sentences(tokens: Iterator[_Token]) -> Iterator[_Sentence]:
    held: list[_Token] = []
    for token in tokens:
        if token.is_word or token.word == ",":
            if token.is_word or held:
                held.append(token)
        elif held:
            yield _sentence(held, token.word == "?")
            held = []
    if held:
        yield _sentence(held, False)


def _sentence(tokens: list[_Token], asks: bool) -> _Sentence:
    words, at = " ", {}
    parts: list[str] = []
    length = 1
    for index, token in enumerate(tokens):
        at[length] = index
        parts.append(token.word)
        length += len(token.word) + 1
    words += " ".join(parts) + " "
    return _Sentence(tuple(tokens), words, at, asks)


def _advice(sentence: _Sentence, grammar: Grammar) -> tuple[int, int] | None:
    """Where the sentence gives advice away: from the first to the last character of the turn of phrase."""
    asking = [found.start() for found in grammar.asking.finditer(sentence.words)]
    for rule in grammar.rules:
        for found in rule.phrase.finditer(sentence.words):
            if not _excused(rule, sentence, found, asking):
                first, last = _tokens_of(sentence, *found.span("advice"))
                return first.start, last.end
    return None


def _excused(rule: Rule, sentence: _Sentence, found: re.Match[str], asking: list[int]) -> bool:
    """A real question hides in it: it asks what, who, when before the phrase (or after it, as the rule says)."""
    if rule.asked and not sentence.asks:
        return True
    if rule.stated and sentence.asks:
        return True
    if rule.open_before and asking and asking[0] < found.start():
        return True
    if rule.open_after and asking and asking[-1] >= found.end():
        return True
    return rule.unless is not None and rule.unless.match(sentence.words, found.end()) is not None


def _tokens_of(sentence: _Sentence, start: int, end: int) -> tuple[_Token, _Token]:
    """The first and the last token of a stretch of `words`, which begins and ends between two tokens."""
    inside = sentence.words[start:end]
    first = sentence.at[start + len(inside) - len(inside.lstrip())]
    return sentence.tokens[first], sentence.tokens[first + len(inside.split()) - 1]
