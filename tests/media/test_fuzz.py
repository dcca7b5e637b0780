"""Any bytes at all: readers answer or refuse, strangers are counted, a seat with keys breaks nothing but its own."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Iterator

import pylibsrtp
import pytest
from aiortc import RTCDtlsTransport
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import EmbeddedMedia
from tests.media.conftest import Joining
from tests.media.fuzzing import TARGETS, Door, check, seeds
from tests.media.guest import until


@st.composite
def damaged(draw: st.DrawFn, examples: list[bytes]) -> bytes:
    """A sound example with some of its bytes cut, doubled or written over."""
    data = bytearray(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(data)))
        much = draw(st.integers(0, 24))
        match draw(st.sampled_from(["cut", "double", "write", "end"])):
            case "cut":
                del data[at : at + much]
            case "double":
                data[at:at] = data[at : at + much]
            case "write":
                data[at : at + much] = draw(st.binary(max_size=much))
            case "end":
                del data[at:]
    return bytes(data)


def anything(target: str) -> st.SearchStrategy[bytes]:
    return st.one_of(st.binary(max_size=1500), damaged(seeds(target)))


@pytest.mark.parametrize("target", TARGETS)
@given(data=st.data())
def test_nothing_escapes_from_a_reader(target: str, data: st.DataObject) -> None:
    TARGETS[target](data.draw(anything(target)))


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    made = Door()
    yield made
    made.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(anything("datagram"), st.binary(min_size=1501, max_size=1600)))
def test_a_stranger_is_dropped_for_exactly_one_reason_and_never_answered(door: Door, data: bytes) -> None:
    reason = door.knock(data)
    if len(data) > 1500:
        assert reason == "oversized"
    elif data and data[0] < 4:
        assert reason == "bad_stun"
    else:
        assert reason == "unknown_source"


@pytest.mark.parametrize("name", ["us", "us:them:x", ":", "", "ü:them", "a" * 400])
def test_a_check_with_another_name_is_no_check(door: Door, name: str) -> None:
    assert door.knock(check(name.encode("latin-1"), b"k")) == "bad_stun"


async def test_a_seat_that_sends_nonsense_with_its_keys_breaks_nothing(engine: EmbeddedMedia, join: Joining) -> None:
    engine.apply("room", RoomPlan(version=1, hearable=frozenset("ac"), pictures=dict.fromkeys("ac", Picture.FACE)))
    hostile = await join("a", quiet=True, repairs=True)
    await join("c")
    listener = await join("b")
    await until(lambda: listener.frames[1] > 3)
    dtls = hostile.pc.getTransceivers()[0].sender.transport
    sound, picture = (sender._ssrc.to_bytes(4, "big") for sender in hostile.pc.getSenders()[:2])
    chance = random.Random(5)
    sent = 0
    for i in range(600):
        body = chance.randbytes(chance.randrange(0, 300))
        if i % 2:
            head = bytes([0x80 | chance.choice([0, 0, 0x10, 0x20, 0x0F]), chance.choice([96, 97, 98])])
            data = head + (4000 + i).to_bytes(2, "big") + bytes(4) + chance.choice([sound, picture]) + body
        else:
            head = bytes([0x80 | chance.randrange(32), chance.choice([200, 201, 202, 203, 205, 206]), 0, 17])
            data = head + sound + (body + bytes(64))[:64]
        with contextlib.suppress(pylibsrtp.Error):  # its own library refuses the worst
            await RTCDtlsTransport._send_rtp(dtls, data)
            sent += 1
        if i % 60 == 0:
            await dtls.transport._send(b"\x16\xfe\xfd" + body)
            await dtls.transport._send(b"\x17\xfe\xfd" + body)
            await asyncio.sleep(0.02)
    assert sent > 300
    frames, heard = listener.frames[1], listener.sound_s[1]
    await until(lambda: listener.frames[1] > frames + 10 and listener.sound_s[1] > heard + 1)
    assert len(engine.pids) == 1
