"""Reads scripts of sessions: YAML 1.2 files in `protocols/`, validated by `core.script`.

A file may say `extends: <sibling>` and then only what differs; the core gets one whole `Script` and never knows.
Every error names the file, the line and the column, says what is wrong there and how to mend it (decision 26). The
format is told in `protocols/README.md`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from cosession.core.script import Script

#: Larger files are no scripts.
SCRIPT_BYTES = 256 * 1024
#: The script that is offered first.
DEFAULT = "codev-75"

#: The way to a value in a file: keys, and places in lists.
Loc = tuple[int | str, ...]
Problem = tuple[Loc, str]


class WrongScript(Exception):
    """One line for each error: `file:line:column: what is wrong`."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


def read(path: Path) -> Script:
    """The script in a file, whole. Raises `WrongScript`, with all that is wrong, or OSError."""
    return _read(path, (), {})


def read_all(folder: Path) -> tuple[dict[str, Script], list[str]]:
    """All scripts of a folder by id, the default first and then by length, and what is wrong with the files that were
    left out."""
    known: dict[Path, Script] = {}
    wrong: dict[str, None] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            _read(path, (), known)
        except WrongScript as error:
            wrong.update(dict.fromkeys(error.lines))
    scripts = sorted(known.values(), key=lambda script: (script.id != DEFAULT, script.planned_ms, script.id))
    return {script.id: script for script in scripts}, list(wrong)


def _read(path: Path, above: tuple[str, ...], known: dict[Path, Script]) -> Script:
    """`above`: the files that extend this one, the first one first. `known`: what has been read already."""
    if path in known:
        return known[path]
    tree = _tree(path)
    said = _plain(tree)
    whole, origin = said, _itself(said)
    if "extends" in said:
        base = _base(path, tree, (*above, path.stem), known)
        whole, origin, problems = _extended(said, base)
        if problems:
            raise _wrong(path, tree, problems)
    try:
        script = Script.model_validate(whole)
    except ValidationError as error:
        raise _wrong(path, tree, [origin(problem) for problem in error.errors(include_url=False)]) from None
    if script.id != path.stem:
        raise _wrong(path, tree, [(("id",), f"must be the file's name, {path.stem}")])
    known[path] = script
    return script


def _tree(path: Path) -> Any:
    """The file's mapping, with the places of everything in it."""
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
    return tree


# -- a script that extends another -----------------------------------------------------------------------------------


def _base(path: Path, tree: Any, chain: tuple[str, ...], known: dict[Path, Script]) -> Script:
    """The script that this one extends. Only files of the same folder can be named, so a name is never a path."""
    siblings = {other.stem: other for other in sorted(path.parent.glob("*.yaml"))}
    name = tree["extends"]
    if not isinstance(name, str) or name not in siblings:
        others = ", ".join(stem for stem in siblings if stem != path.stem)
        raise _wrong(path, tree, [(("extends",), f"no such script beside this file; there are: {others or 'none'}")])
    if name in chain:
        circle = " -> ".join((*chain[chain.index(name) :], name))
        raise _wrong(path, tree, [(("extends",), f"{circle} is a circle; write one of them out in full")])
    try:
        return _read(siblings[name], chain, known)
    except WrongScript as error:
        here = _wrong(path, tree, [(("extends",), f"{name} has errors of its own; mend them first")])
        raise WrongScript(here.lines + error.lines) from None


def _extended(
    said: dict[str, Any], base: Script
) -> tuple[dict[str, Any], Callable[[ErrorDetails], Problem], list[Problem]]:
    """The whole script, from where in the file its parts come, and what the file names wrongly.

    The order: leave out (`omit`), change and insert (`phases`), then the table of `minutes`.
    """
    whole = base.model_dump(mode="json", exclude_defaults=True)
    phases: dict[str, dict[str, Any]] = {phase["id"]: phase for phase in whole["phases"]}
    places: dict[str, Loc] = {}
    problems: list[Problem] = []

    def named(loc: Loc, name: Any, mend: str = "") -> bool:
        if isinstance(name, str) and name in phases:
            return True
        problems.append((loc, f"no phase {name}; there are: {', '.join(phases)}{mend}"))
        return False

    def entries(field: str, kind: type[list[Any] | dict[str, Any]], mend: str) -> Any:
        found = said.get(field, kind())
        if not isinstance(found, kind):
            problems.append(((field,), mend))
        return found if isinstance(found, kind) else kind()

    for index, name in enumerate(entries("omit", list, "must be a list of phases, for instance [follow_up]")):
        if named(("omit", index), name):
            del phases[name]
    for index, phase in enumerate(entries("phases", list, "must be a list of phases, each with its `id:`")):
        loc: Loc = ("phases", index)
        name = phase.get("id") if isinstance(phase, dict) else None
        if not isinstance(name, str):
            problems.append((loc, "a phase is a mapping that begins with `id:`"))
        elif "after" in phase:
            moved = {**phases.pop(name, {}), **{key: value for key, value in phase.items() if key != "after"}}
            places[name] = loc
            found = named((*loc, "after"), phase["after"])
            phases = _after(phases, phase["after"] if found else None, name, moved)
        elif named((*loc, "id"), name, "; to insert it, say `after:` and one of these"):
            places[name] = loc
            phases[name] = {**phases[name], **phase}
    minutes = entries("minutes", dict, "must be a table, for instance {advice: [18, 12]}")
    for name, pair in minutes.items():
        if not named(("minutes", name), name):
            continue
        if not isinstance(pair, list) or len(pair) != 2:
            problems.append((("minutes", name), "must be [minutes, minimum], for instance [18, 12]"))
        else:
            phases[name] = {**phases[name], "minutes": pair[0], "minimum": pair[1]}
    whole["elastic_order"] = [drain for drain in whole["elastic_order"] if drain["phase"] in phases]
    whole |= {key: value for key, value in said.items() if key not in ("extends", "omit", "minutes")}
    whole["phases"] = list(phases.values())
    ids = list(phases)
    itself = _itself(said)

    def origin(problem: ErrorDetails) -> Problem:
        match problem["loc"]:
            case ("phases", int(index), *rest):
                name, text = ids[index], _text(problem)
                if name in minutes and (not rest or rest[0] in ("minutes", "minimum")):
                    return ("minutes", name), text
                return ((*places[name], *rest), text) if name in places else _inherited(problem)
            case (str(field), *_) if field not in said:
                return _inherited(problem)
        found, text = itself(problem)
        return (found, text) if found else (("extends",), text)

    return whole, origin, problems


def _after(phases: dict[str, Any], after: str | None, name: str, phase: dict[str, Any]) -> dict[str, Any]:
    """The phases in their order with one more, behind `after` or at the end."""
    ids = list(phases)
    at = len(ids) if after is None else ids.index(after) + 1
    return {one: phase if one == name else phases[one] for one in (*ids[:at], name, *ids[at:])}


# -- where an error stands -------------------------------------------------------------------------------------------


def _text(problem: ErrorDetails) -> str:
    return problem["msg"].removeprefix("Value error, ")


def _inherited(problem: ErrorDetails) -> Problem:
    return ("extends",), f"{'.'.join(map(str, problem['loc']))}: {_text(problem)}"


def _itself(said: dict[str, Any]) -> Callable[[ErrorDetails], Problem]:
    """An error stands where the validation says; one about the script as a whole at the field with which it begins."""

    def origin(problem: ErrorDetails) -> Problem:
        field, _, rest = _text(problem).partition(": ")
        if not problem["loc"] and field in said:
            return (field,), rest
        return problem["loc"], _text(problem)

    return origin


def _wrong(path: Path, tree: Any, problems: list[Problem]) -> WrongScript:
    lines = []
    for loc, text in problems:
        line, column = _place(tree, loc)
        lines.append(f"{path.name}:{line}:{column}: {'.'.join(map(str, loc)) or 'script'}: {text}")
    return WrongScript(lines)


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
