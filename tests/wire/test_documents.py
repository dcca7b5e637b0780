"""The prose keeps step with the code: every word, message and code is in GLOSSARY.md and wire.md."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from cosession.core import vocabulary as words
from cosession.wire import messages

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
