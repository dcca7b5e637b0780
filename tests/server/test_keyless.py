"""Starting on data whose key is missing or another one: it is said what to put where, no file is made or changed."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from cosession.main import DATABASE, Application, CannotStart, new_link
from cosession.settings import Address, Settings
from cosession.simulate.own_server import OwnServer
from cosession.store.eventlog import SqliteEventLog
from tests.server.conftest import QuietMedia
from tests.store.contract import CREATED, WRITTEN

KEY = bytes(range(32))
Command = Callable[[Settings], None]


def serve(settings: Settings) -> None:
    async def there_and_back() -> None:
        async with Application(settings, media=QuietMedia()).running():
            pass

    asyncio.run(there_and_back())


def link(settings: Settings) -> None:
    asyncio.run(new_link(settings, "facilitator"))


@pytest.fixture(params=[serve, link])
def command(request: pytest.FixtureRequest) -> Command:
    found: Command = request.param
    return found


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    free = Address("127.0.0.1", 0)
    return Settings(data=tmp_path / "data", bind=free, ops_bind=free, media_bind=free)


def written(settings: Settings, *, in_the_middle: bool = False) -> Path:
    """Data of an earlier time, with its key file. `in_the_middle`: as a killed server left it."""
    there = settings.data if not in_the_middle else settings.data.with_name("running")
    log = SqliteEventLog.open(there / DATABASE, KEY)

    async def write() -> None:
        await log.append("s", 0, [CREATED, WRITTEN])
        if in_the_middle:
            shutil.copytree(there, settings.data)
        await log.close()

    asyncio.run(write())
    if in_the_middle:
        shutil.rmtree(there)
        assert settings.data.joinpath(f"{DATABASE}-wal").stat().st_size > 0
    put(settings, KEY)
    return settings.data / DATABASE


def put(settings: Settings, key: bytes) -> None:
    settings.master_key_path.parent.mkdir(parents=True, exist_ok=True)
    settings.master_key_path.write_bytes(key)
    settings.master_key_path.chmod(0o600)


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and folder below, as it is now."""
    return {
        str(found.relative_to(folder)): (found.stat().st_mtime_ns, b"" if found.is_dir() else found.read_bytes())
        for found in folder.rglob("*")
    }


def refused(command: Command, settings: Settings, tmp_path: Path) -> str:
    before = everything(tmp_path)
    with pytest.raises(CannotStart) as refusal:
        command(settings)
    assert everything(tmp_path) == before
    return str(refusal.value)


def test_data_without_its_key(command: Command, settings: Settings, tmp_path: Path) -> None:
    database = written(settings)
    settings.master_key_path.unlink()
    said = refused(command, settings, tmp_path)
    assert f"{database} holds data, but its master key {settings.master_key_path} is missing" in said
    assert "put the key file it was written with there" in said
    put(settings, KEY)
    command(settings)


def test_a_key_in_a_folder_that_is_not_there(command: Command, settings: Settings, tmp_path: Path) -> None:
    written(settings)
    elsewhere = settings.model_copy(update={"master_key": tmp_path / "usb" / "keys" / "master.key"})
    assert f"{elsewhere.master_key_path} is missing" in refused(command, elsewhere, tmp_path)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        (b"", "is not 32 bytes long: put the right file back"),
        (KEY[:31], "is not 32 bytes long: put the right file back"),
        (bytes(32), "was written with another master key: put that key file back"),
    ],
)
@pytest.mark.parametrize("in_the_middle", [False, True])
def test_a_key_that_is_not_the_one(
    command: Command, settings: Settings, tmp_path: Path, key: bytes, says: str, in_the_middle: bool
) -> None:
    written(settings, in_the_middle=in_the_middle)
    put(settings, key)
    assert says in refused(command, settings, tmp_path)
    put(settings, KEY)
    command(settings)


def test_a_copy_without_the_index_beside_its_log(command: Command, settings: Settings, tmp_path: Path) -> None:
    written(settings, in_the_middle=True).with_name(f"{DATABASE}-shm").unlink()
    put(settings, bytes(32))
    assert "another master key" in refused(command, settings, tmp_path)


def test_keys_that_this_key_does_not_unwrap(command: Command, settings: Settings, tmp_path: Path) -> None:
    """Where the proof is lost the keys of the sessions tell; a new proof must not be left."""
    with sqlite3.connect(written(settings)) as other:
        other.execute("DELETE FROM master_proof")
    other.close()
    put(settings, bytes(32))
    assert "another master key" in refused(command, settings, tmp_path)
    put(settings, KEY)
    command(settings)


def test_a_log_without_its_database(command: Command, settings: Settings, tmp_path: Path) -> None:
    """SQLite would begin anew, and delete what the log holds."""
    written(settings, in_the_middle=True).unlink()
    said = refused(command, settings, tmp_path)
    assert f"{settings.data / DATABASE} is missing or empty: put both back" in said


@pytest.mark.parametrize("there", ["nothing", "an empty file", "the key alone"])
def test_where_there_is_no_data_a_start_makes_what_it_needs(command: Command, settings: Settings, there: str) -> None:
    settings.data.mkdir()
    if there == "an empty file":
        settings.data.joinpath(DATABASE).touch(0o600)
    if there == "the key alone":
        put(settings, KEY)
    command(settings)
    assert (settings.master_key_path.read_bytes() == KEY) is (there == "the key alone")
    assert settings.data.joinpath(DATABASE).stat().st_size > 0


def test_a_simulation_keeps_off_the_real_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSESSION_MASTER_KEY", str(tmp_path / "etc" / "master.key"))
    server = OwnServer(tmp_path / "own")
    assert "COSESSION_MASTER_KEY" not in server._environment
