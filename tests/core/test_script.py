"""The default script is what method.md says, and a wrong one is refused with its place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from pydantic import ValidationError

from cosession.core.script import Script, spoken_to
from cosession.core.vocabulary import Formality
from tests.core.table import script

# method.md, "The default script": minutes and minimum by phase.
MINUTES = {
    "check_in": (5, 3),
    "follow_up": (3, 2),
    "topic_choice": (3, 1),
    "problem_statement": (6, 4),
    "questions": (16, 11),
    "contract": (7, 5),
    "advice": (18, 12),
    "action_plan": (7, 5),
    "learnings": (8, 6),
    "closing": (2, 1),
}


def test_minutes_are_those_of_the_method() -> None:
    loaded = Script.model_validate(script())
    assert {p.id: (p.minutes, p.minimum) for p in loaded.phases} == MINUTES
    assert loaded.planned_ms == 75 * 60_000
    assert {p.id for p in loaded.phases if p.protected} == {"contract", "action_plan", "learnings"}


def test_cues_are_short_and_every_role_has_one() -> None:
    for phase in Script.model_validate(script()).phases:
        for cue in phase.cues:
            assert max(map(len, cue.text.root.values())) <= 140, (phase.id, cue.text)
        assert any(cue.who == "facilitator" for cue in phase.cues), phase.id


def test_whoever_reads_a_language_that_a_text_lacks_reads_the_one_of_the_script() -> None:
    """Also after the log, in which nothing has an order."""
    stored = json.loads(json.dumps(script(), sort_keys=True))
    assert list(stored["title"]) == ["en", "fr"]
    title = Script.model_validate(stored).title
    assert [title.in_(language) for language in ("fr", "en", "de")] == [
        "Codéveloppement, 75 minutes",
        "Co-development, 75 minutes",
        "Codéveloppement, 75 minutes",
    ]
    assert Script.model_validate({**stored, "language": "en"}).title.in_("de") == "Co-development, 75 minutes"
    first = {name: value for name, value in script().items() if name != "language"}
    assert Script.model_validate(first).language == "fr", "that of the title"


def test_a_group_reads_one_form_of_address_in_each_language() -> None:
    texts = {"fr": "Écoutez.", "fr-familiar": "Écoute.", "de": "Hören Sie zu.", "en": "Listen."}
    data = {"cues": [{"text": texts}]}
    assert spoken_to(data, Formality.FORMAL) == {
        "cues": [{"text": {"fr": "Écoutez.", "de": "Hören Sie zu.", "en": "Listen."}}]
    }
    assert spoken_to(data, Formality.FAMILIAR) == {
        "cues": [{"text": {"fr": "Écoute.", "de": "Hören Sie zu.", "en": "Listen."}}]
    }


def test_no_capture_counts_votes_on_advice() -> None:
    advice = Script.model_validate(script()).phase("advice")
    assert all(capture.visible != "lead_count" for capture in advice.captures)


def _broken(change: Any) -> dict[str, Any]:
    data = copy.deepcopy(script())
    change(data)
    return data


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda d: d["phases"][0].update(minimum=9), "minimum is longer than minutes"),
        (lambda d: d["phases"][0]["steps"][1].pop("turn_s"), "a round needs turn_s"),
        (lambda d: d["phases"].append(d["phases"][0]), "stands twice"),
        (lambda d: d["elastic_order"].append({"phase": "lunch"}), "no phase lunch"),
        (lambda d: d["elastic_order"].append({"phase": "advice", "to": 40}), "is not between"),
        (lambda d: d["phases"][3]["steps"][0].update(who="consultants"), "a single floor belongs to"),
        (lambda d: d["phases"][1].update(minutes_to="lunch"), "names no phase"),
        (lambda d: d["phases"][5]["captures"][0].update(reveal="never"), "needs a reveal"),
        (lambda d: d["phases"][5]["captures"][0].update(steps=[9]), "does not have"),
        (lambda d: d["phases"][0]["title"].clear(), "needs a text in one language at least"),
        (lambda d: d.update(colour="red"), "Extra inputs"),
    ],
)
def test_a_wrong_script_says_what_is_wrong(change: Any, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Script.model_validate(_broken(change))
