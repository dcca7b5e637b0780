"""`cosession script …`: check the files, draw one, play one without network.

Results go to stdout, what is wrong to stderr. Nothing is decided here: reading is `scripts`, drawing `timeline`,
playing `rehearse`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from cosession.core.script import Script

app = typer.Typer(no_args_is_help=True, help="Check, draw and play the scripts of sessions.")

#: A cue is read in a glance, beside people's faces.
CUE_CHARACTERS = 140
#: With less than this share of the minutes to yield, little lateness can be repaid.
ELASTICITY = 0.10

Name = Annotated[str, typer.Argument(help="A script of protocols/ by its id, or a file ending in .yaml.")]


@app.command()
def check(files: Annotated[list[Path], typer.Argument(help="Scripts of sessions, YAML.")]) -> None:
    """Check scripts: every error with its file, line, column and mend. Status 1 if there is one; warnings do not
    fail."""
    from cosession.scripts import WrongScript, read

    wrong: list[str] = []
    for file in files:
        try:
            found = read(file)
        except WrongScript as error:
            wrong += error.lines
        except OSError as error:
            wrong.append(f"{file}: {error.strerror}")
        else:
            print(f"{file}: {len(found.phases)} phases, {found.planned_ms / 60_000:g} minutes")
            for warning in warnings(found):
                print(f"{file.name}: warning: {warning}", file=sys.stderr)
    for line in wrong:
        print(line, file=sys.stderr)
    if wrong:
        raise typer.Exit(1)


@app.command()
def show(
    name: Name,
    language: Annotated[str, typer.Option(help="fr or en.")] = "fr",
) -> None:
    """Draw a script's timeline: phases in proportion, steps, turns, what is written and who sees it."""
    from cosession import assets
    from cosession.core.script import LANGUAGES
    from cosession.pages.words import read_words
    from cosession.timeline import timeline

    chosen = next((known for known in LANGUAGES if known == language), None)
    if chosen is None:
        _fail(f"--language {language}: one of {', '.join(LANGUAGES)}")
    found = _script(name)
    for line in timeline(found, read_words(assets.locales(), "cosession")[chosen]):
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
        _fail(f"{found.id}: {reason}")
    except NotRefused as reason:
        _fail(f"{found.id}, seed {seed}: this should have been refused: {reason}")
    if as_json:
        print(json.dumps(outcome.as_dict()))
    else:
        print(*outcome.lines(), sep="\n")
    raise typer.Exit(0 if outcome.good else 1)


def warnings(script: Script) -> Iterator[str]:
    """What a script may be, but had better not. The places are those of the whole script, `extends` resolved."""
    for phase in script.phases:
        for index, cue in enumerate(phase.cues):
            for language, text in (("fr", cue.text.fr), ("en", cue.text.en)):
                if len(text) > CUE_CHARACTERS:
                    yield (
                        f"{phase.id}.cues.{index}.text.{language}: {len(text)} characters; "
                        f"people read a cue in a glance: at most {CUE_CHARACTERS}"
                    )
    elastic = sum(phase.planned_ms - phase.minimum_ms for phase in script.phases) / script.planned_ms
    if elastic < ELASTICITY:
        yield (
            f"phases: only {elastic:.0%} of the minutes can yield, so a late start moves the end; "
            f"lower some minimums until {ELASTICITY:.0%} can"
        )


def _script(name: str) -> Script:
    """A delivered script by id, or one in a file; says what is wrong and leaves with status 1."""
    from cosession import assets
    from cosession.scripts import WrongScript, read

    folder = assets.protocols()
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if not name.endswith(".yaml") and name not in known:
        _fail(f"no script {name}; there are {', '.join(known)}, or name a file ending in .yaml")
    try:
        return read(Path(name) if name.endswith(".yaml") else folder / f"{name}.yaml")
    except WrongScript as error:
        for line in error.lines:
            print(line, file=sys.stderr)
        raise typer.Exit(1) from None
    except OSError as error:
        _fail(f"{name}: {error.strerror}")


def _fail(line: str) -> NoReturn:
    print(f"cosession: {line}", file=sys.stderr)
    raise typer.Exit(1)
