"""What all verbs say in the same way. Results go to stdout, everything else to stderr (decision 19)."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from cosession.settings import Settings


def fail(line: str) -> NoReturn:
    """Say one thing on stderr and leave with status 1."""
    fail_all([f"cosession: {line}"])


def fail_all(lines: Iterable[str]) -> NoReturn:
    """Say all that is wrong with a file or with settings, a line each, and leave with status 1."""
    for line in lines:
        print(line, file=sys.stderr)
    raise typer.Exit(1)


def in_force() -> Settings:
    """The settings in force; says all that is wrong and leaves with status 1."""
    from cosession.settings import WrongSettings, load

    try:
        return load()
    except WrongSettings as error:
        fail_all(f"cosession: {line}" for line in error.lines)
