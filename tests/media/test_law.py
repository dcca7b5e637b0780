"""The floor is law: whatever a browser without it sends, nothing of it reaches anybody.

The hostile client holds a seat and real keys. What arrives at the listener is counted as datagrams, before any
decoding: nobody else sends in these rooms, unless a test says so.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from aiortc import RTCDtlsTransport
from aiortc.rtp import RtpPacket, wrap_rtx

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import EmbeddedMedia
from tests.media.conftest import Joining
from tests.media.guest import Guest, until

AUDIO, VIDEO, REPAIR = 96, 97, 98
KEYFRAME = b"\x10\x00\x00\x00\x9d\x01\x2a" + bytes(200)
OPEN = RoomPlan(version=1, hearable=frozenset("a"), pictures={"a": Picture.STAGE})
CLOSED = RoomPlan(version=2, hearable=frozenset(), pictures={})


@dataclass
class Hostile:
    """A guest whose own client is silenced; the test sends with its keys. `taken`: what it sent, protected."""

    guest: Guest
    dtls: RTCDtlsTransport
    sound: int
    picture: int
    taken: list[bytes] = field(default_factory=list)
    sequence: int = 1000

    @classmethod
    async def join(cls, join: Joining, seat: str = "a") -> Hostile:
        guest = await join(seat, repairs=True, quiet=True)
        sound, picture = (sender._ssrc for sender in guest.pc.getSenders()[:2])
        dtls = guest.pc.getTransceivers()[0].sender.transport
        await until(lambda: dtls.state == "connected")
        path = dtls.transport
        made = cls(guest, dtls, sound, picture)
        below = path._send

        async def note(datagram: bytes) -> None:
            if 127 < datagram[0] < 192:
                made.taken.append(datagram)
            await below(datagram)

        path._send = note  # type: ignore[assignment]
        return made

    async def send(self, packet: RtpPacket) -> None:
        await RTCDtlsTransport._send_rtp(self.dtls, packet.serialize())

    def packet(self, payload_type: int, ssrc: int, payload: bytes = b"sound" * 8) -> RtpPacket:
        self.sequence += 1
        return RtpPacket(payload_type, 0, self.sequence & 0xFFFF, self.sequence * 960, ssrc, payload)


def named(packet: RtpPacket, mid: str) -> bytes:
    """The packet with the line's name in it, in the id that aiortc offers for it."""
    data = packet.serialize()
    element = bytes([1 << 4 | len(mid) - 1]) + mid.encode()
    element += bytes(-len(element) % 4)
    return bytes([data[0] | 0x10]) + data[1:12] + b"\xbe\xde\x00" + bytes([len(element) // 4]) + element + data[12:]


Attack = Callable[[Hostile], Iterator[RtpPacket | bytes]]


def honest(h: Hostile) -> list[RtpPacket]:
    return [h.packet(AUDIO, h.sound), h.packet(VIDEO, h.picture, KEYFRAME)]


def goes_on(h: Hostile) -> Iterator[RtpPacket | bytes]:
    yield from honest(h)


def swaps_its_ssrc(h: Hostile) -> Iterator[RtpPacket | bytes]:
    yield h.packet(AUDIO, random.getrandbits(32))
    yield h.packet(AUDIO, h.picture)
    yield h.packet(VIDEO, h.sound, KEYFRAME)


def labels_sound_as_picture(h: Hostile) -> Iterator[RtpPacket | bytes]:
    for ssrc in (h.sound, h.picture, 4711):
        yield h.packet(VIDEO, ssrc)
        yield named(h.packet(AUDIO, ssrc), "1")
        yield named(h.packet(VIDEO, ssrc), "0")


def repeats_silence(h: Hostile) -> Iterator[RtpPacket | bytes]:
    """Sound as the repair of packets that nobody misses, and of such that really are missing."""
    h.sequence += 1  # leaves a gap
    yield h.packet(VIDEO, h.picture, KEYFRAME)
    for ssrc in (h.guest.pc.getSenders()[1]._rtx_ssrc, 815):
        for _ in range(3):
            yield wrap_rtx(h.packet(VIDEO, h.picture), REPAIR, h.sequence & 0xFFFF, ssrc)
    for missing in range(h.sequence - 12, h.sequence):
        inner = RtpPacket(VIDEO, 0, missing & 0xFFFF, 1, h.picture, KEYFRAME)
        yield wrap_rtx(inner, REPAIR, missing & 0xFFFF, h.guest.pc.getSenders()[1]._rtx_ssrc)


def floods(h: Hostile) -> Iterator[RtpPacket | bytes]:
    for _ in range(60):
        yield h.packet(AUDIO, h.sound, bytes(900))


@pytest.mark.parametrize("attack", [goes_on, swaps_its_ssrc, labels_sound_as_picture, repeats_silence, floods])
async def test_nothing_passes_after_the_floor_has_gone(engine: EmbeddedMedia, join: Joining, attack: Attack) -> None:
    hostile = await Hostile.join(join)
    await before_and_after(engine, join, hostile, attack)


async def before_and_after(engine: EmbeddedMedia, join: Joining, hostile: Hostile, attack: Attack) -> None:
    """The floor opens, honest packets pass, it closes while the attack runs: nothing of what is sent then arrives. How
    soon after the plan that is, `cosession bench floor` measures; a machine that tests share cannot."""
    engine.apply("room", OPEN)
    listener = await join("b", sends=False)
    arrivals = listen(listener)

    async def is_heard() -> bool:
        for packet in honest(hostile):
            await hostile.send(packet)
        return len(arrivals) > 20

    await until(is_heard)
    await assail(hostile, attack, 0.2)
    engine.apply("room", CLOSED)
    await engine.stats()  # its answer comes after the plan was obeyed
    await assail(hostile, attack, 0.1)
    await calm(arrivals)
    seen = len(arrivals)
    await assail(hostile, attack, 0.6)
    await calm(arrivals)
    assert len(arrivals) == seen
    workers, _ = await engine.stats()
    assert sum(workers[0].dropped.values()) > 20


async def assail(hostile: Hostile, attack: Attack, for_s: float) -> None:
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    while loop.time() - started_s < for_s:
        for packet in attack(hostile):
            data = packet if isinstance(packet, bytes) else packet.serialize()
            await RTCDtlsTransport._send_rtp(hostile.dtls, data)
        await asyncio.sleep(0.01)


async def calm(arrivals: list[float]) -> None:
    """Wait until what was on its way has come."""
    before = -1
    while before != len(arrivals):
        before = len(arrivals)
        await asyncio.sleep(0.3)


def listen(guest: Guest) -> list[float]:
    """When each media datagram arrived, from now on."""
    path = guest.pc.getTransceivers()[0].receiver.transport.transport
    receive, arrivals = path._recv, list[float]()

    async def count() -> bytes:
        datagram = await receive()
        if 127 < datagram[0] < 192 and not 192 <= datagram[1] <= 208:
            arrivals.append(asyncio.get_running_loop().time())
        return datagram

    path._recv = count
    return arrivals


async def test_what_was_sent_with_the_floor_cannot_be_sent_again_without(engine: EmbeddedMedia, join: Joining) -> None:
    """The very datagrams of before, from the own address, and from another one with valid keys."""
    hostile = await Hostile.join(join)
    engine.apply("room", OPEN)
    listener = await join("b", sends=False)
    arrivals = listen(listener)

    async def is_heard() -> bool:
        await hostile.send(hostile.packet(AUDIO, hostile.sound))
        return len(arrivals) > 20

    await until(is_heard)
    await calm(arrivals)
    seen = len(arrivals)
    path = hostile.dtls.transport
    for datagram in hostile.taken[-200:]:
        await path._send(datagram)
    # Fresh packets with valid keys, but not from the address that STUN has proven.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere:
        for _ in range(50):
            packet = hostile.packet(AUDIO, hostile.sound).serialize()
            elsewhere.sendto(hostile.dtls._tx_srtp.protect(packet), ("127.0.0.1", engine.udp_ports[0]))
        await calm(arrivals)
    assert len(arrivals) == seen
    workers, _ = await engine.stats()
    assert workers[0].dropped["unknown_source"] == 50
    assert workers[0].dropped["srtp"] >= 20


async def test_a_flood_with_the_floor_is_cut_and_others_are_heard(engine: EmbeddedMedia, join: Joining) -> None:
    """Even whoever may speak sends no more than a browser would; the worker has time for the others."""
    engine.apply("room", RoomPlan(version=1, hearable=frozenset("ac"), pictures={}))
    hostile = await Hostile.join(join)
    await join("c")
    listener = await join("b", sends=False)
    arrivals = listen(listener)
    await until(lambda: listener.sound_s[1] > 0.5)
    heard, started_s = listener.sound_s[1], asyncio.get_running_loop().time()
    seen = len(arrivals)
    while (passed_s := asyncio.get_running_loop().time() - started_s) < 2:
        for _ in range(100):
            await hostile.send(hostile.packet(AUDIO, hostile.sound, bytes(500)))
        await asyncio.sleep(0.01)
    assert len(arrivals) - seen < 2 * 300 * passed_s
    await until(lambda: listener.sound_s[1] > heard + 1)
    workers, _ = await engine.stats()
    assert workers[0].dropped["flood"] > 500


async def test_a_seat_cannot_speak_for_another(engine: EmbeddedMedia, join: Joining) -> None:
    """Packets under the SSRC of somebody who has the floor stay their sender's: nothing passes."""
    engine.apply("room", RoomPlan(version=1, hearable=frozenset("c"), pictures={"c": Picture.STAGE}))
    hostile, other = await Hostile.join(join), await Hostile.join(join, "c")
    listener = await join("b", sends=False)
    arrivals = listen(listener)
    await asyncio.sleep(0.5)
    for _ in range(30):
        await hostile.send(hostile.packet(AUDIO, other.sound))
        await hostile.send(hostile.packet(VIDEO, other.picture, KEYFRAME))
    await calm(arrivals)
    assert arrivals == []
