"""RTP, RTCP and STUN as bytes: what is built is read back, and nothing escapes from what is broken."""

from __future__ import annotations

import struct
from fractions import Fraction

import pytest
from aioice import stun
from aiortc.codecs.vpx import Vp8Encoder
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtcpPacket, RtcpPsfbPacket, RtcpRtpfbPacket, RtpPacket, unpack_remb_fci
from av import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.ice import binding_request
from cosession.media.embedded.twcc import TwccRecorder


def test_a_slot_writes_a_header_that_others_read() -> None:
    ids = HeaderExtensionsMap()
    extensions = [
        RTCRtpHeaderExtensionParameters(id=4, uri=rtp.URI_MID),
        RTCRtpHeaderExtensionParameters(id=2, uri=rtp.URI_SEND_TIME),
        RTCRtpHeaderExtensionParameters(id=9, uri=rtp.URI_AUDIO_LEVEL),
    ]
    ids.configure(RTCRtpParameters(headerExtensions=extensions))
    template = rtp.HeaderTemplate(0xCAFE, 111, "12", mid_id=4, send_time_id=2, level_id=9)
    data = template.fill(0x80, 65535, 7, b"\x01\x02\x03", 33) + b"sound"
    assert template.size == len(data) - 5
    read = RtpPacket.parse(data, ids)
    assert (read.ssrc, read.payload_type, read.marker, read.sequence_number) == (0xCAFE, 111, 1, 65535)
    assert (read.extensions.mid, read.extensions.abs_send_time) == ("12", 0x010203)
    assert read.extensions.audio_level == (False, 33)
    assert read.payload == b"sound"
    own = rtp.parse(data)
    assert own is not None
    assert (data[own.start : own.end], rtp.element(data, own, 4)) == (b"sound", b"12")
    assert rtp.audio_level(data, own, 9) == 33
    assert rtp.audio_level(data, own, 0) == rtp.SILENT
    assert RtpPacket.parse(rtp.HeaderTemplate(1, 96, "a", 0, 0, 0).fill(0, 1, 2, b"", 0) + b"x").payload == b"x"


def test_key_frames_are_told_from_others() -> None:
    encoder = Vp8Encoder()
    starts: list[list[bool]] = []
    for i in range(3):
        frame = VideoFrame(width=320, height=240, format="yuv420p")
        frame.pts, frame.time_base = i * 3000, Fraction(1, 90000)
        payloads, _ = encoder.encode(frame, force_keyframe=i == 2)
        packets = [RtpPacket(payload_type=96, payload=payload).serialize() for payload in payloads]
        headers = [rtp.parse(packet) for packet in packets]
        starts.append([rtp.vp8(p, h).keyframe for p, h in zip(packets, headers, strict=True) if h is not None])
    assert starts[0][0]
    assert not any(starts[0][1:])
    assert not any(starts[1])
    assert starts[2][0]


def test_reports_and_requests_are_read_by_others_and_back() -> None:
    report = rtcp.Report(5, 64, -3, 70000, 12, 99, 65536)
    compound = (
        rtcp.receiver_report(1, [report])
        + rtcp.sender_report(2, 1 << 63, 3, 4, 5)
        + rtcp.nack(1, 6, [65534, 65535, 0, 40])
        + rtcp.picture_loss(1, 7)
        + rtcp.remb(1, 1_250_000, [8, 9])
    )
    assert rtcp.parse(compound) == [
        rtcp.ReceiverReport(1, (report,)),
        rtcp.SenderReport(2, 1 << 63, 3, 4, 5),
        rtcp.Nack(6, (65534, 65535, 0, 40)),
        rtcp.KeyframeRequest(7),
        rtcp.Estimate(bitrate_bps=1_250_000, ssrcs=(8, 9)),
    ]
    others = RtcpPacket.parse(compound)
    assert isinstance(others[2], RtcpRtpfbPacket)
    assert [lost & 0xFFFF for lost in others[2].lost] == [65534, 65535, 0, 40]
    assert isinstance(others[4], RtcpPsfbPacket)
    bitrate, ssrcs = unpack_remb_fci(others[4].fci)
    assert ssrcs == [8, 9]
    assert bitrate == pytest.approx(1_250_000, rel=0.001)
    fir = RtcpPsfbPacket(fmt=4, ssrc=1, media_ssrc=0, fci=bytes([0, 0, 0, 9, 1, 0, 0, 0]))
    assert rtcp.parse(bytes(fir)) == [rtcp.KeyframeRequest(9)]


def test_of_a_request_for_thousands_no_more_is_read_than_could_be_repeated() -> None:
    gaps = b"".join(struct.pack("!HH", 17 * gap, 0xFFFF) for gap in range(300))
    request = struct.pack("!BBHLL", 0x81, 205, 2 + 300, 1, 6) + gaps
    (nack,) = rtcp.parse(request + rtcp.picture_loss(1, 7))[:1]
    assert nack == rtcp.Nack(6, tuple(range(31 * 17)))
    assert rtcp.parse(request + rtcp.picture_loss(1, 7))[1] == rtcp.KeyframeRequest(7), "what follows is read"


def reported(feedback: bytes) -> dict[int, int]:
    """A second reading of transport-wide feedback, by the draft's own words: number to time in units of 250 µs."""
    base, count, tail = struct.unpack_from("!HHL", feedback, 12)
    at, symbols = 20, list[int]()
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", feedback, at)
        at += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        else:
            assert chunk >> 14 == 3
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
    now, found = (tail >> 8) * 256, {}
    for place, symbol in enumerate(symbols[:count]):
        if symbol == 1:
            now, at = now + feedback[at], at + 1
        elif symbol == 2:
            now, at = now + struct.unpack_from("!h", feedback, at)[0], at + 2
        if symbol:
            found[base + place & 0xFFFF] = now
    assert at <= len(feedback) == 4 * (struct.unpack_from("!H", feedback, 2)[0] + 1)
    return found


@given(st.lists(st.one_of(st.none(), st.integers(0, 7000)), min_size=1, max_size=300), st.integers(0, 0xFFFF))
def test_transport_feedback_says_when_each_packet_came(times: list[int | None], base: int) -> None:
    if not any(at is not None for at in times):
        times[0] = 5
    data = rtcp.transport_feedback(1, 2, base, 300, times)
    assert reported(data) == {base + i & 0xFFFF: at for i, at in enumerate(times) if at is not None}
    assert (data[19], data[1]) == (300 & 0xFF, 205)
    assert rtcp.parse(data) == []


def test_arrivals_tell_each_packet_once_and_the_lost_by_their_absence() -> None:
    twcc = TwccRecorder()
    assert twcc.report(1, 2) is None
    for sequence, at_s in ((65534, 1.0), (65535, 1.01), (1, 1.02)):
        twcc.note((sequence, at_s))
    first = twcc.report(1, 2)
    assert first is not None
    assert reported(first) == {65534: 4000, 65535: 4040, 1: 4080}
    assert twcc.report(1, 2) is None
    twcc.note((4, 1.2))
    twcc.note((0, 1.25))  # late, not lost after all
    second = twcc.report(1, 2)
    assert second is not None
    assert reported(second) == {0: 5000, 4: 4800}
    assert struct.unpack_from("!HH", second, 12) == (0, 5)
    twcc.note((20000, 60.0))
    assert twcc.report(1, 2) is not None
    twcc.note((50000, 61.0))
    leap = twcc.report(1, 2)
    assert leap is not None
    assert reported(leap) == {50000: 244000}


def test_picture_numbers_are_moved_within_their_bits() -> None:
    long = b"\x90\xe0\xff\xff\xfe\x21" + b"payload"
    packet = rtp.parse(rtp.HeaderTemplate(1, 96, "a", 0, 0, 0).fill(0, 1, 2, b"", 0) + long)
    assert packet is not None
    found = rtp.vp8(bytes(12) + long, packet)
    assert (found.picture_bits, rtp.picture_id(long, found), long[found.level0_at]) == (15, 0x7FFF, 0xFE)
    moved = rtp.renumber(long, found, 3, 4)
    assert (rtp.picture_id(moved, found), moved[found.level0_at], moved[-7:]) == (2, 2, b"payload")
    assert rtp.renumber(moved, found, -3, -4) == long


def check(key: bytes) -> bytes:
    message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    message.attributes["USERNAME"] = "us:them"
    message.add_message_integrity(key)
    return bytes(message)


def test_a_stun_check_counts_only_with_its_key() -> None:
    request = binding_request(check(b"secret"))
    assert request is not None
    assert request.check_message_integrity(b"secret")
    assert not request.check_message_integrity(b"other")
