"""The verbs of `cosession store`: what keeps the data in order."""

from __future__ import annotations

import asyncio

import typer

from cosession.cli.output import fail, fail_all, in_force

app = typer.Typer(no_args_is_help=True, help="Keep the stored data in order.")


@app.callback()
def _verbs() -> None:
    """One verb alone would lose its name."""


@app.command()
def reindex() -> None:
    """Make what lists show of the sessions anew, from their events. The server may be running.

    It does so by itself for what is missing; this is for who doubts a list. Status 1 if a session cannot be read."""
    from cosession.main import CannotStart, reindexed

    try:
        found = asyncio.run(reindexed(in_force()))
    except CannotStart as reason:
        fail(str(reason))
    unreadable = {session: why for session, why in found.items() if why is not None}
    print(f"{len(found) - len(unreadable)} sessions")
    if unreadable:
        fail_all(f"cosession: {session}: {why}" for session, why in unreadable.items())
