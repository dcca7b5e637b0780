"""Passing packets on without transcoding: the slots that browsers receive in, and the one call that sends a packet to
many.

A slot is one outgoing SSRC of one receiving browser, fixed for the connection's life (decision 21). Its sequence
numbers never jump back, whoever feeds it: offsets are computed at the first packet after a change. `send_batch` is
the seam behind which a native helper may stand (media.md, "The design" 8). Nothing here decides who may be heard:
that is `room`.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Protocol

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.sdp import Line
from cosession.media.embedded.stream import CLOCK_HZ, Packet, Source

_WRAP16, _WRAP32 = 0xFFFF, 0xFFFFFFFF


class Outlet(Protocol):
    """The browser behind a slot: protects a packet and sends it, or drops it."""

    def send_rtp(self, packet: bytes) -> None: ...
    def send_rtcp(self, packet: bytes) -> None: ...


class Slot:
    """One place in which a browser receives."""

    def __init__(self, line: Line, ssrc: int, outlet: Outlet) -> None:
        self.line, self.ssrc, self.outlet = line, ssrc, outlet
        self.clock_hz = CLOCK_HZ[line.kind]
        ids = line.extensions
        self.template = rtp.HeaderTemplate(
            ssrc,
            line.payload_type,
            line.mid,
            mid_id=ids.get(rtp.URI_MID, 0),
            send_time_id=ids.get(rtp.URI_SEND_TIME, 0),
            level_id=ids.get(rtp.URI_AUDIO_LEVEL, 0) if line.kind == "audio" else 0,
        )
        self.source: Source | None = None
        self.synced = False
        self.base = 0
        """The source's packet from which this slot took part; nothing before it may be sent."""
        self.sequence_offset = random.randrange(1, 1 << 15)
        self.timestamp_offset = 0
        self.packets = self.octets = 0
        self.fraction_lost = 0.0
        self.round_trip_ms: float | None = None
        self._last: tuple[int, int, float, Source] | None = None
        self._report_sent: tuple[int, float] | None = None

    def feed(self, source: Source | None, now_s: float) -> None:
        """From now on pass on `source`, or nothing. May be repeated."""
        former = self.source
        if source is former:
            return
        if former is not None and self.synced:
            sequence = (former.highest + self.sequence_offset) & _WRAP16
            timestamp = (former.highest_timestamp + self.timestamp_offset) & _WRAP32
            self._last = sequence, timestamp, now_s, former
        self.source, self.synced = source, False

    def sync(self, packet: Packet, now_s: float) -> None:
        """Take part from `packet` on: one after the last that was sent, at a time that fits."""
        self.base, self.synced = packet.extended, True
        if self._last is None:
            self.sequence_offset = (random.randrange(1, 1 << 15) - packet.extended) & _WRAP16
            return
        sequence, timestamp, at_s, former = self._last
        self.sequence_offset = (sequence + 1 - packet.extended) & _WRAP16
        if former is not self.source:
            elapsed = max(1, int((now_s - at_s) * self.clock_hz))
            self.timestamp_offset = (timestamp + elapsed - packet.timestamp) & _WRAP32

    def write(self, packet: Packet) -> bytes:
        """The packet as this slot's browser gets it, unprotected. The same packet gives the same bytes."""
        header = self.template.fill(
            packet.marker,
            (packet.extended + self.sequence_offset) & _WRAP16,
            (packet.timestamp + self.timestamp_offset) & _WRAP32,
            packet.send_time,
            packet.level,
        )
        return header + packet.payload

    def repeat(self, sequence: int) -> bool:
        """Send once more what went out as `sequence`; False if it is not remembered or was not for this slot."""
        source = self.source
        if source is None or not self.synced:
            return False
        behind = (source.highest + self.sequence_offset - sequence) & _WRAP16
        extended = source.highest - behind
        packet = source.remembered(extended) if behind < 0x8000 and extended >= self.base else None
        if packet is None:
            return False
        self.outlet.send_rtp(self.write(packet))
        return True

    def pass_on(self, report: rtcp.SenderReport, now_s: float) -> None:
        """Send the source's report in this slot's numbers, so that the browser keeps lips and voice together."""
        self._report_sent = (report.ntp >> 16) & _WRAP32, now_s
        timestamp = (report.timestamp + self.timestamp_offset) & _WRAP32
        self.outlet.send_rtcp(rtcp.sender_report(self.ssrc, report.ntp, timestamp, self.packets, self.octets))

    def on_report(self, report: rtcp.Report, now_s: float) -> None:
        """What the browser says about this slot."""
        self.fraction_lost = report.fraction_lost / 256
        if self._report_sent is not None and report.lsr == self._report_sent[0]:
            round_trip_ms = 1000 * (now_s - self._report_sent[1] - report.dlsr / 65536)
            if round_trip_ms >= 0:
                self.round_trip_ms = round_trip_ms


def forward(source: Source, packet: Packet, now_s: float) -> None:
    """Pass one packet on to everyone whom `room` attached to its source."""
    if source.waiting and (source.kind == "audio" or packet.keyframe):
        for slot in source.waiting:
            slot.sync(packet, now_s)
        source.targets += source.waiting
        source.waiting.clear()
    send_batch(packet, source.targets)


def send_batch(packet: Packet, targets: Sequence[Slot]) -> None:
    """Rewrite, protect and send one packet for each target that already takes part."""
    size, extended = len(packet.payload), packet.extended
    for slot in targets:
        if extended >= slot.base:
            slot.packets += 1
            slot.octets += size
            slot.outlet.send_rtp(slot.write(packet))
