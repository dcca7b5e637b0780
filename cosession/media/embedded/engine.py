"""The embedded media engine, the application's side: `MediaEngine` on worker processes.

It remembers of each room what a new worker has to be told (seats and the newest plan) and nothing of its media. A
worker that dies costs its rooms a rejoin, never the script (media.md, "The design" 1): `down` is told at once, the
worker starts again on the same port, and the rooms are told to it again. Rooms are pinned to workers; one worker is
started now, more come with the media issue.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address

import structlog

from cosession.core.stage import RoomPlan
from cosession.media.embedded import control
from cosession.media.embedded.process import WorkerProcess
from cosession.room.ports import MediaListener, SeatFigures, Unavailable, WorkerFigures

log = structlog.get_logger()

MAX_SEATS = 13
#: How long an offer waits for a worker that is being started again.
_PATIENCE_S = 5.0
_RETRY_S = (0.0, 0.2, 0.5, 1.0, 2.0)


@dataclass(slots=True)
class _Room:
    seats: tuple[str, ...]
    worker: _Supervised
    plan: RoomPlan | None = None


class _Supervised:
    """One place for a worker: the process that fills it now, the port that it keeps."""

    def __init__(self, engine: EmbeddedMedia, start: control.Start) -> None:
        self.up = asyncio.Event()
        self.process: WorkerProcess | None = None
        self._engine = engine
        self._start = start
        self._again: asyncio.Task[None] | None = None

    @property
    def udp_port(self) -> int:
        return self._start.udp_port

    async def run(self) -> None:
        """Start the process and tell it its rooms. Raises `Unavailable("media_down")`."""
        process = WorkerProcess(self._engine.on_event, self._died)
        await process.start(self._start)
        self.process = process
        self._start = self._start.model_copy(update={"udp_port": process.udp_port})
        for session, room in self._engine.rooms_of(self):
            process.tell(control.Open(session=session, seats=room.seats))
            if room.plan is not None:
                process.tell(control.Apply(session=session, plan=room.plan))
        self.up.set()

    async def stop(self) -> None:
        self.up.clear()
        if self._again is not None:
            self._again.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._again
        if self.process is not None:
            await self.process.stop()
            self.process = None

    def tell(self, command: control.Message) -> None:
        if self.process is not None:
            self.process.tell(command)

    async def ready(self) -> WorkerProcess:
        """The process, once it serves. Raises `Unavailable("media_down")` after 5 s."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self.up.wait()
        except TimeoutError:
            raise Unavailable("media_down", "the media worker is being started again") from None
        if self.process is None:
            raise Unavailable("media_down", "the media plane is stopped")
        return self.process

    def _died(self) -> None:
        self.up.clear()
        self.process = None
        self._again = asyncio.create_task(self._restart())
        self._engine.on_death(self)

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
                return


class EmbeddedMedia:
    """`cosession.room.ports.MediaEngine`; each method's contract stands there.

    `bind_host`: IPv4 address for the media, `0.0.0.0` for all of this machine. `udp_port`: 0 for any free one, kept
    over restarts of the worker. `public_address`: the address under which browsers find a server behind NAT, offered
    first.
    """

    def __init__(self, bind_host: str = "127.0.0.1", udp_port: int = 0, public_address: str | None = None) -> None:
        public = IPv4Address(public_address) if public_address else None
        self._start = control.Start(bind_host=bind_host, udp_port=udp_port, public_address=public)
        self._workers: list[_Supervised] = []
        self._rooms: dict[str, _Room] = {}
        self._listener: MediaListener | None = None

    @property
    def udp_ports(self) -> tuple[int, ...]:
        """The ports in use, by worker; empty before `start`."""
        return tuple(worker.udp_port for worker in self._workers)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process ids of the workers that run now."""
        return tuple(w.process.pid for w in self._workers if w.process is not None and w.process.pid is not None)

    async def start(self, listener: MediaListener) -> None:
        """Start the worker. Raises `Unavailable("media_down")` whose text names the port and the mend."""
        self._listener = listener
        worker = _Supervised(self, self._start)
        await worker.run()
        self._workers.append(worker)

    async def stop(self) -> None:
        for worker in self._workers:
            await worker.stop()
        self._workers.clear()
        self._rooms.clear()

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
        worker = min(self._workers, key=lambda w: sum(1 for _ in self.rooms_of(w)))
        self._rooms[session] = _Room(tuple(seats), worker)
        worker.tell(control.Open(session=session, seats=tuple(seats)))

    async def close(self, session: str) -> None:
        room = self._rooms.pop(session, None)
        if room is not None:
            room.worker.tell(control.Close(session=session))

    async def connect(self, session: str, seat: str, connection: str, offer_sdp: str, publishes: bool = True) -> str:
        room = self._rooms.get(session)
        if room is None:
            raise Unavailable("media_down", "the room is not open")
        if seat not in room.seats:
            raise ValueError("no such seat in this room")
        process = await room.worker.ready()
        return await process.connect(session, seat, connection, offer_sdp, publishes)

    def disconnect(self, session: str, connection: str) -> None:
        room = self._rooms.get(session)
        if room is not None:
            room.worker.tell(control.Disconnect(session=session, connection=connection))

    def apply(self, session: str, plan: RoomPlan) -> None:
        room = self._rooms.get(session)
        if room is not None and (room.plan is None or plan.version > room.plan.version):
            room.plan = plan
            room.worker.tell(control.Apply(session=session, plan=plan))

    async def figures(self) -> tuple[Sequence[WorkerFigures], Mapping[str, Sequence[SeatFigures]]]:
        """Workers that run, and by session the connections; a worker that is down is left out."""
        workers: list[WorkerFigures] = []
        sessions: dict[str, Sequence[SeatFigures]] = {}
        for worker in self._workers:
            if worker.process is not None:
                with contextlib.suppress(Unavailable):
                    said = await worker.process.figures()
                    workers.append(said.worker)
                    sessions.update(said.sessions)
        return workers, sessions

    # -- what the workers tell ------------------------------------------------------------------------------------

    def rooms_of(self, worker: _Supervised) -> list[tuple[str, _Room]]:
        return [(session, room) for session, room in self._rooms.items() if room.worker is worker]

    def on_death(self, worker: _Supervised) -> None:
        """Called by a worker's place when its process is gone."""
        sessions = [session for session, _ in self.rooms_of(worker)]
        log.warning("media.worker_died", rooms=len(sessions))
        if self._listener is not None:
            self._listener.down(sessions)

    def on_event(self, event: control.Event) -> None:
        """Pass on what a worker says."""
        listener = self._listener
        if listener is None:
            return
        match event:
            case control.Connected(session=session, seat=seat, connection=connection):
                listener.connected(session, seat, connection)
            case control.Carrying(session=session, seat=seat, connection=connection, carries=carries):
                listener.carrying(session, seat, connection, carries)
            case control.Lost(session=session, seat=seat, connection=connection):
                listener.lost(session, seat, connection)
            case control.Alive(session=session, seats=seats):
                for seat in seats:
                    listener.alive(session, seat)
            case control.VoiceLevels(session=session, levels=levels):
                listener.voices(session, levels)
            case _:
                log.warning("media.unexpected_event", kind=event.type)
