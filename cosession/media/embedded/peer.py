"""One connection of a seat: its path, its keys, its table of streams, its slots.

What arrives here came from a proven address. The table is pinned (decision 21): the sound's SSRC stands in the SDP,
the picture's is learned once from an authenticated packet of its line; everything else is dropped and counted, before
it costs a decryption where that can be told. Who hears whom is `room`'s; when reports are sent is `quality`'s.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from cosession.media.embedded import rtcp, rtp, sdp
from cosession.media.embedded.aiortc_seam import MAX_PROTECT_BYTES, Certificate, DtlsSrtp, Role, SrtpError
from cosession.media.embedded.forward import Slot
from cosession.media.embedded.stream import Packet, Source
from cosession.media.embedded.transport import IceLite, Mux
from cosession.room.ports import OfferRefused, SeatFigures

log = structlog.get_logger()

#: From the offer to working keys; a browser behind a slow relay needs some of it.
SETUP_S = 30.0
#: Without an authenticated packet the connection is lost (decision 15, "Own sign of life").
LOST_AFTER_S = 6.0
_CARRIES_S = 3.0
#: Repeats a second that one browser may ask for (77,000 were asked for after one outage).
REPEATS_PER_S = 300
_MAX_SSRCS = 64
#: The longest payload that still fits when the header is rewritten with more extensions than it came with.
_MAX_PAYLOAD_BYTES = MAX_PROTECT_BYTES - 64


class Owner(Protocol):
    """What a peer tells its room. Called in the loop."""

    def on_connected(self, peer: Peer) -> None: ...
    def on_carrying(self, peer: Peer) -> None: ...
    def on_gone(self, peer: Peer) -> None: ...
    def on_learned(self, peer: Peer) -> None: ...
    def on_packet(self, source: Source, packet: Packet, now_s: float) -> None: ...


class Site:
    """What all connections of a worker share. `candidates`: (address, UDP port) to offer, best first."""

    def __init__(self, mux: Mux, certificate: Certificate, candidates: Sequence[tuple[str, int]]) -> None:
        self.mux, self.certificate, self.candidates = mux, certificate, candidates
        self.clock: Callable[[], float] = time.monotonic
        """Seconds; not the loop's, which stands still while a batch of packets is read."""

    @property
    def dropped(self) -> Counter[str]:
        return self.mux.dropped


class Peer:
    """One connection. `slots` are (audio, video) in the order of the seats that they show."""

    def __init__(self, site: Site, owner: Owner, seat: str, connection: str, offer: sdp.Offer, publishes: bool) -> None:
        self.seat, self.connection, self.publishes = seat, connection, publishes
        self.carrying = False
        self.life_s = site.clock()
        self.reporter = secrets.randbits(32) | 1
        self.slots = [(self._slot(audio), self._slot(video)) for audio, video in offer.slots()]
        self.by_ssrc = {slot.ssrc: slot for pair in self.slots for slot in pair if slot is not None}
        self.sources: dict[int, Source] = {}
        self.picture: Source | None = None
        self.sound: Source | None = None
        self.repeats_left = REPEATS_PER_S
        self.packets_in = self.packets_out = 0
        self._site, self._owner, self._offer = site, owner, offer
        self._version = 1
        self._admitted: set[int] = set()
        self._video_line = next((x for x in offer.lines if x.kind == "video" and x.sends and publishes), None)
        for line in offer.lines:
            if line.kind == "audio" and line.sends and publishes:
                self.sound = Source("audio", seat, line.ssrcs[0], line)
                self.sources[line.ssrcs[0]] = self.sound
        self._ice = IceLite(site.mux, self, offer.ufrag)
        role: Role = "client" if offer.setup == "passive" else "server"
        self._dtls = DtlsSrtp(site.certificate, role, self._ice.send, self._on_closed)
        self._setup = asyncio.create_task(self._run())

    def _slot(self, line: sdp.Line | None) -> Slot | None:
        return None if line is None else Slot(line, secrets.randbits(32) | 1, self)

    # -- signalling -----------------------------------------------------------------------------------------------

    def answer(self) -> str:
        """The answer to the newest offer. May be asked for again."""
        names = {
            slot.line.mid: (slot.ssrc, f"slot{index}")
            for index, pair in enumerate(self.slots)
            for slot in pair
            if slot is not None
        }
        own = self._ice.current
        setup = "passive" if self._dtls.role == "server" else "active"
        local = sdp.Local(
            own.ufrag, own.password, self._site.certificate.sha256, setup, self._site.candidates, self._version
        )
        return sdp.answer(self._offer, local, names, self.publishes)

    def is_same_page(self, offer: sdp.Offer) -> bool:
        """Whether the offer comes from the peer connection that this peer already serves."""
        return offer.fingerprints == self._offer.fingerprints

    def restart(self, offer: sdp.Offer) -> str:
        """Answer an ICE restart: new credentials; keys, slots and `publishes` stay. The same offer again gets the same
        answer. Raises `OfferRefused`."""
        if [(x.kind, x.mid, x.sends) for x in offer.lines] != [(x.kind, x.mid, x.sends) for x in self._offer.lines]:
            raise OfferRefused("unexpected_line", "an ICE restart has to offer the lines of the first offer")
        if offer.ufrag != self._offer.ufrag:
            self._offer = offer
            self._version += 1
            self._ice.restart(offer.ufrag)
        return self.answer()

    async def _run(self) -> None:
        try:
            async with asyncio.timeout(SETUP_S):
                await self._ice.proven.wait()
                up = await self._dtls.handshake(self._offer.fingerprints)
        except TimeoutError:
            up = False
        if up:
            self._owner.on_connected(self)
        else:
            log.info("media.handshake_failed", proven=self._ice.proven.is_set())
            self._owner.on_gone(self)

    @property
    def connected(self) -> bool:
        return self._dtls.up

    async def close(self) -> None:
        """Say goodbye and free everything. May be repeated."""
        self._setup.cancel()
        await self._dtls.close()
        self._ice.close()

    def _on_closed(self) -> None:
        self._owner.on_gone(self)

    # -- what comes in --------------------------------------------------------------------------------------------

    def on_life(self) -> None:
        self.life_s = self._site.clock()

    def on_dtls(self, datagram: bytes) -> None:
        if not self._dtls.feed(datagram):
            self._site.dropped["not_negotiated"] += 1

    def on_media(self, datagram: bytes) -> None:
        """One SRTP or SRTCP packet. Never raises."""
        dropped = self._site.dropped
        if len(datagram) < 12 or not self._dtls.up:
            dropped["not_negotiated"] += 1
            return
        is_rtcp = 192 <= datagram[1] <= 208
        ssrc = int.from_bytes(datagram[4:8] if is_rtcp else datagram[8:12], "big")
        if ssrc not in self._admitted and (
            len(self._admitted) >= _MAX_SSRCS or not (is_rtcp or ssrc in self.sources or self._may_learn(ssrc))
        ):
            dropped["not_negotiated"] += 1
            return
        try:
            data = self._dtls.unprotect_rtcp(datagram) if is_rtcp else self._dtls.unprotect(datagram)
        except SrtpError:
            dropped["srtp"] += 1
            return
        self._admitted.add(ssrc)
        now_s = self.life_s = self._site.clock()
        if is_rtcp:
            self._on_rtcp(data, now_s)
        else:
            self._on_rtp(data, now_s)

    def _may_learn(self, ssrc: int) -> bool:
        line = self._video_line
        return line is not None and self.picture is None and (not line.ssrcs or ssrc in line.ssrcs)

    def _on_rtp(self, data: bytes, now_s: float) -> None:
        header = rtp.parse(data)
        source = None if header is None else self.sources.get(header.ssrc) or self._learn(data, header)
        if header is None or source is None or header.payload_type != source.payload_type:
            self._site.dropped["not_negotiated"] += 1
            return
        if header.end - header.start > _MAX_PAYLOAD_BYTES:
            self._site.dropped["oversized"] += 1
            return
        self.packets_in += 1
        if not self.carrying:
            self.carrying = True
            source.last_s = now_s
            self._owner.on_carrying(self)
        packet = source.accept(data, header, now_s)
        if source.open:
            self._owner.on_packet(source, packet, now_s)
        else:
            source.dropped += source.refusal == "closed_floor"
            self._site.dropped[source.refusal] += 1

    def _learn(self, data: bytes, header: rtp.Header) -> Source | None:
        """Pin the picture's SSRC, once: right payload type, and the SDP's own SSRC or the line's mid in the packet."""
        line = self._video_line
        if line is None or not self._may_learn(header.ssrc) or header.payload_type != line.payload_type:
            return None
        named = rtp.element(data, header, line.extensions.get(rtp.URI_MID, 0))
        if not line.ssrcs and named != line.mid.encode():
            return None
        self.picture = self.sources[header.ssrc] = Source("video", self.seat, header.ssrc, line)
        self._owner.on_learned(self)
        return self.picture

    def _on_rtcp(self, data: bytes, now_s: float) -> None:
        for feedback in rtcp.parse(data):
            match feedback:
                case rtcp.SenderReport(ssrc=ssrc, reports=reports):
                    if (source := self.sources.get(ssrc)) is not None:
                        self._pass_on_report(source, feedback, now_s)
                    self._on_reports(reports, now_s)
                case rtcp.ReceiverReport(reports=reports):
                    self._on_reports(reports, now_s)
                case rtcp.Nack(media_ssrc=ssrc, sequences=sequences):
                    self._on_nack(ssrc, sequences)
                case rtcp.KeyframeRequest(media_ssrc=ssrc):
                    slot = self.by_ssrc.get(ssrc)
                    if slot is not None and slot.source is not None:
                        slot.source.want_keyframe()
                case rtcp.Bye():
                    pass

    @staticmethod
    def _pass_on_report(source: Source, report: rtcp.SenderReport, now_s: float) -> None:
        source.on_sender_report(report.ntp, now_s)
        for slot in source.targets:
            slot.pass_on(report, now_s)

    def _on_reports(self, reports: Sequence[rtcp.Report], now_s: float) -> None:
        for report in reports:
            if (slot := self.by_ssrc.get(report.ssrc)) is not None:
                slot.on_report(report, now_s)

    def _on_nack(self, ssrc: int, sequences: Sequence[int]) -> None:
        slot = self.by_ssrc.get(ssrc)
        if slot is None or slot.source is None:
            return
        for sequence in sequences[: self.repeats_left]:
            if not slot.repeat(sequence):
                slot.source.want_keyframe()
                return
            self.repeats_left -= 1

    # -- what goes out --------------------------------------------------------------------------------------------

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send; nothing happens before the keys stand or after the end."""
        if not self._dtls.up:
            return
        try:
            self._ice.send(self._dtls.protect(packet))
        except SrtpError:
            self._site.dropped["srtp"] += 1
        else:
            self.packets_out += 1

    def send_rtcp(self, packet: bytes) -> None:
        """As `send_rtp`, for reports and requests."""
        if not self._dtls.up:
            return
        try:
            self._ice.send(self._dtls.protect_rtcp(packet))
        except SrtpError:
            self._site.dropped["srtp"] += 1

    # -- figures --------------------------------------------------------------------------------------------------

    def is_silent(self, now_s: float) -> bool:
        """Whether no media came for 3 s."""
        return all(now_s - source.last_s >= _CARRIES_S for source in self.sources.values())

    def figures(self) -> SeatFigures:
        """As measured since the connection began; loss is the worse of the two directions."""
        expected, lost = (
            sum(column) for column in zip((0, 0), *(s.losses() for s in self.sources.values()), strict=True)
        )
        up = 100 * lost / expected if expected else 0.0
        fed = [slot for slot in self.by_ssrc.values() if slot.synced]
        down = 100 * sum(slot.fraction_lost for slot in fed) / len(fed) if fed else 0.0
        round_trips = [slot.round_trip_ms for slot in fed if slot.round_trip_ms is not None]
        return SeatFigures(
            connection=self.connection,
            seat=self.seat,
            path="udp",
            packets_in=self.packets_in,
            packets_out=self.packets_out,
            loss_percent=round(max(up, down), 2),
            round_trip_ms=round(min(round_trips), 2) if round_trips else None,
            video_packets_in=self.picture.packets if self.picture else 0,
            audio_packets_in=self.sound.packets if self.sound else 0,
            audio_packets_dropped=self.sound.dropped if self.sound else 0,
        )
