"""One simulated manager: a connection, a picture and a voice, and the habits that decide what it does with them.

It knows what its own view says and nothing else. A disobedient one makes a sound all the time, floor or not: what
others hear of that is the server's affair."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from cosession.simulate.channel import Opener, by_socket
from cosession.simulate.connection import Connection, ConnectionEnded, local_ms
from cosession.simulate.endurance import Instant
from cosession.simulate.habits import Habits, Intent
from cosession.simulate.leading import leading
from cosession.simulate.speaking import makes_sound, speaking
from cosession.simulate.studio import MediaFailed, Studio
from cosession.simulate.writing import writing
from cosession.wire.messages import (
    Accepted,
    Ask,
    BrowserMessage,
    Direction,
    ErrorMessage,
    MediaAnswer,
    MediaDown,
    RefusedMessage,
    SaveDraft,
    ServerMessage,
    ViewMessage,
    Welcome,
)

#: Refusals that say that something else happened first: no error, but counted.
RACES = frozenset({"stale", "not_now", "already", "closed"})
#: How often a manager looks up at the clock, in seconds of real time; at high speeds more often.
LOOKS_EVERY_S = 0.1
LOOKS_EVERY_FAST_S = 0.02
MEDIA_RETRY_S = 0.5
#: When the session has closed, answers that are under way are waited for.
LAST_ANSWERS_S = 2.0


@dataclass(frozen=True)
class Place:
    """Where a manager sits: the room's address and its origin, and how it is called; `opener` is the way there."""

    seat: str
    name: str
    page: str
    origin: str
    opener: Opener = by_socket


Text = tuple[str, Mapping[str, str]]


@dataclass
class Doings:
    """What a manager did and met with. `accepted` counts by command, `races` the refusals that say that something
    else happened first. `texts`: acknowledged captures and their fields, in order; `drafts`: the last acknowledged
    draft of each; `many`: captures that one may write several times."""

    accepted: Counter[str] = field(default_factory=Counter)
    races: Counter[str] = field(default_factory=Counter)
    texts: list[Text] = field(default_factory=list)
    drafts: dict[str, Mapping[str, str]] = field(default_factory=dict)
    many: set[str] = field(default_factory=set)
    errors: list[str] = field(default_factory=list)

    def lost(self, kept: Sequence[Text]) -> list[str]:
        """Captures that were acknowledged and are not among `kept`. Of a capture that has versions the newest counts,
        and a later draft may have become one."""
        missing: list[str] = []
        left = list(kept)
        for capture, fields in self.texts:
            if capture in self.many:
                if (capture, fields) in left:
                    left.remove((capture, fields))
                else:
                    missing.append(capture)
        newest = {capture: fields for capture, fields in self.texts if capture not in self.many}
        for capture, fields in newest.items():
            if (capture, fields) not in left and (capture, self.drafts.get(capture)) not in left:
                missing.append(capture)
        return missing


class Manager:
    """`run` lives until the session is closed for this seat, or until it is cancelled."""

    def __init__(
        self, place: Place, habits: Habits, cookies: str, studio: Studio | None = None, disobedient: bool = False
    ) -> None:
        self.place = place
        self.doings = Doings()
        self.view: ViewMessage | None = None
        self.welcome: Welcome | None = None
        self.everybody_ready = False
        self.media_state = "new"
        self.closed = asyncio.Event()
        """The session is over, as this seat sees it."""
        self.first_seen: dict[str, Instant] = {}
        """By the session's status, when it first stood in a view."""
        self._habits = habits
        self._studio = studio
        self._disobedient = disobedient
        self._done: set[str] = set()
        self._peer_connection = ""
        self._offer = ""
        self._speaks = False
        self._shows = True
        self._has_led = False
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connection = Connection(
            place.opener,
            place.page,
            lambda: cookies,
            place.origin,
            self._handle,
            self._answered,
            habits.chance("line"),
        )

    @property
    def ready(self) -> bool:
        """In the room, with media if there is any to have."""
        return self.view is not None and (self._studio is None or self.media_state == "connected")

    async def run(self) -> None:
        running = asyncio.create_task(self.connection.run())
        try:
            await self._live(running)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LAST_ANSWERS_S):
                    while self.connection.unanswered:  # noqa: ASYNC110 - answers come one by one
                        await asyncio.sleep(LOOKS_EVERY_FAST_S)
        finally:
            running.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(running, *self._tasks, return_exceptions=True)
            if self._studio is not None and self._peer_connection:
                with contextlib.suppress(KeyError):
                    self._studio.leave(self.place.seat)

    async def _live(self, running: asyncio.Task[None]) -> None:
        while not self.closed.is_set():
            if running.done():
                with contextlib.suppress(asyncio.CancelledError):
                    error = running.exception()
                    assert error is not None
                    if not isinstance(error, ConnectionEnded):
                        raise error
                    self._error(str(error))
                return
            self._act()
            fast = self.connection.clock.known and self.connection.clock.speed >= 20
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOKS_EVERY_FAST_S if fast else LOOKS_EVERY_S):
                    await self._changed.wait()
            self._changed.clear()

    def leave_media(self, state: str, connection: str) -> None:
        """The studio says how a connection of this seat stands."""
        if connection != self._peer_connection and connection:
            return
        self.media_state = state
        if state in ("failed", "closed", "gone") and not self.closed.is_set():
            self._spawn(self._connect_media(MEDIA_RETRY_S))
        self._changed.set()

    # -- what to do ----------------------------------------------------------------------------------------------

    def _act(self) -> None:
        view = self.view
        if view is None or view.common is None or not self.connection.current:
            return
        now_ms = self.connection.clock.now_ms(local_ms())
        for intent in chain(
            speaking(view, now_ms, self._habits),
            writing(view, now_ms, self._habits),
            leading(view, now_ms, self._habits, self.everybody_ready),
        ):
            if intent.key not in self._done:
                self._done.add(intent.key)
                self._carry_out(intent)
        self._sound(view)

    def _carry_out(self, intent: Intent) -> None:
        if intent.command is not None:
            self.connection.send({"type": "command", "command": dict(intent.command)})
        elif intent.draft is not None:
            capture, fields = intent.draft
            self.connection.send({"type": "draft", "capture": capture, "fields": dict(fields)})

    def _sound(self, view: ViewMessage) -> None:
        speaks = self._disobedient or makes_sound(view)
        if self._studio is not None and self._offer and speaks != self._speaks:
            self._studio.speak(self.place.seat, speaks)
            self._speaks = speaks

    # -- what comes ----------------------------------------------------------------------------------------------

    def _handle(self, message: ServerMessage) -> None:
        match message:
            case Welcome():
                self.welcome = message
                if message.behind:
                    self._error("the server knew less than this page had seen")
                if self._studio is not None:
                    self.media_state = "new"
                    self._spawn(self._connect_media(0))
            case ViewMessage():
                if message.common is None and self.view is not None:
                    message = message.model_copy(update={"common": self.view.common})
                self.view = message
                self._has_led = self._has_led or message.own.leads
                self.doings.many.update(each.spec.id for each in message.own.writable if each.spec.many)
                if message.common is not None:
                    self._note_status(message)
                self._changed.set()
            case MediaAnswer(connection=self._peer_connection):
                self._spawn(self._take_answer(message))
            case MediaDown():
                self.media_state = "new"
                self._spawn(self._connect_media(0))
            case Direction():
                self._shows = message.frames_per_second > 0
                if self._studio is not None and self._offer:
                    self._studio.show(self.place.seat, self._shows)
            case ErrorMessage(id=str() as number) if number == self._offer:
                if message.code != "media_down":
                    self._error(f"media offer: {message.code} {message.place} {message.fix}")
                self._spawn(self._connect_media(MEDIA_RETRY_S))
            case ErrorMessage():
                self._error(f"{message.code} {message.place} {message.fix}")
            case _:
                pass

    def _note_status(self, view: ViewMessage) -> None:
        assert view.common is not None
        self.first_seen.setdefault(view.common.status, Instant(local_ms(), view.clock.session_ms))
        if view.common.status == "closed":
            self.closed.set()

    def _answered(self, asked: BrowserMessage, answer: ServerMessage) -> None:
        tag = asked.command.type if isinstance(asked, Ask) else asked.type
        match answer:
            case Accepted():
                self.doings.accepted[tag] += 1
                if isinstance(asked, Ask) and asked.command.type == "submit_capture":
                    self.doings.texts.append((asked.command.capture, asked.command.fields))
            case RefusedMessage(code=code) if code in RACES or (code == "not_your_seat" and self._led_before):
                # Asked while leading, refused when the lead had moved: the view that says so came first.
                self.doings.races[f"{tag} {code}"] += 1
            case RefusedMessage():
                self._error(f"{tag} refused: {answer.code} {answer.detail}")
            case ErrorMessage():
                self._error(f"{tag}: {answer.code} {answer.place} {answer.fix}")
            case _ if isinstance(asked, SaveDraft):
                self.doings.drafts[asked.capture] = asked.fields
            case _:
                pass

    @property
    def _led_before(self) -> bool:
        return self._has_led and self.view is not None and not self.view.own.leads

    def _error(self, text: str) -> None:
        self.doings.errors.append(f"seat {self.place.seat}: {text.strip()}")

    # -- media ---------------------------------------------------------------------------------------------------

    def _spawn(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect_media(self, after_s: float) -> None:
        """A new connection with a new id; older ones are given up."""
        await asyncio.sleep(after_s)
        welcome, studio, view = self.welcome, self._studio, self.view
        if studio is None or welcome is None or self.closed.is_set():
            return
        connection = self._peer_connection = secrets.token_urlsafe(9)
        place = welcome.seats.index(welcome.seat)
        others = [(seat, number) for number, seat in enumerate(welcome.seats) if seat != welcome.seat]
        try:
            sdp = await studio.offer(self.place.seat, connection, self.place.name, place, others)
        except MediaFailed as failed:
            self._error(f"media: {failed}")
            return
        if connection != self._peer_connection:
            return
        self._offer = self.connection.send(
            {"type": "media_offer", "connection": connection, "sdp": sdp}, until_answered=False
        )
        self.connection.notify({"type": "media_state", "camera": True, "microphone": True})
        studio.speak(self.place.seat, self._speaks)
        studio.show(self.place.seat, self._shows)
        self._changed.set() if view else None

    async def _take_answer(self, message: MediaAnswer) -> None:
        assert self._studio is not None
        try:
            await self._studio.answer(self.place.seat, message.connection, message.sdp)
        except MediaFailed as failed:
            if message.connection == self._peer_connection:
                self._error(f"media: {failed}")
