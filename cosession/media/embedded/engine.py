"""The embedded media engine, the application's side: `MediaEngine` on worker processes.

It remembers of each room what a worker has to be told (seats and the newest plan) and nothing of its media. A room is
given to the worker with the least to do when its first page comes, and stays there until its last one has gone. A
worker that dies costs its rooms a rejoin, never the script (media.md, "The design" 1): `down` is reported at once,
whoever offers anew is served by another worker, and the dead one starts again on the same port.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address

import structlog

from cosession.core.stage import RoomPlan
from cosession.media.embedded import control
from cosession.media.embedded.worker_process import WorkerProcess, end
from cosession.room.ports import (
    ConnectionStats,
    Guarantees,
    MediaListener,
    MediaMessage,
    OfferRefused,
    Unavailable,
    WorkerStats,
)

log = structlog.get_logger()

MAX_SEATS = 13
#: What is on its way through the worker when a plan comes into force is out by then (`cosession bench floor`).
LEAK_MS = 50
#: How long an offer waits for a worker that is being started again.
_PATIENCE_S = 5.0
#: A spare process is made when nothing urgent is to be done any more.
_CALM_S = 2.0
_RETRY_S = (0.0, 0.2, 0.5, 1.0, 2.0)
#: How often a worker is asked whether it still runs; two questions on end without an answer in time, and it is ended:
#: 2 to 3 s after its last word, so that its rooms have media again before a path counts as lost.
_LOOK_S = 1.0
_ANSWER_S = 1.0
#: So many questions on end may wait behind a worker's work, as long as it says something meanwhile.
_BUSY = 10


@dataclass(slots=True)
class _Room:
    seats: tuple[str, ...]
    plan: RoomPlan | None = None
    worker: _Supervised | None = None
    """Where it is; None until the first page comes and after its worker's death."""
    joined: dict[str, tuple[str, bool]] = field(default_factory=dict)
    """By connection: its seat, and whether it may publish."""
    connections: set[str] = field(default_factory=set)
    """Those that the worker knows."""
    handles: dict[str, int] = field(default_factory=dict)
    """By connection, of those that carry frames of sound."""


class _Supervised:
    """One place for a worker: the process that fills it now, the port that it keeps."""

    def __init__(self, engine: EmbeddedMedia, start: control.Start) -> None:
        self.process: WorkerProcess | None = None
        self._engine = engine
        self._start = start
        self._again: asyncio.Task[None] | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def udp_port(self) -> int:
        return self._start.udp_port

    @property
    def tcp_port(self) -> int:
        return self._start.tcp_port or 0

    async def run(self) -> None:
        """Start the process. Raises `Unavailable("media_down")`."""
        process = self._engine.take_spare() or WorkerProcess(self._engine.on_event)
        process.on_death = self._died
        process.on_sound = self._engine.on_sound
        await process.start(self._start)
        self.process = process
        self._start = self._start.model_copy(update={"udp_port": process.udp_port, "tcp_port": process.tcp_port})
        self._watch = asyncio.create_task(self._look_after(process))

    async def stop(self) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.on_death = lambda: None
        for task in (self._again, self._watch):
            await end(task)
        if process is not None:
            await process.stop()

    def send(self, command: control.Message) -> None:
        if self.process is not None:
            self.process.send(command)

    @staticmethod
    async def _look_after(process: WorkerProcess) -> None:
        """A worker that runs but does nothing any more is as good as dead: make it so. One that says anything at all
        while a question waits is busy: it is asked again, ten times."""
        missed = busy = 0
        while missed < 2:
            # The second question is asked at once: after a standstill of our own, the first one's answer lies here.
            await asyncio.sleep(0 if missed else _LOOK_S)
            try:
                await process.ping(_ANSWER_S)
            except Unavailable:
                if process.gone:
                    return
                if process.silent_s < _ANSWER_S and busy < _BUSY:
                    busy += 1
                    log.warning("media.worker_busy", pid=process.pid)
                    continue
                missed += 1
            else:
                missed = busy = 0
        log.error("media.worker_hangs", pid=process.pid)
        process.kill()

    def _died(self) -> None:
        silent_s = self.process.silent_s if self.process is not None else 0.0
        self.process = None
        if self._watch is not None:
            self._watch.cancel()
        self._again = asyncio.create_task(self._restart())
        self._engine.on_death(self, silent_s)

    async def _restart(self) -> None:
        attempt = 0
        while True:
            await asyncio.sleep(_RETRY_S[min(attempt, len(_RETRY_S) - 1)])
            attempt += 1
            try:
                await self.run()
            except Unavailable as error:
                log.warning("media.worker_restart_failed", attempt=attempt, detail=str(error))
            else:
                log.info("media.worker_restarted", attempt=attempt)
                self._engine.on_start()
                return


class EmbeddedMedia:
    """`cosession.room.ports.MediaEngine`; each method's contract stands there.

    `bind_host`: address for the media, `0.0.0.0` for all of this machine's, `::` for those of IPv6 too. `udp_port`: the
    first worker's, the others take those that follow; 0 for any free ones; kept over restarts. `tcp_port`: the same for
    TCP; None for the UDP ports' numbers, 0 for no TCP. `public_address`: the address under which browsers find a server
    behind NAT, offered first. `workers`: how many processes, 0: one per usable core. `native`:
    send by the helper in C, if it was built.
    """

    def __init__(
        self,
        bind_host: str = "127.0.0.1",
        udp_port: int = 0,
        public_address: str | None = None,
        workers: int = 1,
        native: bool = True,
        tcp_port: int | None = None,
    ) -> None:
        public = ip_address(public_address) if public_address else None
        count = workers or len(os.sched_getaffinity(0))
        starts = [
            control.Start(
                bind_host=bind_host,
                udp_port=udp_port + i if udp_port else 0,
                tcp_port=tcp_port + i if tcp_port else tcp_port,
                public_address=public,
                native=native,
            )
            for i in range(count)
        ]
        self._places = [_Supervised(self, start) for start in starts]
        self._workers: list[_Supervised] = []
        self._rooms: dict[str, _Room] = {}
        self._listener: MediaListener | None = None
        self._handles = itertools.count(1)
        self._hears: dict[int, Callable[[bytes], None]] = {}
        """Who gets the sound of a connection by frames, by handle."""
        self._any_up = asyncio.Event()
        self._spare: WorkerProcess | None = None
        self._sparing: asyncio.Task[None] | None = None

    @property
    def guarantees(self) -> Guarantees:
        return Guarantees(leak_ms=LEAK_MS, lost_ms=round(1000 * control.LOST_AFTER_S))

    @property
    def udp_ports(self) -> tuple[int, ...]:
        """The ports in use, by worker; empty before `start`."""
        return tuple(worker.udp_port for worker in self._workers)

    @property
    def tcp_ports(self) -> tuple[int, ...]:
        """The same for TCP, 0 for none."""
        return tuple(worker.tcp_port for worker in self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that run now."""
        return tuple(w.process.pid for w in self._workers if w.process is not None and w.process.pid is not None)

    def worker_of(self, session: str) -> int | None:
        """The place of the worker that carries the room, counted from 0; None while no page is there."""
        room = self._rooms.get(session)
        return None if room is None or room.worker is None else self._places.index(room.worker)

    async def start(self, listener: MediaListener) -> None:
        """Start the workers. Raises `Unavailable("media_down")` whose text names the port and the fix; then none
        runs."""
        self._listener = listener
        self._any_up.clear()
        self._workers = self._places
        outcomes = await asyncio.gather(*(worker.run() for worker in self._workers), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                await self.stop()
                raise outcome
        self._any_up.set()
        self._sparing = asyncio.create_task(self._keep_spare())

    async def stop(self) -> None:
        workers, self._workers = self._workers, []
        await asyncio.gather(*(worker.stop() for worker in workers))
        # Last: as long as a place is being filled, it may take the spare or ask for another.
        await end(self._sparing)
        if (spare := self.take_spare()) is not None:
            await spare.stop()
        self._rooms.clear()
        self._any_up.set()

    async def open(self, session: str, seats: Sequence[str]) -> None:
        if len(seats) > MAX_SEATS or len(set(seats)) != len(seats):
            raise ValueError(f"a room has at most {MAX_SEATS} seats, each once")
        known = self._rooms.get(session)
        if known is not None:
            if known.seats != tuple(seats):
                raise ValueError("the seats of an open room are fixed")
            return
        if not self._workers:
            raise Unavailable("media_down", "the media plane is not started")
        self._rooms[session] = _Room(tuple(seats))

    async def close(self, session: str) -> None:
        room = self._rooms.pop(session, None)
        if room is not None:
            self._hush(room, list(room.handles))
            if room.worker is not None:
                room.worker.send(control.Close(session=session))

    async def join(self, session: str, seat: str, connection: str, publishes: bool = True) -> None:
        room = self._rooms.get(session)
        if room is None:
            raise Unavailable("media_down", "the room is not open")
        if seat not in room.seats:
            raise ValueError("no such seat in this room")
        if room.joined.setdefault(connection, (seat, publishes)) != (seat, publishes):
            raise ValueError("a connection belongs to one seat")

    async def relay(self, session: str, connection: str, message: MediaMessage) -> MediaMessage:
        room = self._rooms.get(session)
        if room is None or connection not in room.joined:
            raise Unavailable("media_down", "this connection has not joined")
        if message.kind != "offer":
            raise OfferRefused("kind", f"a message of kind {message.kind[:20]}: send an offer")
        seat, publishes = room.joined[connection]
        process = await self._place(session, room)
        known = connection in room.connections
        room.connections.add(connection)
        try:
            answer = await process.connect(session, seat, connection, message.body, publishes)
        except (OfferRefused, Unavailable):
            if not known:
                room.connections.discard(connection)
            raise
        return MediaMessage("answer", answer)

    async def carry(self, session: str, connection: str, hear: Callable[[bytes], None]) -> Callable[[bytes], None]:
        room = self._rooms.get(session)
        if room is None or connection not in room.joined:
            raise Unavailable("media_down", "this connection has not joined")
        seat, publishes = room.joined[connection]
        process = await self._place(session, room)
        self._hush(room, [connection])
        handle = room.handles[connection] = next(self._handles)
        self._hears[handle] = hear
        room.connections.add(connection)
        process.send(
            control.Carry(session=session, seat=seat, connection=connection, handle=handle, publishes=publishes)
        )
        return lambda data: process.send_sound(handle, data)

    def _hush(self, room: _Room, connections: Iterable[str]) -> None:
        for connection in connections:
            self._hears.pop(room.handles.pop(connection, 0), None)

    def on_sound(self, handles: Sequence[int], frame: bytes) -> None:
        """A worker's frame for these connections."""
        for handle in handles:
            if (hear := self._hears.get(handle)) is not None:
                hear(frame)

    def leave(self, session: str, connection: str) -> None:
        room = self._rooms.get(session)
        if room is None:
            return
        room.joined.pop(connection, None)
        self._hush(room, [connection])
        if room.worker is not None:
            room.connections.discard(connection)
            room.worker.send(control.Disconnect(session=session, connection=connection))

    def apply(self, session: str, plan: RoomPlan) -> None:
        room = self._rooms.get(session)
        if room is not None and (room.plan is None or plan.version > room.plan.version):
            room.plan = plan
            if room.worker is not None:
                room.worker.send(control.Apply(session=session, plan=plan))

    async def _place(self, session: str, room: _Room) -> WorkerProcess:
        """The process that has the room: the one where its pages are, else the one with the least to do. Raises
        `Unavailable("media_down")` if none runs within 5 s."""
        await self._some_worker()
        if room.worker is None or not room.connections:
            least = min((w for w in self._workers if w.process is not None), key=self._load)
            if room.worker is not least:
                if room.worker is not None:
                    room.worker.send(control.Close(session=session))
                room.worker = least
                least.send(control.Open(session=session, seats=room.seats))
                if room.plan is not None:
                    least.send(control.Apply(session=session, plan=room.plan))
        if room.worker.process is None:
            raise Unavailable("media_down", "the media worker has just died")
        return room.worker.process

    async def _some_worker(self) -> None:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._any_up.wait()
        except TimeoutError:
            raise Unavailable("media_down", "the media worker is being started again") from None
        if not self._workers:
            raise Unavailable("media_down", "the media plane is stopped")

    def _load(self, worker: _Supervised) -> int:
        """Seats of the rooms that are in use there: what it will have to carry once all have come."""
        return sum(len(room.seats) for _, room in self.rooms_of(worker) if room.connections)

    async def stats(self) -> tuple[Sequence[WorkerStats], Mapping[str, Sequence[ConnectionStats]]]:
        """Workers that run, and by session the connections; a worker that is down or does not answer within a second is
        left out."""
        processes = [worker.process for worker in self._workers if worker.process is not None]
        answers = await asyncio.gather(*(p.stats(_ANSWER_S) for p in processes), return_exceptions=True)
        workers: list[WorkerStats] = []
        sessions: dict[str, Sequence[ConnectionStats]] = {}
        for said in answers:
            if isinstance(said, control.Stats):
                workers.append(said.worker)
                sessions.update(said.sessions)
            elif not isinstance(said, Unavailable):
                raise said
        return workers, sessions

    # -- a process in reserve -------------------------------------------------------------------------------------

    def take_spare(self) -> WorkerProcess | None:
        """A process that has begun and waits for its first command, if there is one: a dead worker's place is filled
        without waiting for Python to load."""
        spare, self._spare = self._spare, None
        return spare

    async def _keep_spare(self) -> None:
        await asyncio.sleep(_CALM_S)
        spare = WorkerProcess(self.on_event)
        await spare.spawn()
        self._spare = spare

    # -- what the workers report ----------------------------------------------------------------------------------

    def rooms_of(self, worker: _Supervised) -> list[tuple[str, _Room]]:
        return [(session, room) for session, room in self._rooms.items() if room.worker is worker]

    def on_death(self, worker: _Supervised, silent_s: float) -> None:
        """Called by a worker's place when its process is gone, `silent_s` after its last word."""
        sessions = [session for session, _ in self.rooms_of(worker)]
        log.warning("media.worker_died", rooms=len(sessions))
        if all(w.process is None for w in self._workers):
            self._any_up.clear()
        for session in sessions:
            self._rooms[session].worker = None
            self._rooms[session].connections.clear()
            self._rooms[session].joined.clear()
            self._hush(self._rooms[session], list(self._rooms[session].handles))
        if self._listener is not None:
            self._listener.restarted(sessions, round(1000 * silent_s))

    def on_start(self) -> None:
        """Called by a worker's place when it serves again."""
        self._any_up.set()
        if self._spare is None and self._workers and (self._sparing is None or self._sparing.done()):
            self._sparing = asyncio.create_task(self._keep_spare())

    def on_event(self, event: control.Event) -> None:
        """Pass on what a worker says."""
        listener = self._listener
        if listener is None:
            return
        match event:
            case control.Connected(session=session, seat=seat, connection=connection):
                listener.connected(session, seat, connection)
            case control.InForce(session=session, version=version):
                listener.in_force(session, version)
            case control.Carrying(session=session, seat=seat, connection=connection, carries=carries):
                listener.carrying(session, seat, connection, carries)
            case control.Lost(session=session, seat=seat, connection=connection):
                if (room := self._rooms.get(session)) is not None:
                    room.connections.discard(connection)
                    room.joined.pop(connection, None)
                    self._hush(room, [connection])
                listener.lost(session, seat, connection)
            case control.Alive(session=session, seats=seats):
                for seat in seats:
                    listener.alive(session, seat)
            case control.VoiceLevels(session=session, levels=levels):
                listener.voices(session, levels)
            case _:
                log.warning("media.unexpected_event", kind=event.type)
