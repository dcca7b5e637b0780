"""Who is connected to a room, and how alive each seat is.

A seat is durable, a connection is not. The same tab coming back replaces its older connection, which stays until the
newer one carries media (5 s at most); another tab moves the seat (decision 14). Pings go out every second; presence
is judged in real time and reported to core as a fact (decision 15). Who waits in the lobby sees, but is not in the
room."""

from __future__ import annotations

from collections import Counter

import structlog

from cosession.core.commands import ReportPresence, ReturnSeat
from cosession.core.vocabulary import Presence, Status
from cosession.room.host import Host, SeatConnection
from cosession.room.pace import SEAT_SOCKETS, TOO_FAST, Pace
from cosession.room.ports import Timer
from cosession.room.presence import SignsOfLife
from cosession.wire.messages import Message, Moved, Ping, Revoked, Waiting

log = structlog.get_logger()

PING_EVERY_MS = 1_000
#: So long an older connection of the same tab may stay beside the newer one.
OVERLAP_MS = 5_000
#: A socket from which nothing has come for so long is a ghost; a page that wakes up connects again.
GHOST_MS = 15_000

REPLACED = 1000
SLOW_READER = 4408
MOVED = 4409
REVOKED = 4410
COME_BACK = 1012


class Audience:
    def __init__(self, room: Host) -> None:
        self._room = room
        self._clock = room.clock
        self._connections: dict[str, list[SeatConnection]] = {seat: [] for seat in room.state.seats}
        self._doors: dict[str, list[SeatConnection]] = {seat: [] for seat in room.state.seats}
        """Every open connection, whether it has introduced itself or not."""
        self._paces = {seat: Pace() for seat in room.state.seats}
        there = [seat.id for seat in room.state.seats.values() if seat.presence is not Presence.ABSENT]
        self._signs = SignsOfLife(there, self._clock.monotonic_ms())
        self.arrivals: Counter[str] = Counter()
        """How often each seat was welcomed."""
        self._owed: set[str] = set()
        """Seats whose return on a new page could not be stored yet."""
        self._pings = 0
        self._waiting = Waiting(seats=[])
        """What was announced last of who waits in the lobby."""
        self._next_ping_ms = self._clock.monotonic_ms() + PING_EVERY_MS
        self._timer: Timer | None = None
        self._log = log.bind(session=room.session)

    # -- coming and going --------------------------------------------------------------------------------------

    def pace(self, seat: str) -> Pace:
        """What the seat has sent, on whichever connection."""
        return self._paces[seat]

    def is_in_room(self, seat: str, tab: str) -> bool:
        """Whether this page of the seat is connected, and in the room."""
        return any(one.tab == tab and one.place == "room" for one in self._connections[seat])

    def enter(self, newer: SeatConnection) -> None:
        """A connection was opened, and has not said hello. Beyond the number of a seat the oldest makes room, one
        without hello first."""
        theirs = self._doors[newer.seat]
        while len(theirs) >= SEAT_SOCKETS:
            oldest = min(theirs, key=lambda one: one.greeted)
            theirs.remove(oldest)
            self._dismiss(oldest, TOO_FAST)
        theirs.append(newer)

    def arrive(self, newer: SeatConnection, *, fresh: bool) -> None:
        """A connection has introduced itself, or moved on from the lobby. `fresh`: on a new page."""
        mine = self._connections[newer.seat]
        if newer in mine:
            mine.remove(newer)
        in_room = newer.place == "room"
        for older in tuple(mine):
            if older.tab == newer.tab:
                self._replace(older, newer)
            elif in_room or older.place == "lobby":
                self._log.info("connection.moved", seat=newer.seat)
                older.outbox.put(Moved())
                self._dismiss(older, MOVED)
        if newer.outbox.closed or newer.parting:
            return
        mine.append(newer)
        self.arrivals[newer.seat] += 1
        self._log.info("connection.arrived", seat=newer.seat, place=newer.place, fresh=fresh)
        self._announce_waiting()
        if in_room:
            self._room.media.forget(newer.seat, but_tab=newer.tab)
            self.sign(newer.seat)
            if fresh:
                self._return(newer.seat)

    def _replace(self, older: SeatConnection, newer: SeatConnection) -> None:
        if older.epoch > newer.epoch:
            newer.part(REPLACED)
        elif older.place == newer.place == "room":
            self._clock.call_at(self._clock.monotonic_ms() + OVERLAP_MS, lambda: self._dismiss(older, REPLACED))
        else:
            self._dismiss(older, REPLACED)

    @property
    def _closed(self) -> bool:
        """The session is over: its log takes no more facts."""
        return self._room.state.status is Status.CLOSED

    def _return(self, seat: str) -> None:
        if self._closed:
            return
        self._owed.discard(seat)
        self._room.post(ReturnSeat(seat=seat), undone=lambda: self._owed.add(seat))

    def carries(self, seat: str, tab: str) -> None:
        """The newest media of this tab arrive: older sockets of the tab are done."""
        theirs = [one for one in self._connections[seat] if one.tab == tab]
        for older in theirs[:-1]:
            self._dismiss(older, REPLACED)

    def leave(self, connection: SeatConnection) -> None:
        """The socket is gone. The seat's signs of life decide what follows. May be repeated."""
        if connection in self._doors[connection.seat]:
            self._doors[connection.seat].remove(connection)
        mine = self._connections[connection.seat]
        if connection in mine:
            mine.remove(connection)
            self._log.info("connection.left", seat=connection.seat)
            self._announce_waiting()

    def revoke(self, seat: str) -> None:
        """The seat's link was revoked or renewed: whoever came by it is notified, and closed, greeted or not."""
        for connection in tuple(self._doors[seat]):
            connection.outbox.put(Revoked())
            self._dismiss(connection, REVOKED)

    async def close(self, code: int) -> None:
        """Close every connection; returns when they are. May be repeated."""
        if self._timer is not None:
            self._timer.cancel()
        everyone = [connection for theirs in self._doors.values() for connection in theirs]
        for connection in everyone:
            self._dismiss(connection, code)
        for connection in everyone:
            await connection.outbox.parted()

    def _dismiss(self, connection: SeatConnection, code: int) -> None:
        connection.part(code)
        self.leave(connection)

    def waiting(self) -> Waiting:
        """Who is in the lobby and not yet in the room."""
        places = {seat: {one.place for one in mine} for seat, mine in self._connections.items()}
        return Waiting(seats=[seat for seat, theirs in places.items() if theirs == {"lobby"}])

    def _announce_waiting(self) -> None:
        now = self.waiting()
        if now != self._waiting:
            self._waiting = now
            self.send(now, fleeting=True)

    def count(self, seat: str) -> int:
        """Connections of the seat, lobby included."""
        return len(self._connections[seat])

    # -- sending -----------------------------------------------------------------------------------------------

    def show(self, *, urgent: bool) -> None:
        """Everyone's view has changed."""
        for mine in self._connections.values():
            for connection in mine:
                connection.outbox.show(urgent=urgent)

    def send(
        self,
        message: Message,
        seat: str | None = None,
        *,
        tab: str | None = None,
        fleeting: bool = False,
        room_only: bool = False,
    ) -> None:
        """Send to everyone, or to one seat's connections, or to those of one of its tabs."""
        seats = self._connections if seat is None else (seat,)
        for connection in (one for each in seats for one in self._connections[each]):
            if (room_only and connection.place != "room") or (tab is not None and connection.tab != tab):
                continue
            (connection.outbox.put_fleeting if fleeting else connection.outbox.put)(message)

    def hand(self, message: Message, seat: str, sender: str) -> bool:
        """Pass on to a seat's connections what another seat sent. False if enough of that seat's waits there already:
        it may be sent again. What a seat causes otherwise is fleeting, or a view, of which one waits."""
        taken = [one.outbox.put_from(sender, message) for one in self._connections[seat]]
        return any(taken)

    # -- signs of life -----------------------------------------------------------------------------------------

    def sign(self, seat: str) -> None:
        """The seat showed that it lives: it is here again at once. May be repeated."""
        self._signs.sign(seat, self._clock.monotonic_ms())
        if self._room.state.seats[seat].presence is not Presence.HERE and not self._closed:
            self._room.post(ReportPresence(seat=seat, presence=Presence.HERE))

    def forgive(self, ms: int) -> None:
        """The process stood still for so long: what came meanwhile waits to be read before anybody is judged."""
        now_ms = self._clock.monotonic_ms()
        self._signs.forgive(ms, now_ms)
        for connection in (one for theirs in self._doors.values() for one in theirs):
            connection.heard_ms = min(now_ms, connection.heard_ms + ms)

    def watch(self) -> None:
        """Ping, look for signs of life, and come back when the next is due."""
        self._room.awake()
        now_ms = self._clock.monotonic_ms()
        for seat in self._room.state.seats.values():
            presence = self._signs.presence(seat.id, now_ms)
            if presence is not seat.presence and not self._closed:
                self._room.post(ReportPresence(seat=seat.id, presence=presence))
                if presence is Presence.ABSENT:
                    self._room.media.gone(seat.id)
        if now_ms >= self._next_ping_ms:
            self._next_ping_ms = now_ms + PING_EVERY_MS
            self._beat(now_ms)
        due = self._signs.next_change_ms(now_ms)
        at_ms = self._next_ping_ms if due is None else min(due, self._next_ping_ms)
        self._timer = self._clock.call_at(at_ms, self.watch)

    def _beat(self, now_ms: int) -> None:
        self._pings += 1
        self.send(Ping(n=self._pings), fleeting=True)
        for connection in [one for mine in self._connections.values() for one in mine]:
            if now_ms - connection.heard_ms >= GHOST_MS:
                self._dismiss(connection, SLOW_READER)
        for seat in tuple(self._owed):
            self._return(seat)
