"""The command line: one function a verb. Results go to stdout, logs and errors to stderr (decision 19).

Nothing is put together here (`main` does that); imports stand inside the verbs, so that `cosession --help` is quick.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from cosession.cli import backup as backups
from cosession.cli import bench, rotation, script, store, turn
from cosession.cli.languages import Tag, installed
from cosession.cli.output import fail, in_force

app = typer.Typer(name="cosession", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
app.add_typer(script.app, name="script")
app.add_typer(rotation.app, name="rotation")
app.add_typer(store.app, name="store")
app.add_typer(bench.app, name="bench")
app.add_typer(turn.app, name="turn")


@app.callback()
def _verbs() -> None:
    """Conducts remote co-development sessions in browsers."""


@app.command()
def serve() -> None:
    """Serve the pages and the rooms until SIGTERM or Ctrl-C. Settings come from the environment (see `config`)."""
    import gc

    import uvloop

    from cosession import logs
    from cosession.main import CannotStart, Listening

    settings = in_force()
    logs.configure(settings.log_level, settings.log_format)
    try:

        async def run() -> None:
            listening = Listening(settings)
            gc.freeze()
            await listening.serve()

        uvloop.run(run())
    except CannotStart as reason:
        fail(str(reason))


@app.command()
def link(ops: Annotated[bool, typer.Option("--ops", help="For operators, not for the facilitator.")] = False) -> None:
    """Print a new sign-in link for one browser, good for 24 hours. The server may be running."""
    from cosession.main import CannotStart, new_link

    try:
        print(asyncio.run(new_link(in_force(), "ops" if ops else "facilitator")))
    except CannotStart as reason:
        fail(str(reason))


@app.command()
def backup(file: backups.File) -> None:
    """Copy the database to FILE, whole and verified; the server may be running. The master key is not in it."""
    backups.back_up(in_force(), file)


@app.command()
def restore(file: backups.File, force: backups.Force = False) -> None:
    """Put a backup in the place of the database, after verifying it. The server must be stopped."""
    backups.restore(in_force(), file, force=force)


@app.command()
def config(
    sheet: Annotated[bool, typer.Option("--sheet", help="Write deploy/settings.md instead (in a checkout).")] = False,
) -> None:
    """Print the settings in force, or say what is wrong with them."""
    from cosession import settings

    if sheet:
        _write(Path("deploy/settings.md"), settings.sheet())
        return
    found = in_force()
    for variable, value in settings.redacted(found):
        print(f"{variable}={value}")
    print(f"# sound and pictures are sent by {_sent_by(found.media_native)}")


@app.command()
def simulate(
    managers: Annotated[
        int | None, typer.Option(help="Participants beside the facilitator, 3 to 12; else as the script plans.")
    ] = None,
    speed: Annotated[int, typer.Option(help="Script seconds a second, 1 to 600.")] = 60,
    as_json: Annotated[bool, typer.Option("--json", help="Print one object, and nothing else, on stdout.")] = False,
    media: Annotated[bool, typer.Option("--media/--no-media", help="Send and decode sound and pictures.")] = True,
    url: Annotated[str | None, typer.Option(help="A running server; else one is started.")] = None,
    token: Annotated[str | None, typer.Option(help="The facilitator's sign-in link of that server.")] = None,
    ops: Annotated[str | None, typer.Option(help="The operators' sign-in link of that server.")] = None,
    fill: Annotated[
        str | None, typer.Option(help="The facilitator's personal link of a session: fill its empty seats.")
    ] = None,
    script: Annotated[str, typer.Option(help="The script to play.")] = "codev-75",
    language: Tag = "fr",
    seed: Annotated[int, typer.Option(help="The same seed behaves the same.")] = 1,
    events: Annotated[bool, typer.Option("--events", help="Without WebSockets: server-sent events and POST.")] = False,
) -> None:
    """Play a session with simulated managers: real sockets, real sound and pictures."""
    from cosession import assets
    from cosession.authoring.scripts import read_all
    from cosession.simulate import Options, Unusable, run

    known, _ = read_all(assets.protocols())
    if script not in known:
        fail(f"--script: one of {', '.join(known)}")
    people, conducted = managers or known[script].people.planned, known[script].facilitator
    options = Options(
        *(people, speed, as_json, media, url, token, ops, fill, script, language, seed, conducted, events),
        languages=tuple(installed()),
    )
    try:
        status = run(options)
    except Unusable as reason:
        fail(str(reason))
    raise typer.Exit(status)


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; status 1 if the file has drifted.")] = False,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("web/src/wire.gen.ts"),
) -> None:
    """Write the messages of the wire as TypeScript (in a checkout)."""
    from cosession.wire.schema import typescript

    text = typescript()
    if not check:
        _write(out, text)
    elif not out.is_file() or out.read_text(encoding="utf-8") != text:
        fail(f"{out} is not what cosession/wire says: run `cosession schema` and commit the file")


def _sent_by(native_wanted: bool) -> str:
    from cosession.media.embedded import native

    if not native_wanted:
        return "Python alone, as COSESSION_MEDIA_NATIVE asks"
    return "the helper in C" if native.load() else "Python alone: the helper in C was not built here"


def _write(file: Path, text: str) -> None:
    if not file.parent.is_dir():
        fail(f"there is no folder {file.parent}: run this in the checkout, or name a file with --out")
    file.write_text(text, encoding="utf-8")
    print(file)
