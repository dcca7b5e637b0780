"""RTP packets as far as forwarding needs them: where things are, never what they mean to a codec.

Pure functions on bytes; nothing escapes them but None for "not RTP". Sources: RFC 3550 section 5.1, RFC 8285
(one-byte header extensions), RFC 6464 (audio level), RFC 7741 section 4 (VP8 payload descriptor), RFC 8852 (RID),
draft-holmer-rmcat-transport-wide-cc-extensions-01.
"""

from __future__ import annotations

import struct
from functools import lru_cache
from typing import NamedTuple

URI_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
URI_AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
URI_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
URI_RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
URI_REPAIRED_RID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
URI_TRANSPORT_SEQUENCE = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"

#: The level of a packet that carries none: silence.
SILENT = 127

_HEADER = struct.Struct("!BBHLL")
_ONE_BYTE = 0xBEDE


class Header(NamedTuple):
    """A packet's fixed header and where its parts lie. `marker` is 0 or 0x80. The payload is `data[start:end]`,
    padding left out; the extension's elements are `data[extension:extension_end]`, both 0 if there is no one-byte
    extension."""

    payload_type: int
    marker: int
    sequence: int
    timestamp: int
    ssrc: int
    start: int
    end: int
    extension: int
    extension_end: int


def parse(data: bytes) -> Header | None:
    """The header of an unprotected packet, or None if it is not well formed."""
    size = len(data)
    if size < 12:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first >> 6 != 2:
        return None
    start = 12 + 4 * (first & 15)
    extension = extension_end = 0
    if first & 0x10:
        if size < start + 4:
            return None
        profile = data[start] << 8 | data[start + 1]
        length = 4 * (data[start + 2] << 8 | data[start + 3])
        start += 4 + length
        if profile == _ONE_BYTE:
            extension, extension_end = start - length, start
    end = size
    if first & 0x20:
        if not data[-1]:
            return None
        end -= data[-1]
    if end < start:
        return None
    return Header(second & 0x7F, second & 0x80, sequence, timestamp, ssrc, start, end, extension, extension_end)


def element(data: bytes, header: Header, wanted: int) -> bytes | None:
    """The value of the extension element with id `wanted` (1 to 14), or None."""
    at, end = header.extension, header.extension_end
    while at < end:
        first = data[at]
        if first == 0:
            at += 1
            continue
        identity, length = first >> 4, (first & 15) + 1
        if identity == 15 or at + 1 + length > end:
            return None
        if identity == wanted:
            return data[at + 1 : at + 1 + length]
        at += 1 + length
    return None


def transport_number(data: bytes, header: Header, wanted: int) -> int:
    """The packet's number among all of its browser's, -1 if it carries none."""
    value = element(data, header, wanted) if wanted else None
    return value[0] << 8 | value[1] if value is not None and len(value) == 2 else -1


def audio_level(data: bytes, header: Header, wanted: int) -> int:
    """The level of a sound packet in -dBov, 0 (loudest) to 127 (silence); the V bit is ignored (decision 22)."""
    value = element(data, header, wanted) if wanted else None
    return value[0] & 0x7F if value else SILENT


class Vp8(NamedTuple):
    """A VP8 payload's descriptor. `keyframe`: it begins a key frame, the first packet that a decoder can start from.
    Offsets are from the payload's start, 0 where the field is missing; the picture id has 7 or 15 bits."""

    keyframe: bool
    picture_at: int
    picture_bits: int
    level0_at: int


_PLAIN = Vp8(False, 0, 7, 0)

#: A packet as it came: payload type, marker (0 or 0x80), sequence, timestamp, transport-wide number (-1 for none),
#: level in -dBov, VP8's descriptor (None for sound), payload without padding.
Arrived = tuple[int, int, int, int, int, int, Vp8 | None, bytes]


def vp8(data: bytes, header: Header) -> Vp8:
    """The descriptor of a packet that carries VP8; of one that is cut short, nothing but what is there."""
    start, end = header.start, header.end
    if start >= end:
        return _PLAIN
    first = data[start]
    at, picture_at, picture_bits, level0_at = start + 1, 0, 7, 0
    if first & 0x80:
        if at >= end:
            return _PLAIN
        extra = data[at]
        at += 1
        if extra & 0x80:
            if at >= end:
                return _PLAIN
            picture_at = at - start
            picture_bits = 15 if data[at] & 0x80 else 7
            at += 2 if picture_bits == 15 else 1
        if extra & 0x40:
            level0_at = at - start
            at += 1
        if extra & 0x30:
            at += 1
        if at > end:
            return _PLAIN
    begins = first & 0x10 and not first & 0x07  # the start of partition 0
    keyframe = bool(begins) and end - at >= 6 and data[at] & 1 == 0 and data[at + 3 : at + 6] == b"\x9d\x01\x2a"
    return Vp8(keyframe, picture_at, picture_bits, level0_at)


def asked(transport_id: int, level_id: int, video: bool) -> int:
    """What `read` shall look for: the ids (0 for none) of the transport-wide number and of the audio level, and whether
    the payload is VP8."""
    return transport_id | level_id << 8 | video << 16


def read(data: bytes, wanted: int) -> Arrived | None:
    """All that forwarding wants of an unprotected packet, or None if it is not well formed. `wanted`: of `asked`."""
    header = parse(data)
    if header is None:
        return None
    video = wanted > 0xFFFF
    return (
        header.payload_type,
        header.marker,
        header.sequence,
        header.timestamp,
        transport_number(data, header, wanted & 0xFF),
        SILENT if video else audio_level(data, header, wanted >> 8),
        vp8(data, header) if video else None,
        data[header.start : header.end],
    )


def picture_id(payload: bytes, descriptor: Vp8) -> int:
    """The payload's picture id, 0 if it has none."""
    at = descriptor.picture_at
    if not at:
        return 0
    return payload[at] if descriptor.picture_bits == 7 else (payload[at] & 0x7F) << 8 | payload[at + 1]


def renumber(payload: bytes, descriptor: Vp8, picture_offset: int, level0_offset: int) -> bytes:
    """The same payload, its picture id and TL0PICIDX moved on, each within its bits."""
    moved = bytearray(payload)
    if at := descriptor.picture_at:
        if descriptor.picture_bits == 7:
            moved[at] = (payload[at] + picture_offset) & 0x7F
        else:
            number = (picture_id(payload, descriptor) + picture_offset) & 0x7FFF
            moved[at], moved[at + 1] = 0x80 | number >> 8, number & 0xFF
    if at := descriptor.level0_at:
        moved[at] = (payload[at] + level0_offset) & 0xFF
    return bytes(moved)


class HeaderTemplate:
    """What one down track writes before every payload: fixed bytes with holes for time and level.

    The extension ids are the receiver's own (0: not negotiated), so one packet looks different to each receiver.
    """

    __slots__ = ("extension", "first", "level_at", "payload_type", "send_time_at", "ssrc")

    def __init__(self, ssrc: int, payload_type: int, mid: str, mid_id: int, send_time_id: int, level_id: int) -> None:
        self.ssrc, self.payload_type = ssrc, payload_type
        self.send_time_at = self.level_at = 0
        body = bytearray(4)
        if mid_id:
            body += bytes((mid_id << 4 | len(mid) - 1,)) + mid.encode("ascii")
        if send_time_id:
            self.send_time_at = len(body) + 1
            body += bytes((send_time_id << 4 | 2, 0, 0, 0))
        if level_id:
            self.level_at = len(body) + 1
            body += bytes((level_id << 4, 0))
        body += bytes(-len(body) % 4)
        if len(body) > 4:
            struct.pack_into("!HH", body, 0, _ONE_BYTE, len(body) // 4 - 1)
            self.first = 0x90
        else:
            body.clear()
            self.first = 0x80
        self.extension = body

    @property
    def size(self) -> int:
        """Bytes that it puts before a payload."""
        return 12 + len(self.extension)

    def fill(self, marker: int, sequence: int, timestamp: int, send_time: bytes, level: int) -> bytes:
        """The header bytes of one packet; `send_time` is three bytes (`abs_send_time`). The same arguments give the
        same bytes, so that a retransmission never protects two different packets under one sequence number."""
        extension = self.extension
        if at := self.send_time_at:
            extension[at : at + 3] = send_time
        if at := self.level_at:
            extension[at] = level
        return _HEADER.pack(self.first, marker | self.payload_type, sequence, timestamp, self.ssrc) + extension


@lru_cache(maxsize=4)
def abs_send_time(now_s: float) -> bytes:
    """Three bytes of fixed point seconds, 6.18 bits, wrapping each 64 s. Only differences count, so any steady clock
    does."""
    return (int(now_s * 262144) & 0xFFFFFF).to_bytes(3, "big")
