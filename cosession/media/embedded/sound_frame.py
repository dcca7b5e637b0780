"""One frame of sound as it goes over a page's own socket (protocols/wire.md, "Sound by the page's own connection").

Up: number u16, time u32 (48 kHz), level u8, then the Opus packet as the encoder made it; all big-endian. Down: the
speaking seat's place among the room's seats, u8, then the same. The level is that of RFC 6464: 0 (loudest) to 127
(silent), in -dBov; its highest bit is the encoder's word that this is a voice, and is not read.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

_HEAD = struct.Struct("!HLB")
_DOWN = struct.Struct("!BHLB")
#: 20 ms of Opus are 60 bytes at 24 kbit/s; so much is more than any voice needs, and small enough to queue.
MAX_OPUS_BYTES = 400
MAX_FRAME_BYTES = _HEAD.size + MAX_OPUS_BYTES
#: A page's word on how many frames have come (u32): also its sign of life.
RECEIPT_BYTES = 4


class SoundFrame(NamedTuple):
    sequence: int
    timestamp: int
    level: int
    payload: bytes


def read(data: bytes) -> SoundFrame | None:
    """A frame of a page; None for what is none."""
    if not _HEAD.size < len(data) <= MAX_FRAME_BYTES:
        return None
    sequence, timestamp, level = _HEAD.unpack_from(data)
    return SoundFrame(sequence, timestamp, level & 0x7F, data[_HEAD.size :])


def write(place: int, sequence: int, timestamp: int, level: int, payload: bytes) -> bytes:
    """The frame as listeners get it: the same bytes for all of them."""
    return _DOWN.pack(place, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, level) + payload
