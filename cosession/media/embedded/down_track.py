"""What goes out to one browser: a `DownTrack` is one outgoing SSRC of one receiving browser, fixed for the connection's
life (decision 21).

Its sequence numbers never jump back, whoever feeds it: offsets are computed at the first packet after a change, those
of VP8's pictures too. From one layer to the other it goes at a key frame, and passes on the former until then. Nothing
here decides who may be heard: that is `room`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.sdp import MediaDescription
from cosession.media.embedded.target import Outlet
from cosession.media.embedded.up_track import CLOCK_HZ, UpTrack

_REPORT_HOLDS_S = 3.0
_WRAP16, _WRAP32 = 0xFFFF, 0xFFFFFFFF


class _Left(NamedTuple):
    """Where a down track's numbers stood when its up track left it."""

    sequence: int
    timestamp: int
    picture: int
    level0: int
    at_s: float
    """When the last packet came."""
    up_track: UpTrack


class DownTrack:
    """One place in which a browser receives. `repair_ssrc`: of the stream in which it gets repeats, 0 for none."""

    def __init__(self, media: MediaDescription, ssrc: int, outlet: Outlet, repair_ssrc: int = 0) -> None:
        self.media, self.ssrc, self.outlet = media, ssrc, outlet
        self._send = outlet.send_rtp
        self.repair_ssrc = repair_ssrc if media.rtx else 0
        self.clock_hz = CLOCK_HZ[media.kind]
        self.template = self._template(ssrc, media.payload_type)
        self.up_track: UpTrack | None = None
        """What it passes on."""
        self.coming: UpTrack | None = None
        """What it will pass on instead, from the next packet on that a decoder can start from."""
        self.base = 0
        """The up track's packet from which this down track took part; nothing before it may be sent."""
        self.sequence_offset = random.randrange(1, 1 << 15)
        self.timestamp_offset = 0
        self.picture_offset = self.level0_offset = 0
        self.repeats = 0
        self.missing = 0
        """Packets that the browser did not get when they were due."""
        self._missing_to = -1
        self.counts: Any = None
        """What the helper sent here."""
        self._lost: tuple[float, float] = 0.0, 0.0
        self._news: tuple[float, float] | None = None
        self.round_trip_ms: float | None = None
        self._left: _Left | None = None
        self._report_sent: tuple[int, float] | None = None
        self._repair = self._template(self.repair_ssrc, media.rtx) if self.repair_ssrc else None
        self._repair_sequence = random.randrange(1, 1 << 15)
        self._packets = self._octets = 0

    @property
    def packets(self) -> int:
        """Packets that left, repeats not among them."""
        return self._packets + (int(self.counts.packets) if self.counts is not None else 0)

    @property
    def octets(self) -> int:
        """Bytes of their payloads."""
        return self._octets + (int(self.counts.octets) if self.counts is not None else 0)

    def send(self, packet: Packet) -> None:
        """Rewrite, protect and send it, if this down track already takes part."""
        if packet.extended >= self.base:
            self._packets += 1
            self._octets += len(packet.payload)
            self._send(self.write(packet))

    def _template(self, ssrc: int, payload_type: int) -> rtp.HeaderTemplate:
        media = self.media
        ids = media.extensions
        return rtp.HeaderTemplate(
            ssrc,
            payload_type,
            media.mid,
            mid_id=ids.get(rtp.URI_MID, 0),
            send_time_id=ids.get(rtp.URI_SEND_TIME, 0),
            level_id=ids.get(rtp.URI_AUDIO_LEVEL, 0) if media.kind == "audio" else 0,
        )

    def feed(self, up_track: UpTrack | None, now_s: float) -> None:
        """From the next possible packet on pass on `up_track`, or, at once, nothing. What is still open flows until
        then. May be repeated."""
        self.coming = up_track if up_track is not self.up_track else None
        if self.up_track is not None and (up_track is None or not self.up_track.open):
            self._leave(now_s)
            self.coming = up_track

    def _leave(self, now_s: float) -> None:
        former = self.up_track
        if former is None:
            return
        self._left = _Left(
            (former.highest + self.sequence_offset) & _WRAP16,
            (former.highest_timestamp + self.timestamp_offset) & _WRAP32,
            former.highest_picture + self.picture_offset,
            former.highest_level0 + self.level0_offset,
            former.last_s if former.last_s > float("-inf") else now_s,
            former,
        )
        self.up_track = None

    def sync(self, packet: Packet, now_s: float) -> None:
        """Take part in `coming` from `packet` on: one after the last that was sent, at a time that fits."""
        if self.up_track is not None:
            self.up_track.targets.remove(self)
            self._leave(now_s)
        up_track = self.up_track = self.coming
        self.coming = None
        self.base = packet.extended
        self._missing_to = -1
        left = self._left
        if left is None or up_track is None:
            self.sequence_offset = (random.randrange(1, 1 << 15) - packet.extended) & _WRAP16
            return
        self.sequence_offset = (left.sequence + 1 - packet.extended) & _WRAP16
        if left.up_track is up_track:
            return
        elapsed = max(1, int((now_s - left.at_s) * self.clock_hz))
        shift = _same_moment(up_track, left, packet, self.timestamp_offset)
        if shift is None:
            shift = left.timestamp + elapsed - packet.timestamp
        self.timestamp_offset = shift & _WRAP32
        if packet.vp8 is not None and packet.vp8.picture_at:
            self.picture_offset = left.picture + 1 - rtp.picture_id(packet.payload, packet.vp8)
            level0 = packet.payload[packet.vp8.level0_at] if packet.vp8.level0_at else 0
            self.level0_offset = left.level0 + 1 - level0

    def _payload(self, packet: Packet) -> bytes:
        """Its pictures counted as this down track counts them."""
        if (self.picture_offset or self.level0_offset) and packet.vp8 is not None and packet.vp8.picture_at:
            return rtp.renumber(packet.payload, packet.vp8, self.picture_offset, self.level0_offset)
        return packet.payload

    def write(self, packet: Packet) -> bytes:
        """The packet as this down track's browser gets it, unprotected. The same packet gives the same bytes."""
        header = self.template.fill(
            packet.marker,
            (packet.extended + self.sequence_offset) & _WRAP16,
            (packet.timestamp + self.timestamp_offset) & _WRAP32,
            packet.send_time,
            packet.level,
        )
        return header + self._payload(packet)

    def note_missing(self, sequences: Sequence[int]) -> list[int]:
        """Those that the browser asks for the first time; what was not sent here is left out."""
        fresh: list[int] = []
        for sequence in sequences:
            extended = self._extended(sequence)
            if extended is not None and extended > self._missing_to:
                self._missing_to = extended
                fresh.append(sequence)
        self.missing += len(fresh)
        return fresh

    def _extended(self, sequence: int) -> int | None:
        """The up track's own number of what went out as `sequence`; None if that was not for this down track."""
        up_track = self.up_track
        if up_track is None:
            return None
        behind = (up_track.highest + self.sequence_offset - sequence) & _WRAP16
        extended = up_track.highest - behind
        return extended if behind < 0x8000 and extended >= self.base else None

    def repeat(self, sequence: int) -> bool:
        """Send once more what went out as `sequence`, in the repair stream if there is one; False if it is not
        remembered or was not for this down track."""
        up_track, extended = self.up_track, self._extended(sequence)
        packet = up_track.remembered(extended) if up_track is not None and extended is not None else None
        if packet is None:
            return False
        self.repeats += 1
        if self._repair is None:
            self.outlet.send_rtp(self.write(packet))
            return True
        self._repair_sequence = (self._repair_sequence + 1) & _WRAP16
        timestamp = (packet.timestamp + self.timestamp_offset) & _WRAP32
        header = self._repair.fill(packet.marker, self._repair_sequence, timestamp, packet.send_time, packet.level)
        self.outlet.send_rtp(header + sequence.to_bytes(2, "big") + self._payload(packet))
        return True

    def pass_on(self, report: rtcp.SenderReport, now_s: float) -> None:
        """Send the up track's report in this down track's numbers, so that the browser keeps lips and voice
        together."""
        self._report_sent = (report.ntp >> 16) & _WRAP32, now_s
        timestamp = (report.timestamp + self.timestamp_offset) & _WRAP32
        self.outlet.send_rtcp(rtcp.sender_report(self.ssrc, report.ntp, timestamp, self.packets, self.octets))

    def fraction_lost(self, now_s: float) -> float:
        """By the browser's last report, if it is not old."""
        lost, at_s = self._lost
        return lost if now_s - at_s < _REPORT_HOLDS_S else 0.0

    def take_loss(self, after_s: float) -> float | None:
        """The share lost by the newest report since this was asked last; None if none came, or if it reaches back
        before `after_s`. Each report counts once: one that covers a whole outage is no lasting loss."""
        news, self._news = self._news, None
        return news[0] if news is not None and news[1] >= after_s else None

    def on_report(self, report: rtcp.Report, now_s: float) -> None:
        """What the browser says about this down track."""
        lost = report.fraction_lost / 256
        # It covers the time since the one before.
        self._news = lost, self._lost[1]
        self._lost = lost, now_s
        if self._report_sent is not None and report.lsr == self._report_sent[0]:
            round_trip_ms = 1000 * (now_s - self._report_sent[1] - report.dlsr / 65536)
            if round_trip_ms >= 0:
                self.round_trip_ms = round_trip_ms


def _same_moment(after: UpTrack, left: _Left, packet: Packet, offset: int) -> int | None:
    """The timestamp offset by the two streams' own sender reports, which name the moment of each; None where they are
    missing, are of two devices' clocks, or would lead backwards. `offset` was that of the former stream."""
    before = left.up_track
    if before.device is not after.device:
        return None
    if before.sender_report is None or after.sender_report is None:
        return None
    (ntp, timestamp, _), (other_ntp, other_timestamp, _) = before.sender_report, after.sender_report
    apart = round((other_ntp - ntp) * CLOCK_HZ[before.kind] / (1 << 32))
    shift = timestamp + apart - other_timestamp + offset
    ahead = (packet.timestamp + shift - left.timestamp) & _WRAP32
    return shift if 0 < ahead < 10 * CLOCK_HZ[before.kind] else None
