"""`cosession script …`: check the files, draw one, play one without network, and write what is generated from them.

Results go to stdout, what is wrong to stderr. Nothing is decided here: reading, checking and drawing is
`authoring`'s, playing `rehearse`'s.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosession.cli.languages import Tag, installed, words_in
from cosession.cli.output import fail, fail_all

if TYPE_CHECKING:
    from cosession.core.script import Script

app = typer.Typer(
    no_args_is_help=True, help="Check, draw and play the scripts of sessions, and what is generated from them."
)

Name = Annotated[str, typer.Argument(help="A script of protocols/ by its id, or a file ending in .yaml.")]


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Scripts of sessions, YAML.")]) -> None:
    """Check scripts: every error with its file, line, column and fix. Status 1 if there is one; warnings do not
    fail."""
    from cosession import assets
    from cosession.authoring.check import warnings
    from cosession.authoring.scripts import WrongScript, read
    from cosession.core.sharing import left_out_from

    languages = installed()
    wrong: list[str] = []
    for file in files:
        try:
            found = read(file)
            own = file.resolve().parent != assets.protocols().resolve()
            noted = warnings(file, found, languages, own)
        except WrongScript as error:
            wrong += error.lines
        else:
            phases = found.sequence(found.people.planned)
            falls = [
                f"; {phase.id} without step {index + 1} from {people} people on"
                for phase in found.phases
                for index in range(len(phase.steps))
                if (people := left_out_from(found, phase, index)) is not None
            ]
            print(f"{file}: {len(phases)} phases, {found.planned_ms / 60_000:g} minutes{''.join(falls)}")
            for warning in noted:
                print(warning, file=sys.stderr)
    if wrong:
        fail_all(wrong)


@app.command()
def show(
    name: Name,
    language: Tag = "fr",
) -> None:
    """Draw a script's timeline: phases in proportion, steps, turns, what is written and who sees it."""
    from cosession.authoring.timeline import timeline

    words = words_in(language, "cosession", "authoring")
    for line in timeline(_script(name), words):
        print(line)


@app.command()
def play(
    name: Name,
    people: Annotated[
        int | None, typer.Option(min=1, max=12, help="Members beside the facilitator; else as many as are planned.")
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed plays the same.")] = 1,
    lateness: Annotated[int, typer.Option(min=0, max=7200, help="Seconds late at the start.")] = 0,
    drops: Annotated[
        float, typer.Option(min=0, max=1, help="Chance per seat and phase of one absence of 5 to 120 s.")
    ] = 0.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object, and nothing else, on stdout.")] = False,
) -> None:
    """Play a script without network, by chance. Status 0 if the end held or was declared late, nobody was heard
    without the floor, and replay equals live."""
    from cosession.core.refusal import Refused
    from cosession.rehearse import Chances, NotRefused
    from cosession.rehearse import play as rehearse

    found = _script(name)
    try:
        outcome = rehearse(found, people or found.people.planned, Chances(seed, lateness, drops))
    except Refused as reason:
        fail(f"{found.id}: {reason}")
    except NotRefused as reason:
        fail(f"{found.id}, seed {seed}: this should have been refused: {reason}")
    if as_json:
        print(json.dumps(outcome.as_dict()))
    else:
        print(*outcome.lines(), sep="\n")
    raise typer.Exit(0 if outcome.good else 1)


Check = Annotated[bool, typer.Option("--check", help="Change nothing; status 1 if the file has drifted.")]
Folder = Annotated[Path, typer.Option(help="The folder of the scripts.")]


@app.command()
def schema(check: Check = False, folder: Folder = Path("protocols")) -> None:
    """Write the JSON Schema of script files, which editors use, from the model and README.md (in a checkout)."""
    from cosession.authoring.schema import schema as written

    file = folder / "script.schema.json"
    _generated(file, written(_text(folder / "README.md")), check, "schema")


@app.command()
def docs(check: Check = False, folder: Folder = Path("protocols")) -> None:
    """Write the state diagrams and the tables of phases into README.md (in a checkout)."""
    from cosession.authoring.docs import with_blocks
    from cosession.authoring.scripts import read_all

    file = folder / "README.md"
    scripts, wrong = read_all(folder)
    if wrong:
        fail(wrong[0])
    _generated(file, with_blocks(_text(file), scripts), check, "docs")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        fail(f"{file}: {error.strerror}: run this in the checkout, or name its folder with --folder")


def _generated(file: Path, text: str, check: bool, verb: str) -> None:
    """Write what was generated, or say that it has drifted."""
    if not check:
        file.write_text(text, encoding="utf-8")
        print(file)
    elif not file.is_file() or file.read_text(encoding="utf-8") != text:
        fail(f"{file} has drifted: run `cosession script {verb}` and commit the file")


def _script(name: str) -> Script:
    """A delivered script by id, or one in a file; says what is wrong and leaves with status 1."""
    from cosession import assets
    from cosession.authoring.scripts import WrongScript, read

    folder = assets.protocols()
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if not name.endswith(".yaml") and name not in known:
        fail(f"no script {name}; there are {', '.join(known)}, or name a file ending in .yaml")
    try:
        return read(Path(name) if name.endswith(".yaml") else folder / f"{name}.yaml")
    except WrongScript as error:
        fail_all(error.lines)
