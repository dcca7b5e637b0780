"""Every shape on the wire has a golden file, and Python reads and writes exactly what stands in it.

`web/tests/golden.test.ts` holds the same files to the types of `web/src/wire.gen.ts`. A file that fails here shows that
what pages and servers of another build say is no longer understood: if that is meant, delete it and make it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from cosession.core.commands import SeatCommand
from cosession.wire.messages import BROWSER_MESSAGE, SERVER_MESSAGE
from tests.wire.make import COMMAND, GOLDEN, MODES, SHAPES, example, text

UNIONS: dict[str, TypeAdapter[Any]] = {
    "from_browser": BROWSER_MESSAGE,
    "commands": TypeAdapter(SeatCommand),
    "from_server": SERVER_MESSAGE,
}
ALL = [(direction, tag) for direction, shapes in SHAPES.items() for tag in shapes]


@pytest.mark.parametrize(("direction", "tag"), ALL)
def test_every_shape_has_its_example_and_is_written_as_it_was_read(direction: str, tag: str) -> None:
    path = GOLDEN / direction / f"{tag}.json"
    assert path.exists(), f"{SHAPES[direction][tag].__name__} has no example: run `{COMMAND}`, read {path}, commit it"
    golden = path.read_text("utf-8")
    reader = UNIONS.get(direction) or TypeAdapter(SHAPES[direction][tag])
    value = reader.validate_json(golden)
    assert type(value) is SHAPES[direction][tag]
    assert text(value) == golden


@pytest.mark.parametrize(("direction", "tag"), ALL)
def test_every_example_is_complete(direction: str, tag: str) -> None:
    value = TypeAdapter(SHAPES[direction][tag]).validate_json((GOLDEN / direction / f"{tag}.json").read_text("utf-8"))
    assert list(_gaps(tag, value)) == []


def test_every_example_belongs_to_a_shape() -> None:
    assert {path.relative_to(GOLDEN).as_posix() for path in GOLDEN.rglob("*") if path.is_file()} == {
        f"{direction}/{tag}.json" for direction, tag in ALL
    }


@pytest.mark.parametrize(("direction", "tag"), ALL)
def test_the_command_that_is_named_makes_a_valid_and_complete_one(direction: str, tag: str) -> None:
    assert list(_gaps(tag, example(SHAPES[direction][tag], MODES[direction]))) == []


def _gaps(place: str, value: object) -> Iterator[str]:
    """Where something could be said and is not."""
    match value:
        case None | [] | ():
            yield place
        case dict() if not value:
            yield place
        case BaseModel():
            for name, inner in value:
                yield from _gaps(f"{place}.{name}", inner)
        case dict():
            for name, inner in value.items():
                yield from _gaps(f"{place}.{name}", inner)
        case list() | tuple():
            for index, inner in enumerate(value):
                yield from _gaps(f"{place}[{index}]", inner)
