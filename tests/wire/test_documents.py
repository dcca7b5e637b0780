"""The prose keeps step with the code: every word, message and code is in GLOSSARY.md and wire.md, every field of a
script in README.md."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from cosession.authoring.scripts import read
from cosession.core import script as scripts
from cosession.core import vocabulary as words
from cosession.wire import messages
from tests.delivered import SCRIPTS

PROTOCOLS = Path(__file__).parents[2] / "protocols"


@pytest.mark.parametrize("enum", [words.Role, words.Job, words.FloorMode, words.HandKind, words.HoldCause], ids=str)
def test_the_glossary_has_every_word(enum: type[words.Role]) -> None:
    text = (PROTOCOLS / "GLOSSARY.md").read_text("utf-8")
    assert [word for word in enum if f"`{word}`" not in text] == []


def test_the_prose_of_the_wire_names_every_message_and_code() -> None:
    text = (PROTOCOLS / "wire.md").read_text("utf-8")
    union = [*get_args(get_args(messages.BrowserMessage)[0]), *get_args(get_args(messages.ServerMessage)[0])]
    tags = [message.model_fields["type"].default for message in union]
    codes = [*words.RefusalCode, *get_args(messages.ErrorCode)]
    assert len(tags) > 15
    assert [name for name in [*tags, *codes] if f"`{name}`" not in text] == []


@pytest.mark.parametrize(
    ("model", "heading"),
    [
        (scripts.Script, "The script"),
        (scripts.Phase, "A phase"),
        (scripts.Step, "A step"),
        (scripts.CaptureSpec, "A capture"),
        (scripts.CaptureField, "A capture"),
    ],
)
def test_the_format_of_scripts_names_every_field(model: type[BaseModel], heading: str) -> None:
    text = (PROTOCOLS / "README.md").read_text("utf-8")
    section = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    assert [field for field in model.model_fields if f"`{field}`" not in section] == []


@pytest.mark.parametrize("enum", [words.FloorMode, words.Family, words.Who, words.Visibility, words.Reveal], ids=str)
def test_the_format_of_scripts_has_every_word(enum: type[words.Who]) -> None:
    text = (PROTOCOLS / "README.md").read_text("utf-8")
    assert [word for word in enum if f"`{word}`" not in text] == []


def test_the_format_of_scripts_lists_every_file() -> None:
    text = (PROTOCOLS / "README.md").read_text("utf-8")
    assert [name for name in SCRIPTS if f"[{name}]({name}.yaml)" not in text] == []


def test_the_example_of_an_extension_is_a_script(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", (PROTOCOLS / "README.md").read_text("utf-8"), re.DOTALL)
    shutil.copy(PROTOCOLS / "codev-75.yaml", tmp_path)
    (tmp_path / "codev-75-quiet.yaml").write_text(example, "utf-8")
    found = read(tmp_path / "codev-75-quiet.yaml")
    assert found.planned_ms == 75 * 60_000
    assert "follow_up" not in [phase.id for phase in found.phases]
