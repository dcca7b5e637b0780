"""The command line: one function a verb. Results go to stdout, logs and errors to stderr (decision 19).

Nothing is put together here (`main` does that); imports stand inside the verbs, so that `cosession --help` is quick.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    name="cosession",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def _verbs() -> None:
    """Conducts remote co-development sessions in browsers."""


def fail(line: str) -> NoReturn:
    """Say one thing on stderr and leave with status 1."""
    print(f"cosession: {line}", file=sys.stderr)
    raise typer.Exit(1)


@app.command()
def schema(
    check: Annotated[bool, typer.Option("--check", help="Change nothing; status 1 if the file has drifted.")] = False,
    out: Annotated[Path, typer.Option(help="The file to write.")] = Path("web/src/wire.gen.ts"),
) -> None:
    """Write the messages of the wire as TypeScript (in a checkout)."""
    from cosession.wire.schema import typescript

    text = typescript()
    if check:
        if not out.is_file() or out.read_text(encoding="utf-8") != text:
            fail(f"{out} is not what cosession/wire says: run `cosession schema` and commit the file")
        return
    if not out.parent.is_dir():
        fail(f"there is no folder {out.parent}: run this in the checkout, or name a file with --out")
    out.write_text(text, encoding="utf-8")
    print(out)


if __name__ == "__main__":
    app()
