"""Reads the file of a programme: YAML 1.2, validated by `programme.programme`; its format is told in
`protocols/README.md`.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from cosession.authoring.yaml_file import Problem, load, plain, text_of, wrong
from cosession.programme.programme import Cast, Member, Model, Outside, Programme, Sessions, faults

_WHAT = "programme"
_MODELS: dict[int | str, type[Model]] = {
    "members": Member,
    "facilitator": Outside,
    "sessions": Sessions,
    "held": Cast,
    "planned": Cast,
}


def read(path: Path) -> Programme:
    """The programme in a file, without faults. Raises `yaml_file.WrongFile`, with all that is wrong."""
    tree = load(path, _WHAT, "members")
    try:
        programme = Programme.model_validate(plain(tree))
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors(include_url=False)]
        raise wrong(path, tree, _WHAT, problems) from None
    found = list(faults(programme))
    if found:
        raise wrong(path, tree, _WHAT, found)
    return programme


def _problem(error: ErrorDetails) -> Problem:
    loc = error["loc"]
    if error["type"] == "extra_forbidden":
        model = _MODELS[loc[0]] if len(loc) > 1 else Programme
        return loc, f"no such field; there are: {', '.join(model.model_fields)}"
    if error["type"] == "missing":
        return loc, "is missing; add it"
    if error["type"] == "string_pattern_mismatch":
        return loc, "an id is small letters, digits, - and _, and begins with a letter"
    return loc, text_of(error)
