"""Files that are deleted, moved or replaced under a store that is open: noticed, and nothing is acknowledged that the
next start would not find."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cosession.room.ports import LastAlive, Record, Unavailable
from cosession.store.eventlog import SqliteEventLog
from cosession.store.registry import Registry
from tests.store.conftest import MASTER_KEY
from tests.store.contract import CREATED, MOVED, WRITTEN

Fault = Callable[[Path], None]
LONG = Record("advice_given", 0, {}, {"text": "é" * 2_000}, "seat-1")


def beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def deleted(path: Path) -> None:
    path.unlink()


def all_deleted(path: Path) -> None:
    for ending in ("", "-wal", "-shm"):
        beside(path, ending).unlink()


def log_deleted(path: Path) -> None:
    beside(path, "-wal").unlink()


def index_deleted(path: Path) -> None:
    beside(path, "-shm").unlink()


def replaced(path: Path) -> None:
    shutil.copy(path, beside(path, ".other"))
    beside(path, ".other").replace(path)


def log_replaced(path: Path) -> None:
    shutil.copy(beside(path, "-wal"), beside(path, ".other"))
    beside(path, ".other").replace(beside(path, "-wal"))


def folder_moved(path: Path) -> None:
    path.parent.rename(path.parent.with_name("elsewhere"))


def folder_replaced(path: Path) -> None:
    folder_moved(path)
    shutil.copytree(path.parent.with_name("elsewhere"), path.parent)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)


def log_emptied(path: Path) -> None:
    os.truncate(beside(path, "-wal"), 0)


FAULTS = [
    deleted,
    all_deleted,
    log_deleted,
    replaced,
    log_replaced,
    folder_moved,
    folder_replaced,
    emptied,
    cut,
    log_emptied,
]


def by_hand(path: Path, statement: str) -> None:
    """Another program does something to the file."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement).fetchall()


def contents(path: Path) -> bytes:
    return path.read_bytes()


def overwrite(path: Path, old: bytes) -> None:
    """Put an older state into the same file, which keeps its size."""
    assert len(old) == path.stat().st_size
    with path.open("r+b") as file:
        file.write(old)


async def lived(log: SqliteEventLog, path: Path) -> None:
    """Some life, so that both files hold something."""
    for n in range(10):
        await log.append(f"s{n}", 0, [CREATED, LONG, LONG])
    await log.alive(LastAlive("boot", 1, 1))
    by_hand(path, "PRAGMA wal_checkpoint(PASSIVE)")
    await log.alive(LastAlive("boot", 2, 2))
    await log.append("s", 0, [CREATED, WRITTEN])
    assert len(await log.read("s")) == 2


@pytest.mark.parametrize("fault", FAULTS)
async def test_nothing_is_acknowledged_any_more(log: SqliteEventLog, path: Path, fault: Fault) -> None:
    await lived(log, path)
    fault(path)
    said = await asyncio.gather(
        *(log.append("s", 2 + n, [MOVED], ("seat-1", f"c{n}")) for n in range(30)),
        log.alive(LastAlive("boot", 3, 3)),
        Registry(log.database).new_login_link("ops"),
        return_exceptions=True,
    )
    codes = [one.code if isinstance(one, Unavailable) else "acknowledged" for one in said]
    assert codes == ["store_gone"] * 32
    assert str(path.parent) in str(said[0])
    assert "put a backup in its place and start the server again" in str(said[0])
    if fault not in (emptied, cut, log_emptied):
        assert len(await log.read("s")) == 2, "what is there can be read on"


async def test_a_deleted_index_is_noticed_by_the_next_sign_of_life(
    log: SqliteEventLog, path: Path, tmp_path: Path
) -> None:
    """What was acknowledged until then is in the log."""
    await lived(log, path)
    index_deleted(path)
    await log.append("s", 2, [MOVED])
    as_a_kill_leaves_it = tmp_path / "killed.db"
    for ending in ("", "-wal"):
        shutil.copy(beside(path, ending), beside(as_a_kill_leaves_it, ending))
    for _ in range(2):
        with pytest.raises(Unavailable) as failure:
            await log.alive(LastAlive("boot", 3, 3))
        assert failure.value.code == "store_gone"
    with pytest.raises(Unavailable):
        await log.append("s", 3, [MOVED])
    again = SqliteEventLog.open(as_a_kill_leaves_it, MASTER_KEY)
    assert len(await again.read("s")) == 3
    await again.close()


async def test_a_file_overwritten_in_place_is_noticed_by_the_next_sign_of_life(log: SqliteEventLog, path: Path) -> None:
    """The same inode, the same size: what a copy over it does."""
    await lived(log, path)
    by_hand(path, "PRAGMA wal_checkpoint(PASSIVE)")
    old = contents(path)
    await log.append("s", 2, [MOVED])
    await log.alive(LastAlive("boot", 3, 3))
    by_hand(path, "PRAGMA wal_checkpoint(PASSIVE)")
    await log.alive(LastAlive("boot", 4, 4))
    overwrite(path, old)
    for _ in range(2):
        with pytest.raises(Unavailable, match="overwritten with an older state") as failure:
            await log.alive(LastAlive("boot", 5, 5))
        assert failure.value.code == "store_gone"
        with pytest.raises(Unavailable):
            await log.append("s", 3, [MOVED])


@pytest.mark.parametrize("there", [folder_moved, deleted, log_deleted])
async def test_files_that_come_back_go_on(log: SqliteEventLog, path: Path, tmp_path: Path, there: Fault) -> None:
    """The same files, not copies: a second name keeps what is deleted."""
    await lived(log, path)
    kept = {ending: tmp_path / f"kept{ending}" for ending in ("", "-wal")}
    for ending, name in kept.items():
        os.link(beside(path, ending), name)
    there(path)
    with pytest.raises(Unavailable):
        await log.append("s", 2, [MOVED], ("seat-1", "c"))
    if there is folder_moved:
        path.parent.with_name("elsewhere").rename(path.parent)
    else:
        ending = "" if there is deleted else "-wal"
        os.link(kept[ending], beside(path, ending))
    await log.alive(LastAlive("boot", 3, 3))
    await log.append("s", 2, [MOVED], ("seat-1", "c"))
    await log.close()
    again = SqliteEventLog.open(path, MASTER_KEY)
    assert len(await again.read("s")) == 3
    await again.close()


async def test_copies_that_come_back_stay_refused_until_the_next_start(log: SqliteEventLog, path: Path) -> None:
    await lived(log, path)
    folder_replaced(path)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await log.append("s", 2, [MOVED])
    there = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    await log.close()
    assert {file.name: file.read_bytes() for file in path.parent.iterdir()} == there, "the log of the copy is not ours"
    again = SqliteEventLog.open(path, MASTER_KEY)
    assert len(await again.read("s")) == 2
    await again.append("s", 2, [MOVED])
    await again.close()


@pytest.mark.parametrize("fault", [log_deleted, index_deleted])
async def test_what_only_a_deleted_log_held_is_saved_into_the_file(
    log: SqliteEventLog, path: Path, tmp_path: Path, fault: Fault
) -> None:
    await lived(log, path)
    fault(path)
    with pytest.raises(Unavailable):
        await log.alive(LastAlive("boot", 3, 3))
    shutil.copy(path, tmp_path / "as-a-kill-leaves-it.db")
    again = SqliteEventLog.open(tmp_path / "as-a-kill-leaves-it.db", MASTER_KEY)
    assert len(await again.read("s")) == 2
    await again.close()


async def test_an_erasure_and_a_cleaning_by_hand_are_no_loss(log: SqliteEventLog, path: Path) -> None:
    """Both leave shorter files."""
    await lived(log, path)
    await log.erase("s1", None)
    await log.alive(LastAlive("boot", 3, 3))
    by_hand(path, "VACUUM")
    by_hand(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    assert beside(path, "-wal").stat().st_size == 0
    await log.alive(LastAlive("boot", 4, 4))
    await log.append("s", 2, [MOVED])
