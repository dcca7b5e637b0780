"""How well people are connected: the media plane's figures, looked at every two seconds, and one plain word for each.

The figures go to whoever leads, the word to the seat itself; both are fleeting, neither is stored, and nothing of it is
in the view (architecture.md, "View"; design.md, "Deliberate": in the room one reads only a word). Who is absent is
`audience`'s affair, whose sound stays away `ears`'s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import structlog

from cosession.room.host import Host
from cosession.room.ports import Clock, ConnectionStats, MediaEngine, Timer, Unavailable
from cosession.wire.messages import Quality, Rung, Way

log = structlog.get_logger()

LOOK_EVERY_MS = 2_000
#: More lost than this is heard and seen.
LOSS_PERCENT = 5.0
#: From here on people talk into each other's words (ITU-T G.114: 200 ms in each direction are felt).
ROUND_TRIP_MS = 400.0
#: One bad moment is not worth a word: it changes after so many looks that agree, sooner for the worse than the better.
WORSE_AFTER, BETTER_AFTER = 2, 3


def quality(stats: ConnectionStats) -> Quality:
    """The word for one look. Jitter has none: what a busy browser sends unevenly arrives unevenly over any line, and a
    line that really is bad loses packets too."""
    if stats.level == "sound":
        return "sound_only"
    slow = stats.round_trip_ms is not None and stats.round_trip_ms > ROUND_TRIP_MS
    weak = slow or stats.loss_percent > LOSS_PERCENT or stats.level != "full"
    return "weak" if weak else "good"


def way(stats: ConnectionStats, word: Quality, reported: Rung | None = None) -> Way:
    """What is sent to the lead about a seat, from the seat's side: what comes in at the server goes up from there.
    `reported` is the page's own word for what carries its media: that it is a relay only the page knows."""
    measured: Rung = "socket" if stats.path == "socket" else "tcp" if stats.path == "tcp" else "udp"
    return Way(
        quality=word,
        path="relay" if reported == "relay" and measured != "socket" else measured,
        loss_percent=round(stats.loss_percent, 1),
        round_trip_ms=None if stats.round_trip_ms is None else round(stats.round_trip_ms),
        jitter_ms=None if stats.jitter_ms is None else round(stats.jitter_ms),
        kbps_up=stats.kbps_in,
        kbps_down=stats.kbps_out,
    )


@dataclass(slots=True)
class _Said:
    word: Quality
    other: Quality
    """What the last looks said instead, and how many of them."""
    looks: int = 0


class Qualities:
    """The words of a room's seats, steadied: what is true for a moment only is not said."""

    def __init__(self) -> None:
        self._said: dict[str, _Said] = {}

    def look(self, found: Mapping[str, ConnectionStats]) -> dict[str, Quality]:
        """The word of each seat that has figures; a seat without any begins anew when it has. Once every look."""
        self._said = {seat: self._next(self._said.get(seat), quality(one)) for seat, one in found.items()}
        return {seat: said.word for seat, said in self._said.items()}

    @staticmethod
    def _next(said: _Said | None, now: Quality) -> _Said:
        if said is None or now == said.word:
            return _Said(now, now)
        looks = said.looks + 1 if now == said.other else 1
        needed = BETTER_AFTER if now == "good" else WORSE_AFTER
        return _Said(now, now) if looks >= needed else _Said(said.word, now, looks)


class StatsPoller:
    """Looks at the media plane every two seconds as long as anybody's media are known, one look at a time."""

    def __init__(self, engine: MediaEngine, clock: Clock, rooms: Callable[[], Iterable[Host]]) -> None:
        self._engine, self._clock, self._rooms = engine, clock, rooms
        self._timer: Timer | None = None
        self._looking: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look now, and go on. May be repeated."""
        if self._timer is not None:
            self._timer.cancel()
        if (self._looking is None or self._looking.done()) and any(room.media.in_use for room in self._rooms()):
            self._looking = asyncio.create_task(self._look())
        self._timer = self._clock.call_at(self._clock.monotonic_ms() + LOOK_EVERY_MS, self.start)

    async def stop(self) -> None:
        """May be repeated."""
        if self._timer is not None:
            self._timer.cancel()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.wait([self._looking])

    async def settled(self) -> None:
        """Returns when the look that was begun is over."""
        if self._looking is not None:
            await asyncio.wait([self._looking])

    async def _look(self) -> None:
        try:
            _, found = await self._engine.stats()
        except Unavailable as failure:
            log.debug("media.no_figures", code=failure.code)
            return
        for room in self._rooms():
            room.media.look()
            room.media.measured(room.state.lead, found.get(room.session, ()))
