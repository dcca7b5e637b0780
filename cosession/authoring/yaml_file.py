"""Reads YAML 1.2 files that people write: a mapping in which everything keeps its place.

Every error names the file, the line and the column, says what is wrong there and how to fix it (decision 26). What a
file may cost is limited (`yaml_tree`). What a file means is not known here: that is `scripts` and `rotation_file`.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails

from cosession.authoring.yaml_tree import Node, Place, Slip, place_in, read

#: Larger files were not written by people; the largest script that is delivered has 24 KiB.
FILE_BYTES = 128 * 1024
#: Of so many errors the first are said; a line is not longer than so many characters.
ERRORS = 50
LINE_CHARACTERS = 1_000

#: The way to a value in a file: keys, and places in lists.
Loc = tuple[int | str, ...]
Problem = tuple[Loc, str]


class WrongFile(Exception):
    """One line for each error: `file:line:column: what is wrong`; without a place where the file cannot be read. Lines
    are lines whatever stands in the file: what cannot be printed is left out of them."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = [_line(line) for line in lines]
        super().__init__("\n".join(self.lines))


def _line(said: str) -> str:
    cut = said if len(said) <= LINE_CHARACTERS else said[: LINE_CHARACTERS - 1] + "…"
    return "".join(character if character.isprintable() else "?" for character in cut)


def load(path: Path, what: str, begins: str) -> Node:
    """The file's mapping, with the places of everything in it. `what` it is and how it `begins` is for the words of
    errors. Raises `WrongFile`."""
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES + 1)
    except OSError as error:
        raise WrongFile([f"{path.name}: {error.strerror or type(error).__name__}"]) from None
    if len(raw) > FILE_BYTES:
        raise WrongFile([f"{path.name}:1:1: larger than {FILE_BYTES // 1024} KiB, so it is no {what}"])
    try:
        tree = read(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        place = place_in(raw[: error.start].decode("utf-8"))
        raise WrongFile([f"{path.name}:{_said(place)}: not UTF-8: save the file as UTF-8"]) from None
    except Slip as slip:
        raise WrongFile([f"{path.name}:{_said(slip.place)}: {slip.text}"]) from None
    if tree is None or not isinstance(tree.content, dict):
        raise WrongFile([f"{path.name}:1:1: a {what} is a mapping that begins with `{begins}:`"])
    return tree


def plain(node: Node) -> Any:
    """The same tree as plain data, without the places."""
    match node.content:
        case dict() as fields:
            return {name: plain(value) for name, (_, value) in fields.items()}
        case list() as entries:
            return [plain(entry) for entry in entries]
        case scalar:
            return scalar


# -- where an error stands -------------------------------------------------------------------------------------------


def text_of(problem: ErrorDetails) -> str:
    """What a validation says, in one line."""
    return problem["msg"].removeprefix("Value error, ")


def itself(said: dict[str, Any]) -> Callable[[ErrorDetails], Problem]:
    """An error stands where the validation says; one about the file as a whole at the field with which it begins."""

    def origin(problem: ErrorDetails) -> Problem:
        field, _, rest = text_of(problem).partition(": ")
        if not problem["loc"] and field in said:
            return (field,), rest
        return problem["loc"], text_of(problem)

    return origin


def wrong(path: Path, tree: Node, what: str, problems: list[Problem]) -> WrongFile:
    """The error for a file in which `problems` were found, each with its line and column."""
    lines = [
        f"{path.name}:{_said(_place(tree, loc))}: {'.'.join(map(str, loc)) or what}: {text}"
        for loc, text in problems[:ERRORS]
    ]
    more = len(problems) - ERRORS
    return WrongFile([*lines, f"{path.name}: {more} more: fix these first"] if more > 0 else lines)


def _said(place: Place) -> str:
    """As people and editors count: from 1."""
    return f"{place[0] + 1}:{place[1] + 1}"


def _place(tree: Node, loc: Loc) -> Place:
    """The place of the deepest node on the way to `loc` that the file has."""
    place, node = (0, 0), tree
    for step in loc:
        content = node.content
        if isinstance(content, dict) and isinstance(step, str) and step in content:
            place, node = content[step]
        elif isinstance(content, list) and isinstance(step, int) and step < len(content):
            node = content[step]
            place = node.place
        else:
            return node.place if isinstance(content, dict | list) else place
    return place
