"""Media offers of one seat: one at a time, the newest waits, few connections, and none for a link that has ended."""

from __future__ import annotations

import asyncio

import pytest

from cosession.room.offers import SEAT_MEDIA
from cosession.room.ports import MediaMessage
from tests.room.bench import Bench, NotingEngine, Page


class SlowEngine(NotingEngine):
    """Answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.most = 0
        self.go = asyncio.Semaphore(0)
        self._now = 0

    async def relay(self, session: str, connection: str, message: MediaMessage) -> MediaMessage:
        self.asked.append(connection)
        self._now += 1
        self.most = max(self.most, self._now)
        try:
            await self.go.acquire()
            return await super().relay(session, connection, message)
        finally:
            self._now -= 1


@pytest.fixture
def engine(bench: Bench) -> SlowEngine:
    slow = SlowEngine()
    bench.engine = slow
    bench.directory._engine = slow
    return slow


async def offers(page: Page, *names: str) -> None:
    for name in names:
        await page.say(type="media_offer", id=f"offer-{name}", connection=f"media-{name}", sdp="v=0 offer")
    await page.bench.settled()


async def test_of_a_seats_offers_one_is_in_flight_and_the_newest_waits(bench: Bench, engine: SlowEngine) -> None:
    room = await bench.room()
    page, other = await bench.page(room, "p2"), await bench.page(room, "p3")
    await offers(page, *(f"p2-{number}" for number in range(6)))
    await offers(other, "p3-0")
    assert engine.asked == ["media-p2-0", "media-p3-0"], "nobody else waits for it"
    refused = [page.answer(f"offer-p2-{number}") for number in range(1, 5)]
    assert {(one["code"], one["place"], one["retry"]) for one in refused} == {
        ("offer_refused", "sdp (replaced)", False)
    }
    for _ in range(3):
        engine.go.release()
    await bench.settled()
    assert [one["connection"] for one in page.of("media_answer")] == ["media-p2-0", "media-p2-5"]
    assert engine.asked == ["media-p2-0", "media-p3-0", "media-p2-5"]
    assert engine.most == 2


async def test_a_page_that_goes_passes_its_turn_on(bench: Bench, engine: SlowEngine) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await offers(page, "one-one", "one-two")
    await page.gone()
    await bench.settled()
    again = await bench.page(room, "p2", epoch=2, fresh=False)
    await offers(again, "two-one")
    engine.go.release()
    await bench.settled()
    assert [one["connection"] for one in again.of("media_answer")] == ["media-two-one"]
    assert "media-one-one" in engine.disconnected, "what nobody waits for any more is ended"


async def test_media_that_are_being_asked_for_end_with_their_link(bench: Bench, engine: SlowEngine) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    await offers(page, "one-one", "one-two")
    room.kick("p2")
    engine.go.release()
    engine.go.release()
    await bench.settled()
    assert not room.media.in_use
    assert "media-one-one" in engine.disconnected
    assert page.of("media_answer") == []


async def test_a_seat_has_few_peer_connections(bench: Bench) -> None:
    room = await bench.room()
    page = await bench.page(room, "p2")
    for number in range(SEAT_MEDIA + 3):
        await offers(page, f"p2-{number}")
        await bench.passes(1_000)
    assert bench.engine.disconnected == ["media-p2-0", "media-p2-1", "media-p2-2"]
