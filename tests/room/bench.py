"""A workbench for rooms: a clock that a test turns, a media engine that notes what it is told, pages without sockets.

The store is the real one on a real file; only time and media stand still until a test moves them.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
import shutil
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from cosession.core.commands import CreateSession, SeatCommand
from cosession.core.stage import RoomPlan
from cosession.room.actor import Room
from cosession.room.connection import Connection
from cosession.room.directory import Directory
from cosession.room.ports import (
    ConnectionStats,
    Draft,
    Entry,
    Guarantees,
    LastAlive,
    MediaListener,
    MediaMessage,
    OfferRefused,
    Record,
    Summary,
    Timer,
    Unavailable,
    WorkerStats,
)
from cosession.store.eventlog import SqliteEventLog
from cosession.wire.messages import SERVER_MESSAGE
from tests.core.table import creation

MASTER_KEY = bytes(range(32))


class FakeClock:
    """Implements `ports.Clock`. Its hands move only when a test moves them."""

    def __init__(self, monotonic_ms: int = 1_000, boot: str = "boot-a") -> None:
        self.now_ms = monotonic_ms
        self.boot = boot
        self.boot_offset_ms = 500_000
        self.wall_offset_ms = 1_790_000_000_000
        self._order = itertools.count()
        self._timers: list[tuple[int, int, _FakeTimer]] = []

    def monotonic_ms(self) -> int:
        return self.now_ms

    def boottime_ms(self) -> int:
        return self.now_ms + self.boot_offset_ms

    def wall_ms(self) -> int:
        return self.now_ms + self.wall_offset_ms

    def boot_id(self) -> str:
        return self.boot

    def call_at(self, monotonic_ms: int, callback: Callable[[], None]) -> Timer:
        timer = _FakeTimer(callback)
        heapq.heappush(self._timers, (monotonic_ms, next(self._order), timer))
        return timer

    def due_ms(self) -> int | None:
        """When the next timer is due."""
        while self._timers and self._timers[0][2].cancelled:
            heapq.heappop(self._timers)
        return self._timers[0][0] if self._timers else None

    def turn_to(self, monotonic_ms: int) -> None:
        """Move the hands, never back, and call what is due by then."""
        self.now_ms = max(self.now_ms, monotonic_ms)
        while (due := self.due_ms()) is not None and due <= self.now_ms:
            heapq.heappop(self._timers)[2].callback()


class _FakeTimer:
    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class NotingEngine:
    """Implements `ports.MediaEngine` without media: notes what it is told."""

    def __init__(self) -> None:
        self.rooms: dict[str, tuple[str, ...]] = {}
        self.plans: list[RoomPlan] = []
        self.versions: dict[str, int] = {}
        self.listener: MediaListener | None = None
        """Who is told that a plan is in force."""
        self.joined: dict[str, str] = {}
        self.connections: list[tuple[str, str]] = []
        self.disconnected: list[str] = []
        self.hears: dict[str, Callable[[bytes], None]] = {}
        """Who gets the sound of a connection by frames."""
        self.spoken: list[tuple[str, bytes]] = []
        self.down = False
        self.looks = 0
        self.found: dict[str, list[ConnectionStats]] = {}
        self.on_apply: Callable[[RoomPlan], None] = lambda plan: None

    async def start(self, listener: MediaListener) -> None: ...

    async def stop(self) -> None: ...

    async def open(self, session: str, seats: Sequence[str]) -> None:
        if self.down:
            raise Unavailable("media_down")
        self.rooms[session] = tuple(seats)

    async def close(self, session: str) -> None:
        del self.rooms[session]
        self.versions.pop(session, None)

    @property
    def guarantees(self) -> Guarantees:
        return Guarantees(leak_ms=50, lost_ms=6_000)

    async def join(self, session: str, seat: str, connection: str, publishes: bool = True) -> None:
        if self.down:
            raise Unavailable("media_down")
        self.joined[connection] = seat

    async def relay(self, session: str, connection: str, message: MediaMessage) -> MediaMessage:
        if not message.body.startswith("v=0"):
            raise OfferRefused("not_sdp", "line 1 is not v=0: send what createOffer gave")
        self.connections.append((self.joined[connection], connection))
        return MediaMessage("answer", f"v=0 answer to {connection}")

    async def carry(self, session: str, connection: str, hear: Callable[[bytes], None]) -> Callable[[bytes], None]:
        if self.down:
            raise Unavailable("media_down")
        self.hears[connection] = hear
        return lambda data: self.spoken.append((connection, data))

    def leave(self, session: str, connection: str) -> None:
        self.disconnected.append(connection)

    def apply(self, session: str, plan: RoomPlan) -> None:
        assert session in self.rooms
        assert plan.version > self.versions.get(session, 0)
        self.versions[session] = plan.version
        self.plans.append(plan)
        self.on_apply(plan)
        if self.listener is not None:
            asyncio.get_running_loop().call_soon(self.listener.in_force, session, plan.version)

    async def stats(self) -> tuple[Sequence[WorkerStats], Mapping[str, Sequence[ConnectionStats]]]:
        self.looks += 1
        if self.down:
            raise Unavailable("media_down")
        return [], self.found


class ShakyLog(SqliteEventLog):
    """The real store with faults on request: refusing with a code, losing the answer after the commit, and a log that
    takes its time to be read. Notes which logs were read, and which summaries came with events."""

    failing: str | None = None
    lose_answers = 0
    slow: Callable[[str], Awaitable[object]] | None = None

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.was_read: list[str] = []
        self.summed: list[Summary] = []

    async def read(self, session: str) -> Sequence[Entry]:
        self.was_read.append(session)
        if self.slow is not None:
            await self.slow(session)
        return await super().read(session)

    async def append(
        self,
        session: str,
        expected_seq: int,
        records: Sequence[Record],
        command: tuple[str, str] | None = None,
        summary: Summary | None = None,
        epoch: int = 0,
    ) -> Sequence[Entry]:
        self._fail()
        entries = await super().append(session, expected_seq, records, command, summary, epoch)
        self.summed += [] if summary is None else [summary]
        if self.lose_answers:
            self.lose_answers -= 1
            raise Unavailable("store_busy")
        return entries

    async def save_draft(self, session: str, draft: Draft) -> None:
        self._fail()
        await super().save_draft(session, draft)

    async def alive(self, mark: LastAlive) -> None:
        self._fail()
        await super().alive(mark)

    def _fail(self) -> None:
        if self.failing:
            raise Unavailable(self.failing)


class Page:
    """A browser's page as the server sees it: a connection, what it was sent, and how it was closed. Answers pings."""

    def __init__(self, bench: Bench, room: Room, seat: str) -> None:
        self.bench = bench
        self.seat = seat
        self.got: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.closed_at_ms: int | None = None
        self.answers_pings = True
        self.reads = asyncio.Event()
        self.reads.set()
        self.common: dict[str, Any] | None = None
        self.connection = Connection(room, seat, self)
        self._ids = itertools.count()
        self._pongs: set[asyncio.Task[None]] = set()

    async def send(self, text: str) -> None:
        await self.reads.wait()
        SERVER_MESSAGE.validate_json(text)
        message = json.loads(text)
        self.got.append(message)
        if message["type"] == "view" and message["common"] is not None:
            self.common = message["common"]
        if message["type"] == "ping" and self.answers_pings:
            pong = asyncio.create_task(self.say(type="pong", n=message["n"]))
            self._pongs.add(pong)
            pong.add_done_callback(self._pongs.discard)

    async def close(self, code: int) -> None:
        self.closed, self.closed_at_ms = code, self.bench.clock.now_ms
        self.connection.ended()

    async def say(self, **message: Any) -> None:
        await self.connection.receive(json.dumps(message))

    async def hello(self, tab: str = "tab-one-1", epoch: int = 1, place: str = "room", **more: Any) -> Page:
        await self.say(type="hello", tab=tab, epoch=epoch, place=place, **more)
        await self.bench.settled()
        return self

    async def ask(self, command: SeatCommand, message_id: str | None = None) -> dict[str, Any]:
        """The answer to a command."""
        message_id = message_id or f"{self.seat}-command-{next(self._ids)}"
        await self.say(type="command", id=message_id, command=command.model_dump(mode="json"))
        await self.bench.settled()
        return self.answer(message_id)

    def answer(self, message_id: str) -> dict[str, Any]:
        return [message for message in self.got if message.get("id") == message_id][-1]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """What came of one type, in order."""
        return [message for message in self.got if message["type"] == kind]

    @property
    def view(self) -> dict[str, Any]:
        """The newest view, with the newest common part this page was sent."""
        return {**self.of("view")[-1], "common": self.common}

    async def gone(self) -> None:
        """The cable is pulled."""
        self.answers_pings = False
        self.connection.ended()


class Bench:
    """A server's worth of rooms on one file, at first a copy of `earlier`. `crash` and `restart` are what they say."""

    def __init__(self, path: Path, earlier: Path | None = None) -> None:
        self.path = path
        if earlier is not None:
            shutil.copy(earlier, path)
        self.clock = FakeClock()
        self.engine = NotingEngine()
        self._recovered = False
        self.log = self._open()
        self.directory = self.engine.listener = Directory(self.log, self.engine, self.clock, rehearsal=True)

    def _open(self) -> ShakyLog:
        log = ShakyLog.open(self.path, MASTER_KEY)
        assert isinstance(log, ShakyLog)
        return log

    async def room(self, people: int = 8, **changes: Any) -> Room:
        """A new session's room."""
        if not self._recovered:
            self._recovered = True
            await self.directory.recover()
            await self.directory.running_back()
        command: CreateSession = creation(people, **changes)
        room = await self.directory.get(await self.directory.create(command))
        assert room is not None
        return room

    async def page(self, room: Room, seat: str, **hello: Any) -> Page:
        """A page that has said hello."""
        return await Page(self, room, seat).hello(**hello)

    async def everyone(self, room: Room) -> dict[str, Page]:
        return {seat: await self.page(room, seat, tab=f"tab-of-{seat}") for seat in room.state.seats}

    async def settled(self) -> None:
        """Returns when nothing more happens unless time passes."""
        for _ in range(3):
            await self.directory.settled()
            for _ in range(8):
                await asyncio.sleep(0)

    async def passes(self, ms: int) -> None:
        """Let real time pass, timer by timer."""
        end_ms = self.clock.now_ms + ms
        while (due := self.clock.due_ms()) is not None and due <= end_ms:
            self.clock.turn_to(due)
            await self.settled()
        self.clock.turn_to(end_ms)
        await self.settled()

    async def crash(self) -> None:
        """SIGKILL: no room is closed, no socket is told, nothing more is written."""
        if self.directory._returning is not None:
            self.directory._returning.cancel()
        await self.directory.summaries.close()
        for room in self.directory.live():
            room._inbox._writer.cancel()  # type: ignore[union-attr]
        await self.log.close()

    async def restart(
        self, away_ms: int = 0, *, reboot: bool = False, slow: Callable[[str], Awaitable[object]] | None = None
    ) -> None:
        """A new process on the same file, `away_ms` later. Returns when what comes back is back; with a `slow` log, at
        once."""
        clock = FakeClock(self.clock.now_ms + away_ms, boot="boot-b" if reboot else self.clock.boot)
        clock.boot_offset_ms = -self.clock.now_ms if reboot else self.clock.boot_offset_ms
        clock.wall_offset_ms = self.clock.wall_offset_ms
        self.clock, self.engine, self.log = clock, NotingEngine(), self._open()
        self.directory = self.engine.listener = Directory(self.log, self.engine, self.clock, rehearsal=True)
        self.log.slow = slow
        self._recovered = True
        await self.directory.recover()
        if slow is None:
            await self.settled()

    async def close(self) -> None:
        await self.directory.close()
        await self.log.close()
