"""One stream as it comes in: its numbers without gaps, its losses, its history, its key frames.

An `UpTrack` is one SSRC of one browser, pinned (decision 21); a picture in two layers is two of them. It knows nothing
of who receives it beyond the two lists that `room` fills and `forward` reads. Sources: RFC 3550 appendix A.1, A.3, A.8
(sequence numbers, losses, jitter), RFC 4585 section 6.2.1 (NACK), RFC 4588 section 4 (RTX).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.batch_sender import BatchSender
from cosession.media.embedded.packet import Packet
from cosession.media.embedded.sdp import Kind, MediaDescription
from cosession.media.embedded.target import Target

CLOCK_HZ = {"audio": 48000, "video": 90000}

_HISTORY = 512
#: A wider gap is an outage: a key frame repairs it sooner than so many repeats.
_MAX_GAP = 200
_NACK_AGAIN_S = 0.04
_NACK_TRIES = 10
_KEYFRAME_AGAIN_S = 0.3
#: Packets a second. A voice has 50, or 100 in pieces of 10 ms; a large picture 140, more in a key frame.
_FLOOD = {"audio": 250, "video": 1200}
_ATTACK, _RELEASE = 0.5, 0.15


class DeviceClock:
    """The clock by which one connection's sender reports name their moments (RFC 3550 section 6.4.1).

    Only what comes by one connection may be compared by it: another device's may be seconds ahead."""

    def __init__(self) -> None:
        self._to_ours: int | None = None

    def ours(self, ntp: int, now_s: float) -> int:
        """A moment of this clock (64 bits of NTP time) as one of ours, so that browsers that receive see no other
        clock when a seat returns on another device. The first report that came sets the difference."""
        if self._to_ours is None:
            self._to_ours = round(now_s * (1 << 32)) - ntp
        return (ntp + self._to_ours) & 0xFFFF_FFFF_FFFF_FFFF


@dataclass(slots=True)
class _Missing:
    asked: int = 0
    asked_s: float = float("-inf")


class UpTrack:
    """One incoming stream. Times are seconds of one monotonic clock (`peer_connection.Site.clock`)."""

    def __init__(
        self,
        kind: Kind,
        seat: str,
        ssrc: int,
        media: MediaDescription,
        rid: str = "",
        transport_id: int = 0,
        device: DeviceClock | None = None,
    ) -> None:
        self.kind: Kind = kind
        self.rid = rid
        self.seat = seat
        self.ssrc = ssrc
        self.device = device or DeviceClock()
        """Shared by all streams of a connection."""
        self.payload_type = media.payload_type
        level_id = media.extensions.get(rtp.URI_AUDIO_LEVEL, 0) if kind == "audio" else 0
        self.wanted = rtp.asked(transport_id, level_id, kind == "video")
        """What is read of its packets (`rtp.read`)."""
        self.clock_hz = CLOCK_HZ[kind]
        self._most = _FLOOD[kind]
        self.open = False
        """Whether the plan in force lets it through; if not, `refusal` says why."""
        self.refusal = "closed_floor"
        self.targets: list[Target] = []
        self.waiting: list[Target] = []
        """Down tracks that will join at the next packet they can start from."""
        self.batch: BatchSender | None = None
        """The targets as they are sent to."""
        self.packets = 0
        self.octets = 0
        self.dropped = 0
        self.kbps = 0.0
        """Over the last report's second."""
        self.highest = 0
        self.highest_timestamp = 0
        self.highest_picture = self.highest_level0 = 0
        """VP8's own counters in the newest packet."""
        self.last_s = float("-inf")
        self.loudness = 0.0
        """0 (silent) to 127, smoothed."""
        self._first: int | None = None
        self._transit = float("-inf")
        self._jitter = 0.0
        self._history: list[Packet | None] = [None] * (_HISTORY if kind == "video" else 0)
        self._missing: dict[int, _Missing] = {}
        self._keyframe_wanted = False
        self.restless = False
        """Whether `requests` may have something to say."""
        self._keyframe_asked_s = float("-inf")
        self._repeated = 0
        """Packets that came because they were asked for again: they were lost all the same."""
        self._reported = (0, 0)
        self._intervals: list[tuple[int, int]] = []
        self._counted: tuple[int, int, float] = 0, 0, float("-inf")
        self.sender_report: tuple[int, int, float] | None = None
        """The last one: NTP time, the stream's timestamp at it, and when it came."""

    def is_missing(self, sequence: int) -> bool:
        """Whether a packet with this number (16 bits) is still waited for: only such a one may come as a repair."""
        step = (sequence - self.highest) & 0xFFFF
        return step >= 0x8000 and self.highest - (0x10000 - step) in self._missing

    def accept(self, arrived: rtp.Arrived, now_s: float) -> Packet:
        """Book an unprotected packet of this SSRC (libsrtp has already thrown out repeats) and give it its place."""
        _, marker, sequence, timestamp, _, level, vp8, payload = arrived
        transit = now_s * self.clock_hz - timestamp
        distance = abs(transit - self._transit)
        if distance < self.clock_hz:  # a wrap of the timestamp or a pause is no jitter
            self._jitter += (distance - self._jitter) / 16
        self._transit = transit
        return self._book(sequence, timestamp, marker, level, vp8, payload, now_s)

    def accept_repair(self, data: bytes, header: rtp.Header, now_s: float) -> Packet | None:
        """Book a packet of the repair stream; None unless it brings one that is missing (padding and probes do not)."""
        start = header.start
        if header.end - start < 2:
            return None
        sequence = data[start] << 8 | data[start + 1]
        if not self.is_missing(sequence):
            return None
        inner = header._replace(start=start + 2)
        vp8, payload = rtp.vp8(data, inner), data[inner.start : inner.end]
        return self._book(sequence, header.timestamp, header.marker, rtp.SILENT, vp8, payload, now_s)

    def _book(
        self, sequence: int, timestamp: int, marker: int, level: int, vp8: rtp.Vp8 | None, payload: bytes, now_s: float
    ) -> Packet:
        extended = self.highest + 1
        if sequence != extended & 0xFFFF or self._first is None:
            extended = self._extend(sequence)
        self.packets += 1
        if payload:  # else padding, which a browser sends to learn what its uplink carries
            self.octets += len(payload)
            self.last_s = now_s
        packet = Packet(extended, timestamp, marker, level, vp8, rtp.abs_send_time(now_s), payload)
        if extended >= self.highest:
            self.highest, self.highest_timestamp = extended, timestamp
            if vp8 is not None and vp8.picture_at:
                self.highest_picture = rtp.picture_id(payload, vp8)
                self.highest_level0 = payload[vp8.level0_at] if vp8.level0_at else 0
        if vp8 is not None:
            self._history[extended % _HISTORY] = packet
            if vp8.keyframe and not self.waiting:
                self._keyframe_wanted = False
        else:
            loudness = rtp.SILENT - level
            self.loudness += (loudness - self.loudness) * (_ATTACK if loudness > self.loudness else _RELEASE)
        return packet

    def _extend(self, sequence: int) -> int:
        if self._first is None:
            # One turn above zero, so that a packet from before the first one has a place too.
            self._first = self.highest = 0x10000 + sequence
            return self.highest
        step = (sequence - self.highest) & 0xFFFF
        if step >= 0x8000:
            extended = self.highest - (0x10000 - step)
            missing = self._missing.pop(extended, None)
            if missing is not None and missing.asked:
                self._repeated += 1
            return extended
        if step > 1 and self.kind == "video":
            self.restless = True
            if step > _MAX_GAP:
                self._missing.clear()
                self._keyframe_wanted = True
            else:
                self._missing.update((lost, _Missing()) for lost in range(self.highest + 1, self.highest + step))
        return self.highest + step

    def remembered(self, extended: int) -> Packet | None:
        """A packet that may be repeated, if it is still in the history."""
        packet = self._history[extended % _HISTORY] if self._history else None
        return packet if packet is not None and packet.extended == extended else None

    # -- what to ask the browser for ------------------------------------------------------------------------------

    def want_keyframe(self) -> None:
        """Somebody cannot go on without one. May be repeated; `requests` throttles."""
        self._keyframe_wanted = self.restless = True

    def await_start(self, target: Target) -> None:
        """`target` joins at the next packet that it can start from."""
        self.waiting.append(target)
        self.restless = True

    def requests(self, reporter: int, now_s: float) -> Iterator[bytes]:
        """RTCP to send to the browser now: a NACK for each gap, every 40 ms again up to 10 times, then a key
        frame request; key frame requests at most every 300 ms and only while packets come."""
        again: list[int] = []
        for extended, missing in list(self._missing.items()):
            if now_s - missing.asked_s < _NACK_AGAIN_S:
                continue
            if missing.asked >= _NACK_TRIES:
                del self._missing[extended]
                self._keyframe_wanted = True
            else:
                missing.asked, missing.asked_s = missing.asked + 1, now_s
                again.append(extended)
        if again:
            yield rtcp.nack(reporter, self.ssrc, [extended & 0xFFFF for extended in sorted(again)])
        wanted = self.kind == "video" and (self._keyframe_wanted or bool(self.waiting))
        if wanted and now_s - self._keyframe_asked_s >= _KEYFRAME_AGAIN_S and now_s - self.last_s < 1:
            self._keyframe_asked_s, self._keyframe_wanted = now_s, False
            yield rtcp.picture_loss(reporter, self.ssrc)
        self.restless = bool(self._missing or self._keyframe_wanted or (self.waiting and self.kind == "video"))

    # -- reports --------------------------------------------------------------------------------------------------

    def on_sender_report(self, report: rtcp.SenderReport, now_s: float) -> None:
        self.sender_report = report.ntp, report.timestamp, now_s

    @property
    def floods(self) -> bool:
        """Whether more came since the last report than any browser sends of one picture or voice in a second."""
        return self.packets - self._counted[0] > self._most

    @property
    def jitter_ms(self) -> float:
        return 1000 * self._jitter / self.clock_hz

    def report(self, now_s: float) -> rtcp.Report | None:
        """The account of the last interval, for the browser that sends; None before the first packet. Once a second."""
        if self._first is None:
            return None
        expected = self.highest - self._first + 1
        received = self.packets - self._repeated
        interval = expected - self._reported[0], received - self._reported[1]
        self._reported = expected, received
        self._intervals = [*self._intervals[-1:], interval]
        lost = max(0, interval[0] - interval[1])
        ntp, _, at_s = self.sender_report or (0, 0, now_s)
        _, octets, counted_s = self._counted
        self.kbps = (self.octets - octets) * 8e-3 / (now_s - counted_s)
        self._counted = self.packets, self.octets, now_s
        return rtcp.Report(
            ssrc=self.ssrc,
            fraction_lost=min(255, (lost << 8) // interval[0]) if interval[0] > 0 else 0,
            packets_lost=expected - received,
            highest_sequence=(self.highest - 0x10000) & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=ntp >> 16 & 0xFFFFFFFF,
            dlsr=int((now_s - at_s) * 65536) & 0xFFFFFFFF,
        )

    def losses(self) -> tuple[int, int]:
        """(expected, lost) over the last two reports."""
        expected = sum(e for e, _ in self._intervals)
        return max(0, expected), max(0, expected - sum(r for _, r in self._intervals))
