"""The rooms that live in this process: made, found, brought back after a restart, let go.

A room is read from its log when somebody asks for it. After a start those whose time goes on come back by themselves,
in the background: first the running ones, then lobbies whose planned start has come (decision 40).

It also is the media plane's listener and hands what it hears to the room concerned, and it writes the row that says how
long this process lived (decision 4).
"""

from __future__ import annotations

import asyncio
import heapq
import secrets
import string
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

import structlog

from cosession.core.commands import CreateSession
from cosession.core.decide import decide
from cosession.core.evolve import evolve
from cosession.core.refusal import Refused
from cosession.core.state import SessionState
from cosession.core.summary import summarise
from cosession.core.vocabulary import RefusalCode, Status
from cosession.room.actor import Room
from cosession.room.codec import to_record
from cosession.room.connection_quality import StatsPoller
from cosession.room.ice_servers import IceServers
from cosession.room.listed import Listed, to_summary
from cosession.room.ports import (
    Clock,
    Conflict,
    Draft,
    EventLog,
    LastAlive,
    Lease,
    MediaEngine,
    Timer,
    Unavailable,
)
from cosession.room.recovery import SessionStream, continued, replay
from cosession.room.session_time import SessionTime, mark, planned_ms, resume
from cosession.room.standstill import Standstill
from cosession.room.summaries import Summaries
from cosession.room.verifying import verified

log = structlog.get_logger()

#: A closed session stays at hand for so long.
KEEP_CLOSED_MS = 30 * 60_000
ALIVE_EVERY_MS = 1_000
#: In a rehearsal a second is a minute of script time: the row is written more often.
ALIVE_EVERY_FAST_MS = 100
SERVER_RESTARTS = 1012
T = TypeVar("T")
_ALPHABET = string.ascii_lowercase + string.digits


class Directory:
    """`rehearsal`: sessions may run faster than real time (decision 5). `ice`: the relays that browsers are told of.
    `build`: of the pages that are served."""

    def __init__(
        self,
        log_: EventLog,
        engine: MediaEngine,
        clock: Clock,
        *,
        rehearsal: bool = False,
        ice: IceServers | None = None,
        build: str = "",
    ) -> None:
        self._store = log_
        self._engine = engine
        self._clock = clock
        self._rehearsal = rehearsal
        self._ice = ice
        self._standstill = Standstill(clock)
        self.summaries = Summaries(log_)
        self._build = build
        self._rooms: dict[str, Room] = {}
        self._closing_since: dict[str, int] = {}
        self._finished: set[str] = set()
        self._loading: dict[str, asyncio.Task[Room | None]] = {}
        """A session must never live twice: who asks meanwhile waits for the same room."""
        self._asleep: list[tuple[int, str]] = []
        """Lobbies that nobody has asked for, by the time of day of their planned start: a heap."""
        self._before: LastAlive | None = None
        self._returning: asyncio.Task[None] | None = None
        self._running_back = asyncio.Event()
        self._pulse: asyncio.Task[None] | None = None
        self._timer: Timer | None = None
        self._stats_poller = StatsPoller(engine, clock, self.live)
        self._closed = False
        self.store_failing: str | None = None
        """Why the store took no sign of life the last time it was asked (a code of `Unavailable`); None: it did."""

    # -- life --------------------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Begin to bring back, in the background, the sessions that were open when the last process ended, and to write
        the row of life. Call it once, after the media engine has started. A session that cannot come back is logged and
        left; `get` tries again. Raises `Unavailable`."""
        self._before = await self._store.last_alive()
        unfinished = await self._store.open_sessions()
        known = {shown.session: shown for shown in await self.summaries.open()}
        self._returning = asyncio.create_task(self._bring_back({session: known.get(session) for session in unfinished}))
        self._stats_poller.start()

    async def running_back(self) -> None:
        """Returns when the sessions that were running have come back, as far as they can."""
        await self._running_back.wait()

    async def _bring_back(self, unfinished: Mapping[str, Listed | None]) -> None:
        """Running sessions; then lobbies whose time has come or that somebody was in, and what closed and was not
        finished, the last planned start first. None: it has to be looked at first."""
        now_wall_ms = self._clock.wall_ms()
        others: list[tuple[int, str]] = []
        for session, known in sorted(unfinished.items(), key=lambda item: not _runs(item[1])):
            shown = known or await _tried(session, self.summaries.one(session))
            if shown is None:
                continue
            if _runs(shown):
                await _tried(session, self.get(session))
            elif shown.waits and shown.starts_wall_ms > now_wall_ms:
                heapq.heappush(self._asleep, (shown.starts_wall_ms, session))
            else:
                others.append((shown.starts_wall_ms, session))
        # Only now: the row of life says that this process kept the time of all sessions that run.
        self._running_back.set()
        log.info("rooms.recovered", count=len(self._rooms), waiting=len(others), asleep=len(self._asleep))
        self._beat()
        for _, session in sorted(others, reverse=True):
            await _tried(session, self.get(session))
        self.summaries.catch_up()

    async def _wake_due(self) -> None:
        """Lobbies whose planned start has come: from now on time moves something in them."""
        while self._asleep and self._asleep[0][0] <= self._clock.wall_ms():
            session = heapq.heappop(self._asleep)[1]
            await _tried(session, self.get(session))

    async def close(self) -> None:
        """Let every room go: sockets are closed with 1012, and the next process takes over. Log and media engine stay
        open. May be repeated."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await self._stats_poller.stop()
        if self._returning is not None:
            self._returning.cancel()
        await self.summaries.close()
        await _done(self._returning, self._pulse, *self._loading.values())
        await asyncio.gather(*(room.close(SERVER_RESTARTS) for room in self._rooms.values()))
        self._rooms.clear()

    async def settled(self) -> None:
        """Returns when every room has done what it was asked so far, all that come back are back, and the row that is
        being written is."""
        await _done(self._returning, self._pulse, *self._loading.values())
        await self.summaries.settled()
        await self._stats_poller.settled()
        for room in self.live():
            await room.settled()

    # -- rooms -------------------------------------------------------------------------------------------------

    async def create(self, command: CreateSession) -> str:
        """Make a session; its id. Raises `Refused` (`bad_setup`) or `Unavailable`."""
        if command.speed != 1 and not self._rehearsal:
            raise Refused(RefusalCode.BAD_SETUP, "only in a rehearsal a session may run faster", "speed")
        events = decide(None, command, 0)
        moment = mark(self._clock)
        time = SessionTime(0, self._clock.monotonic_ms(), command.speed)
        records = [to_record(event, 0, moment) for event in events]
        state: SessionState | None = None
        for event in events:
            state = evolve(state, event, 0)
        assert state is not None
        while True:
            session = "".join(secrets.choice(_ALPHABET) for _ in range(12))
            summary = to_summary(Listed(session, moment.wall_ms, summarise(state)))
            try:
                lease = await self._store.lease(session)
                entries = await self._store.append(session, 0, records, summary=summary, epoch=lease.epoch)
            except Conflict:
                continue  # the id is taken
            break
        stream = continued(None, entries, state)
        room = self._room(session, stream, time, lease)
        await room.start()
        self._rooms[session] = room
        log.info("session.created", session=session, seats=len(room.state.seats), speed=command.speed)
        return session

    async def get(self, session: str) -> Room | None:
        """The room of a session, read from the log if it does not live here; None if there is no such session. Raises
        `Unavailable`. May be repeated."""
        room = self._rooms.get(session)
        if room is not None or self._closed:
            return room
        loading = self._loading.get(session)
        if loading is None:
            loading = self._loading[session] = asyncio.create_task(self._load(session))
            loading.add_done_callback(lambda done: self._loaded(session, done))
        return await asyncio.shield(loading)

    def _loaded(self, session: str, done: asyncio.Task[Room | None]) -> None:
        del self._loading[session]
        if not done.cancelled():
            done.exception()  # who asked has it, if anybody still waits

    def here(self, session: str) -> Room | None:
        """Its room if it lives here; none is woken."""
        return self._rooms.get(session)

    async def asleep(self, most: int) -> tuple[list[Listed], int]:
        """Sessions that run or are to come and have no room here, without names and titles: those that come first, and
        how many there are."""
        open_here = sum(room.state.status is not Status.CLOSED for room in self._rooms.values())
        found = [one for one in await self.summaries.open(open_here + most) if one.session not in self._rooms]
        return found[:most], max(len(found), await self.summaries.count_open() - open_here)

    def live(self) -> list[Room]:
        """The rooms that live here, closed ones of the last half hour included."""
        return list(self._rooms.values())

    async def verify(self, session: str) -> dict[str, Any] | None:
        """What the log says against what the room believes (see `verified`); None if there is no such session."""
        room = self._rooms.get(session)
        if room is not None:
            return await room.verify()
        entries = await self._store.read(session)
        return verified(entries, None, entries[-1].record.at_ms, {}) if entries else None

    async def _load(self, session: str) -> Room | None:
        try:
            lease = await self._store.lease(session)
        except Conflict:
            raise Unavailable("store_busy", "another process has this session") from None
        stream = replay(await self._store.read(session))
        if stream is None:
            await self._store.release(session)
            return None
        state = stream.state
        drafts = await self._store.drafts(session)
        now = mark(self._clock)
        back = resume(stream.at_ms, stream.mark, self._before, now, state.speed)
        lobby = state.status is Status.LOBBY
        session_ms = planned_ms(stream.at_ms, stream.mark, now, state.speed) if lobby else back.session_ms
        time = SessionTime(session_ms, self._clock.monotonic_ms(), state.speed)
        room = self._room(session, stream, time, lease, drafts)
        await room.start(outage_ms=back.outage_ms if state.status is Status.RUNNING else None)
        self._rooms[session] = room
        log.info("session.recovered", session=session, seq=stream.seq, outage_ms=back.outage_ms)
        return room

    def _room(
        self, session: str, stream: SessionStream, time: SessionTime, lease: Lease, drafts: Sequence[Draft] = ()
    ) -> Room:
        return Room(
            session,
            self._store,
            self._clock,
            self._engine,
            stream,
            time,
            drafts,
            ice=self._ice,
            epoch=lease.epoch,
            build=self._build,
            standstill=self._standstill,
        )

    # -- the row of life, and closed sessions --------------------------------------------------------------------

    def _beat(self) -> None:
        """Write the row in the background, and come back."""
        if self._closed:
            return
        self._standstill.look()
        if self._pulse is None or self._pulse.done():
            self._pulse = asyncio.create_task(self._write_row())
        due = bool(self._asleep) and self._asleep[0][0] <= self._clock.wall_ms()
        if due and (self._returning is None or self._returning.done()):
            self._returning = asyncio.create_task(self._wake_due())
        fast = any(room.state.speed > 1 for room in self._rooms.values())
        every_ms = ALIVE_EVERY_FAST_MS if fast else ALIVE_EVERY_MS
        self._timer = self._clock.call_at(self._clock.monotonic_ms() + every_ms, self._beat)

    async def _write_row(self) -> None:
        try:
            await self._store.alive(mark(self._clock))
            self.store_failing = None
            await self._let_go()
        except Unavailable as failure:
            self.store_failing = failure.code
            log.warning("process.row_not_written", code=failure.code)
        except Exception:
            log.exception("process.row_broke")

    async def _let_go(self) -> None:
        """Finish sessions that have closed; forget them half an hour later, when nobody is connected any more."""
        now_ms = self._clock.monotonic_ms()
        for session, room in tuple(self._rooms.items()):
            if room.state.status is not Status.CLOSED:
                continue
            since_ms = self._closing_since.setdefault(session, now_ms)
            if session not in self._finished:
                await self._store.finish(session)
                self._finished.add(session)
            if now_ms - since_ms >= KEEP_CLOSED_MS and not any(map(room.audience.count, room.state.seats)):
                del self._rooms[session], self._closing_since[session]
                self._finished.discard(session)
                await room.close(SERVER_RESTARTS)
                await self._store.release(session)
                log.info("session.unloaded", session=session)

    # -- the media plane's listener ------------------------------------------------------------------------------

    def _notify(self, session: str, seat: str | None, notify: Callable[[Room], None]) -> None:
        """Hand on, unless the room or seat is gone; what breaks there must not break the media plane."""
        room = self._rooms.get(session)
        if room is None or (seat is not None and seat not in room.state.seats):
            return
        try:
            notify(room)
        except Exception:
            log.exception("media.listener_broke", session=session, seat=seat)

    def connected(self, session: str, seat: str, connection: str) -> None:
        log.info("media.connected", session=session, seat=seat)

    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None:
        self._notify(session, seat, lambda room: room.media.carrying(seat, connection, carries))

    def lost(self, session: str, seat: str, connection: str) -> None:
        log.info("media.lost", session=session, seat=seat)
        self._notify(session, seat, lambda room: room.media.lost(seat, connection))

    def alive(self, session: str, seat: str) -> None:
        self._notify(session, seat, lambda room: room.audience.sign(seat))

    def voices(self, session: str, levels: Mapping[str, int]) -> None:
        self._notify(session, None, lambda room: room.media.voices(levels))

    def in_force(self, session: str, version: int) -> None:
        self._notify(session, None, lambda room: room.media.in_force(version))

    def restarted(self, sessions: Sequence[str], silent_ms: int) -> None:
        log.warning("media.worker_down", sessions=len(sessions), silent_ms=silent_ms)
        for session in sessions:
            self._notify(session, None, lambda room: room.media.restarted(silent_ms))


def _runs(shown: Listed | None) -> bool:
    return shown is not None and shown.summary.status is Status.RUNNING


async def _tried(session: str, coming: Awaitable[T]) -> T | None:
    """None, and said, if something keeps this session from coming back: the others come."""
    try:
        return await coming
    except Unavailable as failure:
        log.error("session.not_recovered", session=session, code=failure.code, reason=str(failure))
    except Exception:
        log.exception("session.not_recovered", session=session)
    return None


async def _done(*tasks: asyncio.Task[Any] | None) -> None:
    waited = [task for task in tasks if task is not None]
    if waited:
        await asyncio.wait(waited)
