"""`cosession rotation …`: the plan of a programme, for people, for programs, and to keep.

Results go to stdout, what is wrong to stderr. Nothing is decided here: reading is `rotation_file`, planning
`programme.rotation`, drawing `rotation_table`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cosession.cli.languages import Tag, words_in
from cosession.cli.output import fail_all

if TYPE_CHECKING:
    from cosession.programme.programme import Programme
    from cosession.programme.rotation import Plan

app = typer.Typer(no_args_is_help=True, help="Plan who is what in the sessions of a programme.")


@app.callback()
def _verbs() -> None:
    """Keeps `plan` a verb while it is the only one."""


@app.command()
def plan(
    file: Annotated[Path, typer.Argument(help="A programme, YAML; protocols/README.md tells how to write one.")],
    language: Tag = "fr",
    as_json: Annotated[bool, typer.Option("--json", help="Print one object, and nothing else, on stdout.")] = False,
    as_yaml: Annotated[
        bool, typer.Option("--yaml", help="Print the sessions to come as `planned:`, to be kept in FILE.")
    ] = False,
) -> None:
    """Plan a programme, or plan it anew: what was held stays, the rest changes as little as possible. Status 1, with
    the rule that cannot hold and its fix, if there is no plan."""
    from cosession.authoring.rotation_file import read
    from cosession.authoring.rotation_table import RotationTable
    from cosession.authoring.yaml_file import WrongFile
    from cosession.programme.rotation import Impossible
    from cosession.programme.rotation import plan as make

    words = words_in(language, "cosession", "authoring")
    try:
        programme = read(file)
    except WrongFile as error:
        fail_all(error.lines)
    table = RotationTable(programme, words)
    try:
        made = make(programme)
    except Impossible as error:
        fail_all(f"{file.name}: {table.why_not(obstacle)}" for obstacle in error.obstacles)
    if as_json:
        print(json.dumps(_object(programme, made), ensure_ascii=False))
    else:
        print(*(_kept(made) if as_yaml else table.lines(made)), sep="\n")


def _object(programme: Programme, made: Plan) -> dict[str, Any]:
    from cosession.programme.programme import PARTS

    dates = programme.sessions.dates
    return {
        "title": programme.title,
        "people": programme.names,
        "sessions": [
            {
                "session": one.number,
                "date": dates[one.number - 1].isoformat() if dates else None,
                "held": one.held,
                **{part.value: one.parts.get(part) for part in PARTS},
                "opens": one.opens,
                "follow_up_missed": one.missed,
                "reserve": one.reserve,
                "client_again": one.again,
                "absent": list(one.absent),
                "changed": list(one.changed),
            }
            for one in made.sessions
        ],
        "never": {job.value: list(people) for job, people in made.never.items()},
        "waiting": list(made.waiting),
        "changes": made.changes,
        "proven": made.proven,
    }


def _kept(made: Plan) -> Iterator[str]:
    coming = [one for one in made.sessions if not one.held]
    yield "planned:" if coming else "planned: []"
    for one in coming:
        parts = ", ".join(f"{part.value}: {name}" for part, name in one.parts.items())
        yield f"  - {{session: {one.number}, {parts}}}"
