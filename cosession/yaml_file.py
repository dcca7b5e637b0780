"""Reads YAML 1.2 files that people write: a mapping in which everything keeps its place.

Every error names the file, the line and the column, says what is wrong there and how to mend it (decision 26). What a
file means is not known here: that is `scripts` and `rotation_file`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

#: Larger files were not written by people.
FILE_BYTES = 256 * 1024

#: The way to a value in a file: keys, and places in lists.
Loc = tuple[int | str, ...]
Problem = tuple[Loc, str]


class WrongFile(Exception):
    """One line for each error: `file:line:column: what is wrong`."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def load(path: Path, what: str, begins: str) -> Any:
    """The file's mapping, with the places of everything in it. `what` it is and how it `begins` is for the words of
    errors. Raises `WrongFile` or OSError."""
    raw = path.read_bytes()
    if len(raw) > FILE_BYTES:
        raise WrongFile([f"{path.name}:1:1: larger than {FILE_BYTES // 1024} KiB, so it is no {what}"])
    try:
        tree = YAML(typ="rt", pure=True).load(StringIO(raw.decode("utf-8")))
    except UnicodeDecodeError:
        raise WrongFile([f"{path.name}:1:1: not UTF-8: save the file as UTF-8"]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise WrongFile([f"{path.name}:{place}: not YAML: {error.problem or error.context}"]) from None
    except YAMLError as error:
        raise WrongFile([f"{path.name}:1:1: not YAML: {type(error).__name__}"]) from None
    if not isinstance(tree, dict):
        raise WrongFile([f"{path.name}:1:1: a {what} is a mapping that begins with `{begins}:`"])
    return tree


def plain(node: Any) -> Any:
    """The same tree without what ruamel knows about places and styles."""
    if isinstance(node, dict):
        return {str(key): plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [plain(value) for value in node]
    for simple in (bool, int, float):
        if isinstance(node, simple):
            return simple(node)
    return str(node) if isinstance(node, str) else node


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


def wrong(path: Path, tree: Any, what: str, problems: list[Problem]) -> WrongFile:
    """The error for a file in which `problems` were found, each with its line and column."""
    lines = []
    for loc, text in problems:
        line, column = _place(tree, loc)
        lines.append(f"{path.name}:{line}:{column}: {'.'.join(map(str, loc)) or what}: {text}")
    return WrongFile(lines)


def _place(tree: Any, loc: Loc) -> tuple[int, int]:
    """Line and column, from 1, of the deepest node on the way to `loc` that the file has."""
    line, column = 0, 0
    for node, step in _walk(tree, loc):
        mark = node.lc.data.get(step) if node.lc.data else None
        line, column = (mark[0], mark[1]) if mark else (node.lc.line, node.lc.col)
    return line + 1, column + 1


def _walk(tree: Any, loc: Loc) -> Iterator[tuple[Any, int | str]]:
    node = tree
    for step in loc:
        if not hasattr(node, "lc"):
            return
        yield node, step
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return
