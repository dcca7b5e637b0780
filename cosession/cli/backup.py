"""`cosession backup` and `cosession restore`: what they say and ask; the work is `store.backup`'s."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cosession.cli.output import fail

if TYPE_CHECKING:
    from cosession.settings import Settings
    from cosession.store.backup import Held


def back_up(settings: Settings, file: Path) -> None:
    from cosession.main import DATABASE, CannotStart, plainly
    from cosession.store.backup import back_up as made

    try:
        with plainly():
            held = made(settings.data / DATABASE, settings.master_key_path, file)
    except CannotStart as reason:
        fail(str(reason))
    print(f"{file}: {_said(held)}")
    print(
        f"The master key is not in it: without {settings.master_key_path} nobody can read it. "
        "Keep a copy of the key in another place than the backups."
    )


def restore(settings: Settings, file: Path, *, force: bool) -> None:
    from cosession.main import DATABASE, CannotStart, plainly, sole_server
    from cosession.store.backup import restore as put_back

    try:
        with plainly(), sole_server(settings.data):
            held, aside = put_back(file, settings.master_key_path, settings.data / DATABASE, force=force)
    except CannotStart as reason:
        fail(str(reason))
    print(f"{settings.data / DATABASE}: {_said(held)}")
    for each in aside:
        print(f"What was there before is now {each}")


def _said(held: Held) -> str:
    until = "by nobody yet"
    if held.until_wall_ms is not None:
        until = f"{datetime.fromtimestamp(held.until_wall_ms / 1000, UTC):%Y-%m-%d %H:%M:%S} UTC"
    return (
        f"{held.sessions} sessions ({held.unfinished} of them not over), {held.events} events, {held.bytes} bytes, "
        f"last written {until}; every event verified by its hash chain"
    )


File = Annotated[Path, typer.Argument(help="The backup: one file.")]
Force = Annotated[bool, typer.Option("--force", help="Where data is already: put it aside, under another name.")]
