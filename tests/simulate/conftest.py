"""A real server as a process of its own, with its data in the test's folder."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cosession.simulate.own_server import OwnServer


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[OwnServer]:
    own = OwnServer(tmp_path / "data")
    await own.start()
    yield own
    await own.stop()
