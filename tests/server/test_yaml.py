"""Whatever stands in a file that people write, or instead of one: it is refused at its place, cheaply, and the others
serve."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from collections.abc import Callable
from io import StringIO
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from cosession import assets
from cosession.authoring.check import warnings
from cosession.authoring.rotation_file import read as read_programme
from cosession.authoring.scripts import FILES, MINUTES, PHASES, RUNS, WrongScript, read, read_all
from cosession.authoring.yaml_file import ERRORS, FILE_BYTES, WrongFile
from cosession.authoring.yaml_tree import (
    DEPTH,
    ENTRIES,
    NAME_CHARACTERS,
    NODES,
    NUMBER_CHARACTERS,
    TEXT_CHARACTERS,
    Node,
    Slip,
)
from cosession.authoring.yaml_tree import read as read_tree
from cosession.cli import app
from cosession.main import Application
from cosession.settings import Settings
from tests.server.conftest import QuietMedia
from tests.server.test_rotation_verb import GOOD as PROGRAMME
from tests.server.test_scripts import GOOD, SMALL

#: Each list ten times the one before: ten million entries in 360 bytes.
BILLION = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 7)
)
SIX = [
    ("2026-13-45", "2:1: version: must be a whole number without a unit"),
    ("2026-01-05", "2:1: version: must be a whole number without a unit"),
    ("5" * 5000, f"2:10: a number of more than {NUMBER_CHARACTERS} characters"),
    ('"' + "5" * 5000 + '"', f"2:10: a text of more than {TEXT_CHARACTERS} characters"),
    ('"' + "5" * 3000 + '"', "2:1: version: must be at most 1000000000000000"),
    ("-0x" + "f" * 5000, f"2:10: a text of more than {TEXT_CHARACTERS} characters"),
    ("0x" + "f" * 5000, f"2:10: a number of more than {NUMBER_CHARACTERS} characters"),
    ("1e999", "2:10: no number to count with"),
    ("-.inf", "2:10: no number to count with"),
    (".nan", "2:10: no number to count with"),
    ("1:30", "2:1: version: must be a whole number without a unit"),
    ("_", "2:1: version: must be a whole number without a unit"),
    ("!!int six", "2:10: 'six' is no int"),
    ("!!float soon", "2:10: 'soon' is no float"),
    ("!!bool maybe", "2:10: 'maybe' is no bool"),
    ("!!null 1", "2:10: '1' is no null"),
    ("!!timestamp now", "2:10: !!timestamp means nothing here"),
    ("!!binary aGk=", "2:10: !!binary means nothing here"),
    ("!!set {a, b}", "2:10: !!set means nothing here"),
    ("!!omap [{a: 1}]", "2:10: !!omap means nothing here"),
    ("!!python/object/apply:os.system [ls]", "2:10: !!python/object/apply:os.system means nothing here"),
    ("!mine 1", "2:10: !mine means nothing here"),
    ("!his!x 1", "2:10: not YAML: found undefined tag handle"),
    ("[" * 300, f"2:{10 + DEPTH}: more than {DEPTH} levels"),
    ("&me [1, *me]", "2:18: *me stands inside what it repeats"),
    ("&me {a: {b: *me}}", "2:22: *me stands inside what it repeats"),
    ("*nobody", "2:10: there is no &nobody before this"),
    ("{<<: 5}", "2:11: << brings the fields of a mapping"),
    ("{<<: [1]}", "2:11: << brings the fields of a mapping"),
    ("{a: 1, a: 2}", "2:17: a stands twice, in line 2 too"),
    ("{? [a] : 1}", "2:13: a field's name is a word"),
    ("{'': 1}", "2:11: a field's name is a word"),
    (f"{{{'k' * 101}: 1}}", "2:11: a field's name of more than 100 characters"),
    (f"[{'1, ' * 101}]", f"2:{11 + 3 * ENTRIES}: more than {ENTRIES} entries"),
    ('"\\ud800"', "2:10: a text with a character that none has (U+D800)"),
    ('"\\0"', "2:10: a text with a character that none has (U+0000)"),
    ('"\\e[31m"', "2:10: a text with a character that none has (U+001B)"),
    ('"\\UFFFFFFFF"', "2:1: not YAML from here on"),
    ("1\0", "2:11: a character that no text has (U+0000)"),
    ("\t\t- 1", "2:"),
    ("1\n---\nid: two", "3:1: a second document begins here"),
]


@pytest.mark.parametrize(("value", "said"), SIX, ids=range(len(SIX)))
def test_every_slip_of_a_script_is_said_where_it_is(tmp_path: Path, value: str, said: str) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(SMALL.replace("version: 1", f"version: {value}"), encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    (line,) = error.value.lines
    assert line.startswith(f"small.yaml:{said}")
    done = CliRunner().invoke(app, ["script", "check", str(file)])
    assert (done.exit_code, done.stderr) == (1, f"{line}\n")


@pytest.mark.parametrize(
    ("right", "mistake", "said"),
    [
        ("2025-01-14", "2025-02-30", "11:11: sessions.dates.0: Input should be a valid date"),
        ("2025-01-14", "2026-13-45", "11:11: sessions.dates.0: Input should be a valid date"),
        ("2025-01-14", "5" * 5000, f"11:11: a number of more than {NUMBER_CHARACTERS}"),
        ("2025-01-14", ".inf", "11:11: no number to count with"),
        ("2025-01-14", "!!timestamp 2025-01-14", "11:11: !!timestamp means nothing here"),
        ("count: 6", "count: !!int six", "10:10: 'six' is no int"),
        ("count: 6", "count: " + "[" * 300, f"10:{9 + DEPTH}: more than {DEPTH} levels"),
        ("[3]", "&a [*a]", "7:40: *a stands inside what it repeats"),
    ],
)
def test_every_slip_of_a_programme_is_said_where_it_is(tmp_path: Path, right: str, mistake: str, said: str) -> None:
    file = tmp_path / "north.yaml"
    file.write_text(PROGRAMME.replace(right, mistake), encoding="utf-8")
    done = CliRunner().invoke(app, ["rotation", "plan", str(file)])
    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"north.yaml:{said}"), done.stderr
    assert done.stderr.count("\n") <= 2


def test_dates_anchors_and_merges_that_are_right_are_read(tmp_path: Path) -> None:
    file = tmp_path / "north.yaml"
    text = PROGRAMME.replace("{id: joe, name: Joe}", "&joe {id: joe, name: Joe, absent: [2]}")
    file.write_text("\ufeff" + text.replace("{id: sarah, name: Sarah}", "{<<: *joe, id: sarah, name: Sarah}"))
    found = read_programme(file)
    assert [date.isoformat() for date in found.sessions.dates][:2] == ["2025-01-14", "2025-02-11"]
    assert found.members[-1].absent == (2,)
    assert read_tree("a: [0x1F, 0o17, 012, -3, .5, 1e3, ~, true, 'true', !!str 5, ! 6, yes]") is not None
    assert data("[0x1F, 0o17, 012, -3, .5, 1e3, ~, true, 'true', !!str 5, ! 6, yes, !!float 2]") == [
        31, 15, 12, -3, 0.5, 1000.0, None, True, "true", "5", "6", "yes", 2,
    ]  # fmt: skip
    assert data("{<<: [{a: 1, b: 2}, {a: 3, c: 4}], b: 5, '<<x': 6}") == {"a": 1, "b": 5, "c": 4, "<<x": 6}


def data(text: str) -> object:
    """What `text` comes to, without places."""

    def bare(node: Node) -> object:
        if isinstance(node.content, dict):
            return {name: bare(value) for name, (_, value) in node.content.items()}
        return [bare(entry) for entry in node.content] if isinstance(node.content, list) else node.content

    root = read_tree(text)
    return None if root is None else bare(root)


# -- what a file may cost ----------------------------------------------------------------------------------------------

PHASE = "  - {id: p%d, title: {fr: P, en: P}, purpose: {fr: P, en: P}, family: open, minutes: 1, minimum: 1, "
PHASE += "steps: [{floor: open}], cues: [{who: all, text: {fr: P, en: P}}]}\n"
BEFORE = SMALL[: SMALL.index("elastic_order")] + "elastic_order: []\nphases:\n"
DEAR = {
    "aliases": BILLION,
    "merges": "a0: &a0 {x: 1, y: 2}\n" + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 60)),
    "brackets": "[" * FILE_BYTES,
    "braces": "{a: " * (FILE_BYTES // 4),
    "dashes": "- " * (FILE_BYTES // 2),
    "commas": "a: [" + "a," * (FILE_BYTES // 2 - 3) + "]",
    "lists": "a: [" + ("[" + "a," * 99 + "],") * 99 + "]",
    "fields": "".join(f"phases{n}: 1\n" for n in range(NODES // 2 - 1)),
    "fields of a title": "title:\n" + "".join(f"  k{n}: 1\n" for n in range(NODES // 2 - 5)),
    "wrong phases": BEFORE + "".join("  - {" + ", ".join(f"q{n}: 1" for n in range(29)) + "}\n" for _ in range(PHASES)),
    "comments": "#\n" * (FILE_BYTES // 2),
    "lines": "\n" * FILE_BYTES,
    "a text of many lines": "a: " + "b\n " * (FILE_BYTES // 3 - 3),
    "a quoted one": 'a: "' + "b\n " * (FILE_BYTES // 3 - 3) + '"',
    "a folded one": "a: >\n" + " b\n\n" * (FILE_BYTES // 4 - 3),
    "directives": "%FOO a\n" * (FILE_BYTES // 7 - 2) + "---\na: 1",
    "a tag": "a: !" + "b" * (FILE_BYTES - 4),
    "phases": BEFORE + "".join(PHASE % n for n in range(2500)),
    "phases that are short": "phases:\n" + "  - {id: a}\n" * 2500,
    "bytes": "#" * 50_000_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DEAR)
def test_what_is_refused_costs_little(tmp_path: Path, name: str) -> None:
    """A second of processor time, of which the dearest needs less than half, and 50 MB, of which it needs four."""
    file = tmp_path / "small.yaml"
    file.write_text(DEAR[name], encoding="utf-8")
    assert any(refused_within_a_second(file) for _ in range(3))
    tracemalloc.start()
    try:
        lines = said_by(lambda: read(file))
        assert 0 < len(lines) <= ERRORS + 1
        assert sum(map(len, lines)) < 64_000
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


def refused_within_a_second(file: Path) -> bool:
    began_s = time.process_time()
    return said_by(lambda: read(file)) != [] and time.process_time() - began_s < 1


def test_the_limits_are_where_they_are_said_to_be() -> None:
    entries = "[" + "1, " * (ENTRIES - 1) + "1]"
    lists = NODES // (ENTRIES + 1)
    spare = NODES - lists * (ENTRIES + 1) - 1
    fits = "[" + f"{entries}, " * lists + "1, " * spare + "]"
    assert read_tree(fits) is not None
    once = f"[&a {entries}, " + "*a, " * (lists - 1) + "1, " * spare
    assert read_tree(once + "]") is not None
    for text in (fits.replace("1]", "1, 1]", 1), f"{fits[:-1]}1]", once + "1]"):
        with pytest.raises(Slip, match=r"more than \d+ (entries|values)"):
            read_tree(text)
    assert read_tree("[" * (DEPTH + 1) + "]" * (DEPTH + 1)) is not None
    half = DEPTH // 2
    deep = "&a " + "[" * half + "]" * half
    assert read_tree(f"[{deep}, {'[' * (DEPTH - half)}*a{']' * (DEPTH - half)}]") is not None
    with pytest.raises(Slip, match="levels"):
        read_tree(f"[{deep}, {'[' * (DEPTH - half + 1)}*a{']' * (DEPTH - half + 1)}]")
    assert data("5" * NUMBER_CHARACTERS) == int("5" * NUMBER_CHARACTERS)
    assert data("x" * TEXT_CHARACTERS) == "x" * TEXT_CHARACTERS


def script_of(tmp_path: Path, *phases: str, before: str = BEFORE) -> list[str]:
    file = tmp_path / "small.yaml"
    file.write_text(before + "".join(phases), encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    return error.value.lines


def test_a_script_has_so_many_phases_repeats_and_minutes(tmp_path: Path) -> None:
    phases = [PHASE % n for n in range(PHASES + 1)]
    file = tmp_path / "small.yaml"
    file.write_text(BEFORE + "".join(phases[:PHASES]), encoding="utf-8")
    assert len(read(file).phases) == PHASES
    (line,) = script_of(tmp_path, *phases)
    assert line == f"small.yaml:{8 + PHASES}:5: phases.{PHASES}: a script has at most 40 phases: leave this one out"
    names = ", ".join(f"p{n}" for n in range(30))
    (line,) = script_of(tmp_path, *phases[:30], before=f"repeat: {{phases: [{names}]}}\n{BEFORE}")
    assert line == "small.yaml:1:10: repeat.phases: come to 120 phases with 4 people; at most 100: repeat fewer"
    long = [phase.replace("minutes: 1,", "minutes: 240,") for phase in phases[:4]]
    (line,) = script_of(tmp_path, *long)
    assert line == "small.yaml:7:1: phases: last 960 minutes with 4 people; at most 720: shorten them"


def test_2500_phases_are_refused_before_they_are_played(tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text("phases:\n" + "  - {id: a}\n" * 2500, encoding="utf-8")
    for verb in ("play", "show", "check"):
        done = CliRunner().invoke(app, ["script", verb, str(file)])
        assert done.exit_code == 1
        assert done.stderr == f"small.yaml:{2 + ENTRIES}:5: more than {ENTRIES} entries in one list: say less\n"


def test_the_readme_tells_the_limits() -> None:
    readme = (assets.protocols() / "README.md").read_text(encoding="utf-8")
    for told in (
        f"{FILE_BYTES // 1024} KiB of UTF-8; {NODES:,} values and names of fields",
        f"{DEPTH} levels, lists of {ENTRIES} entries",
        f"{TEXT_CHARACTERS:,}, {NUMBER_CHARACTERS} and {NAME_CHARACTERS} characters",
        f"{PHASES} phases; {RUNS} phases and {MINUTES} minutes",
        f"its first {ERRORS} errors",
    ):
        assert told in readme
    assert FILES == 3, "three files"
    largest = read_tree(GOOD)
    assert largest is not None
    assert round(largest.size, -3) == 2_000


# -- a folder in which anything may lie --------------------------------------------------------------------------------

HEAD = "version: 1\ntitle: {fr: Court, en: Short}\n"
JUNK: dict[str, str | bytes] = {
    "latin": "id: latin\ntitle: Journée".encode("latin-1"),
    "utf16": "id: utf16\n".encode("utf-16"),
    "empty": "",
    "comment": "# later\n",
    "zero": "id: zero\0",
    "tabs": "id: tabs\npeople:\n\tminimum: 2\n",
    "twice": "id: twice\nid: twice\n",
    "itself": "&a [*a]\n",
    "merge": "<<: *a\n",
    "object": "!!python/object/apply:os.system [ls]\n",
    "aliases": BILLION,
    "deep": "[" * 300,
    "number": "version: " + "9" * 5000,
    "date": GOOD.replace("codev-75", "date", 1).replace("version: 1", "version: 2026-13-45"),
    "missing": f"id: missing\nextends: nowhere\n{HEAD}",
    "list_name": f"id: list_name\nextends: [codev-75]\n{HEAD}",
    "ring-1": f"id: ring-1\nextends: ring-2\n{HEAD}",
    "ring-2": f"id: ring-2\nextends: ring-1\n{HEAD}",
    "of-dir": f"id: of-dir\nextends: folder\n{HEAD}",
    "of-pipe": f"id: of-pipe\nextends: pipe\n{HEAD}",
    "of-lost": f"id: of-lost\nextends: lost\n{HEAD}",
    "line\nbreak": "id: [",
    "\udcff": "id: [",
    "x" * 200: "id: [",
}


def junk(folder: Path) -> list[str]:
    """Fills a folder; the names of what must be left out."""
    (folder / "codev-75.yaml").write_text(GOOD, encoding="utf-8")
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    for name, content in JUNK.items():
        (folder / f"{name}.yaml").write_bytes(content if isinstance(content, bytes) else content.encode())
    (folder / "folder.yaml").mkdir()
    (folder / "lost.yaml").symlink_to(folder / "nowhere")
    (folder / "round.yaml").symlink_to(folder / "round.yaml")
    (folder / "device.yaml").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.yaml")
    return [*JUNK, "folder", "lost", "round", "device", "pipe"]


def test_whatever_lies_in_the_folder_is_left_out_and_said_and_the_rest_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out = junk(tmp_path)
    closed = tmp_path / "closed.yaml"
    closed.write_text(SMALL.replace("id: small", "id: closed"), encoding="utf-8")
    opened = Path.open

    def refuse(self: Path, *arguments: str) -> object:
        if self == closed:
            raise PermissionError(13, "Permission denied")
        return opened(self, *arguments)  # type: ignore[call-overload]

    monkeypatch.setattr(Path, "open", refuse)
    scripts, errors = read_all(tmp_path)
    assert list(scripts) == ["codev-75", "small"]
    assert all(line.isprintable() for line in errors)
    for name in (*left_out, "closed"):
        shown = "".join(character if character.isprintable() else "?" for character in name)
        assert any(line.startswith(f"{shown}.yaml:") for line in errors), name
    assert "closed.yaml: Permission denied" in errors
    assert "folder.yaml: is no file" in errors
    assert "latin.yaml:2:13: not UTF-8: save the file as UTF-8" in errors
    assert "of-dir.yaml:2:1: extends: folder has errors of its own; fix them first" in errors
    assert "list_name.yaml:2:1: extends: no such script beside this file" in "\n".join(errors)


async def test_the_server_starts_with_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: StringIO
) -> None:
    folder = tmp_path / "protocols"
    folder.mkdir()
    left_out = junk(folder)
    monkeypatch.setattr(assets, "protocols", lambda: folder)
    application = Application(Settings(data=tmp_path / "data"), media=QuietMedia())
    await application.start()
    await application.stop()
    said = [json.loads(line) for line in journal.getvalue().splitlines()]
    reasons = [line["reason"] for line in said if line["event"] == "script.left_out"]
    assert len(reasons) >= len(left_out)


def chain(tmp_path: Path, *names: str) -> None:
    """Scripts, each of which extends the one before."""
    (tmp_path / f"{names[0]}.yaml").write_text(GOOD.replace("codev-75", names[0], 1), encoding="utf-8")
    for base, name in pairwise(names):
        (tmp_path / f"{name}.yaml").write_text(f"extends: {base}\nid: {name}\n{HEAD}", encoding="utf-8")


@pytest.mark.parametrize("names", [("a", "b", "c", "d", "e"), ("e", "d", "c", "b", "a"), ("c", "a", "e", "b", "d")])
def test_a_script_extends_over_so_many_files(tmp_path: Path, names: tuple[str, ...]) -> None:
    """In whatever order they are read: those that are near enough serve."""
    chain(tmp_path, *names)
    scripts, errors = read_all(tmp_path)
    assert sorted(scripts) == sorted(names[:FILES])
    assert sorted(errors) == sorted(
        f"{name}.yaml:1:1: extends: {' -> '.join(names[place::-1][: FILES + 1])} "
        f"is too long a way, at most {FILES} files; write one of them out in full"
        for place, name in enumerate(names)
        if place >= FILES
    )


def test_a_thousand_files_that_extend_each_other_are_soon_refused(tmp_path: Path) -> None:
    chain(tmp_path, *(f"s{n}" for n in range(1000)))
    with pytest.raises(WrongScript, match="s999 -> s998 -> s997 -> s996 is too long a way"):
        read(tmp_path / "s999.yaml")


def test_a_phase_that_an_extension_says_twice_is_refused(tmp_path: Path) -> None:
    """The second would take the place of the first, whatever that said."""
    (tmp_path / "codev-75.yaml").write_text(GOOD, encoding="utf-8")
    text = (
        f"extends: codev-75\nid: twice\n{HEAD}phases:\n  - {{id: advice, cues: 5}}\n  - {{id: advice, minutes: 18}}\n"
    )
    (tmp_path / "twice.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(WrongScript, match=r"twice.yaml:7:6: phases.1.id: advice stands twice; write it once"):
        read(tmp_path / "twice.yaml")


# -- at random ---------------------------------------------------------------------------------------------------------

BITS = [
    *(value for value, _ in SIX if len(value) < 60),
    *("\t", "- ", "? ", ": ", "&a ", "*a", "<<: *a", "{", "}", "[", "]", ",", "'", '"', "|", "|+2", ">-", "\n", "\\"),
    *("\n---\n", "%YAML 1.1\n---\n", "%YAML 9.1\n", "%TAG ! x\n", "#", "\x85", "\u2028", "\ufeff", "@", "`", "=", "~"),
    *("null", "é", "🙂", "[]", "{}", "[[]]", "[{}]", "{fr: a}", "{id: talk}", "extends: small\n", "omit: [talk]\n"),
    *("minutes: {talk: [1, 2]}\n", "phases: [talk]\n", "phases: 5\n", "talk", "all", "round", "-1", "1.5", "true", ""),
]
CUTS = st.lists(st.tuples(st.floats(0, 1), st.sampled_from([0, 0, 1, 3, 10, 40]), st.sampled_from(BITS)), max_size=6)


@given(st.sampled_from([SMALL, PROGRAMME, f"extends: small\nid: fuzz\n{HEAD}"]), CUTS)
def test_only_the_error_with_a_place_escapes(
    tmp_path_factory: pytest.TempPathFactory, text: str, cuts: list[tuple[float, int, str]]
) -> None:
    for place, length, instead in cuts:
        at = round(place * len(text))
        text = text[:at] + instead + text[at + length :]
    folder = tmp_path_factory.getbasetemp()
    (folder / "small.yaml").write_text(SMALL, encoding="utf-8")
    file = folder / "fuzz.yaml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    lines = said_by(lambda: warnings(file, read(file), ("fr", "en"))) + said_by(lambda: read_programme(file))
    assert all(line.startswith(("fuzz.yaml:", "small.yaml:")) and line.isprintable() for line in lines)


def said_by(reader: Callable[[], object]) -> list[str]:
    """What is wrong, if anything."""
    try:
        reader()
    except WrongFile as error:
        return error.lines or [""]
    return []


@given(st.text(max_size=80) | st.binary(max_size=80).map(lambda raw: raw.decode("latin-1")))
def test_any_text_is_a_tree_or_a_slip(text: str) -> None:
    try:
        root = read_tree(text)
    except Slip as slip:
        line, column, said = *slip.place, slip.text
    else:
        line, column, said = 0, 0, f"{root}"
    assert 0 <= line <= len(text)
    assert 0 <= column <= len(text)
    assert said
