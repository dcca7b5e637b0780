"""The downlink to one browser: its tracks, what it says of them, and how much it is sent.

One seat's picture and sound go through a down track each (decision 21); the browser reports by track what arrived. From
these reports alone follows what `bandwidth_allocation` grants. Sources: RFC 3550 section 6.4.2, RFC 4585 (NACK), RFC
5104 (FIR).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from cosession.media.embedded import rtcp, sdp
from cosession.media.embedded.bandwidth_allocation import BandwidthAllocation, RembEstimates
from cosession.media.embedded.down_track import DownTrack
from cosession.media.embedded.target import Outlet

#: Repeats a second that one browser may ask for: so many, or this share of the pictures' packets in the second before.
#: More do not repair a narrow downlink, they fill it, and sound has to pass there (77,000 were asked for after one
#: outage).
_REPEATS_PER_S, _REPEATS_SHARE = 20, 0.3
#: The share of missing packets that is a downlink too narrow rather than a lossy one.
_BEYOND_REPEATS = 0.25
#: So many missing packets of three seconds are no chance.
_NO_CHANCE = 10


class Downlink:
    """`slots` are (audio, video), a track each, in the order of the seats that they show."""

    def __init__(
        self, slots: Sequence[sdp.Slot], outlet: Outlet, now_s: float, kind: type[DownTrack] = DownTrack
    ) -> None:
        def track(media: sdp.MediaDescription | None) -> DownTrack | None:
            return None if media is None else kind(media, secrets.randbits(32) | 1, outlet, secrets.randbits(32) | 1)

        self.slots = [(track(audio), track(video)) for audio, video in slots]
        self.allocation = BandwidthAllocation()
        self.kbps = 0.0
        """Over the second before `look`."""
        self._by_ssrc = {track.ssrc: track for pair in self.slots for track in pair if track is not None}
        self._estimates = RembEstimates()
        self._repeats_left = _REPEATS_PER_S
        self._sent: tuple[int, float] = 0, now_s
        self._counted = 0, 0
        self._lately: list[tuple[int, int]] = []
        """Of the last three seconds, while the level was the same: pictures' packets sent, and missing."""
        self._changed_s = now_s

    def names(self) -> Mapping[str, tuple[int, int, str]]:
        """By mid: SSRC, the repair stream's, and the stream that keeps a seat's two tracks together (`sdp.answer`)."""
        return {
            track.media.mid: (track.ssrc, track.repair_ssrc, f"slot{index}")
            for index, pair in enumerate(self.slots)
            for track in pair
            if track is not None
        }

    # -- what the browser says ------------------------------------------------------------------------------------

    def on_reports(self, reports: Sequence[rtcp.Report], now_s: float) -> None:
        for report in reports:
            if (track := self._by_ssrc.get(report.ssrc)) is not None:
                track.on_report(report, now_s)

    def on_estimate(self, estimate: rtcp.Estimate) -> None:
        self._estimates.update(estimate.ssrcs, estimate.bitrate_bps)
        pictures = {track.ssrc for track in self.fed if track.media.kind == "video"}
        self.allocation.estimate_kbps = self._estimates.sum_kbps(pictures)

    def on_keyframe_request(self, ssrc: int) -> None:
        track = self._by_ssrc.get(ssrc)
        if track is not None and track.up_track is not None:
            track.up_track.want_keyframe()

    def on_nack(self, ssrc: int, sequences: Sequence[int]) -> None:
        """Repeat what is remembered, first what is asked for the first time; where it is not remembered, a key frame
        repairs more."""
        track = self._by_ssrc.get(ssrc)
        if track is None or track.up_track is None:
            return
        fresh = track.note_missing(sequences)
        for sequence in list(dict.fromkeys([*fresh, *sequences]))[: self._repeats_left]:
            if not track.repeat(sequence):
                track.up_track.want_keyframe()
                return
            self._repeats_left -= 1

    # -- what it gets ---------------------------------------------------------------------------------------------

    def look(self, now_s: float, costs_kbps: Sequence[float]) -> bool:
        """Whether another level is due (`BandwidthAllocation.look`). Call once a second."""
        octets = sum(track.octets for track in self._by_ssrc.values())
        (before, at_s), self._sent = self._sent, (octets, now_s)
        self.kbps = (octets - before) * 8e-3 / max(now_s - at_s, 0.001)
        self._count_pictures()
        changed = self.allocation.look(now_s, self.kbps, self._take_loss(), costs_kbps)
        if changed:
            self._changed_s, self._lately = now_s, []
        return changed

    @property
    def fed(self) -> list[DownTrack]:
        """The tracks through which something flows."""
        return [track for track in self._by_ssrc.values() if track.up_track is not None]

    @property
    def packets(self) -> int:
        """RTP packets that left for this browser."""
        return sum(track.packets + track.repeats for track in self._by_ssrc.values())

    @property
    def round_trip_ms(self) -> float | None:
        """The least of all tracks; None before the first report that tells."""
        return min((track.round_trip_ms for track in self.fed if track.round_trip_ms is not None), default=None)

    def loss(self, now_s: float) -> float:
        """The share of what was sent that did not arrive, by the browser's last reports; big streams weigh more."""
        return _weighed([(track.fraction_lost(now_s), track) for track in self.fed]) or 0.0

    def _take_loss(self) -> float | None:
        """The same since this was asked last, by the reports that came and tell of the level as it is; None without
        any. They leave out what repeats have repaired, so where far more pictures' packets had to be asked for than
        repeats can repair, these count."""
        reported = _weighed(
            [(lost, track) for track in self.fed if (lost := track.take_loss(self._changed_s)) is not None]
        )
        sent, missing = sum(sent for sent, _ in self._lately), sum(missing for _, missing in self._lately)
        # All three seconds, so that it is no chance, and the last, so that it is no outage that is over.
        beyond = all(missed > _BEYOND_REPEATS * due for due, missed in ((sent, missing), *self._lately[-1:]))
        if beyond and missing >= _NO_CHANCE:
            return max(reported or 0.0, min(1.0, missing / max(1, sent)))
        return reported

    def _count_pictures(self) -> None:
        """Take stock of the pictures' packets of the last second; grants the next second's repeats."""
        pictures = [track for track in self._by_ssrc.values() if track.media.kind == "video"]
        packets, missing = sum(track.packets for track in pictures), sum(track.missing for track in pictures)
        (packets_before, missing_before), self._counted = self._counted, (packets, missing)
        self._lately = [*self._lately[-2:], (packets - packets_before, missing - missing_before)]
        self._repeats_left = max(_REPEATS_PER_S, int(_REPEATS_SHARE * (packets - packets_before)))


def _weighed(losses: Sequence[tuple[float, DownTrack]]) -> float | None:
    reported = [(lost, track.up_track.kbps) for lost, track in losses if track.up_track is not None]
    weight = sum(kbps for _, kbps in reported)
    return sum(lost * kbps for lost, kbps in reported) / weight if weight else None
