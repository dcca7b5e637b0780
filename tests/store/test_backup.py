"""A copy that is whole, and one that is not: `cosession backup`, `cosession restore`, and the file copied alone.

Source: found in use, "Copying the database file alone loses a whole session without a word".
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cosession.cli import app
from cosession.main import DATABASE, Application, CannotStart, new_link
from cosession.room.ports import Record
from cosession.settings import Settings
from cosession.store.eventlog import SqliteEventLog
from cosession.store.keys import load_master_key
from tests.room.bench import FakeClock, NotingEngine

TEXT = "what somebody wrote"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("COSESSION_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("COSESSION_MASTER_KEY", raising=False)
    return Settings(data=tmp_path / "data")


def verb(*words: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.output


def started(settings: Settings) -> Application:
    return Application(settings, clock=FakeClock(), media=NotingEngine())


async def written(log: SqliteEventLog, session: str, events: int) -> None:
    for seq in range(events):
        await log.append(session, seq, [Record("noted", seq, {}, {"text": TEXT}, "p1")])


def read(settings: Settings, session: str) -> list[str]:
    async def work() -> list[str]:
        log = SqliteEventLog.open(settings.data / DATABASE, load_master_key(settings.master_key_path))
        try:
            return [str((entry.record.content or {}).get("text")) for entry in await log.read(session)]
        finally:
            await log.close()

    return asyncio.run(work())


def test_a_backup_of_a_running_server_holds_what_was_acknowledged(settings: Settings, tmp_path: Path) -> None:
    out = tmp_path / "copies" / "one.db"
    out.parent.mkdir()

    async def work() -> tuple[int, str]:
        application = started(settings)
        await written(application.log, "one", 5)
        answer = await asyncio.to_thread(verb, "backup", out)
        await written(application.log, "later", 1)
        await application.stop()
        return answer

    status, said = asyncio.run(work())
    assert status == 0, said
    assert "1 sessions (1 of them not over), 5 events" in said
    assert str(settings.master_key_path) in said
    assert sorted(file.name for file in out.parent.iterdir()) == ["one.db"]
    assert out.stat().st_mode & 0o777 == 0o600
    assert settings.master_key_path.read_bytes() not in out.read_bytes()
    assert TEXT.encode() not in out.read_bytes()

    assert verb("backup", out)[0] == 1  # never over another file
    status, said = verb("restore", out)
    assert status == 1
    assert "--force" in said
    assert read(settings, "later") == [TEXT]
    status, said = verb("restore", "--force", out)
    assert status == 0, said
    assert read(settings, "one") == [TEXT] * 5
    assert read(settings, "later") == []
    aside = [file for file in settings.data.iterdir() if ".before-" in file.name]
    with closing(sqlite3.connect(aside[0])) as before:  # what was there is kept
        assert before.execute("SELECT count(*) FROM events").fetchone() == (6,)


def test_a_running_server_is_not_restored_under(settings: Settings, tmp_path: Path) -> None:
    async def work() -> None:
        application = started(settings)
        await written(application.log, "one", 2)
        assert (await asyncio.to_thread(verb, "backup", tmp_path / "one.db"))[0] == 0
        status, said = await asyncio.to_thread(verb, "restore", "--force", tmp_path / "one.db")
        assert status == 1
        assert "another server uses" in said
        await written(application.log, "two", 1)
        await application.stop()

    asyncio.run(work())
    assert read(settings, "two") == [TEXT]


@pytest.mark.parametrize("fault", ["flipped", "cut", "event gone", "other key", "no key", "empty", "missing"])
def test_a_backup_that_is_not_whole_is_refused_and_changes_nothing(
    settings: Settings, tmp_path: Path, fault: str
) -> None:
    out = tmp_path / "one.db"

    async def work() -> None:
        application = started(settings)
        await written(application.log, "one", 40)
        await application.stop()

    asyncio.run(work())
    assert verb("backup", out)[0] == 0
    match fault:
        case "flipped":
            data = bytearray(out.read_bytes())
            with closing(sqlite3.connect(out)) as file:
                (sealed,) = file.execute("SELECT ciphertext FROM events WHERE seq = 20").fetchone()
            data[data.index(sealed) + 20] ^= 1
            out.write_bytes(data)
        case "cut":
            os.truncate(out, out.stat().st_size // 2)
        case "event gone":
            with closing(sqlite3.connect(out)) as file, file:
                file.execute("DELETE FROM events WHERE seq = 40")
        case "other key":
            settings.master_key_path.write_bytes(bytes(32))
        case "no key":
            settings.master_key_path.unlink()
        case "empty":
            out.write_bytes(b"")
        case "missing":
            out.unlink()
    before = {file.name: file.read_bytes() for file in settings.data.iterdir()}
    status, said = verb("restore", "--force", out)
    assert status == 1, said
    assert said.startswith("cosession: ")
    assert len(said.splitlines()) == 1
    assert {file.name: file.read_bytes() for file in settings.data.iterdir()} == before


def test_a_file_copied_without_its_log_is_noticed(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy of a running server's main file alone: what was written last is in the log."""
    copied = tmp_path / "copied" / DATABASE

    async def work() -> None:
        application = started(settings)
        await written(application.log, "one", 3)
        copied.parent.mkdir()
        shutil.copy(settings.data / DATABASE, copied)
        shutil.copy(settings.master_key_path, copied.parent)
        await application.stop()

    asyncio.run(work())
    there = Settings(data=copied.parent)
    bytes_before = copied.read_bytes()
    with pytest.raises(CannotStart, match=r"copied without the log .*cosession\.db-wal.* restore"):
        started(there)
    with pytest.raises(CannotStart, match="copied without the log"):
        asyncio.run(new_link(there, "facilitator"))
    assert copied.read_bytes() == bytes_before
    # Whoever wants what is left says so.
    monkeypatch.setenv("COSESSION_DATA", str(copied.parent))
    status, said = verb("restore", "--force", copied)
    assert status == 0, said
    asyncio.run(started(there).stop())


@pytest.mark.parametrize("beside", ["nothing", "link", "backup"])
def test_a_server_that_ended_or_was_killed_starts_again(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, beside: str
) -> None:
    """The mark alone refuses nobody: a clean stop takes it away, a crash leaves the log, and what is done beside a dead
    server leaves the files so that the next start is sure of them."""

    async def killed() -> None:
        application = started(settings)
        await written(application.log, "one", 3)
        for ending in ("", "-wal", "-shm"):
            (tmp_path / "crashed").mkdir(exist_ok=True)
            shutil.copy(settings.data / f"{DATABASE}{ending}", tmp_path / "crashed")
        shutil.copy(settings.master_key_path, tmp_path / "crashed")
        await application.stop()

    asyncio.run(killed())
    asyncio.run(started(settings).stop())
    there = Settings(data=tmp_path / "crashed")
    monkeypatch.setenv("COSESSION_DATA", str(there.data))
    if beside == "link":
        asyncio.run(new_link(there, "facilitator"))
    elif beside == "backup":
        assert verb("backup", tmp_path / "two.db")[0] == 0
    asyncio.run(started(there).stop())
    assert read(there, "one") == [TEXT] * 3
