"""An engine with its worker process, an ear, and one open room of four seats."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import aioice.ice
import pytest

from cosession.media.embedded import EmbeddedMedia
from tests.media.guest import Ear, Guest

SEATS = ("a", "b", "c", "d")

Joining = Callable[..., Awaitable[Guest]]


@pytest.fixture(autouse=True)
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """aioice leaves 127.0.0.1 out when it gathers."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
async def engine(ear: Ear) -> AsyncIterator[EmbeddedMedia]:
    running = EmbeddedMedia()
    await running.start(ear)
    await running.open("room", SEATS)
    yield running
    await running.stop()


@pytest.fixture
async def join(engine: EmbeddedMedia) -> AsyncIterator[Joining]:
    """Let a guest join the room; everybody leaves at the end."""
    guests: list[Guest] = []

    async def joining(
        seat: str,
        connection: str = "",
        *,
        sends: bool = True,
        publishes: bool = True,
        session: str = "room",
        repairs: bool = False,
        slots: int = 3,
        quiet: bool = False,
    ) -> Guest:
        guest = Guest(engine, session, seat, connection, slots)
        guest.repairs, guest.quiet = repairs, quiet
        guests.append(guest)
        return await guest.join(sends, publishes)

    yield joining
    for guest in guests:
        await guest.leave()
