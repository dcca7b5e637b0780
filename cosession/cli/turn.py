"""`cosession turn`: what a TURN server beside cosession needs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from cosession.cli.output import fail, fail_all

app = typer.Typer(name="turn", no_args_is_help=True, help="The relay for browsers that reach only port 443.")


@app.callback()
def _verbs() -> None: ...


@app.command()
def config(
    cert: Annotated[Path | None, typer.Option(help="The PEM file of the certificate, for turns: addresses.")] = None,
    key: Annotated[Path | None, typer.Option(help="The PEM file of its key.")] = None,
    listen: Annotated[list[str] | None, typer.Option(help="Listen on this address alone; may be repeated.")] = None,
    media: Annotated[
        list[str] | None,
        typer.Option(help="An address of the media server, if that is another machine; may be repeated."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="The file to write, else stdout; a new one is yours alone.")] = None,
) -> None:
    """Write coturn's configuration, from COSESSION_TURN_URLS and COSESSION_TURN_SECRET_FILE. See deploy/coturn.md."""
    from cosession import settings
    from cosession.media import coturn

    try:
        text = coturn.config(settings.load(), certificate=cert, key=key, listen=listen or (), media=media or ())
    except (settings.WrongSettings, coturn.CannotWrite) as wrong:
        fail_all(f"cosession: {line}" for line in wrong.lines)
    if out is None:
        print(text, end="")
        return
    try:
        # In place: a file that is there keeps its owner and its mode.
        with open(out, "w", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(text)
    except OSError as error:
        fail(f"--out: {out} cannot be written ({error.strerror})")
    print(out)
