"""The event log of `cosession.room.ports` on the tables of `schema`.

An append is acknowledged when its transaction is on disk. Contents are sealed with the key of their owner (`keys`),
rows are chained (`chain`); reading checks both, and says which event is damaged. A stream whose end was cut off is
noticed as long as its row in `streams` is newer; where both are lost together, only a browser that knows more can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import structlog
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from cosession.room.ports import Conflict, Draft, Entry, LastAlive, Lease, Record, Summary, Unavailable, Wanted
from cosession.store import summaries as summed
from cosession.store.chain import first_link, frame, from_json, link, to_json
from cosession.store.database import Database
from cosession.store.keys import MISFITS, PROOF_PLACE, Keyring, forget, seal, unseal
from cosession.store.opening import TRIED, require_key
from cosession.store.schema import commands, drafts, events, keys, master_proof, process, put, streams

log = structlog.get_logger("cosession.store")

# What every append asks, built once: building a statement costs more than running it.
_END = select(streams.c.last_seq, streams.c.last_hash).where(streams.c.session == bindparam("session"))
_EVENTS = select(events).where(events.c.session == bindparam("session")).order_by(events.c.seq)
_ADD_EVENTS, _ADD_STREAM, _ADD_COMMAND = insert(events), insert(streams), insert(commands)
_MOVE_END = (
    update(streams)
    .where(streams.c.session == bindparam("stream"))
    .values(last_seq=bindparam("last_seq"), last_hash=bindparam("last_hash"))
)
_COMMAND_SEQ = select(commands.c.seq).where(
    commands.c.session == bindparam("session"),
    commands.c.seat == bindparam("seat"),
    commands.c.command_id == bindparam("command_id"),
)


class _Ready(NamedTuple):
    """A record whose parts are already text: what cannot be stored fails before it is queued."""

    record: Record
    meta: str
    content: bytes | None


class SqliteEventLog:
    """Implements `EventLog`. `database` is shared with the `Registry`."""

    def __init__(self, database: Database, master: AESGCM, last_alive: LastAlive | None) -> None:
        self.database = database
        self._master = master
        self._last_alive = last_alive

    @classmethod
    def open(cls, path: Path, master_key: bytes) -> SqliteEventLog:
        """Open or make the file, and prove that the key (32 bytes, see `keys.load_master_key`) is the one it was
        written with. Blocks; for the start. Raises `Unavailable` with a sentence that names the path and the fix."""
        master = AESGCM(master_key)
        found: list[LastAlive] = []

        def prepare(connection: Connection) -> None:
            _prove(connection, master, path)
            rows = connection.execute(select(process.c.boot_id, process.c.boottime_ms, process.c.wall_ms))
            found.extend(LastAlive(**row._mapping) for row in rows)

        database = Database.open(path, prepare)
        return cls(database, master, found[0] if found else None)

    async def close(self) -> None:
        await self.database.close()

    # -- events ---------------------------------------------------------------------------------------------------

    async def lease(self, session: str) -> Lease:
        """The data folder is locked by this process (`files`): nobody else appends, and nothing has to be noted."""
        return Lease(epoch=0, lasts_ms=None)

    async def release(self, session: str) -> None: ...

    async def append(
        self,
        session: str,
        expected_seq: int,
        records: Sequence[Record],
        command: tuple[str, str] | None = None,
        summary: Summary | None = None,
        epoch: int = 0,
    ) -> Sequence[Entry]:
        if epoch != 0:
            raise Conflict(f"the lease of epoch {epoch} is not in force")
        ready = [_ready(record) for record in records]
        shown = None if summary is None else summed.ready(summary)
        return await self.database.writer.run(
            lambda connection: self._append(connection, session, expected_seq, ready, command, shown)
        )

    def _append(
        self,
        connection: Connection,
        session: str,
        expected_seq: int,
        ready: Sequence[_Ready],
        command: tuple[str, str] | None,
        shown: summed.Ready | None,
    ) -> Sequence[Entry]:
        end = connection.execute(_END, {"session": session}).one_or_none()
        seq, previous = (end.last_seq, end.last_hash) if end else (0, first_link(session))
        if seq != expected_seq:
            raise Conflict(f"the log is at {seq}, not at {expected_seq}")
        if command and _command_seq(connection, session, *command) is not None:
            raise Conflict("this command was accepted before")
        seals = shown is not None or any(item.content is not None for item in ready)
        keyring = Keyring(connection, self._master, session) if seals else None
        entries, rows = [], []
        for record, meta, content in ready:
            seq += 1
            generation, ciphertext = None, None
            if content is not None and keyring is not None:
                with self._checked(session, "a key"):
                    generation, key = keyring.to_write(record.owner)
                ciphertext = seal(key, content, _event_place(session, seq, record.owner))
            previous = link(previous, seq, record.type, record.at_ms, meta, record.owner, generation, ciphertext)
            rows.append(
                {
                    "session": session,
                    "seq": seq,
                    "type": record.type,
                    "at_ms": record.at_ms,
                    "meta": meta,
                    "owner": record.owner,
                    "generation": generation,
                    "ciphertext": ciphertext,
                    "hash": previous,
                }
            )
            entries.append(Entry(seq, previous.hex(), record))
        if rows:
            connection.execute(_ADD_EVENTS, rows)
            values = {"last_seq": seq, "last_hash": previous}
            if end:
                connection.execute(_MOVE_END, {"stream": session, **values})
            else:
                connection.execute(_ADD_STREAM, {"session": session, "finished": False, **values})
        if command:
            seat, command_id = command
            values = {"session": session, "seat": seat, "command_id": command_id, "seq": seq}
            connection.execute(_ADD_COMMAND, values)
        if shown is not None and keyring is not None:
            with self._checked(session, "a key"):
                summed.write(connection, keyring, shown)
        return entries

    async def read(self, session: str) -> Sequence[Entry]:
        return await self.database.reader.run(lambda connection: self._read(connection, session))

    def _read(self, connection: Connection, session: str) -> Sequence[Entry]:
        return read_stream(connection, self._master, session, self.database.path)

    def _damaged(self, session: str, what: str) -> Unavailable:
        return _damaged(session, what, self.database.path)

    @contextmanager
    def _checked(self, session: str, what: str) -> Iterator[None]:
        """Whatever does not fit inside is damage of the file, and is said to be."""
        try:
            yield
        except MISFITS as error:
            raise self._damaged(session, what) from error

    async def command_seq(self, session: str, seat: str, command_id: str) -> int | None:
        return await self.database.reader.run(lambda connection: _command_seq(connection, session, seat, command_id))

    async def open_sessions(self) -> Sequence[str]:
        unfinished = select(streams.c.session).where(streams.c.finished.is_(False)).order_by(streams.c.session)
        return await self.database.reader.run(lambda connection: connection.scalars(unfinished).all())

    async def finish(self, session: str) -> None:
        statement = update(streams).where(streams.c.session == session).values(finished=True)
        await self.database.writer.run(lambda connection: connection.execute(statement).close())

    # -- summaries ------------------------------------------------------------------------------------------------

    async def summarise(self, expected_seq: int, summary: Summary) -> None:
        shown, session = summed.ready(summary), summary.session

        def put_in_place(connection: Connection) -> None:
            end = connection.execute(_END, {"session": session}).one_or_none()
            if end is None or end.last_seq != expected_seq:
                raise Conflict(f"the log is not at {expected_seq}")
            with self._checked(session, "a key"):
                summed.write(connection, Keyring(connection, self._master, session), shown)

        await self.database.writer.run(put_in_place)

    async def summaries(self, wanted: Wanted) -> Sequence[Summary]:
        return await self._opened(lambda connection: summed.rows(connection, wanted), content=wanted.content)

    async def summary(self, session: str, format: int) -> Summary | None:
        found = await self._opened(lambda connection: summed.row(connection, session, format), content=True)
        return found[0] if found else None

    async def _opened(self, rows: Callable[[Connection], Sequence[Any]], *, content: bool) -> Sequence[Summary]:
        """The summaries of these rows. What is damaged is dropped, so that it is made anew."""
        found, damaged = await self.database.reader.run(
            lambda connection: summed.opened(connection, self._master, rows(connection), content=content)
        )
        if damaged:
            log.error("store.summaries_damaged", sessions=damaged)
            await self.database.writer.run(lambda connection: summed.drop(connection, damaged))
        return found

    async def count_summaries(self, wanted: Wanted) -> int:
        return await self.database.reader.run(lambda connection: summed.count(connection, wanted))

    async def newest_numbers(self, groups: Sequence[str], format: int) -> Mapping[str, int]:
        return await self.database.reader.run(lambda connection: summed.newest(connection, groups, format))

    async def streams(self, without: int | None = None) -> Sequence[str]:
        return await self.database.reader.run(lambda connection: summed.all_streams(connection, without))

    # -- drafts ---------------------------------------------------------------------------------------------------

    async def save_draft(self, session: str, draft: Draft) -> None:
        text = to_json(draft.fields).encode() if draft.fields else None
        where = {"session": session, "seat": draft.seat, "capture": draft.capture}

        def save(connection: Connection) -> None:
            if text is None:
                connection.execute(delete(drafts).filter_by(**where))
                return
            with self._checked(session, "a key"):
                _, key = Keyring(connection, self._master, session).to_write(draft.seat)
            put(
                connection,
                drafts,
                where,
                {"ciphertext": seal(key, text, _draft_place(session, draft.seat, draft.capture))},
            )

        await self.database.writer.run(save)

    async def drafts(self, session: str) -> Sequence[Draft]:
        def load(connection: Connection) -> Sequence[Draft]:
            keyring = Keyring(connection, self._master, session)
            rows = connection.execute(
                select(drafts).where(drafts.c.session == session).order_by(drafts.c.seat, drafts.c.capture)
            )
            return [self._draft(keyring, session, row) for row in rows]

        return await self.database.reader.run(load)

    def _draft(self, keyring: Keyring, session: str, row: Any) -> Draft:
        with self._checked(session, "a draft"):
            key = keyring.to_read(row.seat, keyring.newest(row.seat))
            if key is None:
                raise KeyError("a draft outlived its key")
            text = unseal(key, row.ciphertext, _draft_place(session, row.seat, row.capture))
            return Draft(row.seat, row.capture, from_json(text))

    # -- erasing, and signs of life -------------------------------------------------------------------------------

    async def erase(self, session: str, seat: str | None) -> None:
        def wipe(connection: Connection) -> None:
            forget(connection, session, seat)
            theirs = {"session": session} if seat is None else {"session": session, "seat": seat}
            connection.execute(delete(drafts).filter_by(**theirs))
            summed.erase(connection, session, seat)

        await self.database.writer.run(wipe, after_commit=self.database.purge)

    async def alive(self, mark: LastAlive) -> None:
        values = {"boot_id": mark.boot_id, "boottime_ms": mark.boottime_ms, "wall_ms": mark.wall_ms}
        await self.database.sign(lambda connection: put(connection, process, {"id": 1}, values))

    async def last_alive(self) -> LastAlive | None:
        return self._last_alive


def read_stream(connection: Connection, master: AESGCM, session: str, path: Path) -> Sequence[Entry]:
    """See `EventLog.read`; `path` is the file, for what is said of damage."""
    keyring = Keyring(connection, master, session)
    end = connection.execute(_END, {"session": session}).one_or_none()
    previous = first_link(session)
    entries: list[Entry] = []
    rows = connection.execute(_EVENTS, {"session": session})
    seq = 0
    try:
        for seq, row in enumerate(rows, start=1):
            if row.seq != seq:
                raise ValueError("not the next event")
            parts = (row.type, row.at_ms, row.meta, row.owner, row.generation, row.ciphertext)
            if link(previous, seq, *parts) != row.hash:
                raise ValueError("the hash does not fit")
            previous = row.hash
            entries.append(Entry(seq, previous.hex(), _record(keyring, session, row)))
        if (end.last_seq, end.last_hash) != (seq, previous) if end else seq:
            seq += 1
            raise ValueError("the stream ends elsewhere")
    except MISFITS as error:
        raise _damaged(session, f"event {seq}", path) from error
    return entries


def _damaged(session: str, what: str, path: Path) -> Unavailable:
    return Unavailable(
        "store_damaged",
        f"session {session}: {what} is missing or not as it was written; put a backup of {path} in its place",
    )


def _ready(record: Record) -> _Ready:
    if record.erased or record.owner == "":
        raise ValueError("a record to append is not erased, and its owner is a seat or None")
    return _Ready(record, to_json(record.meta), None if record.content is None else to_json(record.content).encode())


def _record(keyring: Keyring, session: str, row: Any) -> Record:
    """The record of a row whose hash was checked."""
    content, erased = None, False
    if row.ciphertext is not None:
        key = keyring.to_read(row.owner, row.generation)
        erased = key is None
        if key is not None:
            content = from_json(unseal(key, row.ciphertext, _event_place(session, row.seq, row.owner)))
    return Record(row.type, row.at_ms, from_json(row.meta), content, row.owner, erased)


def _event_place(session: str, seq: int, owner: str | None) -> bytes:
    return frame("event", session, owner, seq)


def _draft_place(session: str, seat: str, capture: str) -> bytes:
    return frame("draft", session, seat, capture)


def _command_seq(connection: Connection, session: str, seat: str, command_id: str) -> int | None:
    return connection.scalar(_COMMAND_SEQ, {"session": session, "seat": seat, "command_id": command_id})


def _prove(connection: Connection, master: AESGCM, path: Path) -> None:
    """Leave, or open, a seal that only the right master key opens."""
    proof = connection.scalar(select(master_proof.c.proof))
    sealed = select(keys.c.session, keys.c.generation, keys.c.wrapped).where(
        keys.c.owner == "", keys.c.wrapped.is_not(None)
    )
    sessions = [(row.session, row.generation, row.wrapped) for row in connection.execute(sealed.limit(TRIED))]
    require_key(master, proof, sessions, path)
    if proof is None:
        connection.execute(insert(master_proof).values(id=1, proof=seal(master, b"", PROOF_PLACE)))
