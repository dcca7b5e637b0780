"""The helper in C and Python say the same bytes: for every down track, every packet, and on a real way to a real
browser's DTLS. Where there is no compiler there is no helper, and the tests of Python's way are all there is."""

from __future__ import annotations

import importlib.util
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pylibsrtp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pylibsrtp._binding import ffi, lib

from cosession.media.embedded import EmbeddedMedia, aiortc_seam, native, rtp
from cosession.media.embedded.batch_reader import BatchReader, SrtpReceiver
from cosession.media.embedded.down_track import DownTrack
from cosession.media.embedded.forward import send_batch
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.sdp import Kind, MediaDescription
from cosession.media.embedded.target import SendPath
from cosession.media.embedded.transport import Mux
from cosession.media.embedded.up_track import UpTrack
from tests.media.fuzzing import BareReader, read_alike
from tests.media.guest import Ear, Guest, plan, until
from tests.media.test_fuzz import anything

ROOT = Path(__file__).resolve().parents[2]
KEY = bytes(range(44))
EXTENSIONS = {rtp.URI_MID: 4, rtp.URI_SEND_TIME: 2, rtp.URI_AUDIO_LEVEL: 1}


@pytest.fixture(scope="module")
def helper() -> native.Helper:
    """Built as an installation builds it. A machine without a compiler cannot say that it works: the test fails."""
    spec = importlib.util.spec_from_file_location("build_hook", ROOT / "web" / "build_hook.py")
    assert spec is not None
    assert spec.loader is not None
    hook: ModuleType = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(hook)
    hook.build_helper(ROOT)
    found = native.load()
    assert found is not None, "install a C compiler (cc) to test the helper"
    return found


class Browser:
    """A socket that receives, the keys of its own, and the outlet to it by either way."""

    def __init__(self, mux: Mux) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(2)
        self.mux = mux
        kind, profile = pylibsrtp.Policy.SSRC_ANY_OUTBOUND, pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM
        self.session = pylibsrtp.Session(pylibsrtp.Policy(key=KEY, ssrc_type=kind, srtp_profile=profile))
        self.reader = pylibsrtp.Session(
            pylibsrtp.Policy(key=KEY, ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND, srtp_profile=profile)
        )
        self.by_python: list[bytes] = []

    def send_rtp(self, packet: bytes) -> None:
        self.by_python.append(packet)

    def send_rtcp(self, packet: bytes) -> None:
        raise AssertionError("no reports here")

    def send_path(self) -> SendPath | None:
        if self.mux.helper is None:
            return None
        context = int(ffi.cast("uintptr_t", self.session._srtp[0]))
        return SendPath(self.mux, self.session, context, self.mux.helper.address(*self.socket.getsockname()))

    def next(self) -> bytes:
        return self.reader.unprotect(self.socket.recv(2048))

    def got_nothing(self) -> bool:
        self.socket.setblocking(False)
        try:
            self.socket.recv(2048)
        except BlockingIOError:
            return True
        finally:
            self.socket.settimeout(2)
        return False


@pytest.fixture(scope="module")
def mux(helper: native.Helper) -> Iterator[Mux]:
    made = Mux("127.0.0.1", 0, helper)
    yield made
    made.socket.close()


def described(kind: Any, extensions: dict[str, int], mid: str = "17") -> MediaDescription:
    number, codec = (96, "VP8/90000") if kind == "video" else (111, "opus/48000/2")
    return MediaDescription(kind, mid, "recvonly", number, codec, "", (), extensions, ())


def packet(extended: int, payload: bytes, vp8: rtp.Vp8 | None = None) -> Packet:
    return Packet(extended, 90_000, 0x80, 30, vp8, b"abc", payload)


@given(
    extended=st.integers(0, 1 << 40),
    timestamp=st.integers(0, 0xFFFFFFFF),
    offsets=st.tuples(st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF), *[st.integers(-9, 1 << 17)] * 2),
    payload=st.binary(min_size=6, max_size=1200),
    descriptor=st.sampled_from([None, (0, 7, 0), (2, 7, 0), (2, 15, 0), (2, 15, 4), (2, 7, 3)]),
    marker=st.sampled_from([0, 0x80]),
    level=st.integers(0, 127),
    wanted=st.sets(st.sampled_from(sorted(EXTENSIONS))),
)
@settings(max_examples=100)
def test_both_write_the_same_bytes(
    mux: Mux,
    extended: int,
    timestamp: int,
    offsets: tuple[int, int, int, int],
    payload: bytes,
    descriptor: tuple[int, int, int] | None,
    marker: int,
    level: int,
    wanted: set[str],
) -> None:
    kind: Kind = "audio" if descriptor is None else "video"
    browser = Browser(mux)
    up_track = UpTrack(kind, "a", 1, described(kind, EXTENSIONS))
    down_track = DownTrack(described(kind, {uri: EXTENSIONS[uri] for uri in wanted}), 0xCAFE, browser)
    down_track.sequence_offset, down_track.timestamp_offset, down_track.picture_offset, down_track.level0_offset = (
        offsets
    )
    up_track.targets = [down_track]
    vp8 = None if descriptor is None else rtp.Vp8(False, *descriptor)
    one = Packet(extended, timestamp, marker, level, vp8, b"xyz", payload)
    send_batch(one, up_track)
    assert browser.next() == down_track.write(one)
    assert (down_track.packets, down_track.octets) == (1, len(payload))
    assert not browser.by_python
    browser.socket.close()


@pytest.fixture(scope="module")
def bare(helper: native.Helper) -> Iterator[BareReader]:
    """Its own library, as its way to unprotect is not the real one."""
    own = native.load()
    assert own is not None
    reader = BareReader(own)
    yield reader
    reader.close()


@given(data=anything("rtp"), more=st.binary(max_size=40))
def test_both_read_the_same(bare: BareReader, data: bytes, more: bytes) -> None:
    read_alike(bare, data)
    extended = data[1:12] + b"\xbe\xde" + bytes([0, len(more) // 4]) + more + data[12:]
    for first in (b"\x90", b"\xb0", b"\x80"):
        read_alike(bare, first + extended)


class Ears:
    """What a reader hands on, by whom."""

    def __init__(self, name: str, handled: list[tuple[Any, ...]]) -> None:
        self.name, self.handled = name, handled

    def on_packet(self, stream: int, arrived: rtp.Arrived | None, now_s: float) -> None:
        self.handled.append((self.name, stream, arrived))

    def on_refused(self, reason: str) -> None:
        self.handled.append((self.name, reason))


class Table:
    """A reader, and what it hands on."""

    def __init__(self, helper: native.Helper) -> None:
        self.helper, self.reader = helper, BatchReader(helper)
        self.handled: list[tuple[Any, ...]] = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))

    def receiver(self, name: str, allowed: int = 100) -> SrtpReceiver:
        """Of SSRC 7, sound."""
        inbound = pylibsrtp.Session(
            pylibsrtp.Policy(
                key=KEY,
                ssrc_type=pylibsrtp.Policy.SSRC_ANY_INBOUND,
                srtp_profile=pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
            )
        )
        made = SrtpReceiver(
            self.helper, inbound, int(ffi.cast("uintptr_t", inbound._srtp[0])), Ears(name, self.handled)
        )
        made.learn(7, rtp.asked(0, 1, video=False))
        made.allow(allowed)
        return made

    def take(self) -> list[tuple[Any, ...]]:
        """What came, handed on: once taken, nothing is left."""
        self.handled.clear()
        count = self.reader.take(self.socket, lambda data, address, now_s: self.handled.append((data, address)), 1.0)
        assert count == len(self.handled)
        return list(self.handled)


@pytest.fixture
def table(helper: native.Helper) -> Iterator[Table]:
    made = Table(helper)
    yield made
    made.socket.close()


def sound(sequence: int, ssrc: int = 7) -> bytes:
    return rtp.HeaderTemplate(ssrc, 111, "17", 4, 2, 1).fill(0x80, sequence, 960, b"abc", 33) + b"sound"


def test_what_comes_is_read_once_and_only_with_the_right_keys(table: Table, mux: Mux) -> None:
    browser = Browser(mux)
    here, there = table.socket.getsockname(), browser.socket.getsockname()
    table.reader.know([(there, table.receiver("ana"))])
    protected = browser.session.protect(sound(9))
    forged = protected[:-1] + bytes([protected[-1] ^ 1])
    stranger = browser.session.protect(sound(10, ssrc=8))
    for datagram in (forged, protected, protected, stranger, b"\x80" * 11, b"\x00\x01" + bytes(18), bytes(1600)):
        browser.socket.sendto(datagram, here)
    read = (111, 0x80, 9, 960, -1, 33, None, b"sound")
    assert rtp.read(sound(9), rtp.asked(0, 1, video=False)) == read
    *known, other, short, stun, long = table.take()
    assert known == [("ana", "srtp"), ("ana", 0, read), ("ana", "srtp")]
    assert [other, short, stun] == [(stranger, there), (b"\x80" * 11, there), (b"\x00\x01" + bytes(18), there)]
    assert len(long[0]) > 1500
    browser.socket.close()


def test_everybody_is_known_by_the_newest_address_alone(table: Table, mux: Mux) -> None:
    browsers = [Browser(mux) for _ in range(3)]
    ana, ben, karim = (browser.socket.getsockname() for browser in browsers)
    first, second = table.receiver("ana"), table.receiver("ben")

    def say(sequence: int) -> list[Any]:
        for browser in browsers:
            browser.socket.sendto(browser.session.protect(sound(sequence)), table.socket.getsockname())
        return [handled[0] if isinstance(handled[0], str) else handled[1] for handled in table.take()]

    assert say(1) == [ana, ben, karim]
    table.reader.know([(ana, first), (ben, second)])
    assert say(2) == ["ana", "ben", karim]
    table.reader.know([(karim, first), (ben, second)])  # another network
    assert say(3) == [ana, "ben", "ana"]
    table.reader.know([])
    assert say(4) == [ana, ben, karim]
    for browser in browsers:
        browser.socket.close()


def test_a_flood_is_dropped_before_it_is_unprotected(table: Table, mux: Mux) -> None:
    browser, receiver = Browser(mux), table.receiver("ana", allowed=2)
    table.reader.know([(browser.socket.getsockname(), receiver)])
    packets = [browser.session.protect(sound(number)) for number in range(5)]
    for one in packets[:4]:
        browser.socket.sendto(one, table.socket.getsockname())
    assert [handled[1] for handled in table.take()] == [0, 0, "flood", "flood"]
    receiver.allow(2)
    for one in packets[3:]:
        browser.socket.sendto(one, table.socket.getsockname())
    assert [handled[1] for handled in table.take()] == [0, 0]
    browser.socket.close()


def test_thousands_of_addresses_find_their_own_and_what_has_no_room_is_left_to_python(table: Table, mux: Mux) -> None:
    browser, first, last = Browser(mux), table.receiver("first"), table.receiver("last")
    there = browser.socket.getsockname()
    crowd: list[Any] = [(("10.0.0.1", port), first) for port in range(1, 2048)]

    def read(known: list[Any], sequence: int) -> Any:
        table.reader.know(known)
        browser.socket.sendto(browser.session.protect(sound(sequence)), table.socket.getsockname())
        return table.take()[0]

    assert read([*crowd, (there, last)], 1)[0] == "last"
    assert read([*crowd, (("10.0.0.2", 1), first), (there, last)], 2)[1] == there
    browser.socket.close()


def test_a_reader_finds_browsers_of_ipv6(helper: native.Helper, mux: Mux, table: Table) -> None:
    browser = Browser(mux)
    with (
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as there,
    ):
        for one in (here, there):
            one.bind(("::1", 0))
        table.reader.know([(there.getsockname(), table.receiver("ana"))])
        there.sendto(browser.session.protect(sound(1)), here.getsockname())
        there.sendto(b"\x16", here.getsockname())
        others: list[Any] = []
        assert table.reader.take(here, lambda data, address, now_s: others.append((data, address)), 1.0) == 2
        assert others == [(b"\x16", there.getsockname())]
    assert [handled[0] for handled in table.handled] == ["ana"]
    browser.socket.close()


Making = Callable[[int], tuple[UpTrack, list[DownTrack], list[Browser]]]


@pytest.fixture
def room(mux: Mux) -> Iterator[Making]:
    """An up track, and so many browsers that it feeds, each by a down track."""
    everybody: list[Browser] = []

    def make(people: int) -> tuple[UpTrack, list[DownTrack], list[Browser]]:
        up_track, browsers = UpTrack("audio", "a", 1, described("audio", {})), [Browser(mux) for _ in range(people)]
        everybody.extend(browsers)
        down_tracks = [
            DownTrack(described("audio", EXTENSIONS), 100 + i, browser) for i, browser in enumerate(browsers)
        ]
        up_track.targets = [*down_tracks]
        return up_track, down_tracks, browsers

    yield make
    for browser in everybody:
        browser.socket.close()


def test_one_packet_reaches_many_each_in_its_own_numbers(mux: Mux, room: Making) -> None:
    up_track, down_tracks, browsers = room(40)
    sent = mux.packets_out
    for number in range(3):
        send_batch(packet(1000 + number, b"sound"), up_track)
    for down_track, browser in zip(down_tracks, browsers, strict=True):
        assert [browser.next() for _ in range(3)] == [down_track.write(packet(1000 + n, b"sound")) for n in range(3)]
    assert mux.packets_out == sent + 120


def test_what_changes_is_seen_at_the_next_packet(mux: Mux, room: Making) -> None:
    up_track, down_tracks, (one, two, three) = room(3)
    send_batch(packet(1, b"first"), up_track)
    for browser in (one, two, three):
        browser.next()

    del up_track.targets[0]  # the floor, or a page that left
    down_tracks[1].base = 5  # takes part later
    up_track.batch = None
    send_batch(packet(2, b"second"), up_track)
    assert one.got_nothing()
    assert two.got_nothing()
    assert three.next().endswith(b"second")
    assert down_tracks[0].packets == 1

    _, _, (elsewhere,) = room(1)
    three.socket, elsewhere.socket = elsewhere.socket, three.socket  # another network
    mux.version += 1
    send_batch(packet(3, b"third"), up_track)
    assert three.next().endswith(b"third")


def test_who_cannot_be_reached_by_datagrams_is_served_by_python(room: Making, monkeypatch: pytest.MonkeyPatch) -> None:
    up_track, down_tracks, (one, two) = room(2)
    monkeypatch.setattr(two, "send_path", lambda: None)
    send_batch(packet(1, b"both"), up_track)
    assert one.next().endswith(b"both")
    assert not one.by_python
    assert [sent[-4:] for sent in two.by_python] == [b"both"]
    assert [down_track.packets for down_track in down_tracks] == [1, 1]


def test_what_does_not_fit_is_refused_and_counted_and_hinders_nobody(mux: Mux, room: Making) -> None:
    up_track, _, (one,) = room(1)
    before = mux.dropped["srtp"]
    send_batch(packet(1, bytes(1400)), up_track)
    send_batch(packet(2, b"", vp8=rtp.Vp8(False, 2, 15, 4)), up_track)
    send_batch(packet(3, b"good"), up_track)
    assert one.next().endswith(b"good")
    assert mux.dropped["srtp"] == before + 2


@pytest.mark.parametrize("content", [b"", b"this is no library"])
def test_a_library_that_does_not_fit_is_not_used(tmp_path: Path, content: bytes) -> None:
    assert native.load(tmp_path / "missing.so") is None
    (tmp_path / "other.so").write_bytes(content)
    assert native.load(tmp_path / "other.so") is None


@pytest.mark.parametrize("with_helper", [True, False])
async def test_a_room_lives_by_either_way(helper: native.Helper, with_helper: bool) -> None:
    engine = EmbeddedMedia(native=with_helper)
    await engine.start(Ear())
    await engine.open("room", ["a", "b"])
    engine.apply("room", plan(1, ["a", "b"], ["a", "b"]))
    guests = [Guest(engine, "room", seat, slots=1) for seat in ("a", "b")]
    for guest in guests:
        await guest.join()
    await until(lambda: all(guest.frames[0] > 5 and guest.sound_s[0] > 0.5 for guest in guests))
    _, figures = await engine.stats()
    assert all(seat.packets_out > 20 for seat in figures["room"])
    for guest in guests:
        await guest.leave()
    await engine.stop()


def test_states_are_called_alike_on_both_sides(helper: native.Helper) -> None:
    library = helper.library
    states = library.READ, library.NO_RTP, library.UNREAD, library.TOO_MANY
    assert states == (native.READ, native.NO_RTP, native.UNREAD, native.TOO_MANY)


def test_contract_the_words_of_pylibsrtp_that_the_helper_needs() -> None:
    session = pylibsrtp.Session()
    assert ffi.typeof(session._srtp).cname == "struct srtp_ctx_t_ * *"
    assert ffi.typeof(lib.srtp_protect).result.kind == "enum"
    assert len(session._cdata) == len(session._buffer) == 1500
    assert aiortc_seam.protect_function() != 0
