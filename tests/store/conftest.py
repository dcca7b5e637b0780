"""A store on a real file, for every test of this folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cosession.store.eventlog import SqliteEventLog
from tests.store.contract import Reopen

MASTER_KEY = bytes(range(32))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "cosession.db"


@pytest.fixture
async def log(path: Path) -> AsyncIterator[SqliteEventLog]:
    opened = SqliteEventLog.open(path, MASTER_KEY)
    yield opened
    await opened.close()


@pytest.fixture
async def reopen(path: Path, log: SqliteEventLog) -> AsyncIterator[Reopen]:
    opened = [log]

    async def again() -> SqliteEventLog:
        await opened[-1].close()
        opened.append(SqliteEventLog.open(path, MASTER_KEY))
        return opened[-1]

    yield again
    await opened[-1].close()


def on_disk(path: Path) -> bytes:
    """All bytes of the database and of the files beside it."""
    return b"".join(file.read_bytes() for file in sorted(path.parent.iterdir()))
