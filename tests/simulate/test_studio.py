"""Simulated media against the real media plane: pictures in their right place, sound with the floor only."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence

import pytest

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import EmbeddedMedia
from cosession.simulate import sources
from cosession.simulate.studio import MediaFailed, Studio
from tests.media.guest import answer_to


class Deaf:
    """A listener that has nothing to do."""

    def connected(self, session: str, seat: str, connection: str) -> None: ...
    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None: ...
    def lost(self, session: str, seat: str, connection: str) -> None: ...
    def alive(self, session: str, seat: str) -> None: ...
    def voices(self, session: str, levels: Mapping[str, int]) -> None: ...
    def in_force(self, session: str, version: int) -> None: ...
    def restarted(self, sessions: Sequence[str], silent_ms: int) -> None: ...


def test_every_seat_has_a_colour_and_a_voice_of_its_own() -> None:
    for place in range(sources.SEATS):
        red, green, blue = sources.colour(place)
        u = 128 - 0.169 * red - 0.331 * green + 0.5 * blue
        v = 128 + 0.5 * red - 0.419 * green - 0.081 * blue
        assert sources.seat_of_colour(u + 3, v - 3) == place
    assert len({sources.pitch_hz(place) for place in range(sources.SEATS)}) == sources.SEATS
    loop = sources.pictures("Nadia", 0, 160, 120)
    assert {picture.shape for picture in loop} == {(120, 160, 3)}
    assert all(one.tobytes() != next_one.tobytes() for one, next_one in itertools.pairwise(loop)), "it moves"
    assert all(abs(frame.astype(int)).max() > 500 for frame in sources.voice(3))


async def test_a_seat_sees_the_others_in_their_place_and_hears_only_the_floor() -> None:
    engine = EmbeddedMedia("127.0.0.1", 0)
    studio = Studio(1, (160, 120), lambda seat, connection, state: None)
    seats = ["f", "p1", "p2"]
    await engine.start(Deaf())
    await studio.start()
    try:
        await engine.open("room", seats)
        engine.apply(
            "room", RoomPlan(version=1, hearable=frozenset({"p1"}), pictures=dict.fromkeys(seats, Picture.FACE))
        )
        for place, seat in enumerate(seats):
            others = [(other, at) for at, other in enumerate(seats) if other != seat]
            offer = await studio.offer(seat, f"{seat}-connection", seat, place, others)
            await studio.answer(
                seat, f"{seat}-connection", await answer_to(engine, "room", seat, f"{seat}-connection", offer)
            )
            studio.speak(seat, True)
            studio.show(seat, True)
        async with asyncio.timeout(30):
            while True:
                got = (await studio.senses())["f"].received
                if all(got[seat].frames >= 15 for seat in ("p1", "p2")) and got["p1"].sound_s >= 1:
                    break
                await asyncio.sleep(0.2)
        assert got["p1"].strange_frames == got["p2"].strange_frames == 0
        assert got["p1"].packets
        assert got["p2"].packets == []
        assert got["p2"].sound_s == 0
    finally:
        await studio.stop()
        await engine.stop()


async def test_what_a_media_process_cannot_do_is_said() -> None:
    studio = Studio(1, (160, 120), lambda seat, connection, state: None)
    await studio.start()
    try:
        await studio.offer("f", "connection-1", "Claire", 0, [("p1", 1)])
        with pytest.raises(MediaFailed, match="answer"):
            await studio.answer("f", "connection-1", "this is no SDP")
        with pytest.raises(MediaFailed, match="KeyError"):
            await studio.answer("f", "connection-2", "v=0")
    finally:
        await studio.stop()
