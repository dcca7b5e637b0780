"""Sound and pictures of one room: plans to the media engine, offers of browsers, what each is asked to send, how well
it goes.

Packets are the engine's affair (`media`); rules are core's (`stage`). A page's media outlive its socket: they belong
to a seat and a tab, and end when the engine lost them, when the seat moved, or when newer ones carry (decision 14).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog

from cosession.core.stage import BITRATE_KBPS, FRAMES_PER_SECOND, Picture, RoomPlan, plan
from cosession.core.state import SessionState
from cosession.core.vocabulary import WEAK_AFTER_MS, Role, Status
from cosession.room.audience import COME_BACK, Audience
from cosession.room.connection_quality import Qualities, way
from cosession.room.ears import Ears
from cosession.room.offers import SEAT_MEDIA, Turn
from cosession.room.ports import ConnectionStats, MediaEngine, MediaMessage, OfferRefused, Unavailable
from cosession.wire.messages import Direction, Levels, MediaDown, OwnWay, Pictures, Rung, Ways

log = structlog.get_logger()

#: Looks in a row at which a plan is not in force, before that is said: the worker has seconds to be replaced.
UNCONFIRMED_LOOKS = 3


class SoundLine(Protocol):
    """A page's own socket for sound."""

    def hear(self, frame: bytes) -> None:
        """Send a frame down. Must not block."""

    def end(self, code: int) -> None:
        """It is over, with a close code of protocols/wire.md. May be repeated."""


@dataclass(slots=True)
class _PeerConnection:
    """One page's peer connection, or its line for sound. Those of a seat are kept in the order in which they came."""

    seat: str
    tab: str
    carries: bool = False
    line: SoundLine | None = None

    def end(self) -> None:
        """The page is not carried by it any more."""
        if self.line is not None:
            self.line.end(COME_BACK)


@dataclass(slots=True, eq=False)
class _Offer:
    """One that is being answered, or waits for that. `void`: its seat may not have media any more."""

    seat: str
    tab: str
    void: bool = False

    def check(self) -> None:
        """Raises `OfferRefused` if it is void."""
        if self.void:
            raise OfferRefused("replaced", "the seat's link has ended, or it is open elsewhere")


class MediaDesk:
    def __init__(self, session: str, seats: Sequence[str], engine: MediaEngine, audience: Audience, ears: Ears) -> None:
        self._session = session
        self._seats = tuple(seats)
        self._engine = engine
        self._audience = audience
        self._ears = ears
        self._plan: RoomPlan | None = None
        self._in_force = 0
        """The version of the plan that the engine has confirmed."""
        self._unconfirmed = 0
        """Looks in a row at which the newest plan was not in force."""
        self._open = False
        self._peer_connections: dict[str, _PeerConnection] = {}
        self._offers: set[_Offer] = set()
        self._turns = {seat: Turn() for seat in self._seats}
        self._cameras: set[str] = set()
        self._rungs: dict[str, Rung] = {}
        """What carries a seat's media, as its page says."""
        self._qualities = Qualities()
        self._log = log.bind(session=session)

    async def open(self) -> None:
        """Make the room in the media plane. If that fails the session goes on without, and the next offer tries
        again."""
        try:
            await self._engine.open(self._session, self._seats)
        except Unavailable as failure:
            self._log.warning("media.not_opened", code=failure.code)
            return
        self._open = True
        if self._plan is not None:
            self._engine.apply(self._session, self._plan)

    async def close(self) -> None:
        """Forget the room. May be repeated."""
        self._forget_all()
        if self._open:
            self._open = False
            await self._engine.close(self._session)

    # -- directing ---------------------------------------------------------------------------------------------

    def follow(self, state: SessionState) -> None:
        """Put what the state asks for in force, if it is anything new; send the browsers what they are asked for."""
        version = 1 if self._plan is None else self._plan.version + 1
        wanted = plan(state, version)
        before = self._plan
        if before is not None and before.asks_the_same(wanted):
            return
        self._plan = wanted
        if self._open:
            self._engine.apply(self._session, wanted)
        for seat in self._seats:
            if before is None or before.pictures.get(seat) != wanted.pictures.get(seat):
                self._audience.send(self.direction(seat), seat, fleeting=True)

    def direction(self, seat: str) -> Direction:
        """What the seat's browser is asked to send now."""
        picture = Picture.NONE if self._plan is None else self._plan.pictures.get(seat, Picture.NONE)
        return Direction(
            picture=picture, bitrate_kbps=BITRATE_KBPS[picture], frames_per_second=FRAMES_PER_SECOND[picture]
        )

    def pictures(self) -> Pictures:
        """Which seats have a camera on, in seat order."""
        return Pictures(seats=[seat for seat in self._seats if seat in self._cameras])

    def devices(self, seat: str, *, camera: bool, microphone: bool) -> None:
        """A page says what it has to send. May be repeated."""
        self._camera(seat, camera)
        self._ears.devices(seat, camera=camera, microphone=microphone)

    def by(self, seat: str, rung: Rung) -> None:
        """A page says what carries its media. May be repeated."""
        self._rungs[seat] = rung

    def gone(self, seat: str) -> None:
        """The seat shows no sign of life any more. May be repeated."""
        self._rungs.pop(seat, None)
        self._camera(seat, False)
        self._ears.gone(seat)

    def _camera(self, seat: str, on: bool) -> None:
        if on != (seat in self._cameras):
            (self._cameras.add if on else self._cameras.discard)(seat)
            self._audience.send(self.pictures(), fleeting=True)

    # -- pages -------------------------------------------------------------------------------------------------

    async def offer(self, state: SessionState, seat: str, tab: str, connection: str, sdp: str) -> str:
        """The answer to a page's offer. The same `connection` again is an ICE restart. Raises `OfferRefused` or
        `Unavailable`."""
        observes = self._may(state, seat, tab, connection)
        offer = _Offer(seat, tab)
        self._offers.add(offer)
        try:
            async with self._turns[seat]:
                return await self._answer(offer, connection, sdp, publishes=not observes)
        finally:
            self._offers.discard(offer)

    async def carry(
        self, state: SessionState, seat: str, tab: str, connection: str, line: SoundLine
    ) -> Callable[[bytes], None]:
        """Let a page take part by frames of sound; the function to which what it sends is handed. Raises `OfferRefused`
        or `Unavailable`."""
        observes = self._may(state, seat, tab, connection)
        if connection in self._peer_connections:
            raise OfferRefused("direction", "this connection id was used: make a new one")
        if not self._audience.is_in_room(seat, tab):
            raise OfferRefused("direction", "say hello with place room first")
        if not self._open:
            await self.open()
        await self._engine.join(self._session, seat, connection, not observes)
        try:
            speak = await self._engine.carry(self._session, connection, line.hear)
            if not self._audience.is_in_room(seat, tab):
                raise OfferRefused("replaced", "the seat's link has ended, or it is open elsewhere")
        except BaseException:
            self._engine.leave(self._session, connection)
            raise
        self._admit(connection, _PeerConnection(seat, tab, line=line))
        return speak

    def hang_up(self, connection: str) -> None:
        """The page's line is gone. May be repeated."""
        if connection in self._peer_connections:
            self._disconnect(connection)

    def _may(self, state: SessionState, seat: str, tab: str, connection: str) -> bool:
        """Whether the seat only observes. Raises `OfferRefused` if the page may not have this connection."""
        known = self._peer_connections.get(connection)
        if known is not None and (known.seat, known.tab) != (seat, tab):
            raise OfferRefused("direction", "this connection id belongs to another page: make a new one")
        if state.status is Status.CLOSED:
            raise OfferRefused("direction", "the session is over")
        return state.seats[seat].role is Role.OBSERVER

    async def _answer(self, offer: _Offer, connection: str, sdp: str, *, publishes: bool) -> str:
        """Ask the engine. Media that nobody is entitled to any more, or waits for, do not outlive the question."""
        if not self._open:
            await self.open()
        if not self._open:
            raise Unavailable("media_down", "the media plane is not there")
        try:
            offer.check()
            await self._engine.join(self._session, offer.seat, connection, publishes)
            answer = await self._engine.relay(self._session, connection, MediaMessage("offer", sdp))
            offer.check()
        except BaseException:
            if connection not in self._peer_connections:
                self._engine.leave(self._session, connection)
            raise
        self._admit(connection, _PeerConnection(offer.seat, offer.tab))
        return answer.body

    def _admit(self, connection: str, peer: _PeerConnection) -> None:
        """Keep it, beside few others of its seat."""
        self._peer_connections.setdefault(connection, peer)
        mine = [
            other for other, known in self._peer_connections.items() if known.seat == peer.seat and other != connection
        ]
        for oldest in mine[: max(0, len(mine) + 1 - SEAT_MEDIA)]:
            self._disconnect(oldest)

    def forget(self, seat: str, but_tab: str | None = None) -> None:
        """End the seat's media, except those of one tab, those too that are being asked for. May be repeated."""
        for offer in self._offers:
            offer.void = offer.void or (offer.seat == seat and offer.tab != but_tab)
        for connection, peer in tuple(self._peer_connections.items()):
            if peer.seat == seat and peer.tab != but_tab:
                self._disconnect(connection)

    def knows(self, seat: str, tab: str) -> bool:
        """This page's peer connection is known here; after a restart of the server none is."""
        return any((peer.seat, peer.tab) == (seat, tab) for peer in self._peer_connections.values())

    @property
    def in_use(self) -> bool:
        """Whether any page has media here."""
        return bool(self._peer_connections)

    def path(self, seat: str) -> str:
        """`media` if media of the seat arrive, `connecting` if it has offered any, `socket` if it is connected, else
        `none`."""
        mine = [peer for peer in self._peer_connections.values() if peer.seat == seat]
        if self._carries(seat):
            return "media"
        if mine:
            return "connecting"
        return "socket" if self._audience.count(seat) else "none"

    def _carries(self, seat: str) -> bool:
        return any(peer.carries for peer in self._peer_connections.values() if peer.seat == seat)

    def _disconnect(self, connection: str) -> None:
        peer = self._peer_connections.pop(connection)
        self._engine.leave(self._session, connection)
        peer.end()
        self._ears.carries(peer.seat, self._carries(peer.seat))

    def _forget_all(self) -> None:
        for peer in self._peer_connections.values():
            peer.end()
        self._peer_connections.clear()

    # -- what the engine reports -------------------------------------------------------------------------------

    def carrying(self, seat: str, connection: str, carries: bool) -> None:
        """A connection began or ceased to deliver. When it begins, the seat's older ones are done; but a page's line
        and its peer connection live beside each other until the page ends one: no word falls between them."""
        peer = self._peer_connections.get(connection)
        if peer is None:
            return
        peer.carries = carries
        self._ears.carries(seat, self._carries(seat), WEAK_AFTER_MS)
        if not carries:
            return
        for older, other in tuple(self._peer_connections.items()):
            if older == connection:
                break
            beside = other.tab == peer.tab and (other.line is None) != (peer.line is None)
            if other.seat == seat and not beside:
                self._disconnect(older)
        self._audience.carries(seat, peer.tab)

    def lost(self, seat: str, connection: str) -> None:
        """The engine has forgotten the connection: its page is asked to offer anew."""
        peer = self._peer_connections.pop(connection, None)
        self._ears.carries(seat, self._carries(seat))
        if peer is not None:
            peer.end()
        if (
            peer is not None
            and peer.line is None
            and not any(m.seat == seat and m.tab == peer.tab for m in self._peer_connections.values())
        ):
            self._audience.send(MediaDown(), seat, tab=peer.tab)

    def voices(self, levels: Mapping[str, int]) -> None:
        self._ears.voices(levels)
        self._audience.send(Levels(levels=dict(levels)), fleeting=True, room_only=True)

    def measured(self, lead: str | None, stats: Sequence[ConnectionStats]) -> None:
        """The newest figures, of several connections of a seat those of the last: all of them for whoever leads, for
        everybody else the word for their own."""
        found = {one.seat: one for one in stats if one.seat in self._seats}
        words = self._qualities.look(found)
        for seat, word in words.items():
            self._audience.send(OwnWay(quality=word), seat, fleeting=True, room_only=True)
        if lead is not None:
            ways = {seat: way(found[seat], words[seat], self._rungs.get(seat)) for seat in self._seats if seat in words}
            self._audience.send(Ways(ways=ways), lead, fleeting=True, room_only=True)

    def in_force(self, version: int) -> None:
        """The engine follows this version of the plan."""
        self._in_force = version

    def look(self) -> None:
        """Once for every look at the stats: a plan that nobody confirms is a fault of the media plane, and is said."""
        waits = self._plan is not None and self._in_force != self._plan.version and self.in_use
        self._unconfirmed = self._unconfirmed + 1 if waits else 0
        if self._unconfirmed == UNCONFIRMED_LOOKS:
            self._log.error("media.plan_not_in_force", version=self._plan and self._plan.version)

    def restarted(self, silent_ms: int) -> None:
        """The worker died, and was silent for `silent_ms` before. The engine makes the room again by itself; pages
        join again."""
        self._in_force = 0
        self._forget_all()
        for seat in self._seats:
            self._ears.carries(seat, False, silent_ms)
        self._audience.send(MediaDown(), fleeting=True, room_only=True)
