"""`cosession rotation plan`: what a person reads on the terminal, and what a wrong file or an impossible plan says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cosession import assets
from cosession.authoring.rotation_file import read
from cosession.authoring.scripts import read_all
from cosession.cli import app
from cosession.i18n.words import read_words
from cosession.programme.rotation import Rule

GOOD = """\
title: Direction Nord
members:
  - {id: nadia, name: Nadia, qualified: true}
  - {id: joe, name: Joe}
  - {id: laura, name: Laura, qualified: true}
  - {id: ines, name: Inès}
  - {id: omar, name: Omar, absent: [3]}
  - {id: sarah, name: Sarah}
sessions:
  count: 6
  dates: [2025-01-14, 2025-02-11, 2025-03-11, 2025-04-08, 2025-05-13, 2025-06-10]
held:
  - {session: 1, client: nadia, facilitator: laura, deputy: joe, scribe: ines, timekeeper: omar}
"""


def run(tmp_path: Path, text: str, *options: str) -> Result:
    file = tmp_path / "north.yaml"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(app, ["rotation", "plan", str(file), *options])


def wrong(tmp_path: Path, before: str, instead: str) -> list[str]:
    assert before in GOOD
    done = run(tmp_path, GOOD.replace(before, instead))
    assert done.exit_code == 1
    assert done.stdout == ""
    return done.stderr.splitlines()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_table_for_people_is_aligned_and_has_every_session(tmp_path: Path, language: str) -> None:
    done = run(tmp_path, GOOD, "--language", language)
    assert done.exit_code == 0, done.stderr
    title, _, head, *rows = done.stdout.splitlines()[:9]
    assert title == "Direction Nord"
    assert {"fr": "relais d’animation", "en": "deputy"}[language] in head
    assert [row.split()[0] for row in rows] == list("123456")
    assert rows[0].split()[1:7] == ["2025-01-14", "Nadia", "Laura", "Joe", "Inès", "Omar"]
    assert rows[0].endswith({"fr": "tenue", "en": "held"}[language])
    client = head.index("client")
    assert all(row[client - 1] == " " and row[client] != " " for row in rows)
    assert {"fr": "Séance 3\u00a0: absence d’Omar.", "en": "Session 3: without Omar."}[language] in done.stdout
    assert "\x1b" not in done.stdout


def test_json_is_one_object(tmp_path: Path) -> None:
    done = run(tmp_path, GOOD, "--json")
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    assert list(found) == ["title", "people", "sessions", "never", "waiting", "changes", "proven"]
    assert isinstance(found["proven"], bool)
    assert [one["session"] for one in found["sessions"]] == [1, 2, 3, 4, 5, 6]
    assert sorted(one["client"] for one in found["sessions"]) == sorted(found["people"])
    assert found["sessions"][1]["opens"] == "nadia"
    assert found["sessions"][2]["absent"] == ["omar"]


def test_a_plan_that_is_kept_stays_and_an_absence_is_marked(tmp_path: Path) -> None:
    kept = run(tmp_path, GOOD, "--yaml")
    assert kept.exit_code == 0
    assert kept.stdout.startswith("planned:\n  - {session: 2, client: ")
    text = GOOD + kept.stdout
    found = json.loads(run(tmp_path, text, "--json").stdout)
    assert found["changes"] == 0
    again = run(tmp_path, text, "--yaml").stdout
    assert again == kept.stdout
    news = text.replace("absent: [3]", "absent: [3, 5]")
    table = run(tmp_path, news, "--language", "en").stdout
    changes = json.loads(run(tmp_path, news, "--json").stdout)["changes"]
    assert changes > 0
    assert f"Changes against the plan so far: {changes} (marked *)." in table
    assert sum(line.count("*") for line in table.splitlines()[3:9]) == changes


def test_hash_seeds_do_not_matter(tmp_path: Path) -> None:
    file = tmp_path / "north.yaml"
    file.write_text(GOOD, encoding="utf-8")
    command = [sys.executable, "-m", "cosession.cli", "rotation", "plan", str(file), "--json"]
    runs = [
        subprocess.run(command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True, timeout=60)
        for seed in ("1", "2")
    ]
    assert runs[0].stdout == runs[1].stdout


def test_errors_stand_where_they_are(tmp_path: Path) -> None:
    missing, unknown = wrong(tmp_path, "name: Joe}", "nom: Joe}")
    assert missing == "north.yaml:4:5: members.1.name: is missing; add it"
    assert unknown.startswith("north.yaml:4:15: members.1.nom: no such field; there are: id, name, qualified, ")
    (line,) = wrong(tmp_path, "deputy: joe", "deputy: jo")
    assert line.startswith("north.yaml:13:53: held.0.deputy: no member jo; there are: nadia, joe, ")
    (line,) = wrong(tmp_path, "id: joe,", "id: Joe!,")
    assert line.startswith("north.yaml:4:6: members.1.id: an id is ")
    assert wrong(tmp_path, "absent: [3]", "absent: [7]")[0].startswith("north.yaml:7:37: members.4.absent.0: ")
    assert wrong(tmp_path, ", 2025-06-10]", "]")[0].startswith("north.yaml:11:3: sessions.dates: 5 dates for 6")
    assert wrong(tmp_path, "name: Joe", "name: Laura")[0].startswith("north.yaml:5:17: members.2.name: ")
    assert wrong(tmp_path, "session: 1", "session: 2")[0].startswith("north.yaml:13:6: held.0.session: must be 1")
    assert wrong(tmp_path, "absent: [3]", "absent: [1]")[0].startswith("north.yaml:13:80: held.0.timekeeper: omar was")
    assert len(wrong(tmp_path, "count: 6", "count: 5")) == 1
    assert wrong(tmp_path, "title: Direction Nord", "title: [1")[0].startswith("north.yaml:2:")


def test_what_is_no_programme_is_said_plainly(tmp_path: Path) -> None:
    assert run(tmp_path, "").stderr == "north.yaml:1:1: a programme is a mapping that begins with `members:`\n"
    done = CliRunner().invoke(app, ["rotation", "plan", str(tmp_path / "none.yaml")])
    assert done.exit_code == 1
    assert "No such file" in done.stderr
    done = run(tmp_path, GOOD, "--language", "xx")
    assert done.exit_code == 1
    assert f"one of {', '.join(read_words(assets.locales()))}" in done.stderr


def test_more_people_than_sessions_have_a_plan_that_names_who_waits(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("sessions:")] + "sessions: {count: 4}\n"
    done = run(tmp_path, text, "--language", "en")
    assert done.exit_code == 0, done.stderr
    waiting = json.loads(run(tmp_path, text, "--json").stdout)["waiting"]
    assert len(waiting) == 2
    assert "Client first in the next programme" in done.stdout


def test_an_impossible_plan_names_the_rule_the_people_and_the_mend(tmp_path: Path) -> None:
    done = run(
        tmp_path,
        GOOD.replace("absent: [3]", "absent: [2, 3, 4, 5, 6]")
        .replace(", timekeeper: omar", "")
        .replace("name: Sarah", "name: Sarah, absent: [1, 2, 3, 4, 5, 6]"),
        "--language",
        "en",
    )
    assert done.exit_code == 1
    assert done.stdout == ""
    assert "north.yaml: Everybody is client once: " in done.stderr
    assert "no session is left in which Omar can be. Add a session (`sessions.count`), lift an absence" in done.stderr
    done = run(tmp_path, GOOD.replace(", qualified: true", "").replace("facilitator: laura, ", ""))
    assert done.exit_code == 1
    assert done.stderr.count("personne n’est qualifié pour animer") == 5, "each session to come"


def test_every_rule_has_words() -> None:
    for words in read_words(assets.locales(), "authoring").values():
        assert {f"rotation.{rule}" for rule in Rule} <= words.texts.keys()


def test_the_example_of_the_readme_is_a_plan_and_no_script(tmp_path: Path) -> None:
    readme = (assets.protocols() / "README.md").read_text(encoding="utf-8")
    section = readme[readme.index("## A programme's rotation") :]
    example = section[section.index("```yml\n") + len("```yml\n") :]
    file = tmp_path / "north.yaml"
    file.write_text(example[: example.index("```")], encoding="utf-8")
    assert read(file).sessions.count == 8
    done = CliRunner().invoke(app, ["rotation", "plan", str(file)])
    assert done.exit_code == 0, done.stderr
    assert not [name for name in read_all(assets.protocols())[0] if "north" in name]
