"""What people in a room see and hear, over real sockets and real DTLS, and what they do not."""

from __future__ import annotations

import asyncio
import random
import socket

import pytest
from aiortc import RTCDtlsTransport
from aiortc.rtp import is_rtcp

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import EmbeddedMedia
from cosession.room.ports import ConnectionStats
from tests.media.conftest import SEATS, Joining
from tests.media.guest import Ear, Guest, plan, until


async def stats(engine: EmbeddedMedia, seat: str) -> ConnectionStats:
    _, sessions = await engine.stats()
    return next(f for f in sessions["room"] if f.seat == seat)


async def dropped(engine: EmbeddedMedia, reason: str) -> int:
    workers, _ = await engine.stats()
    return workers[0].dropped.get(reason, 0)


async def dropped_up_to(engine: EmbeddedMedia, reason: str, count: int) -> None:
    """Wait until so many were dropped."""

    async def are() -> bool:
        return await dropped(engine, reason) >= count

    await until(are)


def dtls_of(guest: Guest) -> RTCDtlsTransport:
    return guest.pc.getTransceivers()[0].sender.transport


async def test_two_see_and_hear_each_other(engine: EmbeddedMedia, join: Joining, ear: Ear) -> None:
    engine.apply("room", plan(1, ["a", "b"], SEATS))
    a, b = await join("a"), await join("b")
    await until(lambda: a.frames[0] > 15 and b.frames[0] > 15 and a.sound_s[0] > 1 and b.sound_s[0] > 1)
    assert not a.frames[1]
    assert ("connected", "room", "a", "a-1") in ear.notified
    assert ear.carries == {"a-1": True, "b-1": True}
    seen = await stats(engine, "a")
    assert seen.packets_out > 50
    assert seen.loss_percent == 0
    assert seen.audio_packets_dropped == 0
    await until(lambda: ear.alive_count["a"] >= 2)
    assert dtls_of(a)._ssl.get_selected_srtp_profile() == b"SRTP_AEAD_AES_256_GCM"  # type: ignore[union-attr]


async def test_a_seat_stands_in_its_slot(engine: EmbeddedMedia, join: Joining) -> None:
    engine.apply("room", plan(1, [], SEATS))
    a, c = await join("a"), await join("c")
    await until(lambda: a.frames[1] > 2 and c.frames[0] > 2)
    assert set(a.frames) == {1}
    assert set(c.frames) == {0}


async def test_nothing_is_forwarded_before_the_first_plan(engine: EmbeddedMedia, join: Joining) -> None:
    a, b = await join("a"), await join("b")
    await until(lambda: dtls_of(a).state == dtls_of(b).state == "connected")

    async def many_were_dropped() -> bool:
        return (await stats(engine, "a")).audio_packets_dropped > 20

    await until(many_were_dropped)
    assert (await stats(engine, "b")).packets_out == 0


async def test_the_floor_opens_closes_and_ignores_old_plans(engine: EmbeddedMedia, join: Joining) -> None:
    engine.apply("room", plan(5, ["b"], ["a"]))
    _, b = await join("a"), await join("b")
    await until(lambda: b.frames[0] > 5)
    assert b.sound_s[0] == 0
    engine.apply("room", plan(6, ["a"], ["a"]))
    await until(lambda: b.sound_s[0] > 0.5)
    engine.apply("room", plan(7, ["b"], []))
    before = (await stats(engine, "b")).packets_out
    await asyncio.sleep(1)
    assert (await stats(engine, "b")).packets_out == before
    engine.apply("room", plan(6, ["a"], ["a"]))
    await asyncio.sleep(0.5)
    assert (await stats(engine, "b")).packets_out == before
    frames, heard = b.frames[0], b.sound_s[0]
    engine.apply("room", plan(8, ["a"], ["a"]))
    await until(lambda: b.frames[0] > frames + 3 and b.sound_s[0] > heard + 0.3)


def relabel(guest: Guest, payload_type: int, ssrc: int) -> None:
    """From now on the guest's client sends its sound under these labels (0: its own)."""
    dtls = dtls_of(guest)
    send, sound = RTCDtlsTransport._send_rtp, guest.pc.getSenders()[0]._ssrc

    async def hostile(data: bytes) -> None:
        if not is_rtcp(data) and data[8:12] == sound.to_bytes(4, "big"):
            label = bytes([data[1] & 0x80 | (payload_type or data[1] & 0x7F)])
            data = data[:1] + label + data[2:8] + (ssrc or sound).to_bytes(4, "big") + data[12:]
        await send(dtls, data)

    dtls._send_rtp = hostile  # type: ignore[method-assign]


async def test_a_hostile_client_is_not_heard(engine: EmbeddedMedia, join: Joining) -> None:
    """It goes on sending, relabels its sound as the picture's payload type, and takes other SSRCs."""
    engine.apply("room", plan(1, [], []))
    a, b = await join("a"), await join("b")
    await until(lambda: dtls_of(a).state == dtls_of(b).state == "connected")
    for payload_type, ssrc in ((97, 0), (0, 12345), (97, 67890), (111, 0)):
        before = await dropped(engine, "not_negotiated")
        relabel(a, payload_type, ssrc)
        await dropped_up_to(engine, "not_negotiated", before + 15)
        assert (await stats(engine, "b")).packets_out == 0
    assert await dropped(engine, "closed_floor") > 10
    # The picture is granted, the sound is not: sound under the picture's label is no sound for anybody.
    engine.apply("room", plan(2, [], ["a"]))
    await until(lambda: b.frames[0] > 3)
    for payload_type, ssrc in ((97, 0), (97, 13579)):
        before = await dropped(engine, "not_negotiated")
        relabel(a, payload_type, ssrc)
        await dropped_up_to(engine, "not_negotiated", before + 15)
    assert b.sound_s[0] == 0


async def test_a_late_joiner_sees_everybody_at_once(engine: EmbeddedMedia, join: Joining) -> None:
    engine.apply("room", plan(1, ["a"], SEATS))
    await join("a")
    b = await join("b")
    await until(lambda: b.frames[0] > 20)
    c = await join("c")
    await until(lambda: dtls_of(c).state == "connected")
    await until(lambda: c.frames[0] > 0 and c.frames[1] > 0)


async def test_a_listener_receives_and_never_publishes(engine: EmbeddedMedia, join: Joining) -> None:
    engine.apply("room", plan(1, SEATS, SEATS))
    a = await join("a")
    b = await join("b", sends=False)
    c = await join("c", publishes=False)
    await until(lambda: b.frames[0] > 3 and c.frames[0] > 3 and b.sound_s[0] > 0.3)
    assert not a.frames
    assert (await stats(engine, "c")).video_packets_in == 0


async def test_strangers_have_no_effect(engine: EmbeddedMedia, join: Joining) -> None:
    engine.apply("room", plan(1, SEATS, SEATS))
    a, b = await join("a"), await join("b")
    await until(lambda: b.frames[0] > 5)
    hello = bytes.fromhex("16feff0000000000000000003a0100002e000000000000002efefd") + bytes(46)
    check = bytes.fromhex("000100082112a442") + bytes(12) + bytes.fromhex("00060003613a6200")
    long = b"\x80\x60" + b"x" * 1600
    chance = random.Random(1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.connect(("127.0.0.1", engine.udp_ports[0]))
        for _ in range(20):
            for datagram in (
                long,
                b"\x80\x60" + bytes(60),
                b"\x80\xc8" + bytes(60),
                hello,
                check,
                b"",
            ):
                stranger.send(datagram)
            stranger.send(chance.randbytes(chance.randrange(1, 1400)))
        frames, heard = a.frames[0], b.sound_s[0]
        await until(lambda: a.frames[0] > frames + 10 and b.sound_s[0] > heard + 1)
        stranger.setblocking(False)
        with pytest.raises(BlockingIOError):
            stranger.recv(100)
    assert await dropped(engine, "oversized") == 20
    assert await dropped(engine, "bad_stun") >= 20
    assert await dropped(engine, "unknown_source") >= 60


class Lossy:
    """Loses 10 % of the picture's packets, and counts how many of the lost ones came by again: under their own number,
    or in the repair stream."""

    def __init__(self, seed: int) -> None:
        self.lost: set[bytes] = set()
        self.repaired: set[bytes] = set()
        self._chance = random.Random(seed)

    def loses(self, datagram: bytes) -> bool:
        if datagram[0] < 128 or datagram[1] & 0x7F not in {97, 98}:
            return False
        place = datagram[2:4] + datagram[8:12]
        if place in self.lost or datagram[1] & 0x7F == 98:
            self.repaired.add(place)
            return False
        if self._chance.random() < 0.1:
            self.lost.add(place)
            return True
        return False


@pytest.mark.parametrize("repairs", [True, False], ids=["in repair streams", "under their own numbers"])
async def test_pictures_survive_loss(engine: EmbeddedMedia, join: Joining, repairs: bool) -> None:
    """What is lost on either way is asked for and sent once more."""
    engine.apply("room", plan(1, ["a"], ["a"]))
    a, b = await join("a", repairs=repairs), await join("b", repairs=repairs, slots=1)
    await until(lambda: b.frames[0] > 3)
    up, down = Lossy(1), Lossy(2)
    path_in, path_out = dtls_of(b).transport, dtls_of(a).transport
    receive, send = path_in._recv, path_out._send

    async def lossy_receive() -> bytes:
        while down.loses(datagram := await receive()):
            pass
        return datagram

    async def lossy_send(datagram: bytes) -> None:
        if not up.loses(datagram):
            await send(datagram)

    path_in._recv = lossy_receive
    path_out._send = lossy_send  # type: ignore[assignment]
    await until(lambda: len(up.lost) >= 5 and len(down.lost) >= 5)
    await asyncio.sleep(0.5)
    assert len(up.repaired) >= 0.8 * len(up.lost)
    assert len(down.repaired) >= 0.8 * len(down.lost)
    before = b.frames[0]
    await until(lambda: b.frames[0] > before + 10)

    async def is_said() -> bool:
        return (await stats(engine, "a")).loss_percent > 0

    await until(is_said)


async def test_the_newest_connection_that_carries_publishes(engine: EmbeddedMedia, join: Joining, ear: Ear) -> None:
    engine.apply("room", plan(1, SEATS, SEATS))
    old, b = await join("a", "a-old"), await join("b")
    await until(lambda: b.frames[0] > 5)
    new = await join("a", "a-new")
    await until(lambda: ear.carries.get("a-new", False))
    await until(lambda: new.frames[0] > 3)
    frames, heard, both = b.frames[0], b.sound_s[0], old.frames[0]
    await until(lambda: b.frames[0] > frames + 5 and b.sound_s[0] > heard + 0.5 and old.frames[0] > both + 5)
    engine.leave("room", "a-old")
    frames = b.frames[0]
    await until(lambda: b.frames[0] > frames + 5)
    assert ("lost", "room", "a", "a-old") not in ear.notified


async def test_voices_come_from_the_packets(engine: EmbeddedMedia, join: Joining, ear: Ear) -> None:
    engine.apply("room", plan(1, ["a"], []))
    a = await join("a")
    await join("b")
    await until(lambda: ear.levels.get("a", 0) > 90)
    assert "b" not in ear.levels
    assert a.tone is not None
    a.tone.loud = False
    await until(lambda: ear.levels == {})


async def test_on_an_open_floor_three_are_passed_on(engine: EmbeddedMedia, join: Joining) -> None:
    everyone = frozenset(SEATS)
    engine.apply("room", RoomPlan(version=1, hearable=everyone, pictures={}, contending=everyone))
    guests = {seat: await join(seat) for seat in SEATS}
    await until(lambda: sum(len(guest.sound_s) for guest in guests.values()) == 9)
    heard = {seat: set(guest.sound_s) for seat, guest in guests.items()}
    left_out = [seat for seat in SEATS if len(heard[seat]) == 3]
    assert len(left_out) == 1
    assert await dropped(engine, "not_loudest") > 0
    silent = next(seat for seat in SEATS if seat not in left_out)
    tone = guests[silent].tone
    assert tone is not None
    tone.loud = False
    await until(lambda: len(guests[silent].sound_s) == 3)


async def test_whoever_stops_sending_is_said_and_whoever_vanishes_is_lost(
    engine: EmbeddedMedia, join: Joining, ear: Ear
) -> None:
    engine.apply("room", RoomPlan(version=1, hearable=frozenset("a"), pictures={"a": Picture.STAGE}))
    a, b = await join("a"), await join("b")
    await until(lambda: ear.carries.get("a-1", False) and ear.carries.get("b-1", False))
    for sender in a.pc.getSenders()[:2]:
        await sender.stop()
    await dtls_of(b).transport.stop()  # no word over DTLS: the network is simply gone
    await until(lambda: ear.carries["a-1"] is False)
    await until(lambda: ("lost", "room", "b", "b-1") in ear.notified)
    assert ("lost", "room", "a", "a-1") not in ear.notified
    assert [f.seat for f in (await engine.stats())[1]["room"]] == ["a"]
