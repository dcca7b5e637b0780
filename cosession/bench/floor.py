"""How soon the floor is law: it moves many times among people whose browsers never stop to send.

A whole server, a session in real time, a facilitator who gives the floor to one manager after the other and takes it
back; all of them send sound without a pause, floor or not. Which packets were to be heard is judged afterwards by the
server's log, from each commit (decisions 20 and 29); when they came is the kernel's word.
"""

from __future__ import annotations

import asyncio
import bisect
import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cosession.bench.dtls import Identity
from cosession.bench.generator import Generator, Room
from cosession.bench.house import house
from cosession.bench.seat import Seat, seated
from cosession.bench.traffic import Stream

MOVES = 200
_MANAGERS = 4
#: Sound in packets of 5 ms, so that a late one is seen; more would be a flood.
_PACKETS_PER_S = 200
_LATE_MS = 50
_SPOKEN_S, _SILENT_S = 0.06, 0.06
_LONGEST_S = 3600.0

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Law:
    """`last_ms`: for each move how long after the commit the last packet came, 0 if none did, sorted. `heard`: packets
    that came with the floor, `before`: of seats that had never had it."""

    last_ms: Sequence[float]
    after_50ms: int
    heard: int
    before: int

    def as_json(self) -> dict[str, Any]:
        at = [self.last_ms[int(share * (len(self.last_ms) - 1))] if self.last_ms else None for share in (0.5, 0.99, 1)]
        p50, p99, most = (None if value is None else round(value, 2) for value in at)
        return {
            "moves": len(self.last_ms),
            "packets_after_50ms": self.after_50ms + self.before,
            "last_packet_ms": {"p50": p50, "p99": p99, "max": most},
        }


async def measure_floor(moves: int = MOVES) -> Law:
    """Move the floor so many times. Raises `CannotMeasure`."""
    async with house(_MANAGERS) as place, seated(place.links) as seats:
        generator, stop = await _everybody_sends(seats), threading.Event()
        sending = asyncio.create_task(asyncio.to_thread(generator.run, _LONGEST_S, stop.is_set))
        try:
            lead, *managers = seats.values()
            await lead.until(lambda: lead.may("start_session"), "the session can begin")
            await lead.do("start_session")
            await lead.until(lambda: _phase(lead) is not None, "the first phase")
            for number in range(moves):
                await _move(lead, managers[number % len(managers)])
        finally:
            stop.set()
            await sending
        generator.drain()
        clock = lead.connection.clock
        changes = [(clock.local_ms(at_ms) / 1000, heard) for at_ms, heard in await place.hearable()]
        arrivals = _arrivals(seats, generator)
        generator.close()
    return judge(spans(changes), arrivals)


async def _everybody_sends(seats: dict[str, Seat]) -> Generator:
    identity, outgoing, peers = Identity(), [], []
    for person, seat in enumerate(seats.values()):
        sound = Stream(person, "audio", _PACKETS_PER_S, 80, _PACKETS_PER_S)
        peer, sent = await seat.connect_media(identity, [sound, Stream(person, "video", 17, 700, 15)])
        peer.listen(keep=True)
        outgoing += sent
        peers.append(peer)
    return Generator([Room(outgoing, peers)])


async def _move(lead: Seat, manager: Seat) -> None:
    """The manager arms the microphone, gets the floor, speaks for a moment, loses it."""
    await manager.do("set_microphone", microphone="armed")
    await lead.do("grant_floor", seat=manager.seat)
    await lead.until(lambda: _holder(lead) == manager.seat, "the floor is given")
    await asyncio.sleep(_SPOKEN_S)
    assert lead.view is not None
    assert lead.view.common is not None
    turn = lead.view.common.floor.turn
    assert turn is not None
    await lead.do("take_back_floor", turn=turn.number)
    await lead.until(lambda: _holder(lead) != manager.seat, "the floor is taken back")
    await asyncio.sleep(_SILENT_S)


def _phase(seat: Seat) -> str | None:
    common = seat.view.common if seat.view is not None else None
    return common.now.phase if common is not None and common.now is not None else None


def _holder(seat: Seat) -> str | None:
    common = seat.view.common if seat.view is not None else None
    return common.floor.turn.seat if common is not None and common.floor.turn is not None else None


def _arrivals(seats: dict[str, Seat], generator: Generator) -> list[tuple[str, float]]:
    """(whose sound, when it came in seconds of the monotonic clock), at every other seat."""
    wall_s = time.time_ns() / 1e9 - time.monotonic()  # noqa: TID251 - the kernel stamps by the wall clock
    peers = generator.rooms[0].receivers
    return [
        (seat.voices[ssrc], at_ns / 1e9 - wall_s)
        for seat, peer in zip(seats.values(), peers, strict=True)
        for ssrc, at_ns in peer.arrivals
        if ssrc in seat.voices
    ]


# -- judging: pure ------------------------------------------------------------------------------------------------


def spans(changes: Sequence[tuple[float, Sequence[str]]]) -> dict[str, list[Span]]:
    """By seat when it could be heard, from (when, who from then on). The last span is open."""
    found: dict[str, list[Span]] = {}
    ends = [at for at, _ in changes[1:]] + [float("inf")]
    for (begin, seats), end in zip(changes, ends, strict=True):
        for seat in seats:
            own = found.setdefault(seat, [])
            if own and own[-1][1] == begin:
                own[-1] = own[-1][0], end
            else:
                own.append((begin, end))
    return found


def judge(allowed: dict[str, list[Span]], arrivals: Sequence[tuple[str, float]]) -> Law:
    """Every packet of sound against who could be heard; a move is the end of a span."""
    last_ms = {(seat, end): 0.0 for seat, own in allowed.items() for _, end in own if end != float("inf")}
    after_50ms = heard = before = 0
    for seat, at in arrivals:
        own = allowed.get(seat, [])
        place = bisect.bisect_right(own, (at, float("inf"))) - 1
        if place < 0:
            before += 1
            continue
        end = own[place][1]
        if at <= end:
            heard += 1
            continue
        late_ms = 1000 * (at - end)
        after_50ms += late_ms > _LATE_MS
        last_ms[seat, end] = max(last_ms[seat, end], late_ms)
    return Law(sorted(itertools.chain(last_ms.values())), after_50ms, heard, before)
