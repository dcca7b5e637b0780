"""What the network may bring to each reader, and what must hold for any bytes at all; shared by the tests with
hypothesis (`make test`) and by atheris (`make soak`), which follows the branches that it finds.

`python -m tests.media.fuzzing TARGET [libFuzzer options]` runs one target under atheris: sdp, stun, rtp, rtcp or
datagram.
"""

from __future__ import annotations

import atexit
import socket
import sys
from collections import Counter
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from aioice import stun

from cosession.media.embedded import ice, native, rtcp, rtp, sdp, transport, up_track
from cosession.media.embedded.batch_reader import BatchReader, SrtpReceiver
from cosession.media.embedded.ice import IceLite, binding_request
from cosession.media.embedded.sdp import MediaDescription
from cosession.media.embedded.sockets import UdpAddress
from cosession.media.embedded.transport import Mux
from cosession.media.embedded.up_track import UpTrack
from cosession.room.ports import OfferRefused

if TYPE_CHECKING:
    from pathlib import Path

_FINGERPRINT = ":".join(["AB"] * 32)
_VIDEO = MediaDescription(
    "video", "1", "sendonly", 96, "VP8/90000", "", (), {rtp.URI_MID: 1}, (7,), rtx=97, repairs={8: 7}
)
ADDRESS = ("192.0.2.1", 4000)


def read_sdp(data: bytes) -> None:
    """Refused with a code and plain words, or answered with as many lines as were offered."""
    text = data.decode("utf-8", "surrogateescape")
    try:
        read = sdp.parse(text)
    except OfferRefused as refusal:
        code, words = refusal.code, str(refusal)
    else:
        _answer(text, read)
        return
    assert code in CODES
    assert words


def _answer(text: str, read: sdp.Offer) -> None:
    local = sdp.Local("u", "p", _FINGERPRINT, "passive", [sdp.Candidate("192.0.2.9", 5000)], 1)
    names = {media.mid: (1, 2, "slot0") for media in read.media if not media.sends}
    answer = sdp.answer(read, local, names, publishes=True)
    assert answer.count("\r\nm=") == len(read.media) <= 2 + 2 * sdp.MAX_SLOTS
    assert answer.isascii() or not text.isascii()
    assert answer.count("a=candidate:") == min(2, len(read.media)), "a browser's candidates are nobody's business"


def read_stun(data: bytes) -> None:
    """Nothing that was not signed with our key is more than a question."""
    request = binding_request(data)
    if request is not None:
        assert "USERNAME" in request.attributes
        assert not request.check_message_integrity(b"a key that nobody knows")


class BareReader:
    """The helper's way to read, from the socket on, with nothing to unprotect before."""

    def __init__(self, helper: native.Helper) -> None:
        self._helper = helper
        self._keys = helper.unprotect = helper.ffi.callback("int(void *, void *, int *)", lambda srtp, packet, size: 0)
        self._reader = BatchReader(helper)
        self._here, self._there = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for one in (self._here, self._there):
            one.bind(("127.0.0.1", 0))
        self._found: list[rtp.Arrived | bytes | None] = []

    def read(self, data: bytes, wanted: int) -> rtp.Arrived | bytes | None:
        """What is found of a known stream, None if it is no RTP; the same bytes if they are left to Python."""
        receiver = SrtpReceiver(self._helper, self._keys, 0, self)
        receiver.learn(int.from_bytes(data[8:12], "big"), wanted)
        receiver.allow(1)
        self._reader.know([(self._there.getsockname(), receiver)])
        self._there.sendto(data, self._here.getsockname())
        assert self._reader.take(self._here, self.other, 1.0) == 1
        return self._found.pop()

    def on_packet(self, stream: int, arrived: rtp.Arrived | None, now_s: float) -> None:
        assert stream == 0
        self._found.append(arrived)

    def on_refused(self, reason: str) -> None:
        raise AssertionError(reason)

    def other(self, datagram: bytes, address: UdpAddress, now_s: float) -> None:
        assert address == self._there.getsockname()
        self._found.append(datagram)

    def close(self) -> None:
        self._here.close()
        self._there.close()


def read_alike(reader: BareReader, data: bytes) -> None:
    """The helper reads what Python reads, whatever it is asked for, and leaves alone what is no media."""
    for wanted in (0, *(rtp.asked(t, a, video) for t in (0, 3, 15) for a in (0, 1, 3, 200) for video in (False, True))):
        media = 12 <= len(data) <= 1500 and 128 <= data[0] < 192 and not 192 <= data[1] <= 208
        assert reader.read(data, wanted) == (rtp.read(data, wanted) if media else data[:1504])


@cache
def _bare() -> BareReader | None:
    helper = native.load()
    if helper is None:
        return None
    reader = BareReader(helper)
    atexit.register(reader.close)
    return reader


def read_rtp(data: bytes) -> None:
    """Every offset lies within the packet; a stream takes whatever is well formed, also as its repair."""
    if (reader := _bare()) is not None:
        read_alike(reader, data)
    header = rtp.parse(data)
    if header is None:
        return
    assert 12 <= header.start <= header.end <= len(data)
    assert header.extension <= header.extension_end <= header.start
    for wanted in (1, 5, 14):
        assert 0 <= rtp.audio_level(data, header, wanted) <= 127
    found, payload = rtp.vp8(data, header), data[header.start : header.end]
    assert len(rtp.renumber(payload, found, 9, 9)) == len(payload)
    up_track = UpTrack("video", "a", header.ssrc, _VIDEO)
    arrived = rtp.read(data, up_track.wanted)
    assert arrived is not None
    kind, marker, sequence, timestamp, number, level, vp8, read = arrived
    assert (kind, sequence, level, vp8, read) == (header.payload_type, header.sequence, rtp.SILENT, found, payload)
    up_track.accept(arrived, 1.0)
    up_track.accept((kind, marker, (sequence + 5) & 0xFFFF, timestamp, number, level, vp8, read), 1.1)
    sound = rtp.read(data, rtp.asked(3, 1, video=False))
    assert sound is not None
    assert (*sound[:4], *sound[6:]) == (kind, marker, sequence, timestamp, None, payload)
    assert -1 <= sound[4] <= 0xFFFF
    assert 0 <= sound[5] <= rtp.SILENT
    up_track.accept_repair(data, header, 1.2)
    assert list(up_track.requests(1, 2.0))
    assert up_track.report(2.0) is not None


def read_rtcp(data: bytes) -> None:
    """A list, whatever it is; nothing asks for more than the packet has room for."""
    found = rtcp.parse(data)
    assert len(found) <= len(data)
    for one in found:
        if isinstance(one, rtcp.Nack):
            assert len(one.sequences) <= 17 * len(data) // 4
        if isinstance(one, rtcp.Estimate):
            assert one.bitrate_bps >= 0


class _Silence:
    """The browser behind a mux in which nothing is proven: nothing may ever reach it."""

    srtp_receiver: SrtpReceiver | None = None

    def on_life(self) -> None:
        raise AssertionError("a stranger's STUN was believed")

    def on_dtls(self, datagram: bytes) -> None:
        raise AssertionError("a stranger's DTLS got through")

    def on_media(self, datagram: bytes, now_s: float) -> None:
        raise AssertionError("a stranger's media got through")


class Door:
    """A mux with one browser whose address nobody has proven yet."""

    def __init__(self) -> None:
        self.mux = Mux("127.0.0.1", 0)
        IceLite(self.mux, _Silence(), "them")

    def knock(self, data: bytes) -> str:
        """Why the datagram was dropped: exactly one reason, and nothing was sent."""
        before = Counter(self.mux.dropped)
        self.mux.on_datagram(data, ADDRESS, 1.0)
        ((reason, count),) = (self.mux.dropped - before).items()
        assert count == 1
        assert self.mux.packets_out == 0
        return reason

    def close(self) -> None:
        self.mux.socket.close()


CODES = {
    "too_large",
    "not_sdp",
    "no_bundle",
    "too_many_lines",
    "unexpected_line",
    "codec_missing",
    "fingerprint_missing",
    "direction",
}
TARGETS: dict[str, Callable[[bytes], None]] = {"sdp": read_sdp, "stun": read_stun, "rtp": read_rtp, "rtcp": read_rtcp}


def check(name: bytes, key: bytes) -> bytes:
    """A STUN check as a browser sends it."""
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = name.decode("latin-1")
    message.attributes["PRIORITY"] = 1
    message.add_message_integrity(key)
    message.add_fingerprint()
    return bytes(message)


def seeds(target: str) -> list[bytes]:
    """Sound examples, from which a fuzzer starts."""
    from tests.media.test_sdp import offer, with_layers

    packet = rtp.HeaderTemplate(7, 96, "a", 1, 2, 5).fill(0x80, 1, 2, b"abc", 9)
    match target:
        case "sdp":
            return [offer().encode(), with_layers().encode()]
        case "stun":
            return [check(b"us:them", b"k")]
        case "rtp":
            return [
                packet + b"\x90\xe0\x81\x02\x03\x04" + bytes(9),
                packet + b"\x10\x00\x00\x00\x9d\x01\x2a" + bytes(9),
            ]
        case "rtcp":
            report = rtcp.Report(5, 64, -3, 70000, 12, 99, 65536)
            return [
                rtcp.receiver_report(1, [report]) + rtcp.nack(1, 6, [1, 2, 30]) + rtcp.remb(1, 100, [1]),
                rtcp.sender_report(2, 1 << 63, 3, 4, 5) + rtcp.picture_loss(1, 2),
            ]
    return [seed for name in TARGETS if name != "sdp" for seed in seeds(name)]


def main() -> None:
    import inspect
    import tempfile
    from pathlib import Path

    import atheris  # type: ignore[import-untyped, unused-ignore]

    target = sys.argv.pop(1)
    door = Door()

    def knock(data: bytes) -> None:
        door.knock(data)

    run = {**TARGETS, "datagram": knock}[target]
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), seeds(target))
        for module in (ice, rtcp, rtp, sdp, transport, up_track, stun):
            for _, function in inspect.getmembers(module, inspect.isfunction):
                atheris.instrument_func(function)
        atheris.Setup([sys.argv[0], "-max_len=4096", *sys.argv[1:], folder], run)
        atheris.Fuzz()


def _write(folder: Path, examples: list[bytes]) -> None:
    for index, example in enumerate(examples):
        (folder / str(index)).write_bytes(example)


if __name__ == "__main__":
    main()
