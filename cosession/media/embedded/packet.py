"""The packet that is forwarded: what came in, unprotected, with its place in its stream."""

from __future__ import annotations

from cosession.media.embedded import rtp


class Packet:
    """One packet on its way through, unprotected. `extended` is its sequence number that never wraps; `send_time` is
    what every copy of it will carry, kept so that a repeat is the same bytes (one sequence number, one plaintext: RFC
    7714)."""

    __slots__ = ("extended", "keyframe", "level", "marker", "payload", "send_time", "timestamp", "vp8")

    def __init__(
        self,
        extended: int,
        timestamp: int,
        marker: int,
        level: int,
        vp8: rtp.Vp8 | None,
        send_time: bytes,
        payload: bytes,
    ) -> None:
        self.extended, self.timestamp, self.marker, self.level = extended, timestamp, marker, level
        self.vp8, self.send_time, self.payload = vp8, send_time, payload
        self.keyframe = vp8 is not None and vp8.keyframe
