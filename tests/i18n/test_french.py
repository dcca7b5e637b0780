"""French as it is said: words that give way before a name, the first of a month. The page does it by the same rule and
the same names (`web/tests/words.test.ts`)."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest

from cosession import assets
from cosession.i18n.words import Words, read_words

NAMES: dict[str, str] = json.loads((Path(__file__).parent / "elisions.json").read_text(encoding="utf-8"))
WORDS = read_words(assets.locales(), "cosession", "pages", "authoring")
FRENCH = WORDS["fr"]


@pytest.mark.parametrize(("name", "joined"), NAMES.items())
def test_words_give_way_before_a_name_that_wants_it(name: str, joined: str) -> None:
    assert FRENCH("session.link_of", name=name) == f"lien {joined}"
    que = joined.replace("d’", "qu’", 1) if joined.startswith("d’") else joined.replace("de", "que", 1)
    texts = {**FRENCH.texts, "one": "Le numéro que {name} a laissé"}
    assert Words("fr", texts)("one", name=name) == f"Le numéro {que} a laissé"
    assert Words("fr", {**texts, "one": "code {name}"})("one", name=name) == f"code {name}"


def test_no_text_lets_a_name_stand_behind_a_word_that_the_rule_does_not_know() -> None:
    """« jusque {name} », « parce que », « lorsque », « si {name} » and the like would need the rule, too."""
    for text in FRENCH.texts.values():
        assert not re.search(r"\b(?:le|la|je|me|te|se|ne|ce|jusque|lorsque|puisque) \{(?:name|who|names)\}", text), text


def test_the_first_of_a_month_is_said_so() -> None:
    assert FRENCH.day(date(2026, 12, 1)) == "mardi 1er décembre"
    assert FRENCH.day(date(2026, 12, 1), year=True) == "1er décembre 2026"
    assert FRENCH.day(date(2026, 12, 11)) == "vendredi 11 décembre"
    assert FRENCH.day(date(2026, 12, 21), year=True) == "21 décembre 2026"
    assert WORDS["en"].day(date(2026, 12, 1)) == "Tuesday 1 December"
    assert WORDS["en"]("session.link_of", name="Inès") == "link of Inès"
