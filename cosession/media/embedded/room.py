"""One room of a worker: its seats, its connections, and the plan that says who reaches whom.

`_route` is the only place where the floor is applied, and it runs in the tick in which a plan, a connection or a stream
appears: from the whole plan to the lists that `forward` walks, never by steps. What is not in the plan is not forwarded
(decision 20); before the first plan nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import sdp
from cosession.media.embedded.bandwidth_allocation import Level
from cosession.media.embedded.down_track import DownTrack
from cosession.media.embedded.peer_connection import PeerConnection, Site
from cosession.media.embedded.sound_connection import SoundConnection, SoundOut
from cosession.media.embedded.ssrc_table import LAYER_LIVES_S
from cosession.media.embedded.up_track import UpTrack
from cosession.media.embedded.voice_activity import STALE_S, ActiveSpeakers

#: A seat's connection, whatever carries it.
Peer = PeerConnection | SoundConnection


class Events(Protocol):
    """What a room reports to the application; the names are those of the port's `MediaListener`."""

    def connected(self, session: str, seat: str, connection: str) -> None: ...
    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None: ...
    def lost(self, session: str, seat: str, connection: str) -> None: ...
    def closing(self, peer: Peer) -> None:
        """The peer connection is no longer part of the room; close it when there is time."""


class Room:
    """`seats` fixes the slots: slot i of a receiver is the i-th of `seats` without its own."""

    def __init__(self, site: Site, events: Events, session: str, seats: Sequence[str]) -> None:
        self.session, self.seats = session, tuple(seats)
        self.plan: RoomPlan | None = None
        self.peer_connections: dict[str, Peer] = {}
        """By connection, the oldest first."""
        self._publishers: dict[str, Peer] = {}
        self._active_speakers = ActiveSpeakers()
        self._living: set[UpTrack] = set()
        self._site, self._events = site, events

    # -- commands -------------------------------------------------------------------------------------------------

    def connect(self, seat: str, connection: str, offer: sdp.Offer, publishes: bool) -> str:
        """Answer an offer; see `MediaEngine.connect`. Raises `OfferRefused`."""
        known = self.peer_connections.get(connection)
        if isinstance(known, PeerConnection) and known.is_same_page(offer):
            return known.restart(offer)
        if known is not None:
            self.disconnect(connection)
        peer = PeerConnection(self._site, self, seat, connection, offer, publishes)
        self.peer_connections[connection] = peer
        return peer.answer()

    def carry(self, seat: str, connection: str, handle: int, out: SoundOut, publishes: bool) -> SoundConnection:
        """A connection by frames; see `MediaEngine.carry`."""
        self.disconnect(connection)
        places = [place for place, other in enumerate(self.seats) if other != seat]
        peer = SoundConnection(self._site, self, seat, connection, handle, places, out, publishes)
        self.peer_connections[connection] = peer
        self.on_connected(peer)
        return peer

    def disconnect(self, connection: str) -> None:
        """Forget a connection without a word to the application, which asked for it. May be repeated."""
        peer = self.peer_connections.pop(connection, None)
        if peer is not None:
            for up_track in peer.up_tracks.values():
                up_track.open = False
            self._events.closing(peer)
            self._route()

    def apply(self, plan: RoomPlan) -> int:
        """Put a plan in force before the next packet; one that is not newer is ignored. The version in force."""
        if self.plan is None or plan.version > self.plan.version:
            self.plan = plan
            self._route()
        return self.plan.version

    def close(self) -> None:
        for connection in list(self.peer_connections):
            self.disconnect(connection)

    def lose(self, peer: Peer) -> None:
        """The connection is gone by itself: forget it and say so. May be repeated."""
        if self.peer_connections.get(peer.connection) is peer:
            self.disconnect(peer.connection)
            self._events.lost(self.session, peer.seat, peer.connection)

    def fall_silent(self, peer: Peer) -> None:
        """The connection delivered nothing for 3 s; an older one that does takes over."""
        peer.carrying = False
        self._events.carrying(self.session, peer.seat, peer.connection, False)
        self._route()

    # -- what peer connections report (peer_connection.Owner) -----------------------------------------------------

    def on_connected(self, peer: Peer) -> None:
        if self.peer_connections.get(peer.connection) is peer:
            self._events.connected(self.session, peer.seat, peer.connection)
            self._route()

    def on_carrying(self, peer: Peer) -> None:
        self._events.carrying(self.session, peer.seat, peer.connection, True)
        self._route()

    def on_gone(self, peer: Peer) -> None:
        self.lose(peer)

    def look_at_downlink(self, peer: Peer, now_s: float) -> None:
        """Lower or lift what a receiver is sent, by what arrives there. Once a second."""
        if peer.connected and peer.down.look(now_s, self.cost_kbps(peer)):
            self._route()

    def on_learned(self, peer: Peer) -> None:
        self._route()

    # -- the floor ------------------------------------------------------------------------------------------------

    def hearable(self) -> frozenset[str]:
        """Whom the plan lets be heard, whether or not there is a place for each of them at the moment."""
        return self.plan.hearable if self.plan else frozenset()

    def loudness(self, now_s: float) -> dict[str, float]:
        """Of each hearable seat whose sound arrives, 0 to 127."""
        found: dict[str, float] = {}
        for seat in self.hearable():
            publisher = self._publishers.get(seat)
            sound = publisher.sound if publisher else None
            if sound is not None and now_s - sound.last_s < STALE_S:
                found[seat] = sound.loudness
        return found

    def share_floor(self, now_s: float) -> None:
        """Where the plan says so, pass on the loudest of those that contend. Call every 20 ms."""
        plan = self.plan
        if (
            plan is not None
            and plan.contending
            and self._active_speakers.update(plan.contending, self.loudness(now_s), now_s)
        ):
            self._route()

    def picture(self, seat: str) -> Picture:
        """What the plan asks of a seat's camera."""
        return self.plan.pictures.get(seat, Picture.NONE) if self.plan else Picture.NONE

    def publisher(self, seat: str) -> Peer | None:
        """The connection that speaks for a seat."""
        return self._publishers.get(seat)

    def _elect(self, seat: str) -> Peer | None:
        """The newest connection that carries media; while none does, the one that did (a muted seat keeps its own)."""
        own = [peer for peer in self.peer_connections.values() if peer.seat == seat and peer.publishes]
        carrying = [peer for peer in own if peer.carrying]
        if carrying:
            return carrying[-1]
        former = self._publishers.get(seat)
        return former if former in own else None

    def look_at_layers(self, now_s: float) -> None:
        """Go over to the other layer where one has begun or ceased to come. Call a few times a second."""
        living = {
            up_track
            for publisher in self._publishers.values()
            for up_track in publisher.pictures.values()
            if up_track.rid and now_s - up_track.last_s < LAYER_LIVES_S
        }
        if living != self._living:
            self._living = living
            self._route()

    def cost_kbps(self, receiver: Peer) -> list[float]:
        """What each `Level` would cost this receiver now, sound included."""
        sound = large = small = faces = 0.0
        for seat in self.seats:
            publisher = self._publishers.get(seat)
            if publisher is None or seat == receiver.seat:
                continue
            if publisher.sound is not None and publisher.sound.open:
                sound += publisher.sound.kbps
            wanted = self.picture(seat)
            if wanted is Picture.NONE:
                continue
            layers = [publisher.layer(which, self._site.clock()) for which in (False, True)]
            low, high = (0.0 if layer is None else layer.kbps for layer in layers)
            if wanted is Picture.STAGE:
                large, small = large + high, small + low
            else:
                faces += low
        return [sound, sound + small, sound + small + faces, sound + large + faces]

    def _route(self) -> None:
        """From the plan and the connections to what `forward` walks. Whole each time; may be repeated."""
        now_s = self._site.clock()
        self._publishers = {seat: peer for seat in self.seats if (peer := self._elect(seat)) is not None}
        for peer in self.peer_connections.values():
            speaks = self._publishers.get(peer.seat) is peer
            for up_track in peer.up_tracks.values():
                refusal = self._refusal(up_track) if speaks else "closed_floor"
                up_track.open, up_track.refusal = refusal is None, refusal or ""
                up_track.targets, up_track.waiting = [], []
        for receiver in self.peer_connections.values():
            if not receiver.connected:
                continue
            others = [seat for seat in self.seats if seat != receiver.seat]
            for seat, (audio, video) in zip(others, receiver.down.slots, strict=False):
                publisher = self._publishers.get(seat)
                self._attach(audio, publisher.sound if publisher else None, now_s)
                self._attach(video, self._layer(publisher, receiver.down.allocation.level, now_s), now_s)

    def _layer(self, publisher: Peer | None, level: Level, now_s: float) -> UpTrack | None:
        """The stream that shows the publisher to somebody at this level."""
        if publisher is None:
            return None
        on_stage = self.picture(publisher.seat) is Picture.STAGE
        if level < (Level.STAGE if on_stage else Level.SMALL):
            return None
        return publisher.layer(on_stage and level is Level.FULL, now_s)

    @staticmethod
    def _attach(down_track: DownTrack | None, up_track: UpTrack | None, now_s: float) -> None:
        if down_track is None:
            return
        down_track.feed(up_track if up_track is not None and up_track.open else None, now_s)
        if down_track.up_track is not None:
            down_track.up_track.targets.append(down_track)
        if down_track.coming is not None:
            down_track.coming.await_start(down_track)

    def _refusal(self, up_track: UpTrack) -> str | None:
        """Why the plan in force does not let this stream through (a reason of `WorkerStats.dropped`), or None."""
        plan = self.plan
        if up_track.kind == "video":
            return "closed_floor" if self.picture(up_track.seat) is Picture.NONE else None
        if plan is None or up_track.seat not in plan.hearable:
            return "closed_floor"
        shares = up_track.seat in plan.contending
        return "not_loudest" if shares and up_track.seat not in self._active_speakers.seats else None
