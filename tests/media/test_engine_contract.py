"""What every media engine promises (`room.ports.MediaEngine`, decision 39), shown by packets that a hidden ear counts:
the floor is taken from whoever speaks, their signalling is cut meanwhile, they return, the engine restarts. Nothing of
them is heard again.

Another engine joins by one more entry in `ENGINES`.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable

import pytest

from cosession.media.embedded import EmbeddedMedia
from cosession.room.ports import MediaMessage, OfferRefused, Unavailable
from tests.media.conftest import SEATS
from tests.media.guest import Ear, Guest, plan, until
from tests.media.test_law import calm, listen

ENGINES: dict[str, Callable[[], EmbeddedMedia]] = {"embedded": EmbeddedMedia}


@pytest.fixture(params=ENGINES)
async def engine(request: pytest.FixtureRequest, ear: Ear) -> AsyncIterator[EmbeddedMedia]:
    running = ENGINES[request.param]()
    await running.start(ear)
    await running.open("room", SEATS)
    yield running
    await running.stop()


async def test_whoever_lost_the_floor_is_heard_by_nobody_whatever_breaks(engine: EmbeddedMedia, ear: Ear) -> None:
    guests: list[Guest] = []

    async def joins(seat: str, connection: str, *, sends: bool = True) -> Guest:
        guests.append(await Guest(engine, "room", seat, connection).join(sends))
        return guests[-1]

    async def nothing_comes(arrivals: list[float]) -> None:
        await calm(arrivals)
        seen = len(arrivals)
        await asyncio.sleep(1)
        assert len(arrivals) == seen

    engine.apply("room", plan(1, ["a"], []))
    await joins("a", "a-1")
    ear_of_b = await joins("b", "b-1", sends=False)
    arrivals = listen(ear_of_b)
    await until(lambda: len(arrivals) > 20)

    # The floor is taken. `a` goes on sending, and whatever it signals is lost: it never learns of it.
    engine.apply("room", plan(2, [], []))
    await until(lambda: ear.versions.get("room") == 2)
    await asyncio.sleep(engine.guarantees.leak_ms / 1000)
    await nothing_comes(arrivals)

    # It returns by another connection, and says again what it said before.
    await joins("a", "a-2")
    await until(lambda: ear.carries.get("a-2", False))
    await nothing_comes(arrivals)

    # The engine dies and stands up; both come back before anybody has applied a plan again.
    os.kill(engine.pids[0], signal.SIGKILL)
    await until(lambda: any(word[0] == "restarted" for word in ear.notified))
    ear.versions.clear()
    await joins("a", "a-3")
    listener = await joins("b", "b-2", sends=False)
    arrivals = listen(listener)
    await until(lambda: ear.carries.get("a-3", False))
    assert ear.versions == {"room": 2}, "the plan is in force again, and confirmed"
    await nothing_comes(arrivals)

    # And the floor is a floor: given back, it is heard.
    engine.apply("room", plan(3, ["a"], []))
    await until(lambda: ear.versions == {"room": 3})
    await until(lambda: len(arrivals) > 20)
    for guest in guests:
        await guest.leave()


async def test_a_plan_is_confirmed_with_its_version_and_an_older_one_does_not_come_back(
    engine: EmbeddedMedia, ear: Ear
) -> None:
    guest = await Guest(engine, "room", "a").join()
    engine.apply("room", plan(7, ["a"], []))
    await until(lambda: ear.versions == {"room": 7})
    engine.apply("room", plan(6, [], []))
    engine.apply("room", plan(8, [], []))
    await until(lambda: ear.versions == {"room": 8})
    await guest.leave()


async def test_a_connection_is_one_identity(engine: EmbeddedMedia) -> None:
    offer = MediaMessage("offer", "v=0")
    with pytest.raises(Unavailable):
        await engine.relay("room", "a-1", offer)
    await engine.join("room", "a", "a-1")
    await engine.join("room", "a", "a-1")
    with pytest.raises(ValueError, match="one seat"):
        await engine.join("room", "b", "a-1")
    with pytest.raises(OfferRefused, match="of kind candidate"):
        await engine.relay("room", "a-1", MediaMessage("candidate", ""))
    engine.leave("room", "a-1")
    engine.leave("room", "a-1")
    with pytest.raises(Unavailable):
        await engine.relay("room", "a-1", offer)
