"""One browser's connection: the protocol of `wire.messages`, without a socket (sans-I/O towards Starlette).

Whoever owns the transport (a WebSocket, an event stream) hands in what it receives. Which seat speaks is known from
the authenticated transport and never taken from a message. A connection that has not said hello sees nothing, and ends
after 10 s. Whoever sends too fast is slowed, told, and closed if that does not help (`pace`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from cosession.core.notes import addressee
from cosession.core.refusal import Refused
from cosession.core.vocabulary import RefusalCode
from cosession.room.actor import Room
from cosession.room.audience import COME_BACK, REVOKED
from cosession.room.errors import error_message, expected
from cosession.room.ice_servers import RENEW_BEFORE_MS
from cosession.room.outbox import Outbox
from cosession.room.pace import TOO_FAST, Patience
from cosession.room.ports import OfferRefused, Timer, Transport, Unavailable
from cosession.room.reading import BadMessage, measure, read
from cosession.wire.messages import (
    BAD_IN_A_ROW,
    Accepted,
    Ask,
    BrowserMessage,
    ClockPing,
    ClockPong,
    DraftHint,
    DraftSaved,
    ErrorMessage,
    Hello,
    MediaAnswer,
    MediaDown,
    MediaOffer,
    MediaRung,
    MediaState,
    NetworkCheck,
    NewIceServers,
    Note,
    NoteSent,
    Pong,
    Revoked,
    SaveDraft,
    SendNote,
    ServerMessage,
    Welcome,
)

log = structlog.get_logger()

TOO_MANY_BAD = 4400
NO_HELLO = 4400
#: A connection that has not introduced itself after so long is closed.
HELLO_MS = 10_000


async def _always() -> bool:
    return True


class Connection:
    """A seat's connection to a room. Needs a running event loop.

    `entitled` says whether whoever opened the transport may still sit here: it is asked at the first hello. Afterwards
    `Room.kick` ends the connection with its link.
    """

    def __init__(
        self, room: Room, seat: str, transport: Transport, entitled: Callable[[], Awaitable[bool]] = _always
    ) -> None:
        self.seat = seat
        self.place = "lobby"
        self.tab = ""
        self.epoch = 0
        self.heard_ms = room.clock.monotonic_ms()
        self.greeted = False
        self.parting = False
        self.outbox = Outbox(transport, room.clock, self._view)
        self._room = room
        self._entitled = entitled
        self._pace = room.audience.pace(seat)
        self._patience = Patience()
        self._bad_in_a_row = 0
        self._known_version: int | None = None
        self._offers: set[asyncio.Task[None]] = set()
        self._log = log.bind(session=room.session, seat=seat)
        self._hello_timer = room.clock.call_at(self.heard_ms + HELLO_MS, lambda: self.part(NO_HELLO))
        self._ice_timer: Timer | None = None
        room.audience.enter(self)

    # -- for the owner of the transport ---------------------------------------------------------------------------

    async def receive(self, data: str | bytes) -> float:
        """Take one message; returns when it is dealt with (an offer: when it is on its way), with the milliseconds for
        which nothing more is to be read from this socket. Never raises for what came."""
        if self.parting or self.outbox.closed:
            return 0
        self.heard_ms = self._room.clock.monotonic_ms()
        try:
            message = read(data)
            if not self.greeted and not isinstance(message, Hello):
                raise BadMessage(ErrorMessage(code="hello_first", place="type", fix="say hello before anything else"))
        except BadMessage as bad:
            rest_ms = self._rest("bad", data)
            self._complain(bad.error)
            return rest_ms
        rest_ms = self._rest(message.type, data)
        self._bad_in_a_row = 0
        await self._take(message)
        return rest_ms

    def _rest(self, kind: str, data: str | bytes) -> float:
        """How long this sender rests after this message; says so when that begins, and ends it when it goes on."""
        now_ms = self.heard_ms
        rest_ms = self._pace.take(now_ms, kind, measure(data))
        begins = self._patience.slowed(now_ms, rest_ms)
        over = self._patience.over(now_ms)
        if begins or over:
            self._log.info("connection.too_fast", kind=kind, closed=over)
            self.outbox.put(ErrorMessage(code="slow_down", fix="send less: reading waits for what is too much"))
        if over:
            self.part(TOO_FAST)
        return rest_ms

    async def _take(self, message: BrowserMessage) -> None:
        if self.greeted and self.place == "room":
            self._room.audience.sign(self.seat)
        match message:
            case Hello():
                await self._hello(message)
            case Ask():
                await self._answer(message.id, self._ask(message))
            case SaveDraft():
                await self._answer(message.id, self._save_draft(message))
            case SendNote():
                await self._answer(message.id, self._send_note(message))
            case MediaOffer():
                offer = asyncio.create_task(self._answer(message.id, self._offer(message)))
                self._offers.add(offer)
                offer.add_done_callback(self._offers.discard)
            case MediaState():
                if self.place == "room":
                    self._room.media.devices(self.seat, camera=message.camera, microphone=message.microphone)
            case MediaRung():
                if self.place == "room":
                    self._room.media.by(self.seat, message.rung)
            case NetworkCheck():
                self._room.checked(self.seat, message.works)
            case ClockPing():
                self.outbox.put(ClockPong(sent_ms=message.sent_ms, server_ms=self._room.clock.monotonic_ms()))
            case Pong():
                pass  # that it came is all it says

    def ended(self) -> None:
        """The transport is gone. May be repeated."""
        self._cancel_timers()
        self.outbox.drop()
        for offer in self._offers:
            offer.cancel()
        self._room.audience.leave(self)

    def part(self, code: int) -> None:
        """Send what is queued, then close with `code`. May be repeated."""
        self.parting = True
        self._cancel_timers()
        self.outbox.part(code)

    def _cancel_timers(self) -> None:
        self._hello_timer.cancel()
        if self._ice_timer is not None:
            self._ice_timer.cancel()

    # -- messages ----------------------------------------------------------------------------------------------

    async def _hello(self, hello: Hello) -> None:
        """Also a second time: from the lobby into the room on the same socket."""
        if self.greeted and hello.tab != self.tab:
            self._complain(ErrorMessage(code="bad_message", place="tab", fix="one connection belongs to one tab"))
            return
        if (not self.greeted and not await self._may_sit()) or self.parting or self.outbox.closed:
            return
        self.greeted = True
        self._hello_timer.cancel()
        self.place, self.tab, self.epoch = hello.place, hello.tab, hello.epoch
        self._known_version = None
        room = self._room
        behind = hello.seen is not None and not room.stream.knows(*hello.seen)
        if behind:
            self._log.warning("log.behind_browser", seq=room.stream.seq)
        if hello.build and room.build and hello.build != room.build:
            self._log.info("page.other_build")
        self.outbox.put(
            Welcome(
                session=room.session,
                seat=self.seat,
                seats=list(room.state.seats),
                behind=behind,
                rehearsal=room.state.speed != 1,
                ice_servers=room.ice_servers(self.seat),
                build=room.build,
            )
        )
        self._renew_ice_later()
        room.audience.arrive(self, fresh=hello.fresh)
        if hello.fresh:
            room.drafts.rests(self.seat)
        self.outbox.put(room.media.pictures())
        self.outbox.put(room.audience.waiting())
        if self.seat == room.state.lead:
            self.outbox.put_fleeting(room.checks())
        if self.place == "room":
            self.outbox.put_fleeting(room.media.direction(self.seat))
            if not hello.fresh and not room.media.knows(self.seat, self.tab):
                self.outbox.put(MediaDown())  # the page still waits for media that this process never had
        self.outbox.show(urgent=True)

    def _renew_ice_later(self) -> None:
        """The relays' credential is followed by the next one before it ends, for as long as this connection lives."""
        room = self._room
        if self._ice_timer is not None:
            self._ice_timer.cancel()
        if room.ice:
            at_ms = room.clock.monotonic_ms() + room.ice_valid_ms - RENEW_BEFORE_MS
            self._ice_timer = room.clock.call_at(at_ms, self._renew_ice)

    def _renew_ice(self) -> None:
        self.outbox.put(NewIceServers(ice_servers=self._room.ice_servers(self.seat)))
        self._renew_ice_later()

    async def _may_sit(self) -> bool:
        """Whether the link by which this socket was opened still holds; else it is closed."""
        try:
            holds = await self._entitled()
        except Unavailable:
            self.part(COME_BACK)
            return False
        if not holds:
            self.outbox.put(Revoked())
            self.part(REVOKED)
        return holds

    async def _answer(self, message_id: str, work: Awaitable[ServerMessage]) -> None:
        """Send what `work` returns, or why it could not be done. Never raises for that."""
        try:
            answer = await work
        except Exception as error:  # noqa: BLE001 - whoever asked must know; what is not expected is logged
            if not expected(error):
                self._log.exception("connection.message_broke")
            answer = error_message(message_id, error)
        self.outbox.put(answer)

    async def _ask(self, ask: Ask) -> Accepted:
        return Accepted(id=ask.id, seq=await self._room.ask(ask.command, self.seat, ask.id))

    async def _save_draft(self, draft: SaveDraft) -> DraftSaved:
        found = await self._room.save_draft(self.seat, draft.capture, draft.fields, typing=draft.typing)
        hints = tuple(
            DraftHint(field=field, kind=hint.kind, start=hint.start, end=hint.end) for field, hint in found.items()
        )
        return DraftSaved(id=draft.id, hints=hints)

    async def _send_note(self, sent: SendNote) -> NoteSent | ErrorMessage:
        """Hand a private note on. It is told once and kept nowhere."""
        state = self._room.state
        reader = addressee(state, self.seat, sent.to, sent.preset, sent.line)
        if not self._room.audience.count(reader):
            raise Refused(RefusalCode.SEAT_ABSENT, reader)
        writer = None if self.seat == state.lead else self.seat
        note = Note(id=sent.id, seat=writer, preset=sent.preset, line=sent.line.strip())
        if self._room.audience.hand(note, reader, self.seat):
            return NoteSent(id=sent.id)
        return ErrorMessage(id=sent.id, code="slow_down", retry=True, fix="the last notes are not read yet")

    async def _offer(self, offer: MediaOffer) -> MediaAnswer:
        if self.place != "room":
            raise OfferRefused("direction", "say hello with place room first")
        sdp = await self._room.media.offer(self._room.state, self.seat, self.tab, offer.connection, offer.sdp)
        return MediaAnswer(id=offer.id, connection=offer.connection, sdp=sdp)

    # -- what the owner of the socket cannot be told -------------------------------------------------------------

    def _complain(self, error: ErrorMessage) -> None:
        self._bad_in_a_row += 1
        self.outbox.put(error)
        if self._bad_in_a_row >= BAD_IN_A_ROW:
            self._log.info("connection.too_many_bad", code=error.code)
            self.outbox.put(ErrorMessage(code="too_many_bad", fix="read protocols/wire.md"))
            self.part(TOO_MANY_BAD)

    def _view(self) -> str | None:
        """The view as it is now; nothing if it cannot be made: the room goes on."""
        try:
            text = self._room.view_text(self.seat, self._known_version)
        except Exception:  # noqa: BLE001 - logged; a view that breaks must not break the room
            self._log.exception("connection.view_broke", seq=self._room.stream.seq)
            return None
        self._known_version = self._room.views.version
        return text
