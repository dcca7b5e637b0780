"""Alembic, without its configuration file: the database is brought to this program's version whenever it is opened.

To change the tables: add a file to `versions` (revision = the next number, down_revision = the newest before it),
change `schema` to match; a test compares the two. A version that was released is never edited.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection


class NewerSchema(Exception):
    """The database was written by a newer version of the program. `revision` is the database's."""

    def __init__(self, revision: str) -> None:
        super().__init__(revision)
        self.revision = revision


def migrate(connection: Connection) -> None:
    """Bring the database to the newest revision, inside the caller's transaction. May be repeated; raises `NewerSchema`
    and changes nothing if the revision is unknown here."""
    scripts = ScriptDirectory(str(Path(__file__).parent))

    def steps(heads: Any, _context: MigrationContext) -> Iterable[Any]:
        return scripts._upgrade_revs("head", heads)

    context = MigrationContext.configure(connection, opts={"fn": steps})
    current = context.get_current_revision()
    if current is not None:
        try:
            scripts.get_revision(current)
        except CommandError as error:
            raise NewerSchema(current) from error
    if current != scripts.get_current_head():
        with Operations.context(context):
            context.run_migrations()
