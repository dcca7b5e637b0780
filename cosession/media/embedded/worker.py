"""The media worker: a process of its own that holds rooms and one UDP port, and obeys the application over a socket
pair.

Started as `python -m cosession.media.embedded.worker FD`. It ends when the socket pair ends, and by nothing milder:
an interrupt from the terminal belongs to the application, which drains first. Nothing in its loop blocks.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address

import structlog
import uvloop

from cosession import logs
from cosession.media.embedded import control, native, sdp
from cosession.media.embedded.aiortc_seam import Certificate
from cosession.media.embedded.connection_stats import connection_stats
from cosession.media.embedded.control_channel import ControlChannel
from cosession.media.embedded.peer_connection import Site
from cosession.media.embedded.room import Peer, Room
from cosession.media.embedded.rtcp_scheduler import RtcpScheduler
from cosession.media.embedded.sockets import candidate_addresses, reaches_nobody
from cosession.media.embedded.sound_connection import SoundConnection, SoundOut
from cosession.media.embedded.transport import Mux
from cosession.room.ports import OfferRefused, WorkerStats

log = structlog.get_logger()

_FAREWELL_S = 0.5
#: Longer than a farewell.
_ORPHAN_LOOK_S = 1.0
#: Sound waits for nobody: the worker goes before whatever else this machine computes, where it may.
_NICE = -10


class Worker:
    """Rooms by session, and the way back to the application."""

    def __init__(self, channel: ControlChannel, mux: Mux, public_address: IPv4Address | IPv6Address | None) -> None:
        self._send, self._send_sound = channel.send, channel.send_sound
        self._mux = mux
        self._public = str(public_address) if public_address else None
        self._offered: Sequence[sdp.Candidate] = ()
        self._site = Site(mux, Certificate(), self._candidates)
        self._candidates()
        self._rooms: dict[str, Room] = {}
        self._farewells: set[asyncio.Task[None]] = set()
        self._sounds: dict[int, SoundConnection] = {}
        """By handle."""
        self._sound_out = SoundOut(self._speak, asyncio.get_running_loop().call_soon)
        self._offers: deque[control.Connect] = deque()
        self._answering: asyncio.Handle | None = None
        self._rtcp_scheduler = RtcpScheduler(self._rooms, self, self._site.clock)
        mux.start(channel.take)

    def _candidates(self) -> Sequence[sdp.Candidate]:
        """What is offered now: this machine's addresses of today, by UDP and TCP."""
        addresses = candidate_addresses(self._mux.host, self._public)
        offered = [sdp.Candidate(address, self._mux.port) for address in addresses]
        if self._mux.tcp_port:
            offered += [sdp.Candidate(address, self._mux.tcp_port, "tcp") for address in addresses]
        if offered != self._offered:
            self._offered = offered
            if reaches_nobody(self._mux.host, self._public):
                log.warning("media.reaches_nobody", fix="this machine has no address but its own: look at its network")
            else:
                log.info("media.addresses", count=len(addresses))
        return offered

    def obey(self, command: control.Command) -> None:
        """Carry out one command at once; an offer in its turn, one in each turn of the loop: packets, plans and the
        question whether this worker lives go before."""
        match command:
            case control.Open(session=session, seats=seats):
                if session not in self._rooms:
                    self._rooms[session] = Room(self._site, self, session, seats)
            case control.Close(session=session):
                self._refuse_waiting(session)
                if (room := self._rooms.pop(session, None)) is not None:
                    room.close()
            case control.Connect():
                self._offers.append(command)
                if self._answering is None:
                    self._answering = asyncio.get_running_loop().call_soon(self._answer_next)
            case control.Carry(session=session, seat=seat, connection=connection, handle=handle):
                if (room := self._rooms.get(session)) is not None:
                    self._sounds[handle] = room.carry(seat, connection, handle, self._sound_out, command.publishes)
            case control.Disconnect(session=session, connection=connection):
                self._refuse_waiting(session, connection)
                if (room := self._rooms.get(session)) is not None:
                    room.disconnect(connection)
            case control.Apply(session=session, plan=plan):
                if (room := self._rooms.get(session)) is not None:
                    self._send(control.InForce(session=session, version=room.apply(plan)))
            case control.AskStats(request=request):
                self._send(self._stats(request))
            case control.Ping(request=request):
                self._send(control.Pong(request=request))
            case control.Start():
                raise ValueError("a worker is started once")

    def hear(self, handle: int, data: bytes) -> None:
        """A page's socket brought this; what is nobody's any more is dropped."""
        peer = self._sounds.get(handle)
        if peer is None:
            self._mux.dropped["unknown_source"] += 1
        else:
            peer.on_frame(data, self._site.clock())

    def _speak(self, handles: Sequence[int], data: bytes) -> None:
        if self._send_sound(handles, data):
            self._mux.packets_out += len(handles)
        else:
            self._mux.dropped["send_blocked"] += len(handles)

    async def close(self) -> None:
        """Part from every browser with a word, so that it need not wait for silence."""
        self._rtcp_scheduler.stop()
        for room in self._rooms.values():
            room.close()
        if self._farewells:
            await asyncio.wait(self._farewells, timeout=_FAREWELL_S)
        self._mux.close()

    def _answer_next(self) -> None:
        self._answering = None
        if self._offers:
            self._send(self._connect(self._offers.popleft()))
        if self._offers:
            self._answering = asyncio.get_running_loop().call_soon(self._answer_next)

    def _refuse_waiting(self, session: str, connection: str | None = None) -> None:
        """What is being ended is not begun any more."""
        for ask in tuple(self._offers):
            if ask.session == session and connection in (None, ask.connection):
                self._offers.remove(ask)
                self._send(control.Refusal(request=ask.request, code="replaced", detail="it was ended meanwhile"))

    def _connect(self, ask: control.Connect) -> control.Answer | control.Refusal:
        try:
            offer = sdp.parse(ask.offer_sdp)
            answer = self._rooms[ask.session].connect(ask.seat, ask.connection, offer, ask.publishes)
        except OfferRefused as refused:
            return control.Refusal(request=ask.request, code=refused.code, detail=str(refused))
        return control.Answer(request=ask.request, sdp=answer)

    def _stats(self, request: int) -> control.Stats:
        worker = WorkerStats(
            pid=os.getpid(),
            packets_in=self._mux.packets_in,
            packets_out=self._mux.packets_out,
            dropped=dict(self._mux.dropped),
            cpu_s=round(time.process_time(), 3),
            loop_lag_ms=self._rtcp_scheduler.lag_ms,
            rooms=len(self._rooms),
            connections=sum(len(room.peer_connections) for room in self._rooms.values()),
        )
        now_s = self._site.clock()
        seats = {
            session: tuple(connection_stats(p, now_s) for p in room.peer_connections.values() if p.connected)
            for session, room in self._rooms.items()
        }
        return control.Stats(request=request, worker=worker, sessions=seats)

    # -- room.Events and rtcp_scheduler.Signals
    # ----------------------------------------------------------------------------

    def connected(self, session: str, seat: str, connection: str) -> None:
        self._send(control.Connected(session=session, seat=seat, connection=connection))

    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None:
        self._send(control.Carrying(session=session, seat=seat, connection=connection, carries=carries))

    def lost(self, session: str, seat: str, connection: str) -> None:
        self._send(control.Lost(session=session, seat=seat, connection=connection))

    def alive(self, session: str, seats: Sequence[str]) -> None:
        self._send(control.Alive(session=session, seats=tuple(seats)))

    def voices(self, session: str, levels: Mapping[str, int]) -> None:
        self._send(control.VoiceLevels(session=session, levels=dict(levels)))

    def closing(self, peer: Peer) -> None:
        if isinstance(peer, SoundConnection):
            self._sounds.pop(peer.handle, None)
            return
        farewell = asyncio.create_task(peer.close())
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)


async def _serve(fd: int) -> int:
    channel = ControlChannel(socket.socket(fileno=fd))
    start = await channel.first()
    if start is None:
        return 0
    if not isinstance(start, control.Start):
        raise ValueError("the first command is start")
    try:
        mux = Mux(start.bind_host, start.udp_port, native.load() if start.native else None)
    except OSError as error:
        detail = (
            f"the media plane cannot use UDP port {start.udp_port} on {start.bind_host} ({error.strerror}): "
            "stop what holds it, or choose another port or address"
        )
        channel.send(control.CannotStart(detail=detail))
        return 1
    if start.tcp_port != 0:
        try:
            await mux.listen(start.tcp_port or 0, or_any=start.udp_port == 0)
        except OSError as error:
            detail = (
                f"the media plane cannot use TCP port {start.tcp_port or mux.port} on {start.bind_host} "
                f"({error.strerror}): stop what holds it, or choose another port, or 0 for no TCP"
            )
            channel.send(control.CannotStart(detail=detail))
            return 1
    worker = Worker(channel, mux, start.public_address)
    channel.send(control.Ready(udp_port=mux.port, tcp_port=mux.tcp_port))
    gc.collect()
    gc.freeze()
    log.info("media.worker_started", udp_port=mux.port, tcp_port=mux.tcp_port, native=mux.helper is not None)
    channel.start(worker.obey, worker.hear)
    await channel.ended.wait()
    await worker.close()
    return 0


def end_with(parent: int) -> None:
    """Even if the loop hangs when the application dies, no orphan keeps the port."""
    while os.getppid() == parent:
        time.sleep(_ORPHAN_LOOK_S)
    time.sleep(_ORPHAN_LOOK_S)
    os._exit(1)


def main() -> int:
    threading.Thread(target=end_with, args=[os.getppid()], daemon=True).start()
    for ignored in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ignored, signal.SIG_IGN)
    logs.configure()
    try:
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    except PermissionError:
        log.debug("media.usual_priority")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(int(sys.argv[1])))


if __name__ == "__main__":
    sys.exit(main())
