"""What must hold when the process is killed, the disk is full, the folder is closed, or bytes change (faults.md)."""

from __future__ import annotations

import asyncio
import configparser
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cosession.room.ports import Draft, Entry, Record, Unavailable
from cosession.store.eventlog import SqliteEventLog
from tests.store.conftest import MASTER_KEY
from tests.store.contract import CREATED, MOVED, WRITTEN, Reopen

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 2 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a disk of 2 MB")
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    made = subprocess.run(mount, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"this machine lets nobody mount a disk of 2 MB: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


# -- killed -------------------------------------------------------------------------------------------------------


def acknowledged_until_killed(path: Path, answers: int) -> dict[str, int]:
    """By session, the last number that a process was told is on disk before it was killed after so many answers."""
    last: dict[str, int] = {}
    command = [sys.executable, "-m", "tests.store.appender", str(path), MASTER_KEY.hex()]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            session, seq = line.split()
            last[session] = int(seq)
            answers -= 1
            if answers == 0:
                process.kill()  # what is still in the pipe was acknowledged too, and is read on
    assert process.returncode == -9
    return last


@pytest.mark.slow
async def test_sigkill_loses_nothing_that_was_acknowledged(path: Path) -> None:
    acknowledged: dict[str, int] = {}
    moments = random.Random(75)
    for _ in range(KILLS):
        last = acknowledged_until_killed(path, moments.randrange(1, 120))
        assert all(seq > acknowledged.get(session, 0) for session, seq in last.items())
        acknowledged |= last
        log = SqliteEventLog.open(path, MASTER_KEY)
        for session, seq in acknowledged.items():
            entries = await log.read(session)
            assert len(entries) >= seq
            assert len(entries) % 2 == 0, "an append is whole or not at all"
            assert entries[-1].record.content == {"text": f"texte {len(entries) - 2}"}
            assert await log.command_seq(session, "seat-1", f"c{seq - 2}") == seq
        await log.close()


# -- full ---------------------------------------------------------------------------------------------------------


async def test_a_full_disk_acknowledges_nothing_and_goes_on_when_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(600_000))
    log = SqliteEventLog.open(small_disk / "cosession.db", MASTER_KEY)
    kept: list[Entry] = []
    long_text = Record("advice_given", 0, {}, {"text": os.urandom(8_000).hex()}, "seat-1")

    async def fill() -> None:
        while True:
            kept.extend(await log.append("s", len(kept), [long_text], ("seat-1", f"c{len(kept)}")))

    with pytest.raises(Unavailable) as failure:
        await fill()
    assert failure.value.code == "store_full"
    assert str(small_disk) in str(failure.value)
    assert len(kept) > 10
    for _ in range(3):
        with pytest.raises(Unavailable) as failure:
            await log.append("s", len(kept), [long_text] * 8, ("seat-1", "late"))
        assert failure.value.code == "store_full"
    assert list(await log.read("s")) == kept
    assert await log.command_seq("s", "seat-1", "late") is None
    ballast.unlink()
    kept += await log.append("s", len(kept), [long_text] * 8, ("seat-1", "late"))
    await log.close()
    log = SqliteEventLog.open(small_disk / "cosession.db", MASTER_KEY)
    assert list(await log.read("s")) == kept
    await log.close()


async def test_opening_on_a_full_disk_says_so(small_disk: Path) -> None:
    """Whatever the step at which the last page is taken."""
    said: list[str] = []
    for pages_left in range(60):
        free_bytes = shutil.disk_usage(small_disk).free
        (small_disk / "ballast").write_bytes(bytes(free_bytes - pages_left * 4096))
        path = small_disk / f"{pages_left}" / "cosession.db"
        try:
            await SqliteEventLog.open(path, MASTER_KEY).close()
        except Unavailable as failure:
            said.append(failure.code)
        shutil.rmtree(path.parent, ignore_errors=True)
        (small_disk / "ballast").unlink()
    assert 10 < len(said) < 60
    assert set(said) == {"store_full"}


def test_the_unit_goes_on_trying_with_growing_pauses() -> None:
    """A service manager gives up after five quick failures unless it is told not to."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "deploy" / "cosession.service", encoding="utf-8")
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert unit["Service"]["Restart"] == "always"
    assert int(unit["Service"]["RestartSteps"]) > 0
    assert int(unit["Service"]["RestartMaxDelaySec"]) > int(unit["Service"]["RestartSec"])


# -- closed -------------------------------------------------------------------------------------------------------


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    path = tmp_path / "file" / "cosession.db"
    with pytest.raises(Unavailable) as failure:
        SqliteEventLog.open(path, MASTER_KEY)
    assert failure.value.code == "store_unwritable"
    assert str(failure.value).startswith(f"{path} cannot be written: give this user write access")


def test_a_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as failure:
        SqliteEventLog.open(tmp_path, MASTER_KEY)
    assert failure.value.code == "store_unwritable"


def test_a_read_only_disk_is_named(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(Unavailable) as failure:
        SqliteEventLog.open(small_disk / "cosession.db", MASTER_KEY)
    assert failure.value.code == "store_unwritable"


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "cosession.db"
    path.write_bytes(b"a letter, not a database. " * 100)
    with pytest.raises(Unavailable) as failure:
        SqliteEventLog.open(path, MASTER_KEY)
    assert failure.value.code == "store_damaged"
    assert str(path) in str(failure.value)


# -- changed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("UPDATE events SET ciphertext = zeroblob(length(ciphertext)) WHERE seq = 2", 2),
        ("""UPDATE events SET meta = '{"phase":"closing"}' WHERE seq = 2""", 2),
        ("UPDATE events SET type = 'advice_taken' WHERE seq = 2", 2),
        ("UPDATE events SET at_ms = at_ms + 1 WHERE seq = 3", 3),
        ("UPDATE events SET owner = 'seat-2' WHERE seq = 2", 2),
        ("UPDATE events SET generation = 2 WHERE seq = 2", 2),
        ("UPDATE events SET hash = randomblob(32) WHERE seq = 3", 3),
        ("UPDATE events SET meta = CAST(x'7bff7d' AS TEXT) WHERE seq = 3", 3),
        ("UPDATE events SET at_ms = 'soon' WHERE seq = 3", 3),
        ("UPDATE events SET seq = seq + 7 WHERE seq > 2", 3),
        ("DELETE FROM events WHERE seq = 1", 1),
        ("DELETE FROM events WHERE seq = 2", 2),
        ("DELETE FROM events WHERE seq = 4", 4),
        ("DELETE FROM events", 1),
        ("DELETE FROM streams", 5),
        ("UPDATE streams SET last_seq = 3", 5),
        ("DELETE FROM keys WHERE owner = 'seat-1'", 2),
        ("UPDATE keys SET wrapped = zeroblob(60) WHERE owner = 'seat-1'", 2),
        ("UPDATE keys SET wrapped = x'00' WHERE owner = ''", 1),
    ],
)
async def test_a_change_is_found_and_its_event_named(
    log: SqliteEventLog, path: Path, reopen: Reopen, change: str, seq: int
) -> None:
    await log.append("s", 0, [CREATED, WRITTEN, MOVED, WRITTEN])
    await log.close()
    with sqlite3.connect(path) as other:
        assert other.execute(change).rowcount > 0
    other.close()
    with pytest.raises(Unavailable, match=rf"event {seq} is missing or not as it was written") as failure:
        await (await reopen()).read("s")
    assert failure.value.code == "store_damaged"


async def test_a_changed_draft_is_found(log: SqliteEventLog, path: Path, reopen: Reopen) -> None:
    await log.save_draft("s", Draft("seat-1", "contract", {"text": "j'aim"}))
    with sqlite3.connect(path) as other:
        other.execute("UPDATE drafts SET capture = 'learning'")
    other.close()
    with pytest.raises(Unavailable) as failure:
        await log.drafts("s")
    assert failure.value.code == "store_damaged"


async def test_a_damaged_key_stops_the_append(log: SqliteEventLog, path: Path) -> None:
    await log.append("s", 0, [CREATED, WRITTEN])
    with sqlite3.connect(path) as other:
        other.execute("UPDATE keys SET wrapped = zeroblob(60) WHERE owner = 'seat-1'")
    other.close()
    with pytest.raises(Unavailable) as failure:
        await log.append("s", 2, [WRITTEN])
    assert failure.value.code == "store_damaged"
    await log.append("s", 2, [MOVED])


async def read_or_damage(path: Path, data: bytes) -> Sequence[Entry] | None:
    """The stream in a file of these bytes, or None if opening or reading says that it is damaged."""
    await asyncio.to_thread(path.write_bytes, data)
    log = None
    try:
        log = SqliteEventLog.open(path, MASTER_KEY)
        return await log.read("s")
    except Unavailable as failure:
        if failure.code == "store_damaged" or log is None:
            return None
        raise
    finally:
        if log is not None:
            await log.close()


def flipped_bytes(path: Path, flips: int) -> Iterator[bytes]:
    """The file with one bit changed, at so many places that are not empty."""
    clean = path.read_bytes()
    used = [place for place, byte in enumerate(clean) if byte]
    places = random.Random(75)
    for _ in range(flips):
        flipped = bytearray(clean)
        flipped[places.choice(used)] ^= 1 << places.randrange(8)
        yield bytes(flipped)


async def test_no_flipped_byte_of_the_file_gives_wrong_events(log: SqliteEventLog, path: Path, tmp_path: Path) -> None:
    """Wherever it is: the events are right, or it is said that they are not."""
    kept = list(await log.append("s", 0, [CREATED, WRITTEN, MOVED, WRITTEN] * 5))
    await log.close()
    found = 0
    for n, flipped in enumerate(flipped_bytes(path, 200)):
        entries = await read_or_damage(tmp_path / f"copy-{n}.db", flipped)
        assert entries is None or list(entries) == kept
        found += entries is None
    assert found > 50


async def test_a_torn_write_ahead_log_leaves_whole_appends(log: SqliteEventLog, path: Path, tmp_path: Path) -> None:
    """SQLite opens it without a word and later events are gone: what is left is whole, older than a browser knows."""
    kept: list[Entry] = []
    for _ in range(20):
        kept += await log.append("s", len(kept), [WRITTEN, MOVED])
    wal = path.with_name(path.name + "-wal").read_bytes()
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    copy.with_name("copy.db-wal").write_bytes(wal[: len(wal) * 2 // 3])
    torn = SqliteEventLog.open(copy, MASTER_KEY)
    left = list(await torn.read("s"))
    await torn.close()
    assert 0 < len(left) < len(kept)
    assert len(left) % 2 == 0
    assert left == kept[: len(left)]
