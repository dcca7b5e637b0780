"""Scripts of sessions: every error names file, line and column, and one wrong file does not spoil the others."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from cosession import assets
from cosession.authoring.scripts import WrongScript, read, read_all
from cosession.core.script import Script, Text
from cosession.i18n.words import read_words
from tests.delivered import SCRIPTS, WRONG

GOOD = (assets.protocols() / "codev-75.yaml").read_text(encoding="utf-8")


def wrong(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "codev-75.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    return error.value.lines


def test_the_scripts_that_are_delivered_are_right() -> None:
    assert not WRONG
    assert next(iter(SCRIPTS)) == "codev-75", "the default comes first"
    assert SCRIPTS["codev-75"].planned_ms == 75 * 60_000


def test_errors_stand_where_they_are(tmp_path: Path) -> None:
    number = GOOD[: GOOD.index("    family: explore")].count("\n") + 1
    (line,) = wrong(tmp_path, GOOD.replace("    family: explore", "    family: purple", 1))
    assert line.startswith(f"codev-75.yaml:{number}:5: phases.3.family: ")
    several = GOOD.replace("    family: explore", "    family: purple").replace("hand_over_s: 6", "hand_over_s: soon")
    assert len(wrong(tmp_path, several)) == 3, "all at once"
    (line,) = wrong(tmp_path, GOOD.replace("id: codev-75", "id: codev-74"))
    assert line.startswith("codev-75.yaml:4:1: id: ")
    (line,) = wrong(tmp_path, GOOD.replace("hand_over_s: 6", "hand_over: 6"))
    assert line.endswith("hand_over: there is no such field; did you mean hand_over_s?")


SMALL = """\
id: small
version: 1
title: {fr: Petit, en: Small}
summary: {fr: Petit, en: Small}
people: {minimum: 2, planned: 3, maximum: 4}
elastic_order:
  - {phase: talk, to: 6}
phases:
  - id: talk
    title: {fr: Parler, en: Talk}
    purpose: {fr: Parler, en: Talk}
    family: open
    minutes: 8
    minimum: 5
    steps:
      - {floor: round, who: members, turn_s: 60, min_turn_s: 30}
      - {floor: single, who: client}
    captures:
      - id: note
        title: {fr: Note, en: Note}
        by: [members]
        fields:
          - {id: text, title: {fr: Texte, en: Text}}
    cues:
      - {who: members, text: {fr: Parlez., en: Speak.}}
  - id: listen
    title: {fr: Entendre, en: Listen}
    purpose: {fr: Entendre, en: Listen}
    family: help
    minutes: 4
    minimum: 3
    steps: [{floor: open}]
    cues:
      - {who: members, step: 0, text: {fr: Entendez., en: Listen.}}
"""


@pytest.mark.parametrize(
    ("right", "mistake", "said"),
    [
        (
            "family: help",
            "family: aid",
            "29:5: phases.1.family: there is no such word here; there are: open, explore, agree, help, act",
        ),
        (
            "floor: open",
            "floor: opne",
            "32:14: phases.1.steps.0.floor: there is no such word here; there are: single, queue",
        ),
        (
            "fr: Petit, en: Small}\nsum",
            "fr: Petit, de_: K, en: S}\nsum",
            "3:20: title.de_: is no tag of a language: fr, pt-BR, or fr-familiar for",
        ),
        ("fr: Petit, en: Small}\nsum", "fr: Petit, tu: K}\nsum", "3:20: title.tu: is written fr-familiar now"),
        ("fr: Petit, en: Small}\nsum", "fr: A, en-familiar: B}\nsum", "3:16: title.en-familiar: needs a text in en"),
        ("{fr: Petit, en: Small}\nsum", "Petit\nsum", "3:1: title: must be a mapping by language, for instance {fr"),
        ("minimum: 5", "minimum: 9", "14:5: phases.0.minimum: minimum is longer than minutes"),
        ("min_turn_s: 30", "min_turn_s: 90", "16:50: phases.0.steps.0.min_turn_s: min_turn_s is longer than turn_s"),
        ("turn_s: 60, ", "", "16:9: phases.0.steps.0.turn_s: a round needs turn_s"),
        ("who: client}", "who: all}", "17:25: phases.0.steps.1.who: a single floor belongs to client"),
        ("who: client}", "who: client, again: true}", "17:38: phases.0.steps.1.again: is for round only"),
        ("{floor: open}", "{floor: open}, {floor: open}", "32:13: phases.1.steps.0: only a round and the last step"),
        ("step: 0", "step: 1", "34:24: phases.1.cues.0.step: step 1 is one that the phase does not have"),
        ("by: [members]", "by: [members]\n        steps: [0, 2]", "22:20: phases.0.captures.0.steps.1: step 2 is one"),
        ("by: [members]", "by: [members]\n        reveal: step_end", "22:9: phases.0.captures.0.reveal: visible:"),
        ("by: [members]", "by: [members]\n        also_in: [lunch]", "22:19: phases.0.captures.0.also_in.0: names no"),
        ("en: Text}}", "en: Text}, kind: choice}", "23:13: phases.0.captures.0.fields.0.options: a choice"),
        ("id: listen", "id: talk", "26:5: phases.1.id: talk stands twice"),
        ("phase: talk", "phase: lunch", "7:6: elastic_order.0.phase: names no phase lunch; there are: talk, listen"),
        ("to: 6", "to: 9", "7:19: elastic_order.0.to: talk to 9 is not between its minimum 5 and its minutes 8"),
        ("family: open\n", "family: open\n    minutes_to: lunch\n", "13:5: phases.0.minutes_to: names no phase lunch"),
        ("version: 1", "client_from: lunch\nversion: 1", "2:1: client_from: names no phase lunch"),
        ("version: 1", "repeat: {phases: [talk, lunch]}\nversion: 1", "2:25: repeat.phases.1: names no phase lunch"),
        ("version: 1", "repeat: {phases: [listen, talk]}\nversion: 1", "2:10: repeat.phases: names phases that follow"),
        ("family: help", "family: help\n    grace_s: 9", "30:5: phases.1.grace_s: overtime: grace, and only grace"),
        (
            "family: help",
            "family: help\n    drops: {client: wait}",
            "30:13: phases.1.drops.client: there is no such word here",
        ),
        (
            "family: help",
            "family: help\n    overtme: hard",
            "30:5: phases.1.overtme: there is no such field; did you mean overtime?",
        ),
        ("    family: help\n", "", "26:5: phases.1.family: is missing: add it"),
        ("by: [members]", "by: members", "21:9: phases.0.captures.0.by: must be a list, even of one: [client]"),
        ("steps: [{floor: open}]", "steps: []", "32:5: phases.1.steps: needs at least one entry"),
        ("steps: [{floor: open}]", "steps: [open]", "32:13: phases.1.steps.0: must be a mapping"),
        ("id: note", "id: Note", "19:9: phases.0.captures.0.id: must begin with a small letter"),
        ("family: help", "family: help\n    protected: perhaps", "30:5: phases.1.protected: must be true or false"),
        ("fr: Entendez.", "fr: 3", "34:40: phases.1.cues.0.text.fr: must be a text: put it in quotes"),
        ("id: small", "id: tiny", "1:1: id: must be the file's name, small"),
        ("minutes: 8", "minutes: 8 min", "13:5: phases.0.minutes: must be a number without a unit"),
        ("planned: 3", "planned: three", "5:22: people.planned: must be a whole number without a unit"),
        ("maximum: 4", "maximum: 40", "5:34: people.maximum: must be at most 12"),
        (
            "minutes: 8",
            "minuts: 8\n    minutes: 8",
            "13:5: phases.0.minuts: there is no such field; did you mean minutes?",
        ),
    ],
)
def test_every_mistake_has_its_line_and_column(tmp_path: Path, right: str, mistake: str, said: str) -> None:
    assert SMALL.count(right) == 1, "one mistake at one place"
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace(right, mistake), encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    (line,) = error.value.lines
    assert line.startswith(f"small.yaml:{said}")


def test_a_word_that_is_close_is_offered(tmp_path: Path) -> None:
    (line,) = wrong(tmp_path, GOOD.replace("who: previous_client", "who: previous_clients", 1))
    assert line.endswith("did you mean previous_client?")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: x\n\tversion: 1\n", "2:1: not YAML: a tab: indent with spaces"),
        ("id: x\n  version: 1\n", "2:10: not YAML: a second `:` in one value, or a line further in"),
        ("phases:\n  - id: a\n   title: b\n", "3:4: not YAML: this line stands further out or in"),
        ("id: [x\nb: 1\n", "2:2: not YAML: a list is not closed"),
        ("id: {x: 1\nb: 1\n", "2:2: not YAML: a mapping is not closed"),
        ('id: "x\nb: 1\n', "3:1: not YAML: a quotation mark is not closed"),
        ("id: x\nversion 1\n", "3:1: not YAML: a field without `:` above"),
    ],
)
def test_slips_of_writing_are_said_with_their_fix(tmp_path: Path, text: str, said: str) -> None:
    (line,) = wrong(tmp_path, text)
    assert line.startswith(f"codev-75.yaml:{said}")


def test_all_mistakes_are_said_at_once_those_between_the_parts_too(tmp_path: Path) -> None:
    text = SMALL
    for right, mistake in {
        "id: small": "id: tiny",
        "maximum: 4": "maximum: many",
        "to: 6": "to: 9",
        "family: open": "family: opne",
        "minimum: 5": "minimum: 9",
        "turn_s: 60, ": "",
        "by: [members]": "by: [members]\n        also_in: [lunch]",
        "family: help": "family: help\n    minutes_to: lunch",
        "step: 0": "step: 1",
    }.items():
        text = text.replace(right, mistake)
    file = tmp_path / "small.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    places = sorted(tuple(map(int, line.split(":")[1:3])) for line in error.value.lines)
    assert places == [(1, 1), (5, 34), (12, 5), (14, 5), (16, 9), (22, 19), (31, 5), (36, 24)], "but not to: 9"


def test_a_script_that_nobody_conducts_addresses_nobody_who_would(tmp_path: Path) -> None:
    text = SMALL.replace("version: 1", "version: 1\nfacilitator: false")
    text = text.replace("who: members, step: 0", "who: facilitator, step: 0").replace(
        "{floor: open}", "{floor: facilitator}"
    )
    file = tmp_path / "small.yaml"
    file.write_text(text.replace("family: help", "family: help\n    overtime: soft"), encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    assert error.value.lines == [
        "small.yaml:10:5: phases.0.overtime: needs overtime: hard or grace, as nobody conducts",
        "small.yaml:31:5: phases.1.overtime: needs overtime: hard or grace, as nobody conducts",
        "small.yaml:34:13: phases.1.steps.0: addresses a facilitator, and there is none",
        "small.yaml:36:10: phases.1.cues.0.who: addresses a facilitator, and there is none",
    ]


def test_what_is_no_script_is_said_plainly(tmp_path: Path) -> None:
    assert wrong(tmp_path, "a: [1, 2\nb: 3")[0].startswith("codev-75.yaml:2:")
    assert "mapping" in wrong(tmp_path, "- a\n- b\n")[0]
    assert "mapping" in wrong(tmp_path, "")[0]
    assert "larger" in wrong(tmp_path, "#" * 300_000)[0]
    file = tmp_path / "codev-75.yaml"
    file.write_bytes(b"id: \xff\n")
    with pytest.raises(WrongScript, match="UTF-8"):
        read(file)


def test_a_wrong_file_is_left_out_and_the_others_serve(tmp_path: Path) -> None:
    (tmp_path / "codev-75.yaml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "broken.yaml").write_text("id: broken\n", encoding="utf-8")
    scripts, errors = read_all(tmp_path)
    assert list(scripts) == ["codev-75"]
    assert errors
    assert all(line.startswith("broken.yaml:") for line in errors)


def test_the_scripts_come_by_length_after_the_default() -> None:
    family = [name for name in SCRIPTS if name.startswith("codev-")]
    assert family == ["codev-75", "codev-60", "codev-75-first", "codev-90", "codev-120", "codev-180"]


# -- extends -----------------------------------------------------------------------------------------------------------

HEAD = "extends: codev-75\nid: short\nversion: 1\ntitle: {fr: Court, en: Short}\n"


def extended(tmp_path: Path, text: str, **others: str) -> Script:
    for name, content in {"codev-75": GOOD, "short": text, **others}.items():
        (tmp_path / f"{name}.yaml").write_text(content, encoding="utf-8")
    return read(tmp_path / "short.yaml")


def extended_wrong(tmp_path: Path, text: str, **others: str) -> list[str]:
    with pytest.raises(WrongScript) as error:
        extended(tmp_path, text, **others)
    return error.value.lines


def test_what_is_not_said_is_inherited(tmp_path: Path) -> None:
    base = read(assets.protocols() / "codev-75.yaml")
    bare = extended(tmp_path, HEAD)
    assert bare.title.in_("en") == "Short"
    assert bare.model_copy(update={"id": base.id, "title": base.title}) == base


def test_a_script_leaves_out_changes_moves_and_inserts(tmp_path: Path) -> None:
    text = HEAD + (
        "omit: [follow_up]\n"
        "minutes: {advice: [20, 15], rest: [4, 3]}\n"
        "hand_over_s: 4\n"
        "phases:\n"
        "  - {id: check_in, family: act}\n"
        "  - {id: topic_choice, after: problem_statement}\n"
        "  - id: rest\n"
        "    after: contract\n"
        "    title: {fr: Pause, en: Break}\n"
        "    purpose: {fr: Pause, en: Break}\n"
        "    family: open\n"
        "    steps: [{floor: open}]\n"
        "    cues: [{who: all, text: {fr: Pause, en: Break}}]\n"
    )
    found = extended(tmp_path, text)
    ids = ["check_in", "problem_statement", "topic_choice", "questions", "contract", "rest", "advice", "action_plan"]
    assert [phase.id for phase in found.phases] == [*ids, "learnings", "closing"]
    assert (found.phase("advice").minutes, found.phase("advice").minimum) == (20, 15)
    assert (found.phase("rest").minutes, found.phase("rest").minimum) == (4, 3)
    assert (found.phase("check_in").family, len(found.phase("check_in").steps)) == ("act", 2)
    assert found.hand_over_s == 4
    assert "follow_up" not in [drain.phase for drain in found.elastic_order], "nobody asks a phase that is not there"


def test_a_script_may_extend_one_that_extends(tmp_path: Path) -> None:
    middle = HEAD.replace("id: short", "id: middle") + "minutes: {advice: [20, 13]}\nhand_over_s: 5\n"
    found = extended(tmp_path, HEAD.replace("codev-75", "middle") + "hand_over_s: 4\n", middle=middle)
    assert (found.phase("advice").minutes, found.hand_over_s) == (20, 4)


@pytest.mark.parametrize(
    ("text", "place", "fix"),
    [
        ("omit: [lunch]\n", "5:8: omit.0: no phase lunch", "there are: check_in, follow_up, topic_choice"),
        ("omit:\n  - check_in\n  - lunch\n", "7:5: omit.1: no phase lunch", "there are: follow_up"),
        ("omit: check_in\n", "5:1: omit: ", "a list of phases, for instance [follow_up]"),
        ("minutes:\n  lunch: [6, 4]\n", "6:3: minutes.lunch: no phase lunch", "there are: check_in"),
        ("minutes:\n  advice: 6\n", "6:3: minutes.advice: ", "[minutes, minimum], for instance [18, 12]"),
        ("minutes:\n  advice: [4, 6]\n", "6:3: minutes.advice: ", "minimum is longer than minutes"),
        ("minutes:\n  advice: [many, 6]\n", "6:3: minutes.advice: ", "a number without a unit"),
        ("minutes: [6, 4]\n", "5:1: minutes: ", "a table, for instance {advice: [18, 12]}"),
        ("phases:\n  - id: lunch\n", "6:5: phases.0.id: no phase lunch", "to insert it, say `after:` and one of these"),
        ("phases:\n  - id: advice\n    after: lunch\n", "7:5: phases.0.after: no phase lunch", "there are: check_in"),
        ("phases:\n  - id: advice\n    after: advice\n", "7:5: phases.0.after: no phase advice", "there are: "),
        ("phases:\n  - minutes: 4\n", "6:5: phases.0: ", "begins with `id:`"),
        ("phases:\n  - lunch\n", "6:5: phases.0: ", "begins with `id:`"),
        ("phases:\n  - id: advice\n    family: purple\n", "7:5: phases.0.family: ", "help"),
        ("hand_over: 6\n", "5:1: hand_over: ", "did you mean hand_over_s?"),
        ("people: {minimum: 1, planned: 6, maximum: 6}\n", "5:10: people.minimum: ", "must be at least 2"),
        ("minutes: {advice: [14, 10]}\n", "1:1: extends: elastic_order.1.to: advice to 15", "minimum 10 and"),
        ("elastic_order:\n  - {phase: lunch}\n", "6:6: elastic_order.0.phase: ", "no phase lunch"),
        ("omit: [questions]\n", "1:1: extends: phases.follow_up.minutes_to", "no phase questions"),
    ],
)
def test_a_wrong_extension_says_where_and_how_to_mend_it(tmp_path: Path, text: str, place: str, fix: str) -> None:
    (line,) = extended_wrong(tmp_path, HEAD + text)
    assert line.startswith(f"short.yaml:{place}")
    assert fix in line


def test_a_phase_that_is_inserted_must_be_whole(tmp_path: Path) -> None:
    lines = extended_wrong(tmp_path, HEAD + "phases:\n  - id: lunch\n    after: advice\n")
    missing = ("title", "purpose", "family", "minutes", "minimum", "steps", "cues")
    assert lines == [f"short.yaml:6:5: phases.0.{field}: is missing: add it" for field in missing]


def test_wrong_names_are_said_all_at_once(tmp_path: Path) -> None:
    lines = extended_wrong(tmp_path, HEAD + "omit: [lunch]\nminutes: {dinner: [5, 4]}\nphases: [{id: supper}]\n")
    assert [line.split(":")[1] for line in lines] == ["5", "7", "6"]


@pytest.mark.parametrize("name", ["codev-99", "../codev-75", "[codev-75]", "75"])
def test_only_a_sibling_can_be_extended(tmp_path: Path, name: str) -> None:
    (line,) = extended_wrong(tmp_path, HEAD.replace("codev-75", name))
    assert line == "short.yaml:1:1: extends: no such script beside this file; there are: codev-75"


def test_circles_are_named(tmp_path: Path) -> None:
    (line,) = extended_wrong(tmp_path, HEAD.replace("codev-75", "short"))
    assert line == "short.yaml:1:1: extends: short -> short is a circle; write one of them out in full"
    other = HEAD.replace("codev-75", "short").replace("id: short", "id: other")
    lines = extended_wrong(tmp_path, HEAD.replace("codev-75", "other"), other=other)
    assert lines == [
        "short.yaml:1:1: extends: other has errors of its own; fix them first",
        "other.yaml:1:1: extends: short -> other -> short is a circle; write one of them out in full",
    ]


def test_an_error_of_the_base_is_said_once_and_at_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "codev-75.yaml").write_text(GOOD.replace("hand_over_s: 6", "hand_over_s: soon"), encoding="utf-8")
    (tmp_path / "short.yaml").write_text(HEAD, encoding="utf-8")
    scripts, errors = read_all(tmp_path)
    assert scripts == {}
    assert [line.split(": ")[0] for line in errors] == ["codev-75.yaml:12:1", "short.yaml:1:1"]
    assert "fix them first" in errors[1]


# -- words -------------------------------------------------------------------------------------------------------------

#: French that addresses the reader, and French that addresses the group, who are several in any case.
VOUS = re.compile(r"\b(vous|votre|vos|vôtres?|dites|faites|soyez|(?!assez|chez|nez\b)\w{3,}ez(-\w+)?)\b", re.IGNORECASE)
TU = re.compile(r"\b(tu|toi|ton|ta|tes|te|t'\w+)\b", re.IGNORECASE)
SEVERAL = {"J'aimerais votre aide pour…", "Dans cette séance, j'aimerais que vous m'aidiez à…"}


def texts(node: object) -> Iterator[Text]:
    if isinstance(node, Text):
        yield node
    elif isinstance(node, BaseModel):
        for field in type(node).model_fields:
            yield from texts(getattr(node, field))
    elif isinstance(node, tuple):
        for one in node:
            yield from texts(one)


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_a_group_that_says_tu_is_addressed_so(name: str) -> None:
    for text in texts(SCRIPTS[name]):
        formal, familiar = text.root["fr"], text.root.get("fr-familiar")
        if VOUS.search(formal) and formal not in SEVERAL:
            assert familiar, formal
        if familiar:
            assert familiar != formal
            assert not VOUS.search(familiar.replace("Parlez entre vous", "")), familiar
        assert not TU.search(formal), f"says tu to a group that says vous: {formal}"


@pytest.mark.parametrize("name", sorted(SCRIPTS))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_everything_that_can_be_written_has_words_for_the_room(name: str, language: str) -> None:
    words = read_words(assets.locales(), "cosession")["fr" if language == "fr" else "en"].texts
    script = SCRIPTS[name]
    for capture in (*script.lobby, *script.after, *(spec for phase in script.phases for spec in phase.captures)):
        shown = [field.id for field in capture.fields if field.id not in ("kind", "state")]
        wanted = [f"capture.{capture.id}", *(f"field.{field}" for field in shown[1:])]
        wanted += [f"option.{option}" for field in capture.fields for option in field.options]
        assert [one for one in wanted if one not in words] == []
