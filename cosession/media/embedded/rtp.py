"""RTP packets as far as forwarding needs them: where things are, never what they mean to a codec.

Pure functions on bytes; nothing escapes them but None for "not RTP". Sources: RFC 3550 section 5.1, RFC 8285
(one-byte header extensions), RFC 6464 (audio level), RFC 7741 section 4 (VP8 payload descriptor).
"""

from __future__ import annotations

import struct
from typing import NamedTuple

URI_MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
URI_AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
URI_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

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


def audio_level(data: bytes, header: Header, wanted: int) -> int:
    """The level of a sound packet in -dBov, 0 (loudest) to 127 (silence); the V bit is ignored (decision 22)."""
    value = element(data, header, wanted) if wanted else None
    return value[0] & 0x7F if value else SILENT


def is_vp8_keyframe_start(data: bytes, header: Header) -> bool:
    """Whether the packet begins a VP8 key frame: the first packet that a decoder can start from."""
    at, end = header.start, header.end
    if at >= end:
        return False
    first = data[at]
    if first & 0x10 == 0 or first & 0x07:  # not the start of partition 0
        return False
    at += 1
    if first & 0x80:
        if at >= end:
            return False
        extra = data[at]
        at += 1
        if extra & 0x80:
            if at >= end:
                return False
            at += 2 if data[at] & 0x80 else 1
        at += 1 if extra & 0x40 else 0
        at += 1 if extra & 0x30 else 0
    return end - at >= 6 and data[at] & 1 == 0 and data[at + 3 : at + 6] == b"\x9d\x01\x2a"


class HeaderTemplate:
    """What one slot writes before every payload: fixed bytes with holes for time and level.

    The extension ids are the receiver's own (0: not negotiated), so one packet looks different to each receiver.
    """

    __slots__ = ("_extension", "_first", "_level_at", "_payload_type", "_send_time_at", "_ssrc")

    def __init__(self, ssrc: int, payload_type: int, mid: str, mid_id: int, send_time_id: int, level_id: int) -> None:
        self._ssrc, self._payload_type = ssrc, payload_type
        self._send_time_at = self._level_at = 0
        body = bytearray(4)
        if mid_id:
            body += bytes((mid_id << 4 | len(mid) - 1,)) + mid.encode("ascii")
        if send_time_id:
            self._send_time_at = len(body) + 1
            body += bytes((send_time_id << 4 | 2, 0, 0, 0))
        if level_id:
            self._level_at = len(body) + 1
            body += bytes((level_id << 4, 0))
        body += bytes(-len(body) % 4)
        if len(body) > 4:
            struct.pack_into("!HH", body, 0, _ONE_BYTE, len(body) // 4 - 1)
            self._first = 0x90
        else:
            body.clear()
            self._first = 0x80
        self._extension = body

    @property
    def size(self) -> int:
        """Bytes that it puts before a payload."""
        return 12 + len(self._extension)

    def fill(self, marker: int, sequence: int, timestamp: int, send_time: bytes, level: int) -> bytes:
        """The header bytes of one packet; `send_time` is three bytes (`abs_send_time`). The same arguments give the
        same bytes, so that a retransmission never protects two different packets under one sequence number."""
        extension = self._extension
        if at := self._send_time_at:
            extension[at : at + 3] = send_time
        if at := self._level_at:
            extension[at] = level
        return _HEADER.pack(self._first, marker | self._payload_type, sequence, timestamp, self._ssrc) + extension


def abs_send_time(now_s: float) -> bytes:
    """Three bytes of fixed point seconds, 6.18 bits, wrapping each 64 s. Only differences count, so any steady clock
    does."""
    return (int(now_s * 262144) & 0xFFFFFF).to_bytes(3, "big")
