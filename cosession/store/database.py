"""The SQLite file: how it is opened, its two threads, and what its errors mean. With `files` and `opening` the only one
that knows the dialect.

WAL, `synchronous=FULL`, an explicit `BEGIN IMMEDIATE` in the one writing thread, 250 ms of patience for a lock
(decision 12). Deleted bytes are overwritten (`secure_delete`), because an erased key must be gone.
"""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from cosession.room.ports import Unavailable
from cosession.store.database_thread import DatabaseThread
from cosession.store.files import Files
from cosession.store.migrations import NewerSchema, migrate

LOCK_PATIENCE_MS = 250

#: A field of the header that is ours to use (sqlite.org/fileformat.html, 1.3.16): what a server that runs leaves in the
#: main file, and takes away when it ends and has folded the log into it.
IN_USE_PRAGMA = "application_id"
IN_USE = 0x636F7375
IN_USE_AT = slice(68, 72)

_CODES = {
    sqlite3.SQLITE_BUSY: "store_busy",
    sqlite3.SQLITE_LOCKED: "store_busy",
    sqlite3.SQLITE_FULL: "store_full",
    sqlite3.SQLITE_CORRUPT: "store_damaged",
    sqlite3.SQLITE_NOTADB: "store_damaged",
    sqlite3.SQLITE_IOERR: "store_unwritable",
    sqlite3.SQLITE_READONLY: "store_unwritable",
    sqlite3.SQLITE_CANTOPEN: "store_unwritable",
    sqlite3.SQLITE_PERM: "store_unwritable",
    sqlite3.SQLITE_AUTH: "store_unwritable",
}

_MENDS = {
    "store_busy": "another program holds {path}: try again",
    "store_full": "no space left on the disk of {path}: free some, the store then goes on by itself",
    "store_damaged": "{path} is damaged: stop the server and put a backup in its place",
    "store_unwritable": "{path} cannot be written: give this user write access to it and its folder, or name another",
}


class Database:
    """`writer` is the one thread that writes, in groups; `reader` never waits for it and never writes."""

    def __init__(self, path: Path, writing: Engine, files: Files) -> None:
        self.path = path
        self.engine = writing
        self._files = files
        translate = self._unavailable
        self.writer = DatabaseThread("store-writer", writing, group_commit=True, translate=translate, guard=files.check)
        reading = _engine(path, "BEGIN", "query_only=ON")
        self.reader = DatabaseThread(
            "store-reader", reading, group_commit=False, translate=translate, guard=files.check_all
        )

    @classmethod
    def open(cls, path: Path, *prepare: Callable[[Connection], None]) -> Database:
        """Open the file, made with its folder if missing, bring its tables up to date, and do what else is to
        `prepare`, all in one transaction. Blocks; for the start. Raises `Unavailable` with a sentence that names the
        path and the fix."""
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            main = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            code = "store_full" if error.errno in {errno.ENOSPC, errno.EDQUOT} else "store_unwritable"
            raise Unavailable(code, _MENDS[code].format(path=path)) from error
        engine = _engine(path, "BEGIN IMMEDIATE")
        try:
            with ExitStack() as undo:
                undo.callback(os.close, main)
                with engine.begin() as connection:
                    migrate(connection)
                    for step in prepare:
                        step(connection)
                files = Files(path, main, undo.enter_context(closing(_held(path))))
                undo.pop_all()
        except (DBAPIError, sqlite3.Error, UnicodeDecodeError) as error:
            raise unavailable(error, path) from error
        except NewerSchema as error:
            raise Unavailable(
                "store_unwritable",
                f"{path} was written by a newer version of cosession (tables of version {error.revision}): "
                "install that version, or name another place",
            ) from error
        return cls(path, engine, files)

    async def sign(self, work: Callable[[Connection], None]) -> None:
        """Do `work`, and prove that it is where the next start will look. Raises `Unavailable`."""

        def marked(connection: Connection) -> int:
            work(connection)
            driver: Any = connection.connection.driver_connection
            return self._files.write_mark(driver)

        self._files.committed(await self.writer.run(marked))
        try:
            await asyncio.to_thread(self._files.read_back)
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    def purge(self, connection: Connection) -> None:
        """Fold the write-ahead log into the file and empty it, so that deleted bytes are nowhere. Outside a
        transaction. Raises `Unavailable("store_busy")` if a reader holds it open; may be repeated."""
        driver: Any = connection.connection.driver_connection
        with closing(driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as cursor:
            blocked = cursor.fetchone()[0]
        if blocked:
            raise Unavailable("store_busy", "what was erased is still in the write-ahead log: try again")
        self._files.folded()

    def in_use(self, used: bool) -> None:
        """Say in the main file itself that a server uses it, so that a copy without the log can be told (see
        `opening.require_log`), or that none does any more. For the one server of the file; blocks. Raises
        `Unavailable`."""
        try:
            with closing(_connect(self.path)) as connection:
                connection.execute(f"PRAGMA {IN_USE_PRAGMA}={IN_USE if used else 0}").close()
                connection.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        except sqlite3.Error as error:
            raise self._unavailable(error) from error

    async def close(self) -> None:
        """Finish what is queued; the last connection to go folds the write-ahead log into the file. May be repeated."""
        await self.reader.close()
        await self.writer.close()
        await asyncio.to_thread(self._files.close)

    def _unavailable(self, error: Exception) -> Exception:
        return unavailable(error, self.path)


def unavailable(error: Exception, path: Path) -> Exception:
    """What a failure of SQLite means: an `Unavailable` whose sentence names the path and the fix, never a statement or
    a value. What SQLite did not cause, or blames on a value, is a mistake of ours and stays as it is."""
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", None)
    if isinstance(error, UnicodeDecodeError):  # a message that quotes what is damaged
        meaning = "store_damaged"
    elif code is None or code & 0xFF == sqlite3.SQLITE_CONSTRAINT:
        return error
    elif code & 0xFF == sqlite3.SQLITE_IOERR and _no_space(path):
        meaning = "store_full"
    else:
        meaning = _CODES.get(code & 0xFF, "store_damaged")
    failure = Unavailable(meaning, _MENDS[meaning].format(path=path))
    failure.__cause__ = error
    return failure


def _no_space(path: Path) -> bool:
    """Whether the disk cannot even take the shared index beside the write-ahead log (SQLite then says: I/O error)."""
    disk = os.statvfs(path.parent)
    return disk.f_bavail * disk.f_frsize < 128 * 1024


def _engine(path: Path, begin: str, *pragmas: str) -> Engine:
    """An engine without a pool whose transactions start with `begin`; its errors carry no values."""
    engine = create_engine(
        "sqlite://", creator=lambda: _connect(path, *pragmas), poolclass=NullPool, hide_parameters=True
    )

    def start(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "begin", start)
    return engine


def _connect(path: Path, *pragmas: str) -> sqlite3.Connection:
    """A connection to the file, which must be there: SQLite would make another one in its place."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=rw",
        uri=True,
        timeout=LOCK_PATIENCE_MS / 1000,
        isolation_level=None,
        check_same_thread=False,
    )
    # A flipped byte in a text must reach the check of the chain, which names its place, and not fail before.
    connection.text_factory = lambda data: data.decode(errors="replace")
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON", "trusted_schema=OFF", *pragmas):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection


def _held(path: Path) -> sqlite3.Connection:
    """The connection that keeps the files together (see `Files`): it has read once, so that there are all three."""
    connection = _connect(path)
    connection.execute("SELECT count(*) FROM sqlite_master").close()
    return connection
