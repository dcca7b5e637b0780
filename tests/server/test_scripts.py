"""Scripts of sessions: every error names file, line and column, and one wrong file does not spoil the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosession import assets
from cosession.scripts import WrongScript, read, read_all

GOOD = (assets.protocols() / "codev-75.yaml").read_text(encoding="utf-8")


def wrong(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "codev-75.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(WrongScript) as error:
        read(file)
    return error.value.lines


def test_the_scripts_that_are_delivered_are_right() -> None:
    scripts, errors = read_all(assets.protocols())
    assert not errors
    assert next(iter(scripts)) == "codev-75", "the default comes first"
    assert scripts["codev-75"].planned_ms == 75 * 60_000


def test_errors_stand_where_they_are(tmp_path: Path) -> None:
    number = GOOD[: GOOD.index("    family: explore")].count("\n") + 1
    (line,) = wrong(tmp_path, GOOD.replace("    family: explore", "    family: purple", 1))
    assert line.startswith(f"codev-75.yaml:{number}:5: phases.3.family: ")
    several = GOOD.replace("    family: explore", "    family: purple").replace("hand_over_s: 6", "hand_over_s: soon")
    assert len(wrong(tmp_path, several)) == 3, "all at once"
    (line,) = wrong(tmp_path, GOOD.replace("id: codev-75", "id: codev-74"))
    assert line.startswith("codev-75.yaml:3:1: id: ")
    (line,) = wrong(tmp_path, GOOD.replace("hand_over_s: 6", "hand_over: 6"))
    assert "hand_over: Extra inputs are not permitted" in line


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
