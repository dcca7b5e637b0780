"""`cosession script`: what a person reads on the terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cosession import assets
from cosession.cli import app
from cosession.scripts import read_all

SCRIPTS, _ = read_all(assets.protocols())
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
        heads = [line for line in lines if f"({phase.id}), " in line and getattr(phase.title, language) in line]
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


def test_warnings_do_not_fail(tmp_path: Path) -> None:
    file = tmp_path / "codev-75.yaml"
    text = GOOD.replace("Listen to the end. Questions come next.", "Listen. " * 20)
    assert text != GOOD
    file.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["script", "check", str(file)])
    assert done.exit_code == 0
    assert "codev-75.yaml: warning: problem_statement.cues.1.text.en: 160 characters" in done.stderr
    assert "can yield" not in done.stderr
    rigid = []
    for line in text.splitlines():
        if line.startswith("    minutes: "):
            rigid += [line, line.replace("minutes", "minimum")]
        elif not line.startswith("    minimum: "):
            rigid.append(line.replace(", to: 15", "").replace(", to: 13", ""))
    file.write_text("\n".join(rigid), encoding="utf-8")
    done = CliRunner().invoke(app, ["script", "check", str(file)])
    assert done.exit_code == 0, done.stderr
    assert "only 0% of the minutes can yield" in done.stderr


def test_delivered_scripts_have_no_warnings() -> None:
    done = CliRunner().invoke(app, ["script", "check", *map(str, sorted(assets.protocols().glob("codev-75*.yaml")))])
    assert done.exit_code == 0
    assert done.stderr == ""


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
    done = CliRunner().invoke(app, ["script", "show", "codev-75", "--language", "de"])
    assert done.exit_code == 1
    assert "one of fr, en" in done.stderr
