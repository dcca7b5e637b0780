"""One stream as it comes in: its numbers without gaps, its losses, its history, its key frames.

A `Source` is one SSRC of one browser, pinned (decision 21). It knows nothing of who receives it beyond the two lists
that `room` fills and `forward` reads. A second layer will be a second Source, repair packets will enter by `accept`.
Sources: RFC 3550 appendix A.1, A.3, A.8 (sequence numbers, losses, jitter), RFC 4585 section 6.2.1 (NACK).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosession.media.embedded import rtcp, rtp
from cosession.media.embedded.sdp import Kind, Line

if TYPE_CHECKING:
    from cosession.media.embedded.forward import Slot

CLOCK_HZ = {"audio": 48000, "video": 90000}

_HISTORY = 512
#: A wider gap is an outage: a key frame mends it sooner than so many repeats.
_MAX_GAP = 200
_NACK_AGAIN_S = 0.04
_NACK_TRIES = 10
_KEYFRAME_AGAIN_S = 0.3
_ATTACK, _RELEASE = 0.5, 0.15


class Packet:
    """One packet on its way through, unprotected. `extended` is its sequence number that never wraps; `send_time` is
    what every copy of it will carry, kept so that a repeat is the same bytes (one sequence number, one plaintext: RFC
    7714)."""

    __slots__ = ("extended", "keyframe", "level", "marker", "payload", "send_time", "timestamp")

    def __init__(
        self, extended: int, timestamp: int, marker: int, level: int, keyframe: bool, send_time: bytes, payload: bytes
    ) -> None:
        self.extended, self.timestamp, self.marker, self.level = extended, timestamp, marker, level
        self.keyframe, self.send_time, self.payload = keyframe, send_time, payload


@dataclass(slots=True)
class _Missing:
    asked: int = 0
    asked_s: float = float("-inf")


class Source:
    """One incoming stream. Times are seconds of one monotonic clock (`peer.Site.clock`)."""

    def __init__(self, kind: Kind, seat: str, ssrc: int, line: Line) -> None:
        self.kind: Kind = kind
        self.seat = seat
        self.ssrc = ssrc
        self.payload_type = line.payload_type
        self.clock_hz = CLOCK_HZ[kind]
        self.open = False
        """Whether the plan in force lets it through; if not, `refusal` says why."""
        self.refusal = "closed_floor"
        self.targets: list[Slot] = []
        self.waiting: list[Slot] = []
        """Slots that will join at the next packet they can start from."""
        self.packets = 0
        self.dropped = 0
        self.highest = 0
        self.highest_timestamp = 0
        self.last_s = float("-inf")
        self.loudness = 0.0
        """0 (silent) to 127, smoothed."""
        self._level_id = line.extensions.get(rtp.URI_AUDIO_LEVEL, 0)
        self._first: int | None = None
        self._transit: float | None = None
        self._jitter = 0.0
        self._history: list[Packet | None] = [None] * (_HISTORY if kind == "video" else 0)
        self._missing: dict[int, _Missing] = {}
        self._keyframe_wanted = False
        self._keyframe_asked_s = float("-inf")
        self._repeated = 0
        """Packets that came because they were asked for again: they were lost all the same."""
        self._reported = (0, 0)
        self._intervals: list[tuple[int, int]] = []
        self._sender_report: tuple[int, float] | None = None

    def accept(self, data: bytes, header: rtp.Header, now_s: float) -> Packet:
        """Book an unprotected packet of this SSRC (libsrtp has already thrown out repeats) and give it its place."""
        extended = self._extend(header.sequence)
        self.packets += 1
        self._book_jitter(header.timestamp, now_s)
        self.last_s = now_s
        video = self.kind == "video"
        level = rtp.SILENT if video else rtp.audio_level(data, header, self._level_id)
        keyframe = video and rtp.is_vp8_keyframe_start(data, header)
        payload = data[header.start : header.end]
        packet = Packet(extended, header.timestamp, header.marker, level, keyframe, rtp.abs_send_time(now_s), payload)
        if extended >= self.highest:
            self.highest, self.highest_timestamp = extended, header.timestamp
        if video:
            self._history[extended % _HISTORY] = packet
            if keyframe and not self.waiting:
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
            if step > _MAX_GAP:
                self._missing.clear()
                self._keyframe_wanted = True
            else:
                self._missing.update((lost, _Missing()) for lost in range(self.highest + 1, self.highest + step))
        return self.highest + step

    def _book_jitter(self, timestamp: int, now_s: float) -> None:
        transit = now_s * self.clock_hz - timestamp
        if self._transit is not None:
            distance = abs(transit - self._transit)
            if distance < self.clock_hz:  # a wrap of the timestamp or a pause is no jitter
                self._jitter += (distance - self._jitter) / 16
        self._transit = transit

    def remembered(self, extended: int) -> Packet | None:
        """A packet that may be repeated, if it is still in the history."""
        packet = self._history[extended % _HISTORY] if self._history else None
        return packet if packet is not None and packet.extended == extended else None

    # -- what to ask the browser for ------------------------------------------------------------------------------

    def want_keyframe(self) -> None:
        """Somebody cannot go on without one. May be repeated; `requests` throttles."""
        self._keyframe_wanted = True

    @property
    def restless(self) -> bool:
        """Whether `requests` may have something to say."""
        return bool(self._missing or self._keyframe_wanted or (self.waiting and self.kind == "video"))

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

    # -- reports --------------------------------------------------------------------------------------------------

    def on_sender_report(self, ntp: int, now_s: float) -> None:
        self._sender_report = (ntp >> 16) & 0xFFFFFFFF, now_s

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
        lsr, at_s = self._sender_report or (0, now_s)
        return rtcp.Report(
            ssrc=self.ssrc,
            fraction_lost=min(255, (lost << 8) // interval[0]) if interval[0] > 0 else 0,
            packets_lost=expected - received,
            highest_sequence=(self.highest - 0x10000) & 0xFFFFFFFF,
            jitter=int(self._jitter) & 0xFFFFFFFF,
            lsr=lsr,
            dlsr=int((now_s - at_s) * 65536) & 0xFFFFFFFF,
        )

    def losses(self) -> tuple[int, int]:
        """(expected, lost) over the last two reports."""
        expected = sum(e for e, _ in self._intervals)
        return max(0, expected), max(0, expected - sum(r for _, r in self._intervals))
