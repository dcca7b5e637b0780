"""Whether data and master key belong together: looked at before anything is made or changed, so that a start that is
refused leaves every file as it was.

A look at the database is a connection of its own that can write nothing, not even the index beside the write-ahead log.
"""

from __future__ import annotations

import sqlite3
import stat
import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from shutil import copyfile
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cosession.room.ports import Unavailable
from cosession.store.database import IN_USE, IN_USE_AT, unavailable
from cosession.store.files import HEADER_BYTES
from cosession.store.keys import proves, read_master_key

T = TypeVar("T")

#: So many keys of sessions are tried where the proof is missing: enough that one damaged row does not decide.
TRIED = 8


def belong_together(database: Path, key_path: Path, named: Path | None = None) -> None:
    """Returns if a start may go on: there is no data, or the key file is the one it was written with, and nothing says
    that the log beside it was left behind. Changes nothing. Raises `Unavailable` with a sentence that says what to put
    where, in words about `named`."""
    named = named or database
    log = database.with_name(f"{database.name}-wal")
    if not holds(database):
        if holds(log):
            raise Unavailable(
                "store_damaged",
                f"{log} holds what was written last, but {database} is missing or empty: put both back from a backup, "
                f"or move {log} away to begin anew; nothing was changed",
            )
        return
    key = read_master_key(key_path)
    if key is None:
        raise Unavailable(
            "store_unwritable",
            f"{named} holds data, but its master key {key_path} is missing: put the key file it was written with "
            "there, or name its place in COSESSION_MASTER_KEY (to begin anew, move the data away); nothing was changed",
        )
    try:
        proof, sessions = _looked_at(database, _seals)
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise unavailable(error, named) from error
    except OSError:
        return  # what cannot even be read is said when it is opened
    require_key(AESGCM(key), proof, sessions, named)
    require_log(database)


def require_key(
    master: AESGCM, proof: bytes | None, sessions: Sequence[tuple[str, int, bytes]], database: Path
) -> None:
    """Returns if this is the key, or nothing was sealed yet (see `keys.proves`). Raises `Unavailable` for another."""
    try:
        right = proves(master, proof, sessions)
    except InvalidTag as error:
        raise Unavailable(
            "store_damaged", f"{database} is damaged (the proof of its key): put a backup in its place"
        ) from error
    if right is False:
        raise Unavailable(
            "store_unwritable",
            f"{database} was written with another master key: put that key file back, or name another place; "
            "nothing was changed",
        )


def options_to_look(database: Path) -> str:
    """How a connection is opened that changes no file, not even at its end."""
    return "mode=ro" if database.with_name(f"{database.name}-wal").exists() else "immutable=1"


def require_log(database: Path) -> None:
    """Returns unless the file says that a server uses it, and the log that belongs to it is not beside it. Raises
    `Unavailable`."""
    log = database.with_name(f"{database.name}-wal")
    if _in_use(database) and not log.exists():
        raise Unavailable(
            "store_damaged",
            f"{database} was copied without the log that belongs to it ({log.name}) while a server used it: what was "
            "written last is missing. Put that file beside it, or `cosession restore` a backup; to go on with what is "
            f"here: cosession restore --force {database}",
        )


def _in_use(database: Path) -> bool:
    """Whether the main file says that a server uses it (see `Database.in_use`)."""
    try:
        with database.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError:
        return False
    return int.from_bytes(header[IN_USE_AT], "big") == IN_USE


def holds(file: Path) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_size > 0


def _seals(connection: sqlite3.Connection) -> tuple[bytes | None, list[tuple[str, int, bytes]]]:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"master_proof", "keys"} <= tables:
        return None, []
    proof = connection.execute("SELECT proof FROM master_proof").fetchone()
    sessions = connection.execute(
        "SELECT session, generation, wrapped FROM keys WHERE owner = '' AND wrapped IS NOT NULL LIMIT ?", (TRIED,)
    )
    return (proof[0] if proof else None), sessions.fetchall()


def _looked_at(database: Path, question: Callable[[sqlite3.Connection], T]) -> T:
    """The answer of a database, whether it is in use or was left in the middle; no file is made or changed."""
    if not holds(database.with_name(f"{database.name}-wal")):
        return _asked(database, "immutable=1", question)
    try:
        return _asked(database, "mode=ro&readonly_shm=1", question)
    except sqlite3.OperationalError:  # no usable index beside the log, and none may be made: in a copy it may
        with tempfile.TemporaryDirectory(prefix="cosession-look-") as folder:
            copy = Path(folder) / database.name
            for ending in ("", "-wal"):
                copyfile(f"{database}{ending}", f"{copy}{ending}")
            return _asked(copy, "mode=rw", question)


def _asked(database: Path, options: str, question: Callable[[sqlite3.Connection], T]) -> T:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?{options}", uri=True)) as connection:
        return question(connection)
