"""`cosession script`: what a person reads on the terminal."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from cosession import assets
from cosession.authoring.diagram import recorded
from cosession.authoring.schema import hints_of
from cosession.cli import app
from cosession.core.script import CaptureField, CaptureSpec, Phase, Script, Step
from cosession.core.vocabulary import HoldCause, PhaseStatus, Status
from cosession.i18n.words import read_words
from tests.delivered import SCRIPTS

#: French and English are complete; another language may have its folder before the scripts have its texts.
OTHER_LANGUAGES = re.compile(r"warning: (?:no text is in (?!fr,|en,)|(?!fr |en )[\w-]+ is missing)")
GOOD = (assets.protocols() / "codev-75.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(SCRIPTS))
@pytest.mark.parametrize("language", ["fr", "en"])
def test_show_draws_every_phase_within_a_hundred_columns(name: str, language: str) -> None:
    done = CliRunner().invoke(app, ["script", "show", name, "--language", language])
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 100
    begins_s = 0
    for phase in SCRIPTS[name].phases:
        heads = [line for line in lines if f"({phase.id}), " in line and phase.title.in_(language) in line]
        assert len(heads) == 1, phase.id
        assert heads[0].split()[0] == f"{begins_s // 60}:{begins_s % 60:02d}"
        begins_s += phase.planned_ms // 1000
    assert "\x1b" not in done.stdout


def test_bars_are_in_proportion_and_touch() -> None:
    lines = CliRunner().invoke(app, ["script", "show", "codev-75"]).stdout.splitlines()
    bars = [line.strip() for line in lines if set(line.strip()) <= set("·█░") and line.strip()]
    minutes = [phase.minutes for phase in SCRIPTS["codev-75"].phases]
    assert [len(bar.strip("·")) for bar in bars] == minutes, "75 minutes on 75 columns"
    assert [bar.count("█") for bar in bars] == [phase.minimum for phase in SCRIPTS["codev-75"].phases]
    assert all(sum(bar[column] != "·" for bar in bars) == 1 for column in range(75))


@pytest.mark.parametrize(("name", "word"), [("troika-30", "3 times"), ("wise-crowds", "4 times")])
def test_what_repeats_is_drawn_at_all_its_places_and_who_conducts_is_said(name: str, word: str) -> None:
    lines = CliRunner().invoke(app, ["script", "show", name, "--language", "en"]).stdout.splitlines()
    assert "Without a facilitator" in lines[2]
    script = SCRIPTS[name]
    assert script.repeat is not None
    text = "\n".join(lines)
    assert text.count(word) == len(script.repeat.phases)
    bars = [line.strip() for line in lines if set(line.strip()) <= set("·█░") and line.strip()]
    assert all(sum(bar[column] != "·" for bar in bars) == 1 for column in range(75)), "no minute twice, none missing"
    assert [len(bar.replace("·", " ").split()) for bar in bars if "█" in bar] == [
        script.people.planned if phase.id in script.repeat.phases else 1 for phase in script.phases
    ]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def checked(file: Path, text: str) -> list[str]:
    """The warnings about a file that is right; they do not fail."""
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["script", "check", str(file)])
    assert done.exit_code == 0, done.stderr
    assert done.stdout.startswith(str(file))
    return [line for line in done.stderr.splitlines() if not OTHER_LANGUAGES.search(line)]


def test_warnings_have_their_line_and_column_and_do_not_fail(tmp_path: Path) -> None:
    file = tmp_path / "codev-75.yaml"
    long = GOOD.replace("Listen to the end. Questions come next.", "Listen. " * 20)
    number = line_of(long, "Listen. Listen.")
    column = long.splitlines()[number - 1].index("en: ") + 1
    (warning,) = checked(file, long)
    assert warning.startswith(f"codev-75.yaml:{number}:{column}: phases.3.cues.1.text.en: warning: 160 characters")
    bare = GOOD.replace(', en: "Check-in"}', "}")
    number = line_of(bare, 'title: {fr: "Accueil"}')
    assert checked(file, bare) == [
        f"codev-75.yaml:{number}:5: phases.0.title: warning: en is missing, so people who read en will read fr"
    ]
    rigid = []
    for line in GOOD.splitlines():
        if line.startswith("    minutes: "):
            rigid += [line, line.replace("minutes", "minimum")]
        elif not line.startswith("    minimum: "):
            rigid.append(line.replace(", to: 15", "").replace(", to: 13", ""))
    (warning,) = checked(file, "\n".join(rigid))
    assert warning.startswith(f"codev-75.yaml:{line_of(GOOD, 'phases:')}:1: phases: warning: only 0% of the minutes")
    assert "lower some minimums" in warning


@pytest.mark.parametrize(
    ("was", "now", "place", "words"),
    [
        ("{minimum: 2, planned: 8, maximum: 12}", "{minimum: 9, planned: 8, maximum: 12}", "people", "out of order"),
        (
            "who: client, seconds: 100,",
            "who: client, seconds: 500,",
            "phases.5.steps.2.seconds",
            "longer than the phase",
        ),
        (
            "    protected: true\n    drops: {client: later}",
            "    protected: true\n    skip_when: first_session\n    drops: {client: later}",
            "phases.7.skip_when",
            "a protected phase is never left out",
        ),
    ],
)
def test_what_cannot_be_as_it_is_said_is_warned_of(tmp_path: Path, was: str, now: str, place: str, words: str) -> None:
    assert was in GOOD
    (warning,) = checked(tmp_path / "codev-75.yaml", GOOD.replace(was, now))
    assert f": {place}: warning: " in warning
    assert words in warning


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ("omit: [contract]\n", "there is no contract"),
        ("omit: [learnings]\n", "nobody writes what they learn"),
        ("minutes: {questions: [40, 13]}\n", "99 minutes without a pause"),
        (
            (
                "phases:\n  - id: advice\n    captures:\n      - id: votes_of_all\n        title: {fr: A, en: A}\n"
                "        by: [consultants]\n        fields: [{id: rating, title: {fr: A, en: A}}]\n"
            ),
            "votes_of_all in advice votes on advice or scores it",
        ),
        (
            (
                "phases:\n  - id: contract\n    captures:\n      - id: request\n        title: {fr: A, en: A}\n"
                "        by: [client, scribe]\n        fields: [{id: text, title: {fr: A, en: A}}]\n"
            ),
            "request in contract is the client's own, and others write it",
        ),
        (
            (
                "phases:\n  - id: check_in\n    steps: [{floor: round, who: members, turn_s: 20, min_turn_s: 8,"
                " closed: [members]}]\n    cues: [{who: all, text: {fr: A, en: A}}]\n"
            ),
            "phases.0.steps.0.closed: warning: members should speak here and cannot be heard",
        ),
    ],
)
def test_what_the_method_never_lets_go_is_warned_of(tmp_path: Path, more: str, words: str) -> None:
    (tmp_path / "codev-75.yaml").write_text(GOOD, encoding="utf-8")
    text = "extends: codev-75\nid: short\nversion: 1\ntitle: {fr: Court, en: Short}\n" + more
    found = checked(tmp_path / "short.yaml", text)
    assert any(words in line for line in found), found


def test_an_extension_is_warned_of_what_it_says_itself(tmp_path: Path) -> None:
    (tmp_path / "codev-75.yaml").write_text(GOOD.replace(', en: "Check-in"}', "}"), encoding="utf-8")
    text = 'extends: codev-75\nid: short\nversion: 1\ntitle: {en: "Short"}\n'
    assert checked(tmp_path / "short.yaml", text) == [
        "short.yaml:4:1: title: warning: fr is missing, so people who read fr will read en"
    ]


def test_errors_of_all_files_are_said_and_fail(tmp_path: Path) -> None:
    one, two = tmp_path / "codev-75.yaml", tmp_path / "other.yaml"
    one.write_text(GOOD.replace("family: help", "family: aid").replace("hand_over_s: 6", "hand_over_s: -1"))
    two.write_text("id: other\n  version: 1\n", encoding="utf-8")
    done = CliRunner().invoke(app, ["script", "check", str(one), str(two), str(tmp_path / "none.yaml")])
    assert done.exit_code == 1
    places = [line.split(": ")[0] for line in done.stderr.splitlines()]
    number = line_of(GOOD, "family: help")
    assert sorted(places[:2]) == sorted(["codev-75.yaml:12:1", f"codev-75.yaml:{number}:5"])
    assert places[2] == "other.yaml:2:10", "the first error of syntax, where it is"
    assert "none.yaml: No such file" in done.stderr


def test_delivered_scripts_have_no_warnings() -> None:
    done = CliRunner().invoke(app, ["script", "check", *map(str, sorted(assets.protocols().glob("*.yaml")))])
    assert done.exit_code == 0
    assert [line for line in done.stderr.splitlines() if not OTHER_LANGUAGES.search(line)] == []
    assert len(done.stdout.splitlines()) == 12


# -- what is generated -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["schema", "docs"])
def test_what_is_generated_from_scripts_and_engine_is_not_stale(verb: str, tmp_path: Path) -> None:
    folder = assets.protocols()
    done = CliRunner().invoke(app, ["script", verb, "--check", "--folder", str(folder)])
    assert done.exit_code == 0, done.stderr
    for file in (*folder.glob("*.yaml"), folder / "README.md", folder / "script.schema.json"):
        text = file.read_text(encoding="utf-8")
        stale = text.replace("    runs --> care: hold_started\n", "").replace('"object"', "", 1)
        (tmp_path / file.name).write_text(stale, encoding="utf-8")
    done = CliRunner().invoke(app, ["script", verb, "--check", "--folder", str(tmp_path)])
    assert done.exit_code == 1
    assert f"run `cosession script {verb}`" in done.stderr
    assert CliRunner().invoke(app, ["script", verb, "--folder", str(tmp_path)]).exit_code == 0
    written = ("README.md", "script.schema.json")
    assert [(tmp_path / name).read_text() == (folder / name).read_text() for name in written].count(True) == 1


def test_every_field_of_a_script_is_told_in_the_readme() -> None:
    hints = hints_of((assets.protocols() / "README.md").read_text(encoding="utf-8"))
    for model in (Script, Phase, Step, CaptureSpec, CaptureField):
        assert set(hints[model.__name__]) == set(model.model_fields)
    assert set(hints["Extension"]) == {"extends", "omit", "phases", "minutes"}


def unknown(schema: dict[str, Any], part: dict[str, Any], node: Any, at: str = "") -> Iterator[str]:
    """Keys of `node` for which an editor would find nothing in the schema."""
    while "$ref" in part or "anyOf" in part:
        if "$ref" in part:
            part = schema["$defs"][part["$ref"].rpartition("/")[2]]
        else:
            part = next(choice for choice in part["anyOf"] if choice.get("type") != "null")
    if isinstance(node, list):
        for place, child in enumerate(node):
            yield from unknown(schema, part["items"], child, f"{at}.{place}")
    elif isinstance(node, dict):
        others = part.get("additionalProperties") or {}
        for key, child in node.items():
            known = part.get("properties", {}).get(key, others)
            if known:
                yield from unknown(schema, known, child, f"{at}.{key}")
            else:
                yield f"{at}.{key}"


@pytest.mark.parametrize("file", sorted(assets.protocols().glob("*.yaml")), ids=lambda file: file.stem)
def test_the_schema_knows_all_that_a_script_says_and_the_script_names_it(file: Path) -> None:
    schema = json.loads((file.parent / "script.schema.json").read_text(encoding="utf-8"))
    text = file.read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=script.schema.json\n")
    said = YAML(typ="safe", pure=True).load(text)
    branch = schema["then" if "extends" in said else "else"]
    properties = {**schema["properties"], **branch["properties"]}
    assert list(unknown(schema, {"properties": properties}, said)) == []
    assert set(branch["required"]) <= set(said)
    assert list(unknown(schema, {"properties": properties}, {"phases": [{"id": "x", "familly": 1}]})) == [
        ".phases.0.familly"
    ]
    assert "after" in schema["$defs"]["PartOfPhase"]["properties"]
    assert "after" not in schema["$defs"]["Phase"]["properties"]


def test_the_diagram_shows_every_status_and_every_hold() -> None:
    found = recorded(SCRIPTS)
    reached = {(one.machine, one.after) for one in found}
    assert {state for machine, state in reached if machine == "session"} == set(Status)
    assert {state for machine, state in reached if machine == "phase"} == {*PhaseStatus, "postponed"}
    held = {state for machine, state in reached if machine == "clock"} - {"runs"}
    assert held == set(HoldCause) - {HoldCause.OUTAGE}, "an outage is credited afterwards, it holds nothing"
    assert not [one for one in found if one.machine == "session" and one.before == "closed"]


def test_play_prints_one_object_or_lines_for_people() -> None:
    done = CliRunner().invoke(app, ["script", "play", "codev-75", "--people", "4", "--lateness", "120", "--json"])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    keys = "planned_s actual_s end_error_s end_declared_late phases skipped floor_conflicts refusals replay_equal"
    assert list(found) == keys.split()
    assert found["replay_equal"] is True
    assert set(found["phases"][0]) == {"id", "planned_s", "actual_s"}
    done = CliRunner().invoke(app, ["script", "play", "codev-75", "--people", "4"])
    assert done.exit_code == 0
    assert "replay equal" in done.stdout


def test_what_cannot_be_played_or_shown_is_said() -> None:
    done = CliRunner().invoke(app, ["script", "play", "codev-75", "--people", "1"])
    assert done.exit_code == 1
    assert "2 to 12 people" in done.stderr
    done = CliRunner().invoke(app, ["script", "show", "codev-74"])
    assert done.exit_code == 1
    assert "there are " in done.stderr
    assert "codev-75" in done.stderr
    done = CliRunner().invoke(app, ["script", "show", "codev-75", "--language", "xx"])
    assert done.exit_code == 1
    assert f"one of {', '.join(read_words(assets.locales()))}" in done.stderr
