"""The live room: one writer, one inbox; everything is stored before it is published (architecture.md, "How things
flow").

What is asked waits in the inbox and is done one after the other: decide, append to the log, evolve, let the media plane
know, let the people see. A store that fails leaves the state as it was and the room alive. Who is connected is
`audience`'s affair, sound and pictures `media_desk`'s; rules live in `core`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import structlog

from cosession.core.captures import withdrawn, writable
from cosession.core.commands import CreditOutage, ReportLateText, ReportVoices, RoomCommand, SeatCommand, Tick
from cosession.core.decide import decide
from cosession.core.events import Event, client_key
from cosession.core.evolve import evolve
from cosession.core.lint import LintHint, hints
from cosession.core.refusal import Refused
from cosession.core.schedule import drift_ms, next_wake
from cosession.core.state import SessionState
from cosession.core.summary import summarise
from cosession.core.vocabulary import RefusalCode, Status, Who
from cosession.room.audience import Audience
from cosession.room.codec import to_record
from cosession.room.drafts import DraftBox
from cosession.room.ears import Ears
from cosession.room.ice_servers import GRACE_MS, IceServers
from cosession.room.inbox import Inbox
from cosession.room.listed import listed, to_summary
from cosession.room.media_desk import MediaDesk
from cosession.room.moments import ENDS_PHASE, MILESTONES, URGENT
from cosession.room.ports import Clock, Conflict, Draft, Entry, EventLog, MediaEngine, Summary, Timer, Unavailable
from cosession.room.recovery import SessionStream, continued, replay
from cosession.room.session_time import SessionTime, mark, planned_ms
from cosession.room.standstill import Standstill
from cosession.room.verifying import verified
from cosession.room.views import Fields, Views, live
from cosession.wire.messages import CheckRung, Checks, IceServer

log = structlog.get_logger()

#: So many answers are remembered; older commands are looked up in the log.
REMEMBERED = 512
#: When the store failed, time is looked at again after this long.
AGAIN_MS = 250
#: A lobby's clock that differs so much from the time of day is set by it.
STEP_MS = 1_000
#: A commit that takes so long is felt, and worth a line for those who look after the disk.
SLOW_COMMIT_MS = 100

CommandKey = tuple[str, str]


class Room:
    """A session that lives in this process. Made by `Directory`; `start` it once."""

    def __init__(
        self,
        session: str,
        log_: EventLog,
        clock: Clock,
        engine: MediaEngine,
        stream: SessionStream,
        time: SessionTime,
        drafts: Sequence[Draft] = (),
        ice: IceServers | None = None,
        epoch: int = 0,
        build: str = "",
        standstill: Standstill | None = None,
    ) -> None:
        self.session = session
        self.build = build
        self.stream = stream
        self.time = time
        self.clock = clock
        self.ice = ice or IceServers()
        self.drafts = DraftBox(session, log_, drafts)
        self.views = Views(session, clock, time)
        self.audience = Audience(self)
        self.ears = Ears(self)
        self.media = MediaDesk(session, tuple(stream.state.seats), engine, self.audience, self.ears)
        self._store = log_
        self._epoch = epoch
        """Of the lease under which this process appends."""
        self._standstill = standstill or Standstill(clock)
        self._standstill.look()
        self._away_ms, self._stood_ms = self._standstill.away_ms, self._standstill.stood_ms
        """Of the standstills of this process, what this room has dealt with."""
        self._owed_ms = 0
        """How long it stood still without that being credited yet, in session time."""
        self._inbox = Inbox(session, self._rest)
        self._works: dict[str, list[CheckRung]] = {}
        self._committed: dict[int, int] = {}
        """Session time at which each event of this process was on disk, by seq."""
        self._answers: OrderedDict[CommandKey, int | Refused] = OrderedDict()
        self._closed = False
        self._looked_ms = self.now_ms()
        self._not_before_ms = 0
        self._timer: Timer | None = None
        self._log = log.bind(session=session)

    # -- life --------------------------------------------------------------------------------------------------

    async def start(self, outage_ms: int | None = None) -> None:
        """Begin to live. `outage_ms` (session time): the server was away for so long, it is credited before anything
        else. Raises `Unavailable` if that cannot be stored."""
        if outage_ms is not None:
            await self._carry_out(CreditOutage(outage_ms=outage_ms), None, None)
        if self.state.status is not Status.CLOSED:
            await self.media.open()
        self.media.follow(self.state)
        self._inbox.start()
        self.audience.watch()
        self._wake()

    async def close(self, code: int) -> None:
        """Stop: connections close with `code`, what is in the inbox is dropped, nothing more is stored. May be
        repeated."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        self.ears.close()
        await self.audience.close(code)
        await self._inbox.close()
        await self.media.close()

    async def settled(self) -> None:
        """Returns when everything asked so far is done."""
        await self._inbox.settled()

    # -- what others read --------------------------------------------------------------------------------------

    @property
    def state(self) -> SessionState:
        return self.stream.state

    def now_ms(self) -> int:
        """Session time."""
        return self.time.at(self.clock.monotonic_ms())

    def wall_ms(self, session_ms: int) -> int:
        """Session time as the time of day, for people; right as long as the time of day is not set anew."""
        return self.clock.wall_ms() + self.time.monotonic_at(session_ms) - self.clock.monotonic_ms()

    @property
    def ice_valid_ms(self) -> int:
        """How long a credential for the relays is good: as long as the session lasts, and some grace (real time)."""
        return self.state.planned_ms // self.state.speed + GRACE_MS

    def ice_servers(self, seat: str) -> list[IceServer]:
        """The relays for a seat's browser, with a credential that begins now."""
        return self.ice.of(self.session, seat, self.clock.wall_ms() + self.ice_valid_ms)

    def checked(self, seat: str, works: Sequence[CheckRung]) -> None:
        """A page has checked its network: whoever leads is told. Kept as long as this room lives here."""
        self._works[seat] = list(dict.fromkeys(works))
        if self.state.lead is not None:
            self.audience.send(self.checks(), self.state.lead, fleeting=True)

    def checks(self) -> Checks:
        """What worked in each seat's last check."""
        return Checks(works=self._works)

    def view_text(self, seat: str, known_version: int | None) -> str:
        """The view message of a seat as JSON (see `Views.text`)."""
        return self.views.text(self.stream, self.drafts, seat, known_version)

    # -- what may be asked -------------------------------------------------------------------------------------

    async def ask(
        self, command: SeatCommand | RoomCommand, by: str | None = None, command_id: str | None = None
    ) -> int:
        """Carry out a command in its turn; the seq of the log afterwards. `by` is the seat that asks, from the
        authenticated connection. Raises `Refused`, `Unavailable`, or what went wrong inside (logged). With a
        `command_id` it may be repeated: the same answer, no second effect."""
        key = None if by is None or command_id is None else (by, command_id)
        return await self._inbox.in_turn(command.type, lambda: self._carry_out(command, by, key))

    def post(
        self,
        command: RoomCommand,
        undone: Callable[[], None] | None = None,
        after: Callable[[], None] | None = None,
    ) -> None:
        """Carry out a command of the room's own in its turn; nobody waits. `undone` is called if it was not stored,
        `after` in any case."""

        async def work() -> None:
            try:
                await self._carry_out(command, None, None)
            except Refused as refusal:
                self._log.debug("room.fact_refused", command=command.type, code=refusal.code.value)
            except Unavailable as failure:
                self._log.warning("room.fact_not_stored", command=command.type, code=failure.code)
                if undone is not None:
                    undone()
            finally:
                if after is not None:
                    after()

        self._inbox.put(command.type, work)

    def book_voices(self, after: Callable[[], None]) -> None:
        """Store who spoke how long since the last time, in its turn; `after` is called in any case."""

        async def work() -> None:
            try:
                await self._catch_up()
                await self._book_voices()
            except Unavailable as failure:
                self._log.warning("room.fact_not_stored", command="report_voices", code=failure.code)
            finally:
                after()

        self._inbox.put("report_voices", work)

    async def save_draft(self, seat: str, capture: str, fields: Fields, *, typing: bool = False) -> dict[str, LintHint]:
        """Keep a seat's unsent writing; empty `fields` delete it. `typing`: its author has not stopped. Returns when it
        is on disk, with what its author may be told about it, by field. Raises `Refused` or `Unavailable`. May be
        repeated."""

        async def work() -> dict[str, LintHint]:
            if self.stream.erased:
                raise Refused(RefusalCode.CLOSED, "its content was erased")
            shown = live(self.state, self.drafts.all)
            await self.drafts.save(self.state, seat, capture, fields, typing=typing)
            if fields and not any(spec.id == capture for _, spec in writable(self.state, seat, self.now_ms())):
                await self._carry_out(ReportLateText(seat=seat, capture=capture), None, None)
            if live(self.state, self.drafts.all) != shown:
                self.views.changed()
                self.audience.show(urgent=False)
            return hints(self.state, capture, fields)

        return await self._inbox.in_turn("save_draft", work)

    async def erase(self) -> None:
        """Erase everything that people wrote and who they are, in its turn; what happened when stays provable. Only of
        a session that has ended. Raises `Refused` or `Unavailable`. May be repeated."""

        async def work() -> None:
            if self.state.status is not Status.CLOSED:
                raise Refused(RefusalCode.NOT_NOW, "only what has ended is erased")
            await self._store.erase(self.session, None)
            self._log.info("session.erased")
            await self._reload()

        await self._inbox.in_turn("erase", work)

    async def erase_withdrawn(self, seat: str) -> None:
        """Erase for good what this seat wrote as a client who withdrew, or had noted for it, in its turn. Raises
        `Refused` if there is nothing to erase, or `Unavailable`; then it may be repeated."""

        async def work() -> None:
            if not withdrawn(self.state, seat):
                raise Refused(RefusalCode.NOT_NOW, "nothing that you wrote as a client who withdrew is left")
            for capture in [capture for author, capture in self.drafts.all if author == seat]:
                spec = self.state.spec(capture)
                if spec is not None and spec.of_client and Who.CLIENT in spec.by:
                    await self._store.save_draft(self.session, Draft(seat, capture, {}))
            await self._store.erase(self.session, client_key(seat))
            self._log.info("session.withdrawn_erased", seat=seat)
            await self._reload()

        await self._inbox.in_turn("erase_withdrawn", work)

    def kick(self, seat: str) -> None:
        """The seat's link was revoked: its connections are notified and closed, its media end. May be repeated."""
        self.audience.revoke(seat)
        self.media.forget(seat)

    async def verify(self) -> dict[str, Any]:
        """The log against this room, in its turn, so that neither moves meanwhile (see `verified`). Raises
        `Unavailable`."""

        async def work() -> dict[str, Any]:
            return verified(await self._store.read(self.session), self.stream, self.now_ms(), self._committed)

        return await self._inbox.in_turn("verify", work)

    def figures(self) -> dict[str, Any]:
        """For operations, without names or texts."""
        state, now_ms = self.state, self.now_ms()
        current = state.current
        return {
            "session": self.session,
            "status": state.status.value,
            "phase": None if current is None else current.id,
            "speed": state.speed,
            "drift_ms": drift_ms(state, now_ms),
            "holds": sorted(cause.value for cause in state.holds),
            "vacant": state.vacant,
            "events": self.stream.seq,
            "seats": {
                seat.id: {
                    "role": seat.role.value,
                    "joined": seat.joined,
                    "presence": seat.presence.value,
                    "connections": self.audience.count(seat.id),
                    "path": self.media.path(seat.id),
                }
                for seat in state.seats.values()
            },
        }

    # -- time --------------------------------------------------------------------------------------------------

    def _rest(self) -> None:
        """Sleep until core wants to be woken, on the monotonic clock. Counted from the moment at which core last
        looked, so that a moment that passed meanwhile is not forgotten."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._closed:
            return
        wake_ms = self._looked_ms if self._owed_ms else next_wake(self.state, self._looked_ms)
        if wake_ms is not None:
            at_ms = max(self.time.monotonic_at(wake_ms), self._not_before_ms)
            self._timer = self.clock.call_at(at_ms, self._wake)

    def awake(self) -> None:
        """Look at the clocks before anything is judged by them: after a standstill the time is owed to the session, and
        nobody was silent in it. Until a session starts, its time follows the time of day: so its planned start stays
        where it is, on every page."""
        self._standstill.look()
        away_ms, stood_ms = self._standstill.away_ms - self._away_ms, self._standstill.stood_ms - self._stood_ms
        speed = self.state.speed
        by_ms = (away_ms - stood_ms) * speed
        if self.state.status is Status.LOBBY:
            by_ms = planned_ms(self.stream.at_ms, self.stream.mark, mark(self.clock), speed) - self.now_ms()
            by_ms = 0 if abs(by_ms) < STEP_MS * speed else by_ms
        if not away_ms and not by_ms:
            return
        self._away_ms, self._stood_ms = self._away_ms + away_ms, self._stood_ms + stood_ms
        self._owed_ms += away_ms * speed if self.state.status is Status.RUNNING else 0
        self.time = self.views.time = self.time.moved(by_ms)
        self._looked_ms = min(self._looked_ms, self.now_ms())
        self.audience.forgive(stood_ms)
        self._wake()

    async def _catch_up(self) -> None:
        """Before anything is judged: a standstill is an outage. Raises `Unavailable`; then it stays owed."""
        self.awake()
        owed_ms = self._owed_ms
        if owed_ms:
            await self._decide_and_store(CreditOutage(outage_ms=owed_ms), None, None)
            self._owed_ms -= owed_ms

    def _wake(self) -> None:
        """Let core look at the time. If the store cannot keep what follows, look again soon."""
        self._timer = None

        async def tick() -> None:
            try:
                before = self.stream.seq
                if await self._carry_out(Tick(), None, None) == before:
                    # Nothing happened, but what people see has changed: a grace began, a time is over.
                    self._publish(())
            except Unavailable as failure:
                self._log.warning("room.fact_not_stored", command="tick", code=failure.code)
                self._not_before_ms = self.clock.monotonic_ms() + AGAIN_MS

        self._inbox.put("tick", tick)

    # -- the writer --------------------------------------------------------------------------------------------

    async def _carry_out(self, command: SeatCommand | RoomCommand, by: str | None, key: CommandKey | None) -> int:
        """See `ask`. The only place where a session changes."""
        if self.stream.erased and by is not None:
            raise Refused(RefusalCode.CLOSED, "its content was erased")
        if key is not None and key in self._answers:
            answer = self._answers[key]
            if isinstance(answer, Refused):
                raise Refused(answer.code, answer.detail, answer.field)
            return answer
        await self._catch_up()
        try:
            seq = await self._decide_and_store(command, by, key)
        except Refused as refusal:
            # It may have been accepted before a restart, and be impossible for that very reason now.
            known = None if key is None else await self._store.command_seq(self.session, *key)
            if known is None:
                self._remember(key, refusal)
                raise
            seq = known
        self._remember(key, seq)
        return seq

    async def _decide_and_store(
        self, command: SeatCommand | RoomCommand, by: str | None, key: CommandKey | None
    ) -> int:
        """The seq after the command. On a conflict the room is read again and the command tried once more."""
        for _ in range(2):
            now_ms = self.now_ms()
            events = decide(self.state, command, now_ms, by, self.drafts.all, self.drafts.typing)
            if any(isinstance(event, ENDS_PHASE) for event in events) and await self._book_voices():
                events = decide(self.state, command, now_ms, by, self.drafts.all, self.drafts.typing)
            if not events and key is None:
                self._looked_ms = now_ms
                return self.stream.seq
            clocks = mark(self.clock)
            records = [to_record(event, now_ms, clocks) for event in events]
            state = self.state
            for event in events:
                state = evolve(state, event, now_ms)
            began_ms = self.clock.monotonic_ms()
            try:
                summary = self._summary_in(state)
                entries = await self._store.append(self.session, self.stream.seq, records, key, summary, self._epoch)
            except Conflict:
                self._log.warning("room.conflict", seq=self.stream.seq, command=command.type)
                await self._reload()
                known = None if key is None else await self._store.command_seq(self.session, *key)
                if known is not None:
                    return known
                continue
            self._looked_ms = now_ms
            took_ms = self.clock.monotonic_ms() - began_ms
            if took_ms >= SLOW_COMMIT_MS:
                self._log.warning("room.slow_commit", took_ms=took_ms, command=command.type)
            self._committed.update(dict.fromkeys((entry.seq for entry in entries), self.now_ms()))
            await self._advance(entries, events, state)
            return self.stream.seq
        raise Unavailable("store_busy", "the log keeps moving under the room")

    async def _book_voices(self) -> bool:
        """Who spoke how long goes into the log; whether there was anything. Nothing is lost if that fails."""
        spoke_ms = self.ears.spoken()
        if not spoke_ms:
            return False
        self.ears.booked(spoke_ms)
        try:
            await self._decide_and_store(ReportVoices(spoke_ms=spoke_ms), None, None)
        except Unavailable:
            self.ears.booked({seat: -ms for seat, ms in spoke_ms.items()})
            raise
        return True

    def _summary_in(self, state: SessionState) -> Summary | None:
        """What lists show in this state; None if that is what they show already."""
        if summarise(state) == summarise(self.state):
            return None
        return to_summary(listed(self.session, replace(self.stream, state=state)))

    async def _advance(self, entries: Sequence[Entry], events: Sequence[Event], state: SessionState) -> None:
        """What is stored becomes what is; then the media plane, then the people."""
        self.stream = stream = continued(self.stream, entries, state)
        for event in events:
            if isinstance(event, MILESTONES):
                self._log.info(f"session.{event.type}", seq=stream.seq, phase=getattr(event, "phase", None))
        self.drafts.became(events)
        self._publish(events)
        await self.drafts.sweep()

    async def _reload(self) -> None:
        """Read the log again: it knows more, or other things, than this room."""
        stream = replay(await self._store.read(self.session))
        if stream is None:
            raise Unavailable("store_damaged", "the log of a live room is empty")
        self.stream = stream
        self.drafts.replace(await self._store.drafts(self.session))
        self._publish(None)

    def _publish(self, events: Sequence[Event] | None) -> None:
        """To the media first, then the views. None: anything may have changed."""
        self.media.follow(self.state)
        self.ears.look()
        self.views.changed()
        self.audience.show(urgent=events is None or any(isinstance(event, URGENT) for event in events))

    def _remember(self, key: CommandKey | None, answer: int | Refused) -> None:
        if key is not None:
            self._answers[key] = answer
            while len(self._answers) > REMEMBERED:
                self._answers.popitem(last=False)
