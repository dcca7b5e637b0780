"""Sequence numbers, repeats and requests of one stream, without any network: the clock is a number."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

import pytest
from aiortc.rtp import RtpPacket, unwrap_rtx, wrap_rtx

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.down_track import DownTrack
from cosession.media.embedded.forward import forward
from cosession.media.embedded.sdp import Kind, MediaDescription
from cosession.media.embedded.up_track import DeviceClock, UpTrack

KEYFRAME = b"\x10\x00\x00\x00\x9d\x01\x2a" + bytes(20)
DELTA = b"\x10\x01\x00\x00" + bytes(20)
VIDEO = MediaDescription("video", "1", "recvonly", 96, "VP8/90000", "", (), {rtp.URI_SEND_TIME: 3}, ())
AUDIO = MediaDescription("audio", "0", "recvonly", 111, "opus/48000/2", "", (), {}, ())


class Sent:
    """An outlet that keeps what it is given."""

    def __init__(self) -> None:
        self.packets: list[bytes] = []
        self.reports: list[rtcp.Feedback] = []

    def send_rtp(self, packet: bytes) -> None:
        self.packets.append(packet)

    def send_rtcp(self, packet: bytes) -> None:
        self.reports += rtcp.parse(packet)

    def send_path(self) -> None:
        """Python alone."""

    @property
    def sequences(self) -> list[int]:
        return [RtpPacket.parse(p).sequence_number for p in self.packets]

    @property
    def timestamps(self) -> list[int]:
        return [RtpPacket.parse(p).timestamp for p in self.packets]


def arrive(up_track: UpTrack, sequence: int, timestamp: int, now_s: float, payload: bytes = DELTA) -> None:
    data = RtpPacket(96, 0, sequence & 0xFFFF, timestamp, up_track.ssrc, payload).serialize()
    arrived = rtp.read(data, up_track.wanted)
    assert arrived is not None
    forward(up_track, up_track.accept(arrived, now_s), now_s)


def attach(up_track: UpTrack, down_track: DownTrack, now_s: float) -> None:
    down_track.feed(up_track, now_s)
    up_track.await_start(down_track)


def steps(numbers: Sequence[int]) -> list[int]:
    return [(b - a) & 0xFFFF for a, b in itertools.pairwise(numbers)]


def test_outgoing_numbers_go_on_when_the_source_changes() -> None:
    sent = Sent()
    down_track = DownTrack(VIDEO, 9, sent)
    first, second = UpTrack("video", "a", 1, VIDEO), UpTrack("video", "a", 2, VIDEO)
    attach(first, down_track, 0)
    for i in range(4):
        arrive(first, 65534 + i, 1000 + 3000 * i, i / 30, KEYFRAME if i == 0 else DELTA)
    first.targets.clear()
    attach(second, down_track, 1.0)
    arrive(second, 7, 5, 1.4)
    assert len(sent.packets) == 4, "nobody can start from a frame that leans on others"
    arrive(second, 8, 50, 1.5, KEYFRAME)
    arrive(second, 7, 5, 1.5)
    arrive(second, 9, 3050, 1.6)
    assert steps(sent.sequences) == [1] * 5
    assert round((sent.timestamps[4] - sent.timestamps[3]) / 90) == 1400, "the 1.4 s since the last picture"


def test_a_pause_keeps_the_times_and_leaves_no_gap() -> None:
    sent = Sent()
    down_track, up_track = DownTrack(AUDIO, 9, sent), UpTrack("audio", "a", 1, AUDIO)
    attach(up_track, down_track, 0)
    arrive(up_track, 10, 0, 0)
    up_track.targets.clear()
    down_track.feed(None, 0.1)
    for i in range(11, 60):
        arrive(up_track, i, 960 * (i - 10), i / 50)
    attach(up_track, down_track, 1)
    arrive(up_track, 60, 48000, 1)
    assert steps(sent.sequences) == [1]
    assert sent.timestamps[1] - sent.timestamps[0] == 48000


def test_a_repeat_is_the_same_bytes_and_only_of_what_was_meant_for_the_slot() -> None:
    sent = Sent()
    down_track, up_track = DownTrack(VIDEO, 9, sent), UpTrack("video", "a", 1, VIDEO)
    arrive(up_track, 1, 0, 0.0, KEYFRAME)
    attach(up_track, down_track, 0)
    arrive(up_track, 2, 3000, 0.1, KEYFRAME)
    arrive(up_track, 3, 6000, 0.2)
    assert down_track.repeat(sent.sequences[0])
    assert down_track.repeat(sent.sequences[1])
    assert sent.packets[2:] == sent.packets[:2]
    assert not down_track.repeat((sent.sequences[0] - 1) & 0xFFFF), "it came before the track took part"
    assert not down_track.repeat((sent.sequences[1] + 1) & 0xFFFF)
    down_track.feed(None, 1)
    assert not down_track.repeat(sent.sequences[0]), "the floor is closed"


WITH_REPAIRS = replace(VIDEO, rtx=97)


def test_a_repeat_goes_by_the_repair_stream_where_there_is_one() -> None:
    sent = Sent()
    down_track, up_track = DownTrack(WITH_REPAIRS, 9, sent, 10), UpTrack("video", "a", 1, VIDEO)
    attach(up_track, down_track, 0)
    for i in range(3):
        arrive(up_track, i, 3000 * i, i / 30, KEYFRAME if i == 0 else DELTA)
    lost = RtpPacket.parse(sent.packets[1])
    assert down_track.repeat(lost.sequence_number)
    assert down_track.repeat(lost.sequence_number)
    first, second = (RtpPacket.parse(packet) for packet in sent.packets[3:])
    assert (first.ssrc, first.payload_type, first.timestamp) == (10, 97, lost.timestamp)
    assert steps([first.sequence_number, second.sequence_number]) == [1], "never two packets under one number"
    assert unwrap_rtx(first, 96, 9).payload == lost.payload
    assert unwrap_rtx(first, 96, 9).sequence_number == lost.sequence_number


def repair(up_track: UpTrack, sequence: int, timestamp: int, payload: bytes, now_s: float) -> bool:
    """Whether a packet of the repair stream brought something."""
    data = wrap_rtx(RtpPacket(96, 0, sequence & 0xFFFF, timestamp, up_track.ssrc, payload), 97, 5, 77).serialize()
    header = rtp.parse(data)
    assert header is not None
    packet = up_track.accept_repair(data, header, now_s)
    if packet is not None:
        forward(up_track, packet, now_s)
    return packet is not None


def test_what_comes_by_the_repair_stream_fills_its_gap_once_and_only_that() -> None:
    sent = Sent()
    down_track, up_track = DownTrack(VIDEO, 9, sent), UpTrack("video", "a", 1, VIDEO)
    attach(up_track, down_track, 0)
    for i in (1, 2, 4):
        arrive(up_track, i, 3000 * i, i / 30, KEYFRAME if i == 1 else DELTA)
    assert not repair(up_track, 2, 6000, b"other words", 0.2), "it has come already"
    assert not repair(up_track, 5, 15000, DELTA, 0.2), "nobody has sent it yet"
    assert not repair(up_track, 60000, 0, DELTA, 0.2), "long ago"
    assert repair(up_track, 3, 9000, DELTA + b"!", 0.2)
    assert not repair(up_track, 3, 9000, DELTA, 0.2)
    assert steps(sent.sequences) == [1, 2, 0xFFFF]
    assert RtpPacket.parse(sent.packets[-1]).payload == DELTA + b"!"
    assert up_track.restless, "until somebody has looked"
    assert not list(up_track.requests(3, 0.3))
    assert not up_track.restless


def vp8(picture: int, level0: int, key: bool = False) -> bytes:
    """A payload with a picture id of 15 bits and a TL0PICIDX."""
    head = b"\x90\xe0" + (0x8000 | picture).to_bytes(2, "big") + bytes([level0, 0x20])
    return head + (b"\x00\x00\x00\x9d\x01\x2a" if key else b"\x01") + bytes(20)


def numbers(packets: Sequence[bytes]) -> list[tuple[int, int]]:
    payloads = [RtpPacket.parse(packet).payload for packet in packets]
    return [(int.from_bytes(p[2:4], "big") & 0x7FFF, p[4]) for p in payloads]


def test_between_layers_it_goes_at_a_key_frame_and_no_number_jumps() -> None:
    sent = Sent()
    down_track = DownTrack(VIDEO, 9, sent)
    device = DeviceClock()
    small, large = (UpTrack("video", "a", 1 + i, VIDEO, rid, device=device) for i, rid in enumerate("lh"))
    small.open = large.open = True
    # The same moments, in each layer's own timestamps: the sender reports tell.
    small.on_sender_report(rtcp.SenderReport(1, 10 << 32, 90_000, 0, 0), 0)
    large.on_sender_report(rtcp.SenderReport(2, 11 << 32, 5_000_000, 0, 0), 0)
    attach(small, down_track, 0)
    arrive(small, 10, 0, 9.0, vp8(0x7FFE, 255, key=True))
    arrive(small, 11, 3000, 9.03, vp8(0x7FFF, 0))
    down_track.feed(large, 9.04)
    large.waiting.append(down_track)
    arrive(large, 500, 4_826_000, 9.05, vp8(40, 9))
    arrive(small, 12, 6000, 9.06, vp8(0, 1))
    assert len(sent.packets) == 3, "the small one flows until the large one has a key frame"
    arrive(large, 501, 4_829_000, 9.10, vp8(41, 10, key=True))
    arrive(small, 13, 9000, 9.11, vp8(1, 2))
    arrive(large, 502, 4_832_000, 9.13, vp8(42, 11))
    assert steps(sent.sequences) == [1] * 4
    assert numbers(sent.packets) == [(0x7FFE, 255), (0x7FFF, 0), (0, 1), (1, 2), (2, 3)]
    assert [t - sent.timestamps[0] for t in sent.timestamps] == [0, 3000, 6000, 9000, 12000]
    assert down_track not in small.targets
    assert down_track.repeat(sent.sequences[-1])
    assert sent.packets[-1] == sent.packets[-2]


@pytest.mark.parametrize("ahead_s", [-10, -4, 0, 4, 10])
@pytest.mark.parametrize("kind", ["audio", "video"])
@pytest.mark.parametrize("gone_s", [0.05, 4.0])
def test_a_return_on_a_device_with_another_clock_leaps_nowhere(kind: Kind, ahead_s: int, gone_s: float) -> None:
    """The new device's clock is ahead or behind, the old one fell silent a moment or seconds ago."""
    media, hz = (AUDIO, 48000) if kind == "audio" else (VIDEO, 90000)
    sent = Sent()
    down_track = DownTrack(media, 9, sent)
    before, after = UpTrack(kind, "a", 1, media), UpTrack(kind, "a", 2, media)
    before.open = after.open = True
    before.on_sender_report(rtcp.SenderReport(1, 100 << 32, 7 * hz, 0, 0), 0)
    after.on_sender_report(rtcp.SenderReport(2, 100 + ahead_s << 32, 900 * hz, 0, 0), 0)
    attach(before, down_track, 0)
    for i in range(10):
        arrive(before, i, 7 * hz + i * hz // 20, i / 20, KEYFRAME)
    down_track.feed(after, 0.45 + gone_s)
    after.waiting.append(down_track)
    arrive(after, 700, 900 * hz, 0.45 + gone_s, KEYFRAME)
    arrive(after, 701, 900 * hz + hz // 20, 0.5 + gone_s, KEYFRAME)
    assert steps(sent.sequences) == [1] * 11
    (leap,) = {round((sent.timestamps[10] - sent.timestamps[9]) / hz - gone_s, 3)}
    assert leap == 0


def test_no_browser_sees_the_clock_of_another_device() -> None:
    """Sound and picture of one connection keep their distance; from one device to the next moments go on."""
    old, new = DeviceClock(), DeviceClock()
    first = old.ours(3_900_000_000 << 32, 50.0)
    assert old.ours((3_900_000_000 << 32) + (1 << 31), 50.7) - first == 1 << 31
    for ahead_s in (-4, 4, 86400):
        new = DeviceClock()
        assert new.ours((3_900_000_003 + ahead_s) << 32, 53.0) - first == 3 << 32


def test_gaps_are_asked_for_ten_times_and_then_a_key_frame() -> None:
    up_track = UpTrack("video", "a", 1, VIDEO)
    arrive(up_track, 65534, 0, 0.0, KEYFRAME)
    arrive(up_track, 1, 3000, 0.0)
    asked: list[rtcp.Feedback] = []
    for tick in range(40):
        now_s = tick * 0.02
        up_track.last_s = now_s
        for request in up_track.requests(3, now_s):
            asked += rtcp.parse(request)
        if tick == 3:
            arrive(up_track, 0, 1000, now_s)
    nacks = [x for x in asked if isinstance(x, rtcp.Nack)]
    assert nacks[0] == rtcp.Nack(1, (65535, 0))
    assert nacks[-1] == rtcp.Nack(1, (65535,))
    assert len(nacks) == 10
    assert asked[-1] == rtcp.KeyframeRequest(1)
    assert not up_track.restless


def test_key_frame_requests_are_throttled_and_stop_with_the_stream() -> None:
    up_track = UpTrack("video", "a", 1, VIDEO)
    arrive(up_track, 1, 0, 0.0)
    attach(up_track, DownTrack(VIDEO, 9, Sent()), 0)
    asked = [tick for tick in range(150) if list(up_track.requests(3, tick * 0.02))]
    assert asked == [0, 15, 30, 45]


def test_reports_count_what_was_lost() -> None:
    up_track = UpTrack("audio", "a", 1, AUDIO)
    assert up_track.report(0) is None
    for i in (1, 2, 3, 5, 6, 7, 8, 10):
        arrive(up_track, i, 960 * i, i / 50)
    up_track.on_sender_report(rtcp.SenderReport(1, 0x11112222_33334444, 0, 0, 0), 1.0)
    report = up_track.report(1.5)
    assert report is not None
    assert (report.packets_lost, report.fraction_lost, report.highest_sequence) == (2, 51, 10)
    assert (report.lsr, report.dlsr) == (0x22223333, 32768)
    assert up_track.losses() == (10, 2)


def test_what_had_to_be_asked_for_counts_as_lost_and_what_was_only_late_does_not() -> None:
    up_track = UpTrack("video", "a", 1, VIDEO)
    for i in (1, 2, 4, 3, 6):
        arrive(up_track, i, 3000 * i, i / 30)
    assert [rtcp.parse(request) for request in up_track.requests(3, 1)] == [[rtcp.Nack(1, (5,))]]
    arrive(up_track, 5, 15000, 1)
    up_track.report(1)
    assert up_track.losses() == (6, 1)


def test_a_sender_report_arrives_in_the_slots_numbers() -> None:
    sent = Sent()
    down_track, up_track = DownTrack(VIDEO, 9, sent), UpTrack("video", "a", 1, VIDEO)
    attach(up_track, down_track, 0)
    arrive(up_track, 1, 5000, 0, KEYFRAME)
    down_track.pass_on(rtcp.SenderReport(1, 0xAAAA_BBBB_CCCC_DDDD, 8000, 10, 10), 2.0)
    (mapped,) = sent.reports
    assert isinstance(mapped, rtcp.SenderReport)
    assert (mapped.ssrc, mapped.ntp, mapped.packets) == (9, 0xAAAA_BBBB_CCCC_DDDD, 1)
    assert mapped.timestamp - sent.timestamps[0] == 3000
    down_track.on_report(rtcp.Report(9, 128, 0, 0, 0, 0xBBBB_CCCC, 6554), 2.3)
    assert down_track.round_trip_ms is not None
    assert 199 < down_track.round_trip_ms < 201
    assert down_track.fraction_lost(2.4) == 0.5
    assert down_track.fraction_lost(9) == 0, "an old report tells nothing"
    assert [down_track.take_loss(0), down_track.take_loss(0)] == [0.5, None], "each report counts once"
    for at_s, after_s, reported in ((3.0, 2.5, None), (4.0, 2.5, 0.25)):
        down_track.on_report(rtcp.Report(9, 64, 0, 0, 0, 0, 0), at_s)
        assert down_track.take_loss(after_s) == reported, "a report tells of the time since the one before"
