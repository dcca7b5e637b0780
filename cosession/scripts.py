"""Reads scripts of sessions: YAML 1.2 files in `protocols/`, validated by `core.script`.

Every error names the file, the line and the column, and says what is wrong there (decision 26).
"""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cosession.core.script import Script

#: Larger files are no scripts.
SCRIPT_BYTES = 256 * 1024


class WrongScript(Exception):
    """One line for each error: `file:line:column: what is wrong`."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read(path: Path) -> Script:
    """The script in a file. Raises `WrongScript`, with all that is wrong, or OSError."""
    raw = path.read_bytes()
    if len(raw) > SCRIPT_BYTES:
        raise WrongScript([f"{path.name}:1:1: larger than {SCRIPT_BYTES // 1024} KiB, so it is no script"])
    try:
        tree = YAML(typ="rt", pure=True).load(StringIO(raw.decode("utf-8")))
    except UnicodeDecodeError:
        raise WrongScript([f"{path.name}:1:1: not UTF-8: save the file as UTF-8"]) from None
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        raise WrongScript([f"{path.name}:{place}: not YAML: {error.problem or error.context}"]) from None
    except YAMLError as error:
        raise WrongScript([f"{path.name}:1:1: not YAML: {type(error).__name__}"]) from None
    if not isinstance(tree, dict):
        raise WrongScript([f"{path.name}:1:1: a script is a mapping that begins with `id:`"])
    try:
        script = Script.model_validate(_plain(tree))
    except ValidationError as error:
        raise WrongScript(
            [
                f"{path.name}:{line}:{column}: {'.'.join(map(str, problem['loc'])) or 'script'}: "
                f"{problem['msg'].removeprefix('Value error, ')}"
                for problem in error.errors(include_url=False)
                for line, column in [_place(tree, problem["loc"])]
            ]
        ) from None
    if script.id != path.stem:
        line, column = _place(tree, ("id",))
        raise WrongScript([f"{path.name}:{line}:{column}: id: must be the file's name, {path.stem}"])
    return script


def read_all(folder: Path) -> tuple[dict[str, Script], list[str]]:
    """All scripts of a folder by id, the default first, and what is wrong with the files that were left out."""
    scripts: dict[str, Script] = {}
    wrong: list[str] = []
    for path in sorted(folder.glob("*.yaml"), key=lambda path: (path.stem != "codev-75", path.stem)):
        try:
            scripts[path.stem] = read(path)
        except WrongScript as error:
            wrong += error.lines
    return scripts, wrong


def _place(tree: Any, loc: tuple[int | str, ...]) -> tuple[int, int]:
    """Line and column, from 1, of the deepest node on the way to `loc` that the file has."""
    line, column = 0, 0
    for node, step in _walk(tree, loc):
        mark = node.lc.data.get(step) if node.lc.data else None
        line, column = (mark[0], mark[1]) if mark else (node.lc.line, node.lc.col)
    return line + 1, column + 1


def _walk(tree: Any, loc: tuple[int | str, ...]) -> Iterator[tuple[Any, int | str]]:
    node = tree
    for step in loc:
        if not hasattr(node, "lc"):
            return
        yield node, step
        try:
            node = node[step]
        except (KeyError, IndexError, TypeError):
            return


def _plain(node: Any) -> Any:
    """The same tree without what ruamel knows about places and styles."""
    if isinstance(node, dict):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    for plain in (bool, int, float):
        if isinstance(node, plain):
            return plain(node)
    return str(node) if isinstance(node, str) else node
