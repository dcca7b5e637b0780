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
        extension = _Extension(said, _base(path, tree, (*above, path.stem), known))
        if extension.problems:
            raise _wrong(path, tree, extension.problems)
        whole, origin = extension.whole, extension.origin
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


class _Extension:
    """What a file that extends `base` comes to: leave out (`omit`), change and insert (`phases`), then the table of
    `minutes`. `problems` is what it names wrongly; `whole` is for the validation, and `origin` says where in the file
    an error of that stands."""

    def __init__(self, said: dict[str, Any], base: Script) -> None:
        self._said = said
        self._base = base.model_dump(mode="json", exclude_defaults=True)
        self._phases: dict[str, dict[str, Any]] = {phase["id"]: phase for phase in self._base["phases"]}
        self._places: dict[str, Loc] = {}
        self.problems: list[Problem] = []
        for index, name in enumerate(self._entries("omit", list, "must be a list of phases, for instance [follow_up]")):
            if self._known(("omit", index), name):
                del self._phases[name]
        for index, phase in enumerate(self._entries("phases", list, "must be a list of phases, each with its `id:`")):
            self._change(("phases", index), phase)
        self._minutes = self._entries("minutes", dict, "must be a table, for instance {advice: [18, 12]}")
        for name, pair in self._minutes.items():
            self._allot(("minutes", name), name, pair)

    @property
    def whole(self) -> dict[str, Any]:
        order = [drain for drain in self._base["elastic_order"] if drain["phase"] in self._phases]
        own = {key: value for key, value in self._said.items() if key not in ("extends", "omit", "minutes")}
        return {**self._base, "elastic_order": order, **own, "phases": list(self._phases.values())}

    def origin(self, problem: ErrorDetails) -> Problem:
        """Where in the file an error of the whole script stands; at `extends` if it comes from what is inherited."""
        loc, text = problem["loc"], _text(problem)
        match loc:
            case ("phases", int(index), *rest):
                name = list(self._phases)[index]
                if name in self._minutes and rest[:1] in ([], ["minutes"], ["minimum"]):
                    return ("minutes", name), text
                if name in self._places:
                    return (*self._places[name], *rest), text
            case (str(field), *_) if field in self._said:
                return loc, text
            case ():
                loc, text = _itself(self._said)(problem)
                return loc or ("extends",), text
        return ("extends",), f"{'.'.join(map(str, loc))}: {text}"

    def _entries(self, field: str, kind: type[list[Any] | dict[str, Any]], mend: str) -> Any:
        found = self._said.get(field, kind())
        if isinstance(found, kind):
            return found
        self.problems.append(((field,), mend))
        return kind()

    def _known(self, loc: Loc, name: Any, mend: str = "") -> bool:
        known = isinstance(name, str) and name in self._phases
        if not known:
            self.problems.append((loc, f"no phase {name}; there are: {', '.join(self._phases)}{mend}"))
        return known

    def _change(self, loc: Loc, phase: Any) -> None:
        """The fields that are said replace those of the phase; with `after` it stands there."""
        name = phase.get("id") if isinstance(phase, dict) else None
        if not isinstance(name, str):
            self.problems.append((loc, "a phase is a mapping that begins with `id:`"))
        elif "after" in phase:
            own = {key: value for key, value in phase.items() if key != "after"}
            moved = {**self._phases.pop(name, {}), **own}
            ids = list(self._phases)
            found = self._known((*loc, "after"), phase["after"])
            at = ids.index(phase["after"]) + 1 if found else len(ids)
            self._phases = {one: self._phases.get(one, moved) for one in (*ids[:at], name, *ids[at:])}
            self._places[name] = loc
        elif self._known((*loc, "id"), name, "; to insert it, say `after:` and one of these"):
            self._phases[name] |= phase
            self._places[name] = loc

    def _allot(self, loc: Loc, name: str, pair: Any) -> None:
        if not self._known(loc, name):
            return
        if isinstance(pair, list) and len(pair) == 2:
            self._phases[name] |= {"minutes": pair[0], "minimum": pair[1]}
        else:
            self.problems.append((loc, "must be [minutes, minimum], for instance [18, 12]"))


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
