"""The contract, kept by SQLite, and what only a file can show: other keys, other versions, other programs."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine, event

from cosession.room.ports import Conflict, Draft, Entry, Record, Unavailable, Wanted
from cosession.store.database import LOCK_PATIENCE_MS
from cosession.store.eventlog import SqliteEventLog
from cosession.store.registry import Registry
from cosession.store.schema import metadata
from tests.store.conftest import MASTER_KEY, on_disk
from tests.store.contract import CREATED, FORM, MOVED, WRITTEN, EventLogContract, summary


class TestSqliteEventLog(EventLogContract):
    pass


# -- round trip ---------------------------------------------------------------------------------------------------

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=4)
any_record = st.builds(
    Record,
    type=texts,
    at_ms=st.integers(-(2**63), 2**63 - 1),
    meta=objects,
    content=st.none() | objects,
    owner=st.none() | texts.filter(bool),
)


@pytest.mark.slow
@given(st.lists(st.lists(any_record, max_size=4), max_size=4))
def test_any_records_come_back(tmp_path_factory: pytest.TempPathFactory, batches: list[list[Record]]) -> None:
    async def there_and_back() -> None:
        path = tmp_path_factory.mktemp("log") / "cosession.db"
        log = SqliteEventLog.open(path, MASTER_KEY)
        written = [record for batch in batches for record in batch]
        entries: list[Entry] = []
        for batch in batches:
            entries += await log.append("s", len(entries), batch)
        assert list(await log.read("s")) == entries
        await log.close()
        log = SqliteEventLog.open(path, MASTER_KEY)
        assert [entry.record for entry in await log.read("s")] == written
        await log.close()

    asyncio.run(there_and_back())


# -- commits ------------------------------------------------------------------------------------------------------


async def test_a_commit_waits_for_the_disk(log: SqliteEventLog) -> None:
    """What a kill cannot show, because the machine lives on: 2 is FULL, the log is synced at each commit."""

    def ask(connection: Connection) -> list[object]:
        return [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")]

    assert await log.database.writer.run(ask) == ["wal", 2]


async def test_what_is_queued_is_committed_at_once(log: SqliteEventLog, path: Path) -> None:
    commits: list[object] = []
    event.listen(log.database.engine, "commit", commits.append)
    await log.append("warm-up", 0, [CREATED])
    assert len(commits) == 1
    with sqlite3.connect(path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        appends = [asyncio.ensure_future(log.append(f"room-{n}", 0, [CREATED, WRITTEN])) for n in range(200)]
        appends.append(asyncio.ensure_future(log.append("room-0", 0, [MOVED])))
        await asyncio.sleep(0)
        other.execute("ROLLBACK")
    other.close()
    results = await asyncio.gather(*appends, return_exceptions=True)
    assert len(commits) == 2
    assert isinstance(results.pop(), Conflict)
    assert all(not isinstance(result, BaseException) for result in results)
    assert len(await log.open_sessions()) == 201


async def test_an_append_that_nobody_waits_for_disturbs_nobody(log: SqliteEventLog) -> None:
    task = asyncio.ensure_future(log.append("s", 0, [CREATED]))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await log.append("t", 0, [CREATED])
    assert len(await log.read("s")) == 1


# -- other programs -----------------------------------------------------------------------------------------------


async def test_a_lock_is_waited_for_250_ms(log: SqliteEventLog, path: Path) -> None:
    await log.append("s", 0, [CREATED])
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    statements: list[str] = []
    event.listen(log.database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    start = time.monotonic()
    results = await asyncio.gather(
        *(log.append("s", 1, [MOVED], ("seat-1", "c")) for _ in range(5)),
        log.save_draft("s", Draft("seat-1", "contract", {"text": "x"})),
        return_exceptions=True,
    )
    waited_s = time.monotonic() - start
    assert [result.code for result in results if isinstance(result, Unavailable)] == ["store_busy"] * 6
    assert LOCK_PATIENCE_MS == 250
    assert 0.2 < waited_s < 1
    assert statements == ["BEGIN IMMEDIATE"], "what came in meanwhile does not wait once more"
    assert len(await log.read("s")) == 1
    other.execute("ROLLBACK")
    other.close()
    await log.append("s", 1, [MOVED], ("seat-1", "c"))
    assert len(await log.read("s")) == 2


async def test_a_second_store_on_the_file_meets_the_first(log: SqliteEventLog, path: Path) -> None:
    other = SqliteEventLog.open(path, MASTER_KEY)
    await log.append("s", 0, [CREATED])
    with pytest.raises(Conflict):
        await other.append("s", 0, [CREATED])
    await other.append("s", 1, [WRITTEN])
    await other.erase("s", "seat-1")
    assert [entry.record.erased for entry in await log.read("s")] == [False, True]
    await other.close()


# -- versions and keys --------------------------------------------------------------------------------------------


async def test_the_migrations_make_the_tables_of_the_schema(log: SqliteEventLog, path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert context.get_current_revision() == "0003"
        assert compare_metadata(context, metadata) == []
    engine.dispose()


async def test_a_newer_database_is_refused_and_left_alone(log: SqliteEventLog, path: Path) -> None:
    await log.append("s", 0, [CREATED])
    await log.close()
    with sqlite3.connect(path) as other:
        other.execute("UPDATE alembic_version SET version_num = '9000'")
    other.close()
    before = on_disk(path)
    with pytest.raises(Unavailable, match=r"newer version of cosession.*9000") as refusal:
        SqliteEventLog.open(path, MASTER_KEY)
    assert refusal.value.code == "store_unwritable"
    assert str(path) in str(refusal.value)
    assert on_disk(path) == before


async def test_another_master_key_is_refused(log: SqliteEventLog, path: Path) -> None:
    await log.close()
    with pytest.raises(Unavailable, match="another master key"):
        SqliteEventLog.open(path, bytes(32))


async def test_nothing_private_is_on_disk_in_clear(log: SqliteEventLog, path: Path) -> None:
    await log.append("s", 0, [CREATED, WRITTEN], summary=summary("s"))
    await log.save_draft("s", Draft("seat-1", "contract", {"text": "brouillon-intime"}))
    assert b"codev-75" in on_disk(path)
    for private in ("Séance", "et si", "idée", "brouillon-intime", "Inès", "Karim"):
        assert private.encode() not in on_disk(path)


async def test_the_sealed_names_of_an_erased_person_are_nowhere(log: SqliteEventLog, path: Path) -> None:
    await log.append("s", 0, [CREATED], summary=summary("s"))
    with closing(sqlite3.connect(path)) as other:
        sealed = dict(other.execute("SELECT owner, ciphertext FROM summary_contents").fetchall())
    for owner, erased in (("seat-1", "seat-1"), ("", None)):
        assert sealed[owner] in on_disk(path)
        await log.erase("s", erased)
        assert sealed[owner] not in on_disk(path)


@pytest.mark.parametrize(
    "damage",
    ["UPDATE summary_contents SET ciphertext = zeroblob(40)", "UPDATE summaries SET meta = '[1, 2'"],
    ids=["sealed", "clear"],
)
async def test_a_damaged_summary_is_dropped_to_be_made_anew(log: SqliteEventLog, path: Path, damage: str) -> None:
    for session in ("s", "t"):
        await log.append(session, 0, [CREATED], summary=summary(session))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(f"{damage} WHERE session = 's'")
    assert [one.session for one in await log.summaries(Wanted(FORM))] == ["t"], "one does not hide the others"
    assert list(await log.streams(without=FORM)) == ["s"]
    assert await log.summary("s", FORM) is None


async def test_summaries_are_of_whom_the_registry_says(log: SqliteEventLog) -> None:
    registry = Registry(log.database)
    for session, owner in (("a", "me"), ("b", "you"), ("c", None)):
        await log.append(session, 0, [CREATED], summary=summary(session))
        if owner is not None:
            await registry.add_session(session, 0, 0, owner)
    assert [one.session for one in await log.summaries(Wanted(FORM, owner="me"))] == ["a"]
    assert [await log.count_summaries(Wanted(FORM, owner=owner)) for owner in ("me", "nobody", None)] == [1, 0, 3]


async def test_a_proof_of_the_key_that_became_a_text_is_damage(log: SqliteEventLog, path: Path) -> None:
    """One flipped bit in a row's head makes a text of a blob."""
    await log.append("s", 0, [CREATED])
    await log.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE master_proof SET proof = 'a text of some length, no seal'")
    with pytest.raises(Unavailable) as failure:
        SqliteEventLog.open(path, MASTER_KEY)
    assert failure.value.code == "store_damaged"


async def test_an_erased_key_is_nowhere(log: SqliteEventLog, path: Path) -> None:
    seats = [f"seat-{n}" for n in range(9)]
    await log.append("s", 0, [Record("advice_given", 0, {}, {"text": "x"}, seat) for seat in seats])
    with sqlite3.connect(path) as other:
        wrapped = dict(other.execute("SELECT owner, wrapped FROM keys").fetchall())
    other.close()
    for seat in ("seat-3", "seat-8", "seat-0"):
        assert wrapped[seat] in on_disk(path)
        await log.erase("s", seat)
        assert wrapped[seat] not in on_disk(path)
    assert wrapped["seat-4"] in on_disk(path)
    await log.erase("s", None)
    for key in wrapped.values():
        assert key not in on_disk(path)


async def test_the_file_is_for_its_owner_only(log: SqliteEventLog, path: Path) -> None:
    await log.append("s", 0, [CREATED])
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
