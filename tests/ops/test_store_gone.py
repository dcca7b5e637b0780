"""A data folder that goes away under a running server: operators read it within two seconds, nobody is told that
something was saved, and what comes back goes on."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from cosession.core.commands import StartSession
from cosession.main import Application
from cosession.room.actor import Room
from cosession.room.connection import Connection
from cosession.room.ports import Unavailable
from cosession.settings import Settings
from tests.ops.test_ops import operator, outsider, room
from tests.room.bench import FakeClock
from tests.server.conftest import QuietMedia, facilitator, journal, made, media, settings

__all__ = ["facilitator", "journal", "made", "media", "operator", "outsider", "room", "settings"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def application(
    settings: Settings, media: QuietMedia, journal: io.StringIO, clock: FakeClock
) -> AsyncIterator[Application]:
    async with Application(settings, media=media, clock=clock).running() as running:
        yield running


async def test_operators_read_that_the_files_are_gone(
    application: Application, operator: httpx.AsyncClient, settings: Settings, room: Room, clock: FakeClock
) -> None:
    async def failing_after(seconds: int) -> str | None:
        """What the board says then, with nobody asking for anything meanwhile."""
        for _ in range(seconds):
            clock.turn_to(clock.now_ms + 1_000)
            await application.rooms.settled()
        found: str | None = (await operator.get("/rooms.json")).json()["store_failing"]
        return found

    async def started(command: str) -> bool:
        await room.ask(StartSession(), "f", command)
        return room.state.started_at_ms is not None

    assert "cosession_store_up 1.0" in (await operator.get("/metrics")).text
    there = settings.data.rename(settings.data.with_name("elsewhere"))
    assert await failing_after(2) == "store_gone"
    unready = await operator.get("/readyz")
    assert unready.status_code == 503
    assert unready.text.startswith(f"store: does not answer: {settings.data}")
    assert "was deleted or moved away" in unready.text
    page = (await operator.get("/")).text
    assert "Plus rien n’est enregistré" in page
    assert "ont été supprimés, déplacés ou remplacés" in page
    assert "were deleted, moved or replaced" in (await operator.get("/?lang=en")).text
    metrics = (await operator.get("/metrics")).text
    assert "cosession_store_up 0.0" in metrics
    assert 'cosession_store_failing{code="store_gone"} 1.0' in metrics
    with pytest.raises(Unavailable):
        await started("command-1")
    assert room.state.started_at_ms is None
    there.rename(settings.data)
    assert await failing_after(2) is None
    assert (await operator.get("/readyz")).text == "ok\n"
    assert await started("command-1")
    assert "cosession_store_up 1.0" in (await operator.get("/metrics")).text


async def test_whoever_asks_is_told_that_nothing_can_be_saved(
    settings: Settings, room: Room, made: dict[str, Any]
) -> None:
    answered: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    class Browser:
        async def send(self, text: str) -> None:
            if '"command-1"' in text and not answered.done():
                answered.set_result(text)

        async def close(self, code: int) -> None: ...

    connection = Connection(room, "f", Browser())
    await connection.receive('{"type":"hello","tab":"tab-of-test","epoch":0,"place":"room"}')
    settings.data.joinpath("cosession.db").rename(settings.data / "elsewhere.db")
    await connection.receive('{"type":"command","id":"command-1","command":{"type":"start_session"}}')
    async with asyncio.timeout(10):
        answer = await answered
    assert '"code":"store_full"' in answer, "the words that people know: the server cannot save any more"
    assert '"retry":true' in answer
    connection.ended()
