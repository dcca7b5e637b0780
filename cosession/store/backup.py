"""Copies of the database that are whole: made while a server runs, and looked at before they are trusted.

A copy is one file, without a log beside it, from one moment: SQLite's backup API takes what the log holds, too
(sqlite.org/backup.html). It is verified by the hash chain of every session and by the master key, which is never in it.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import NullPool, create_engine, func, select
from sqlalchemy.exc import DBAPIError

from cosession.room.ports import Unavailable
from cosession.store.database import IN_USE_PRAGMA, unavailable
from cosession.store.eventlog import read_stream
from cosession.store.keys import read_master_key
from cosession.store.opening import belong_together, holds, options_to_look, require_log
from cosession.store.schema import events, process, streams

ENDINGS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True)
class Held:
    """What a database holds. `until_wall_ms`: when a server last wrote it (None: never)."""

    sessions: int
    unfinished: int
    events: int
    bytes: int
    until_wall_ms: int | None


def back_up(database: Path, key_path: Path, out: Path) -> Held:
    """Copy the database to `out`, a new file; a server may be writing it. `out` is there when it is whole, verified and
    on disk, or not at all. Raises `Unavailable` or `OSError`."""
    if not holds(database):
        raise Unavailable("store_damaged", f"there is no database {database}: set COSESSION_DATA to its folder")
    belong_together(database, key_path)
    if out.exists():
        raise Unavailable("store_unwritable", f"{out} is there already: name another file")
    with _beside(out) as fresh, _said(database):
        copy(database, fresh)
        held = verify(fresh, key_path)
        os.link(fresh, out)  # unlike a renaming it never takes the place of another file
        _sync(out.parent)
    return held


def restore(backup: Path, key_path: Path, database: Path, *, force: bool = False) -> tuple[Held, list[Path]]:
    """Put a verified copy of `backup` where the next start will look; what it holds, and where the files are that were
    there before. Nobody else may use the database meanwhile. Raises `Unavailable` (also where data is, without `force`)
    or `OSError`; then nothing was changed."""
    if not holds(backup):
        raise Unavailable("store_damaged", f"there is no backup {backup}, or it is empty: name the file")
    if not force:
        require_log(backup)
    before = [found for ending in ENDINGS if (found := database.with_name(database.name + ending)).exists()]
    if any(map(holds, before)) and not force:
        raise Unavailable("store_unwritable", f"{database} holds data: --force puts it aside, under another name")
    database.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _beside(database) as fresh, _said(backup):
        copy(backup, fresh)
        held = verify(fresh, key_path, named=backup)
        aside = _put_aside(before, database)
        fresh.replace(database)
        _sync(database.parent)
    return held, aside


def copy(source: Path, into: Path) -> None:
    """One moment of `source`, as one file that says of itself that nobody uses it."""
    with closing(_connect(source, options_to_look(source))) as old, closing(sqlite3.connect(into)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode=DELETE").close()
        new.execute(f"PRAGMA {IN_USE_PRAGMA}=0").close()
    descriptor = os.open(into, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def verify(file: Path, key_path: Path, named: Path | None = None) -> Held:
    """Every event of every session against the hash chain, opened by the master key. Changes nothing. Raises
    `Unavailable`, in words about `named`."""
    named = named or file
    belong_together(file, key_path, named)
    key = read_master_key(key_path)
    assert key is not None
    master = AESGCM(key)
    engine = create_engine("sqlite://", creator=lambda: _connect(file, "immutable=1"), poolclass=NullPool)
    with _said(named), engine.connect() as connection:
        if connection.exec_driver_sql("PRAGMA quick_check(1)").scalar() != "ok":
            raise Unavailable("store_damaged", f"{named} is damaged: take another backup")
        sessions = connection.scalars(select(streams.c.session).order_by(streams.c.session)).all()
        for session in sessions:
            read_stream(connection, master, session, named)
        lost = select(events.c.session).where(events.c.session.not_in(select(streams.c.session))).limit(1)
        if connection.scalar(lost) is not None:
            raise Unavailable("store_damaged", f"{named} holds events without their session: take another backup")
        unfinished = select(func.count()).select_from(streams).where(streams.c.finished.is_(False))
        return Held(
            sessions=len(sessions),
            unfinished=connection.scalar(unfinished) or 0,
            events=connection.scalar(select(func.count()).select_from(events)) or 0,
            bytes=file.stat().st_size,
            until_wall_ms=connection.scalar(select(process.c.wall_ms)),
        )


def _connect(file: Path, options: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"{file.absolute().as_uri()}?{options}", uri=True, timeout=5)
    connection.text_factory = lambda data: data.decode(errors="replace")
    return connection


def _put_aside(files: list[Path], database: Path) -> list[Path]:
    """Nothing is deleted: what was there gets the next name that is free."""
    there = {file.name for file in database.parent.iterdir()}
    number = next(n for n in count(1) if not any(name.startswith(f"{database.name}.before-{n}") for name in there))
    aside = []
    for file in files:
        name = file.name.replace(database.name, f"{database.name}.before-{number}", 1)
        aside.append(file.rename(file.with_name(name)))
    return aside


@contextmanager
def _beside(out: Path) -> Iterator[Path]:
    """A new file in the folder of `out`, for its owner only, gone at the end."""
    fresh = out.with_name(f".{out.name}.{secrets.token_hex(8)}")
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        yield fresh
    finally:
        for ending in (*ENDINGS, "-journal"):
            fresh.with_name(fresh.name + ending).unlink(missing_ok=True)


@contextmanager
def _said(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, DBAPIError) as error:
        raise unavailable(error, path) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
