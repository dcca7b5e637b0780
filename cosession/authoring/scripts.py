"""Reads scripts of sessions: YAML 1.2 files in `protocols/`, validated by `core.script`.

A file may say `extends: <sibling>` and then only what differs; the core gets one whole `Script` and never knows.
Every error names the file, the line and the column, says what is wrong there and how to fix it (decision 26). The
format is told in `protocols/README.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from difflib import get_close_matches
from functools import cache, lru_cache
from math import inf
from pathlib import Path
from stat import S_ISREG
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from cosession.authoring.yaml_file import ERRORS, Loc, Problem, WrongFile, load, plain, text_of, wrong
from cosession.authoring.yaml_tree import Node
from cosession.core.script import (
    FAMILIAR,
    CaptureField,
    CaptureSpec,
    Cue,
    Drops,
    Model,
    Phase,
    Script,
    Step,
    Text,
)
from cosession.core.vocabulary import Overtime

#: What callers of this module catch: one line for each error, `file:line:column: what is wrong`.
WrongScript = WrongFile
#: The script that is offered first.
DEFAULT = "codev-75"
#: The names of the files that a script comes from: its own, of the one that it extends, and so on.
_Chain = tuple[str, ...]
#: The scripts of a folder that have been read.
_Known = dict[Path, tuple[Script, _Chain]]
#: What no session has: so many phases in a script, so many with repeats, so many minutes; and a script that extends one
#: that extends one ends there. The engine holds with more, these are here so that no file makes it slow.
PHASES = 40
RUNS = 100
MINUTES = 720
FILES = 3


def read(path: Path) -> Script:
    """The script in a file, whole. Raises `WrongScript`, with all that is wrong."""
    return _read(path, (), {})[0]


def read_all(folder: Path) -> tuple[dict[str, Script], list[str]]:
    """All scripts of a folder by id, the default first and then by length, and what is wrong with the files that were
    left out."""
    known: _Known = {}
    errors: dict[str, None] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            _read(path, (), known)
        except WrongScript as error:
            errors.update(dict.fromkeys(error.lines))
    scripts = sorted(
        (script for script, _ in known.values()),
        key=lambda script: (script.id != DEFAULT, script.planned_ms, script.id),
    )
    return {script.id: script for script in scripts}, list(errors)


class _TooFar(WrongScript):
    """A file extends one that extends one, and so on. Whether those are right by themselves is another question."""


def _read(path: Path, above: _Chain, known: _Known) -> tuple[Script, _Chain]:
    """The script, and where it comes from. `above`: the files that extend this one, the first one first."""
    script, way = known.get(path, (None, (path.stem,)))
    whole = (*above, *way)
    if len(whole) > FILES:
        said = " -> ".join(whole[: FILES + 1])
        raise _TooFar([f"{said} is too long a way, at most {FILES} files; write one of them out in full"])
    if script is not None:
        return script, way
    with suppress(OSError):
        if not S_ISREG(path.stat().st_mode):
            raise WrongScript([f"{path.name}: is no file"])
    tree = load(path, "script", "id")
    said = plain(tree)
    extension = None
    if "extends" in said:
        base, beyond = _base(path, tree, said, above, known)
        extension, way = _Extension(said, base), (path.stem, *beyond)
    script, flaws = _validated(said if extension is None else extension.whole)
    problems = flaws if extension is None else [*extension.problems, *map(extension.origin, flaws)]
    problems += [((*loc, "tu"), f"is written fr{FAMILIAR} now") for loc, text in texts_of(said) if "tu" in text]
    if said.get("id", path.stem) != path.stem:
        problems.append((("id",), f"must be the file's name, {path.stem}"))
    if script is None or problems:
        raise wrong(path, tree, "script", problems)
    known[path] = script, way
    return script, way


#: The fields in which a text stands, or a list of texts.
_TEXTS = {
    name
    for model in (Script, Phase, Step, CaptureSpec, CaptureField, Cue)
    for name, field in model.model_fields.items()
    if field.annotation in (Text, Text | None, tuple[Text, ...])
}


def texts_of(said: Any, loc: Loc = (), field: str = "") -> Iterator[tuple[Loc, dict[str, Any]]]:
    """The texts that a file says itself, each by language and with its place."""
    match said:
        case dict() if field in _TEXTS:
            yield loc, said
        case dict():
            for name, value in said.items():
                yield from texts_of(value, (*loc, name), name)
        case list():
            for place, value in enumerate(said):
                yield from texts_of(value, (*loc, place), field)


def _validated(whole: dict[str, Any]) -> tuple[Script | None, list[Problem]]:
    """The script, or all that is wrong with it."""
    phases = whole.get("phases")
    if isinstance(phases, list) and len(phases) > PHASES:
        return None, [(("phases", PHASES), f"a script has at most {PHASES} phases: leave this one out")]
    try:
        script = Script.model_validate(whole)
        return script, list(_too_long(script))
    except ValidationError as error:
        found = error.errors(include_url=False)
    within = {loc[:end] for loc in (problem["loc"] for problem in found) for end in range(len(loc))}
    # A list of which one is wrong is not too short.
    problems = [(p["loc"], _plainly(p)) for p in found if p["type"] != "too_short" or p["loc"] not in within]
    known = set(problems)
    return None, [*problems, *(flaw for flaw in _between(whole, problems) if flaw not in known)]


def _too_long(script: Script) -> Iterator[Problem]:
    """What a session would be with as many people as the script allows."""
    people = script.people.maximum
    runs, minutes = len(script.sequence(people)), script.lasts_ms(people) / 60_000
    if runs > RUNS:
        yield ("repeat", "phases"), f"come to {runs} phases with {people} people; at most {RUNS}: repeat fewer"
    if minutes > MINUTES:
        yield ("phases",), f"last {minutes:g} minutes with {people} people; at most {MINUTES}: shorten them"


#: What a validation says in the words of programs, said with the fix.
_MENDS = {
    "missing": "is missing: add it",
    "too_short": "needs at least one entry",
    "tuple_type": "must be a list, even of one: [client]",
    "model_type": "must be a mapping, for instance {client: hold}",
    "dict_type": "must be a mapping by language, for instance {fr: Pause, en: Break}",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "string_type": "must be a text: put it in quotes",
    "int_parsing": "must be a whole number without a unit, for instance 8",
    "int_type": "must be a whole number without a unit, for instance 8",
    "int_from_float": "must be a whole number, for instance 8",
    "float_parsing": "must be a number without a unit, for instance 8 or 7.5",
    "float_type": "must be a number without a unit, for instance 8 or 7.5",
    "string_too_short": "is empty: write something",
    "string_pattern_mismatch": "must begin with a small letter and go on with small letters, digits and underscores, "
    "or hyphens where it is the name of a file; at most 40 characters",
}
#: The same of limits, with the limit.
_LIMITS = {
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "string_too_long": "is longer than {max_length} characters: shorten it",
}
_FIELDS = [
    field for model in (Script, Phase, Step, CaptureSpec, CaptureField, Cue, Drops) for field in model.model_fields
]


def _plainly(problem: ErrorDetails) -> str:
    context = problem.get("ctx", {})
    if problem["type"] in ("enum", "literal_error"):
        return _no_such_word(str(context["expected"]), problem.get("input"))
    if problem["type"] != "extra_forbidden":
        limit = _LIMITS.get(problem["type"])
        return limit.format(**context) if limit else _MENDS.get(problem["type"], text_of(problem))
    close = _close(str(problem["loc"][-1]))
    return f"there is no such field; did you mean {close}?" if close else "there is no such field: leave it out"


def _no_such_word(expected: str, said: Any) -> str:
    """`expected` is what the validation says: 'one', 'two' or 'three'."""
    words = expected.replace("'", "").replace(" or ", ", ").split(", ")
    meant = get_close_matches(said, words, n=1) if isinstance(said, str) else []
    return f"there is no such word here; there are: {', '.join(words)}" + "".join(f"; did you mean {w}?" for w in meant)


@lru_cache(ERRORS)
def _close(name: str) -> str | None:
    """The field that was meant."""
    return next(iter(get_close_matches(name, _FIELDS, n=1)), None)


def _between(whole: dict[str, Any], problems: list[Problem]) -> Iterator[Problem]:
    """What is wrong between the parts, as far as these are right by themselves: a wrong one must not hide it."""
    phases = whole.get("phases")
    if not isinstance(phases, list):
        return iter(())
    outlines = []
    for index, said in enumerate(phases):
        spoilt = {str(loc[2]) for loc, _ in problems if loc[:2] == ("phases", index) and len(loc) > 2}
        spoilt |= {"minutes", "minimum"} if spoilt & {"minutes", "minimum"} else set()
        bare: dict[str, Any] = {"id": f"({index})", "minutes": inf, "minimum": 0, "steps": (), "cues": ()}
        if "overtime" in spoilt:
            bare["overtime"] = Overtime.HARD
        outlines.append(Phase.model_construct(**{**bare, **_sound(Phase, said, spoilt)}))
    sound = _sound(Script, whole, {"phases", *(str(loc[0]) for loc, _ in problems if loc)})
    return Script.model_construct(**{"elastic_order": (), **sound, "phases": tuple(outlines)}).flaws()


def _sound(model: type[Model], said: Any, spoilt: set[str]) -> dict[str, Any]:
    """The fields of a part that are right, as the model has them."""
    here = said if isinstance(said, dict) else {}
    fields: dict[str, Any] = {name: field.annotation for name, field in model.model_fields.items() if name in here}
    return {n: _adapter(kind).validate_python(here[n]) for n, kind in fields.items() if n not in spoilt}


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """To make one costs more than to validate with it."""
    return TypeAdapter(kind)


# -- a script that extends another -----------------------------------------------------------------------------------


def _base(path: Path, tree: Node, said: dict[str, Any], above: _Chain, known: _Known) -> tuple[Script, _Chain]:
    """The script that this one extends, and where that comes from. Only files of the same folder can be named, so a
    name is never a path."""
    chain = (*above, path.stem)
    siblings = {other.stem: other for other in sorted(path.parent.glob("*.yaml"))}
    name = said["extends"]
    if not isinstance(name, str) or name not in siblings:
        others = ", ".join(stem for stem in siblings if stem != path.stem)
        raise wrong(
            path, tree, "script", [(("extends",), f"no such script beside this file; there are: {others or 'none'}")]
        )
    if name in chain:
        circle = " -> ".join((*chain[chain.index(name) :], name))
        raise wrong(path, tree, "script", [(("extends",), f"{circle} is a circle; write one of them out in full")])
    try:
        return _read(siblings[name], chain, known)
    except _TooFar as error:
        if above:
            raise
        raise wrong(path, tree, "script", [(("extends",), error.lines[0])]) from None
    except WrongScript as error:
        here = wrong(path, tree, "script", [(("extends",), f"{name} has errors of its own; fix them first")])
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

    def origin(self, problem: Problem) -> Problem:
        """Where in the file an error of the whole script stands; at `extends` if it comes from what is inherited."""
        loc, text = problem
        match loc:
            case ("phases", int(index), *rest):
                name = list(self._phases)[index]
                if name in self._minutes and rest[:1] in ([], ["minutes"], ["minimum"]):
                    return ("minutes", name), text
                if name in self._places:
                    return (*self._places[name], *rest), text
                loc = ("phases", name, *rest)
            case (str(field), *_) if field in self._said:
                return loc, text
        return ("extends",), f"{'.'.join(map(str, loc))}: {text}" if loc else text

    def _entries(self, field: str, kind: type[list[Any] | dict[str, Any]], fix: str) -> Any:
        found = self._said.get(field, kind())
        if isinstance(found, kind):
            return found
        self.problems.append(((field,), fix))
        return kind()

    def _known(self, loc: Loc, name: Any, fix: str = "") -> bool:
        known = isinstance(name, str) and name in self._phases
        if not known:
            self.problems.append((loc, f"no phase {name}; there are: {', '.join(self._phases)}{fix}"))
        return known

    def _change(self, loc: Loc, phase: Any) -> None:
        """The fields that are said replace those of the phase; with `after` it stands there."""
        name = phase.get("id") if isinstance(phase, dict) else None
        if not isinstance(name, str):
            self.problems.append((loc, "a phase is a mapping that begins with `id:`"))
        elif name in self._places:
            self.problems.append(((*loc, "id"), f"{name} stands twice; write it once"))
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
