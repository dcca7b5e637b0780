"""The RTCP scheduler of a worker: one timer for every report, request and sign of life of all its rooms.

RTCP is half of the quality (media.md, "The design" 5). Every 20 ms: NACKs and key frame requests that are due. Each
room and each connection in a turn of its own, so that no packet waits for all of them: every 200 ms, voices, layers;
every 100 ms, or 200 where few come, when packets arrived; every second, receiver report, REMB held at what the plan
grants, what each downlink carries, life, silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cosession.core.stage import BITRATE_KBPS, Picture, RoomPlan
from cosession.media.embedded import rtcp
from cosession.media.embedded.control import LOST_AFTER_S
from cosession.media.embedded.room import Peer, Room
from cosession.media.embedded.twcc import TwccRecorder
from cosession.media.embedded.voice_activity import VoiceActivity

_TICK_S = 0.02
_TICKS_PER_TWCC = 5
_TICKS_PER_VOICE = 10
_TICKS_PER_REPORT = 50
_STOOD_S = 1.0
_SOUND_KBPS = 50
#: A closed camera is stopped by the page; a lower cap would only slow its return.
_LEAST_KBPS = BITRATE_KBPS[Picture.FACE]


class Signals(Protocol):
    """What the scheduler signals to the application."""

    def alive(self, session: str, seats: Sequence[str]) -> None: ...
    def voices(self, session: str, levels: Mapping[str, int]) -> None: ...


class RtcpScheduler:
    """Drives `rooms` until `stop`. `lag_ms` is how late the worst tick of the last second came."""

    def __init__(self, rooms: Mapping[str, Room], signals: Signals, clock: Callable[[], float]) -> None:
        self.lag_ms = 0.0
        self._rooms, self._signals, self._clock = rooms, signals, clock
        self._voice_activity: dict[str, VoiceActivity] = {}
        self._granted: dict[str, RoomPlan | None] = {}
        self._loop = asyncio.get_running_loop()
        self._ticks = 0
        self._worst_s = 0.0
        self._due_s = clock() + _TICK_S
        self._timer = self._loop.call_later(_TICK_S, self._tick)

    def stop(self) -> None:
        self._timer.cancel()

    def _tick(self) -> None:
        now_s = self._clock()
        late_s = now_s - self._due_s
        self._worst_s = max(self._worst_s, late_s)
        if late_s >= _STOOD_S:
            # This process stood still: whoever it did not hear meanwhile was not silent.
            for peer in (peer for room in self._rooms.values() for peer in room.peer_connections.values()):
                peer.life_s = min(now_s, peer.life_s + late_s)
        # A late tick is not made up for: the next one is due from now.
        self._due_s = max(self._due_s, now_s - _TICK_S) + _TICK_S
        self._timer = self._loop.call_later(max(0.0, self._due_s - now_s), self._tick)
        self._ticks += 1
        for place, room in enumerate(list(self._rooms.values())):
            self._beat(room, self._ticks + place, now_s)
        if self._ticks % _TICKS_PER_REPORT == 0:
            self.lag_ms, self._worst_s = round(1000 * self._worst_s, 2), 0.0
            for session in self._granted.keys() - self._rooms.keys():
                del self._granted[session]
                self._voice_activity.pop(session, None)

    def _beat(self, room: Room, turn: int, now_s: float) -> None:
        due: list[Peer] = []
        for peer in room.peer_connections.values():
            for up_track in peer.up_tracks.values():
                if up_track.restless:
                    for request in up_track.requests(peer.reporter, now_s):
                        peer.send_rtcp(request)
            own_turn = self._ticks + peer.turn
            if own_turn % _TICKS_PER_TWCC == 0 and (twcc := peer.twcc) is not None:
                every_time = own_turn % (2 * _TICKS_PER_TWCC) == 0
                if every_time or not twcc.few:
                    self._send_twcc(peer, twcc)
            if own_turn % _TICKS_PER_REPORT == 0:
                due.append(peer)
        room.share_floor(now_s)
        if turn % _TICKS_PER_VOICE == 0:
            room.look_at_layers(now_s)
            levels = self._voice_activity.setdefault(room.session, VoiceActivity()).levels(room.loudness(now_s))
            if levels is not None:
                self._signals.voices(room.session, levels)
        if self._granted.get(room.session) is not room.plan:
            self._granted[room.session] = room.plan
            for peer in room.peer_connections.values():
                self._grant(room, peer)
        for peer in due:
            self._report(room, peer, now_s)
            self._look_after(room, peer, now_s)
        if turn % _TICKS_PER_REPORT == 0:
            living = {p.seat for p in room.peer_connections.values() if p.connected and now_s - p.life_s < 1}
            if living:
                self._signals.alive(room.session, sorted(living))

    @staticmethod
    def _send_twcc(peer: Peer, twcc: TwccRecorder) -> None:
        report = twcc.report(peer.reporter, next(iter(peer.up_tracks), 0))
        if report is not None:
            peer.send_rtcp(report)

    def _report(self, room: Room, peer: Peer, now_s: float) -> None:
        peer.begin_second()
        room.look_at_downlink(peer, now_s)
        if not peer.up_tracks or not peer.connected:
            return
        reports = [report for up_track in peer.up_tracks.values() if (report := up_track.report(now_s)) is not None]
        peer.send_rtcp(rtcp.receiver_report(peer.reporter, reports))
        self._grant(room, peer)

    @staticmethod
    def _grant(room: Room, peer: Peer) -> None:
        """Hold the browser at what the plan gives its seat; said each second, and at once when the plan changes."""
        if peer.up_tracks:
            granted_kbps = max(_LEAST_KBPS, BITRATE_KBPS[room.picture(peer.seat)]) + _SOUND_KBPS
            peer.send_rtcp(rtcp.remb(peer.reporter, 1000 * granted_kbps, list(peer.up_tracks)))

    @staticmethod
    def _look_after(room: Room, peer: Peer, now_s: float) -> None:
        if peer.connected and now_s - peer.life_s >= LOST_AFTER_S:
            room.lose(peer)
        elif peer.carrying and peer.is_silent(now_s):
            room.fall_silent(peer)
