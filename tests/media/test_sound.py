"""Sound by frames, the way for who has no other: in a real worker, with listeners by frames and by packets."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable

import pytest
from av import AudioFrame, CodecContext

from cosession.core.stage import RoomPlan
from cosession.media.embedded import EmbeddedMedia, sound_frame
from tests.media.conftest import SEATS, Joining
from tests.media.guest import Ear, plan, until
from tests.media.test_room import dropped, dropped_up_to, stats

LOUD = 20


def up(number: int, payload: bytes = b"opus" * 15, level: int = LOUD) -> bytes:
    return (
        (number & 0xFFFF).to_bytes(2, "big")
        + (number * 960 & 0xFFFFFFFF).to_bytes(4, "big")
        + bytes((level,))
        + payload
    )


class Talker:
    """A page by frames; `came`: what it was sent, and when."""

    def __init__(self, engine: EmbeddedMedia, seat: str) -> None:
        self.engine, self.seat, self.connection = engine, seat, f"{seat}-sound"
        self.came: list[tuple[float, bytes]] = []
        self.number = 100
        self.payload: Callable[[], bytes] = lambda: b"opus" * 15
        self.speak: Callable[[bytes], None] = lambda data: None
        self._task: asyncio.Task[None] | None = None

    async def join(self, publishes: bool = True) -> Talker:
        await self.engine.join("room", self.seat, self.connection, publishes)
        self.speak = await self.engine.carry(
            "room", self.connection, lambda frame: self.came.append((time.monotonic(), frame))
        )
        return self

    def talk(self, level: int = LOUD) -> None:
        """Send 50 frames a second from now on."""

        async def go_on() -> None:
            while True:
                self.say(level)
                await asyncio.sleep(0.02)

        self._task = asyncio.create_task(go_on())

    def say(self, level: int = LOUD) -> None:
        self.number += 1
        self.speak(up(self.number, self.payload(), level))

    def heard(self, place: int) -> int:
        """Frames of the seat at this place."""
        return sum(frame[0] == place for _, frame in self.came)

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()


@pytest.fixture
async def talker(engine: EmbeddedMedia) -> AsyncIterator[Callable[..., Talker]]:
    made: list[Talker] = []

    def make(seat: str) -> Talker:
        made.append(Talker(engine, seat))
        return made[-1]

    yield make
    for one in made:
        one.stop()


async def test_two_pages_hear_each_other_and_count_as_heard(
    engine: EmbeddedMedia, talker: Callable[..., Talker], ear: Ear
) -> None:
    engine.apply("room", plan(1, ["a", "b"], []))
    a, b = await talker("a").join(), await talker("b").join()
    a.talk()
    b.talk(level=127)
    await until(lambda: a.heard(1) > 20 and b.heard(0) > 20)
    assert not a.heard(0), "nobody hears themselves"
    first = next(frame for _, frame in b.came)
    assert first[0] == 0
    assert first[1:] == up(int.from_bytes(first[1:3], "big")), "as it was sent, to the byte"
    assert ear.carries == {"a-sound": True, "b-sound": True}
    await until(lambda: ear.alive_count["a"] >= 2)
    await until(lambda: "a" in ear.levels)
    assert "b" not in ear.levels
    seen = await stats(engine, "a")
    assert (seen.path, seen.loss_percent, seen.level) == ("socket", 0, "full")
    assert seen.audio_packets_in > 20
    a.stop()
    await until(lambda: ear.carries["a-sound"] is False)


async def test_packets_and_frames_meet(engine: EmbeddedMedia, join: Joining, talker: Callable[..., Talker]) -> None:
    """Whoever has the better network hears the voice by frames, and is heard by it."""
    engine.apply("room", plan(1, ["a", "b"], []))
    b, a = await join("b"), talker("a")
    encoder = CodecContext.create("libopus", "w")
    encoder.sample_rate, encoder.layout, encoder.format = 48000, "mono", "s16"
    pts = 0

    def encoded() -> bytes:
        nonlocal pts
        wave = bytearray()
        for sample in range(pts, pts + 960):
            wave += int(9000 * math.sin(2 * math.pi * 440 * sample / 48000)).to_bytes(2, "little", signed=True)
        frame = AudioFrame(format="s16", layout="mono", samples=960)
        frame.planes[0].update(bytes(wave))
        frame.sample_rate, frame.pts = 48000, pts
        pts += 960
        return b"".join(bytes(packet) for packet in encoder.encode(frame)) or encoded()

    a.payload = encoded
    await a.join()
    a.talk()
    await until(lambda: b.sound_s[0] > 1 and a.heard(1) > 20)


async def test_without_the_floor_a_page_reaches_nobody(
    engine: EmbeddedMedia, talker: Callable[..., Talker], ear: Ear
) -> None:
    engine.apply("room", plan(1, ["a"], []))
    a, b = await talker("a").join(), await talker("b").join()
    a.talk()
    await until(lambda: b.heard(0) > 20)
    engine.apply("room", plan(2, [], []))
    closed_s = time.monotonic()
    await until(lambda: ear.versions["room"] == 2)
    seen = await dropped(engine, "closed_floor")
    await dropped_up_to(engine, "closed_floor", seen + 30)
    assert [at_s for at_s, _ in b.came if at_s > closed_s + engine.guarantees.leak_ms / 1000] == []
    assert (await stats(engine, "a")).audio_packets_dropped >= 30
    heard = b.heard(0)
    engine.apply("room", plan(3, ["a"], []))
    await until(lambda: b.heard(0) > heard + 10)


async def test_the_three_loudest_of_an_open_floor_are_passed_on(
    engine: EmbeddedMedia, talker: Callable[..., Talker]
) -> None:
    everybody = frozenset(SEATS)
    engine.apply("room", RoomPlan(version=1, hearable=everybody, pictures={}, contending=everybody))
    pages = {seat: await talker(seat).join() for seat in SEATS}
    for seat, level in zip(SEATS, (20, 25, 30, 60), strict=True):
        pages[seat].talk(level)
    await until(lambda: pages["d"].heard(0) > 50 and pages["d"].heard(1) > 50 and pages["d"].heard(2) > 50)
    await until(lambda: pages["a"].heard(1) > 100)
    assert pages["a"].heard(3) < 40, "the fourth had a place for a moment at most"


async def test_what_is_no_frame_of_this_page_is_refused_and_counted(
    engine: EmbeddedMedia, talker: Callable[..., Talker]
) -> None:
    engine.apply("room", plan(1, ["a"], []))
    a, b = await talker("a").join(), await talker("b").join()
    a.say()
    await until(lambda: b.heard(0) == 1)
    last = a.number
    for bad in (b"", b"1234567", up(last), up(last - 5), up(last + 40_000)):
        a.speak(bad)
    a.speak(up(last + 1, b"x" * (sound_frame.MAX_OPUS_BYTES + 1)))
    a.speak(b"\0\0\0\1")  # a receipt
    await dropped_up_to(engine, "not_negotiated", 5)
    await dropped_up_to(engine, "oversized", 1)
    assert b.heard(0) == 1
    for _ in range(400):
        a.say()
    await dropped_up_to(engine, "flood", 200)
    assert b.heard(0) < 150


async def test_an_observer_hears_and_cannot_speak(engine: EmbeddedMedia, talker: Callable[..., Talker]) -> None:
    engine.apply("room", plan(1, ["a", "b"], []))
    a, b = await talker("a").join(), await talker("b").join(publishes=False)
    a.talk()
    b.talk()
    await until(lambda: b.heard(0) > 10)
    await dropped_up_to(engine, "not_negotiated", 10)
    assert not a.heard(1)


async def test_nothing_comes_after_leaving_and_silence_is_a_loss(
    engine: EmbeddedMedia, talker: Callable[..., Talker], ear: Ear
) -> None:
    engine.apply("room", plan(1, ["a"], []))
    a, b = await talker("a").join(), await talker("b").join()
    a.talk()
    await until(lambda: b.heard(0) > 5)
    engine.leave("room", b.connection)
    heard = len(b.came)
    a.stop()
    await until(lambda: ("lost", "room", "a", "a-sound") in ear.notified)
    assert len(b.came) == heard
    b.talk()
    await dropped_up_to(engine, "unknown_source", 5)
