"""One peer connection of a seat: its path, its keys, and what comes in by it.

What arrives here came from a proven address. What is not in the table (`ssrc_table`) is dropped and counted, before it
costs a decryption where that can be seen. What goes out is `downlink`'s, who hears whom `room`'s, when reports are sent
`rtcp_scheduler`'s, what is measured `connection_stats`'s.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count
from typing import Protocol

import structlog

from cosession.media.embedded import rtcp, rtp, sdp
from cosession.media.embedded.aiortc_seam import MAX_PROTECT_BYTES, Certificate, DtlsSrtp, Role, SrtpError
from cosession.media.embedded.batch_reader import SrtpReceiver
from cosession.media.embedded.downlink import Downlink
from cosession.media.embedded.forward import pass_on
from cosession.media.embedded.ice import IceLite
from cosession.media.embedded.ssrc_table import SsrcTable
from cosession.media.embedded.target import SendPath
from cosession.media.embedded.transport import Mux
from cosession.media.embedded.twcc import TwccRecorder
from cosession.media.embedded.up_track import UpTrack
from cosession.room.ports import OfferRefused

log = structlog.get_logger()

#: From the offer to working keys; a browser behind a slow relay needs some of it.
SETUP_S = 30.0
#: A connection that delivered nothing for so long does not carry any more.
CARRIES_S = 3.0
_MAX_SSRCS = 64
#: Packets a second of one browser that are looked at; more than any picture with its repairs and probes has.
_FLOOD = 2500
#: The longest payload that still fits when the header is rewritten with more extensions than it came with.
_MAX_PAYLOAD_BYTES = MAX_PROTECT_BYTES - 64


class Owner(Protocol):
    """What a peer connection reports to its room. Called in the loop."""

    def on_connected(self, peer: PeerConnection) -> None: ...
    def on_carrying(self, peer: PeerConnection) -> None: ...
    def on_gone(self, peer: PeerConnection) -> None: ...
    def on_learned(self, peer: PeerConnection) -> None: ...


class Site:
    """What all connections of a worker share. `candidates()`: what to offer now, best first."""

    def __init__(self, mux: Mux, certificate: Certificate, candidates: Callable[[], Sequence[sdp.Candidate]]) -> None:
        self.mux, self.certificate, self.candidates = mux, certificate, candidates
        self.clock: Callable[[], float] = time.monotonic
        """Seconds; not the loop's, which stands still while a batch of packets is read."""
        self.turns = count()
        """Where the next connection stands in the scheduler's round."""

    @property
    def dropped(self) -> Counter[str]:
        return self.mux.dropped


class PeerConnection:
    """One peer connection. `down` is what it gets, `ssrc_table` what it may send."""

    def __init__(self, site: Site, owner: Owner, seat: str, connection: str, offer: sdp.Offer, publishes: bool) -> None:
        self.seat, self.connection, self.publishes = seat, connection, publishes
        self.turn = next(site.turns)
        self.carrying = False
        self.life_s = site.clock()
        self.reporter = secrets.randbits(32) | 1
        self.down = Downlink(offer.slots(), self, self.life_s)
        self.ssrc_table = table = SsrcTable(seat, offer, publishes)
        self.up_tracks, self.pictures, self.sound = table.up_tracks, table.pictures, table.sound
        self.twcc = TwccRecorder() if self.ssrc_table.transport_id else None
        self._looked_at = 0
        self.packets_in = 0
        self._site, self._owner, self._offer = site, owner, offer
        self._version = 1
        self._admitted: set[int] = set()
        self._learned: list[UpTrack] = []
        """In the order in which the helper learned them."""
        self._ice = IceLite(site.mux, self, offer.ufrag)
        role: Role = "client" if offer.setup == "passive" else "server"
        self._dtls = DtlsSrtp(site.certificate, role, self._ice.send, self._on_closed)
        self.srtp_receiver: SrtpReceiver | None = None
        """What the helper reads, once the keys stand."""
        self._setup = asyncio.create_task(self._run())

    # -- signalling -----------------------------------------------------------------------------------------------

    def answer(self) -> str:
        """The answer to the newest offer. May be asked for again."""
        own = self._ice.current
        setup = "passive" if self._dtls.role == "server" else "active"
        local = sdp.Local(
            own.ufrag, own.password, self._site.certificate.sha256, setup, self._site.candidates(), self._version
        )
        return sdp.answer(self._offer, local, self.down.names(), self.publishes)

    def is_same_page(self, offer: sdp.Offer) -> bool:
        """Whether the offer comes from the peer connection that this one already serves."""
        return offer.fingerprints == self._offer.fingerprints

    def restart(self, offer: sdp.Offer) -> str:
        """Answer an ICE restart: new credentials; keys, slots and `publishes` stay. The same offer again gets the same
        answer. Raises `OfferRefused`."""
        if [(x.kind, x.mid, x.sends) for x in offer.media] != [(x.kind, x.mid, x.sends) for x in self._offer.media]:
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
            self._use_helper()
            self._owner.on_connected(self)
        else:
            log.info("media.handshake_failed", proven=self._ice.proven.is_set())
            self._owner.on_gone(self)

    def _use_helper(self) -> None:
        helper = self._site.mux.helper
        if helper is not None:
            self.srtp_receiver = SrtpReceiver(helper, *self._dtls.inbound(), self)
            self.srtp_receiver.allow(_FLOOD)
            for up_track in self.up_tracks.values():
                self._learn(up_track)
            self._site.mux.known = False

    def _learn(self, up_track: UpTrack) -> None:
        if self.srtp_receiver is not None:
            self._learned.append(up_track)
            self.srtp_receiver.learn(up_track.ssrc, up_track.wanted)

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

    def on_media(self, datagram: bytes, now_s: float) -> None:
        """One SRTP or SRTCP packet. Never raises."""
        self._looked_at += 1
        if self._looked_at > _FLOOD:
            self._site.dropped["flood"] += 1
            return
        if len(datagram) < 12 or not self._dtls.up:
            self._site.dropped["not_negotiated"] += 1
            return
        try:
            if 192 <= datagram[1] <= 208:
                self._on_rtcp(datagram, now_s)
                return
            up_track = self.up_tracks.get(int.from_bytes(datagram[8:12], "big"))
            if up_track is None:
                self._on_other(datagram, now_s)
                return
            arrived = rtp.read(self._dtls.unprotect(datagram), up_track.wanted)
        except SrtpError:
            self._site.dropped["srtp"] += 1
            return
        self._on_arrived(up_track, arrived, now_s)

    def on_packet(self, stream: int, arrived: rtp.Arrived | None, now_s: float) -> None:
        """`batch_reader.PacketHandler`."""
        if self._dtls.up:
            self._on_arrived(self._learned[stream], arrived, now_s)
        else:
            self._site.dropped["not_negotiated"] += 1

    def on_refused(self, reason: str) -> None:
        """`batch_reader.PacketHandler`."""
        self._site.dropped[reason] += 1

    def _on_arrived(self, up_track: UpTrack, arrived: rtp.Arrived | None, now_s: float) -> None:
        """An authenticated packet under the SSRC of `up_track`."""
        self.life_s = now_s
        if arrived is None:
            self._site.dropped["not_negotiated"] += 1
            return
        payload_type, _, _, _, number, _, _, payload = arrived
        if number >= 0 and self.twcc is not None:
            self.twcc.note((number, now_s))
        if payload_type != up_track.payload_type:
            self._site.dropped["not_negotiated"] += 1
        elif len(payload) > _MAX_PAYLOAD_BYTES:
            self._site.dropped["oversized"] += 1
        elif up_track.floods:
            self._site.dropped["flood"] += 1
            up_track.packets += 1
        else:
            self.packets_in += 1
            if not self.carrying:
                self.carrying = True
                up_track.last_s = now_s
                self._owner.on_carrying(self)
            pass_on(up_track, up_track.accept(arrived, now_s), now_s, self._site.dropped)

    def _on_other(self, datagram: bytes, now_s: float) -> None:
        """A packet of no stream that is known: the first of a picture, a repair, or nothing. Raises SrtpError."""
        ssrc = int.from_bytes(datagram[8:12], "big")
        if not self._admits(ssrc, may_be_new=self.ssrc_table.may_be_new(ssrc)):
            return
        data = self._dtls.unprotect(datagram)
        self._admitted.add(ssrc)
        self.life_s = now_s
        header = rtp.parse(data)
        if header is None:
            self._site.dropped["not_negotiated"] += 1
            return
        if (repaired := self.ssrc_table.repaired_by(data, header)) is not None:
            self._note(data, header, now_s)
            self._on_repair(self.pictures.get(repaired), data, header, now_s)
        elif (up_track := self.ssrc_table.learn(data, header)) is not None:
            self._learn(up_track)
            self._owner.on_learned(self)
            self._on_arrived(up_track, rtp.read(data, up_track.wanted), now_s)
        else:
            self._note(data, header, now_s)
            self._site.dropped["not_negotiated"] += 1

    def _admits(self, ssrc: int, may_be_new: bool) -> bool:
        """Whether a packet with this SSRC is worth a decryption: libsrtp remembers each that proved authentic."""
        admitted = ssrc in self._admitted or (may_be_new and len(self._admitted) < _MAX_SSRCS)
        if not admitted:
            self._site.dropped["not_negotiated"] += 1
        return admitted

    def _note(self, data: bytes, header: rtp.Header, now_s: float) -> None:
        number = rtp.transport_number(data, header, self.ssrc_table.transport_id)
        if number >= 0 and self.twcc is not None:
            self.twcc.note((number, now_s))

    def _on_repair(self, up_track: UpTrack | None, data: bytes, header: rtp.Header, now_s: float) -> None:
        """A packet of `up_track` that was asked for again, or a probe, which ends here."""
        packet = None if up_track is None else up_track.accept_repair(data, header, now_s)
        if up_track is None or packet is None:
            self._site.dropped["unasked_repeat"] += 1
        else:
            pass_on(up_track, packet, now_s, self._site.dropped)

    def _on_rtcp(self, datagram: bytes, now_s: float) -> None:
        """Raises SrtpError."""
        ssrc = int.from_bytes(datagram[4:8], "big")
        if not self._admits(ssrc, may_be_new=True):
            return
        data = self._dtls.unprotect_rtcp(datagram)
        self._admitted.add(ssrc)
        self.life_s = now_s
        for feedback in rtcp.parse(data):
            match feedback:
                case rtcp.SenderReport(ssrc=ssrc, reports=reports):
                    if (up_track := self.up_tracks.get(ssrc)) is not None:
                        self._pass_on_report(up_track, feedback, now_s)
                    self.down.on_reports(reports, now_s)
                case rtcp.ReceiverReport(reports=reports):
                    self.down.on_reports(reports, now_s)
                case rtcp.Nack(media_ssrc=ssrc, sequences=sequences):
                    self.down.on_nack(ssrc, sequences)
                case rtcp.KeyframeRequest(media_ssrc=ssrc):
                    self.down.on_keyframe_request(ssrc)
                case rtcp.Estimate():
                    self.down.on_estimate(feedback)
                case rtcp.Bye():
                    pass

    @staticmethod
    def _pass_on_report(up_track: UpTrack, report: rtcp.SenderReport, now_s: float) -> None:
        up_track.on_sender_report(report, now_s)
        ours = replace(report, ntp=up_track.device.ours(report.ntp, now_s))
        for target in up_track.targets:
            target.pass_on(ours, now_s)

    # -- what goes out --------------------------------------------------------------------------------------------

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send; nothing happens before the keys stand or after the end."""
        if self._dtls.up:
            try:
                self._ice.send(self._dtls.protect(packet))
            except SrtpError:
                self._site.dropped["srtp"] += 1

    def send_path(self) -> SendPath | None:
        """`target.Outlet`."""
        path = self._ice.datagrams() if self._dtls.up else None
        return None if path is None else SendPath(self._site.mux, *self._dtls.outbound(), path)

    def send_rtcp(self, packet: bytes) -> None:
        """As `send_rtp`, for reports and requests."""
        if self._dtls.up:
            try:
                self._ice.send(self._dtls.protect_rtcp(packet))
            except SrtpError:
                self._site.dropped["srtp"] += 1

    def begin_second(self) -> None:
        """So many packets may come again."""
        self._looked_at = 0
        if self.srtp_receiver is not None:
            self.srtp_receiver.allow(_FLOOD)

    # -- how it goes ----------------------------------------------------------------------------------------------

    @property
    def path(self) -> str:
        """`udp` or `tcp`."""
        return self._ice.protocol

    def layer(self, large: bool, now_s: float) -> UpTrack | None:
        """See `SsrcTable.layer`."""
        return self.ssrc_table.layer(large, now_s)

    def is_silent(self, now_s: float) -> bool:
        """Whether no media came for 3 s."""
        return all(now_s - up_track.last_s >= CARRIES_S for up_track in self.up_tracks.values())
