"""Whether the files of an open database are still those that were opened.

SQLite goes on writing into a file that was deleted, moved away or replaced, and all that it takes then is gone with the
process. So the writing thread asks `check` around every commit, which looks at the two names that data goes into and
costs microseconds. What `check` cannot see `read_back` finds once a second: whether the index beside the log is still
there, and whether a file was overwritten in place. For that a mark that grows must come back to a new connection, and
must not have stepped back in the main file alone.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import TypeVar

import structlog

from cosession.room.ports import Unavailable

#: The first two of the files hold data.
DATA = 2

T = TypeVar("T")

log = structlog.get_logger("cosession.store")

#: The header of a database (sqlite.org/fileformat.html, 1.3): how it begins, and where it holds the mark.
HEADER_BYTES = 100
_BEGINS = b"SQLite format 3\0"
_MARK_AT = slice(60, 64)


class Files:
    """The main file, the write-ahead log and its index. `held` is a connection to them that nobody else uses: as long
    as it is open, closing another one neither ends nor deletes the log. `main` is the main file, opened for reading
    before any connection: closing it takes the locks of all of them. Methods may be called in any thread."""

    def __init__(self, path: Path, main: int, held: sqlite3.Connection) -> None:
        self._path = path.absolute()
        self._main = main
        self._held = held
        self._lost = ""
        self._away = self._closed = False
        self._looking = threading.RLock()
        self._names = tuple(f"{self._path}{ending}" for ending in ("", "-wal", "-shm"))
        found = [os.stat(name) for name in self._names]  # noqa: PTH116 - plain names: `check` is asked at each commit
        self._known = [(one.st_dev, one.st_ino) for one in found]
        self._sizes = [one.st_size for one in found]
        self._mark = _mark(held)
        self._main_mark = self._mark_in_main()

    def check(self) -> None:
        """Raises `Unavailable("store_gone")` if one of the files is not there any more or is another one, or if what
        was in it is lost. Files that come back are good again, when they still hold what was written."""
        self._check(DATA)

    def check_all(self) -> None:
        """The same, for whoever is about to open the files: with the index."""
        self._check(len(self._names))

    def _check(self, names: int) -> None:
        if self._lost:
            raise _gone(self._lost)
        for place, name in enumerate(self._names if self._away else self._names[:names]):
            try:
                found = os.stat(name)  # noqa: PTH116 - as above
            except OSError as error:
                raise self._missed(place, f"{name} was deleted or moved away ({error.strerror})") from error
            if (found.st_dev, found.st_ino) != self._known[place]:
                raise self._missed(place, f"{name} was replaced by another file")
            if place == 0 and found.st_size < HEADER_BYTES:
                raise self._lose(f"{name} was emptied")
            self._away = self._away or found.st_size < self._sizes[place]
            self._sizes[place] = found.st_size
        if self._away:
            self._look_closely()

    def folded(self) -> None:
        """The log was emptied on purpose."""
        self._sizes[1] = 0

    def write_mark(self, connection: sqlite3.Connection) -> int:
        """Put the next mark into the transaction of `connection`; tell `committed` when it is on disk."""
        mark = self._mark + 1
        connection.execute(f"PRAGMA user_version={mark}").close()
        return mark

    def committed(self, mark: int) -> None:
        self._mark = max(self._mark, mark)

    def read_back(self) -> None:
        """Look for the mark as a newcomer does. Raises `Unavailable("store_gone")` if it is not there, or
        `sqlite3.Error` if it cannot be looked for just now."""
        mark = self._mark
        self.check_all()
        with self._looking:
            if self._asked(_mark) < mark:
                raise self._lose(f"what was written last is not in {self._path} any more")
            self._main_mark, before = self._mark_in_main(), self._main_mark
            if self._main_mark < before:
                raise self._lose(f"{self._path} was overwritten with an older state")

    def close(self) -> None:
        """Let go of the files. Of files that are gone nothing is closed: SQLite would delete the log that now bears the
        name, whosever it is. May be repeated."""
        if self._closed:
            return
        self._closed = True
        try:
            self.check_all()
        except (Unavailable, sqlite3.Error):
            threading.Thread(target=_hold, args=(self._held,), name="store-held", daemon=True).start()
        else:
            self._held.close()
            os.close(self._main)

    def _missed(self, place: int, what: str) -> Unavailable:
        with self._looking:
            first, self._away = not self._away, True
            if first and place > 0:  # the main file is ours: what only the lost log holds is saved into it
                with suppress(sqlite3.Error):
                    self._held.execute("PRAGMA wal_checkpoint(PASSIVE)").close()
        return _gone(what)

    def _look_closely(self) -> None:
        """After files came back, or have become shorter as a cleaning leaves them: is everything there?"""
        with self._looking:
            sound, mark = self._asked(lambda connection: (_sound(connection), _mark(connection)))
            if not sound or mark < self._mark:
                raise self._lose(f"{self._path} or the log beside it was overwritten or cut")
            self._away = False

    def _asked(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer that a new connection gets, which writes nothing."""
        try:
            with closing(sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, isolation_level=None)) as fresh:
                return question(fresh)
        except sqlite3.DatabaseError as error:
            code = error.sqlite_errorcode
            if (
                code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
                or code == sqlite3.SQLITE_IOERR_SHORT_READ
            ):
                raise self._lose(f"{self._path} or the log beside it was overwritten or cut") from error
            raise  # something that may pass

    def _mark_in_main(self) -> int:
        """What the main file alone holds, without the log: nothing writes it but a fold of the log into it."""
        header = os.pread(self._main, HEADER_BYTES, 0)
        return int.from_bytes(header[_MARK_AT], "big") if header.startswith(_BEGINS) else -1

    def _lose(self, what: str) -> Unavailable:
        if not self._lost:
            self._lost = what
            log.error("store.lost", reason=what)
        return _gone(what)


def _gone(what: str) -> Unavailable:
    return Unavailable(
        "store_gone",
        f"{what}, nothing can be saved: put the file back that was there, then it goes on by itself; "
        "or put a backup in its place and start the server again",
    )


def _mark(connection: sqlite3.Connection) -> int:
    with closing(connection.execute("PRAGMA user_version")) as cursor:
        return int(cursor.fetchone()[0])


def _sound(connection: sqlite3.Connection) -> bool:
    with closing(connection.execute("PRAGMA quick_check(1)")) as cursor:
        return bool(cursor.fetchone() == ("ok",))


def _hold(_connection: sqlite3.Connection) -> None:
    threading.Event().wait()
