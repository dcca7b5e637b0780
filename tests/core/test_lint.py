"""Advice in disguise: found often, alleged almost never. The sentences stand in `lint_corpus`, by language; `held_out`
ones were written after the rules, which are not to be tuned on them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosession.core import lint as linting
from cosession.core.lint import GRAMMARS, LintKind, hints, lint
from cosession.core.lint_rules import Grammar
from cosession.core.script import Language
from cosession.core.vocabulary import Guidance
from tests.core.table import Table

CORPUS = Path(__file__).parent / "lint_corpus"
LANGUAGES = sorted(GRAMMARS)
ADVICE = LintKind.ADVICE_IN_DISGUISE
KINDS = {"advice": ADVICE, "several": LintKind.SEVERAL_QUESTIONS, "fine": None}


def sentences(name: str) -> list[tuple[LintKind | None, str]]:
    lines = (CORPUS / f"{name}.txt").read_text("utf-8").splitlines()
    found = [line.split("|", 1) for line in lines if line and not line.startswith("#")]
    return [(KINDS[label], text) for label, text in found]


def kind(text: str, language: Language) -> LintKind | None:
    hint = lint(text, language)
    return None if hint is None else hint.kind


def judged(name: str, language: Language) -> tuple[float, float, list[str]]:
    """Precision and recall for advice, and what was taken for the wrong thing."""
    counts: Counter[tuple[bool, bool]] = Counter()
    wrong = []
    for wanted, text in sentences(name):
        said = kind(text, language)
        counts[wanted is ADVICE, said is ADVICE] += 1
        if said is not wanted:
            wrong.append(f"{wanted} but said {said}: {text}")
    right = counts[True, True]
    return right / (right + counts[False, True]), right / (right + counts[True, False]), wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_corpus_is_large_and_has_both_kinds(language: Language) -> None:
    labels = Counter(label for label, _ in sentences(language))
    assert labels.total() >= 120
    assert labels[ADVICE] >= 50
    assert labels[None] >= 60
    texts = [text for name in (language, f"{language}_held_out") for _, text in sentences(name)]
    assert len(texts) == len(set(texts)), "nothing counts twice"


@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_is_found_and_hardly_ever_alleged(language: Language) -> None:
    precision, recall, wrong = judged(language, language)
    assert precision >= 0.97, wrong
    assert recall >= 0.85, wrong


@pytest.mark.parametrize("language", LANGUAGES)
def test_two_questions_at_once_are_found(language: Language) -> None:
    labelled = sentences(language)
    several = LintKind.SEVERAL_QUESTIONS
    assert [text for wanted, text in labelled if (wanted is several) != (kind(text, language) is several)] == []


@pytest.mark.parametrize(
    ("text", "language", "shown"),
    [
        ("Dis-moi, as-tu essayé de lui parler ?", "fr", "as-tu essayé de lui"),
        ("Qui décide ? Et si tu lui parlais ?", "fr", "Et si tu lui parlais"),
        ("T’as pensé à  lui   dire ?", "fr", "T’as pensé à  lui   dire"),
        ("So, why don’t you just tell him?", "en", "why don’t you just tell"),
        ("Who decides here, really? Who told you that?", "en", "Who told you that"),
    ],
)
def test_the_hint_shows_what_made_it_think_so(text: str, language: Language, shown: str) -> None:
    hint = lint(text, language)
    assert hint is not None
    assert text[hint.start : hint.end] == shown


def test_a_language_without_a_grammar_gives_no_hint_and_the_regions_of_one_share_it() -> None:
    assert lint("Hast du versucht, mit ihm zu reden? Wer entscheidet?", "de") is None
    assert kind("So, why don’t you just tell him?", "en-GB") is ADVICE


def test_what_somebody_else_said_is_not_the_authors_advice() -> None:
    assert kind("Quand il dit « tu devrais lui parler », que ressens-tu ?", "fr") is None
    assert kind("« Tu devrais lui parler. »", "fr") is ADVICE
    assert kind("Il t'a dit « oui » ? Tu devrais lui parler.", "fr") is ADVICE


@pytest.mark.parametrize("language", LANGUAGES)
def test_spelling_does_not_matter(language: Language) -> None:
    """Capitals, accents, apostrophes, hyphens, wide spaces: the same answer."""
    for wanted, text in sentences(language):
        plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
        for other in (
            text.upper(),
            text.replace("'", "’"),
            text.replace("’", "'"),
            text.replace(" ", "  \u00a0"),
            text.replace("-", "\u2011"),
            f"  {text}\n",
            *([] if " où " in f" {text.lower()} " else [plain]),
        ):
            assert kind(other, language) is kind(text, language), (wanted, other)
        if kind(text, language) is ADVICE:
            assert kind(re.sub(r"(?<=\w)-(?=\w)", " ", text), language) is ADVICE


# -- any text ------------------------------------------------------------------------------------------------------

#: Text made of what the rules look for, so that they nearly match all the time.
_PIECES = sorted(
    {word for language in LANGUAGES for _, text in sentences(language) for word in re.split(r"([\s'’.,?!-])", text)}
    | {"«", "»", '"', "\u0301", "\u200b", "ﬁ", "ŉ", "É", "\u1fef", "\U0001f600", "\n"}
)
nearly = st.lists(st.sampled_from(_PIECES), max_size=120).map("".join)


@given(text=st.one_of(st.text(max_size=300), nearly), language=st.sampled_from(LANGUAGES))
@settings(max_examples=600)
def test_any_text_has_an_answer_within_it(text: str, language: Language) -> None:
    composed, decomposed = (unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    shown: list[tuple[LintKind, str] | None] = []
    for spelling in (text, composed, decomposed):
        hint = lint(spelling, language)
        if hint is None:
            shown.append(None)
            continue
        assert 0 <= hint.start < hint.end <= len(spelling)
        shown.append((hint.kind, unicodedata.normalize("NFC", spelling[hint.start : hint.end])))
    assert shown[0] == shown[1] == shown[2]


# -- cost ----------------------------------------------------------------------------------------------------------


def _repeats(parsed: Any) -> list[int]:
    """The upper bounds of all repetitions in a parsed expression."""
    found = []
    for operator, argument in parsed:
        if operator in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            found.append(int(argument[1]))
        for part in argument if isinstance(argument, (list, tuple)) else [argument]:
            for inner in part if isinstance(part, list) else [part]:
                if isinstance(inner, _parser.SubPattern):
                    found += _repeats(inner)
    return found


def test_no_expression_can_run_away() -> None:
    """Every repetition is bounded, so is what one match can look at: the work at one place has a ceiling, and there
    are as many places as words."""
    expressions = [
        expression
        for grammar in GRAMMARS.values()
        for expression in (
            grammar.asking,
            grammar.opener,
            *(rule.phrase for rule in grammar.rules),
            *(rule.unless for rule in grammar.rules if rule.unless is not None),
        )
    ]
    assert len(expressions) > 60
    for expression in expressions:
        parsed = _parser.parse(expression.pattern)
        assert all(bound <= 200 for bound in _repeats(parsed)), expression.pattern
        assert parsed.getwidth()[1] < 1000, expression.pattern


class Counted:
    """An expression that counts how many characters it is handed."""

    def __init__(self, expression: re.Pattern[str], handed: list[int]) -> None:
        self._expression, self._handed = expression, handed

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        self._handed.append(len(text))
        return self._expression.finditer(text)

    def match(self, text: str, start: int = 0) -> re.Match[str] | None:
        self._handed.append(min(len(text) - start, 1000))  # its width, see above
        return self._expression.match(text, start)


@given(text=nearly.filter(bool), language=st.sampled_from(LANGUAGES))
@settings(max_examples=60, deadline=None)
def test_four_times_the_text_is_four_times_the_work(text: str, language: Language) -> None:
    """Counted, not timed: the characters handed to expressions, up to the longest text there can be."""
    handed: list[int] = []
    grammar = GRAMMARS[language]

    def counting(expression: re.Pattern[str]) -> Any:
        return Counted(expression, handed)

    rules = tuple(replace(rule, phrase=counting(rule.phrase)) for rule in grammar.rules)
    counted = Grammar(counting(grammar.asking), counting(grammar.opener), rules)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(linting, "GRAMMARS", {language: counted})
        patched.setattr(linting, "_excused", lambda *_: True)  # nothing is ever found: all of the text is looked at
        for length in (1000, 4000):
            handed.clear()
            lint((text * (length // len(text) + 1))[:length], language)
            assert sum(handed) <= (len(rules) + 2) * 3 * length


# -- in a session --------------------------------------------------------------------------------------------------


def test_only_what_the_script_says_is_looked_at() -> None:
    state = Table().state
    advice = {"text": "As-tu essayé de lui parler ?"}
    assert hints(state, "question", advice)["text"].kind is ADVICE
    assert hints(state, "question", {"text": "Qu'as-tu déjà essayé ?"}) == {}
    assert hints(state, "question", {}) == {}
    assert hints(state, "answer", advice) == {}
    assert hints(state, "no_such_capture", advice) == {}


def test_the_sessions_language_counts() -> None:
    english = Table(language="en").state
    assert hints(english, "question", {"text": "As-tu essayé de lui parler ?"}) == {}
    assert hints(english, "question", {"text": "Have you tried talking to him?"})["text"].kind is ADVICE


def test_a_group_with_free_guidance_is_left_alone() -> None:
    free = Table(guidance=Guidance.FREE).state
    assert hints(free, "question", {"text": "As-tu essayé de lui parler ?"}) == {}
