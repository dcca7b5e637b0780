"""RTP, RTCP and STUN as bytes: what is built is read back, and nothing escapes from what is broken."""

from __future__ import annotations

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
from cosession.media.embedded.transport import binding_request


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
        starts.append([rtp.is_vp8_keyframe_start(p, h) for p, h in zip(packets, headers, strict=True) if h is not None])
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


_PARTS = [
    rtcp.receiver_report(1, [rtcp.Report(5, 64, -3, 70000, 12, 99, 65536)]),
    rtcp.nack(1, 6, [1, 2, 30]),
    rtcp.remb(1, 100, [1]),
    rtp.HeaderTemplate(1, 96, "a", 1, 2, 0).fill(0, 1, 2, b"abc", 0) + b"\x90\x80\x80\x01",
    check(b"k"),
]


@given(
    st.one_of(
        st.binary(max_size=200),
        st.tuples(st.sampled_from(_PARTS), st.integers(0, 100), st.binary(max_size=12)).map(
            lambda t: t[0][: t[1]] + t[2] + t[0][t[1] + len(t[2]) :]
        ),
    )
)
def test_nothing_escapes_from_bytes(data: bytes) -> None:
    assert isinstance(rtcp.parse(data), list)
    request = binding_request(data)
    assert request is None or "USERNAME" in request.attributes
    if request is not None:
        request.check_message_integrity(b"k")
    header = rtp.parse(data)
    if header is not None:
        assert 12 <= header.start <= header.end <= len(data)
        assert 0 <= rtp.audio_level(data, header, 1) <= 127
        rtp.is_vp8_keyframe_start(data, header)
