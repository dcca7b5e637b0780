"""A measurement of a server that forwards media, whichever it is: load on it, its cost, what arrived and when.

The server is behind `Stand`; the load is the same for each. What comes out is one JSON object with the fields that
the benchmark's definition names, and beside it, for people and for tests, the account of every packet.
"""

from __future__ import annotations

import contextlib
import os
import statistics
from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from cosession.bench import cpu
from cosession.bench.generator import Generator, Room
from cosession.bench.traffic import Model

#: Until everybody receives everybody. What does not come by then is lost.
_WARM_UP_S = 10.0
_SETTLED_S = 1.0
#: A load that leaves later than this was not the load that it should have been.
_PUNCTUAL_MS = 10.0
#: As the servers that are measured.
_NICE = -10


class Stand(Protocol):
    """A server to be measured, in processes of its own."""

    @property
    def pids(self) -> Sequence[int]:
        """The processes that carry media: their CPU is what is measured."""

    @property
    def profile(self) -> str:
        """The SRTP profile that was agreed on."""

    async def start(self) -> None:
        """Raises `CannotMeasure`."""

    async def make(self, rooms: int, people: int, model: Model) -> Sequence[Room]:
        """Rooms full of people whose connections stand. Raises `CannotMeasure`."""

    async def dropped(self) -> Mapping[str, int]:
        """Packets that the server threw away so far, by reason, as it says itself; empty if it does not say."""

    async def stop(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Account:
    """Every packet of the measured seconds. `due` copies ought to have arrived: each sent packet once at each other
    person; `due` = `received` + `dropped` + `lost`. `dropped` copies are those that the server says it threw away."""

    sent: int
    due: int
    received: int
    dropped: int
    gaps: int
    """Copies missing in the middle of a stream, by sequence number: part of `dropped` and `lost`."""
    late: int
    """Arrived twice, or out of order: not counted as received."""

    @property
    def lost(self) -> int:
        return self.due - self.received - self.dropped


@dataclass(frozen=True, slots=True)
class Measured:
    """One run. `cpu_s` over `seconds` on all of the server's media processes; `latencies_ms` sorted; `late_ms`: 99 % of
    the load left so punctually."""

    rooms: int
    seconds: float
    cpu_s: float
    account: Account
    latencies_ms: array[float]
    late_ms: float
    load: float
    profile: str

    def as_json(self) -> dict[str, Any]:
        received = self.account.received
        return {
            "cpu_us_per_packet": round(1e6 * self.cpu_s / received, 2) if received else None,
            "cpu_core_percent_per_room": round(100 * self.cpu_s / self.seconds / self.rooms, 2),
            "in_pps": round(self.account.sent / self.seconds),
            "out_pps": round(received / self.seconds),
            "loss_percent": round(100 * (1 - received / self.account.due), 4) if self.account.due else None,
            "latency_ms": {"p50": self._latency(0.5), "p99": self._latency(0.99)},
        }

    def _latency(self, share: float) -> float | None:
        found = self.latencies_ms
        return round(found[min(len(found) - 1, int(share * len(found)))], 3) if found else None

    def remarks(self) -> str:
        """For people: the account, and how far this machine was up to it."""
        a = self.account
        busy = "; THIS MACHINE WAS TOO BUSY, compare nothing" if self.late_ms > _PUNCTUAL_MS else ""
        return (
            f"{a.sent} packets sent, {a.due} copies due, {a.received} received, {a.dropped} dropped, {a.lost} lost "
            f"({a.gaps} gaps, {a.late} late); {self.profile}; the load left within {self.late_ms:.1f} ms (p99); "
            f"load average {self.load:.2f}{busy}"
        )


async def measure(stand: Stand, rooms: int, people: int, model: Model, seconds: float) -> Measured:
    """Start `stand`, put the load on it for `seconds`, stop it. Raises `CannotMeasure`."""
    with _first_in_line():
        await stand.start()
        try:
            generator = Generator(await stand.make(rooms, people, model))
            try:
                return await _run(stand, generator, rooms, people, model, seconds)
            finally:
                generator.close()
        finally:
            await stand.stop()


@contextlib.contextmanager
def _first_in_line() -> Iterator[None]:
    """The load goes before what else this machine does, where it may; afterwards as before."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, min(usual, _NICE))
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)


async def _run(stand: Stand, generator: Generator, rooms: int, people: int, model: Model, seconds: float) -> Measured:
    generator.run(_WARM_UP_S, until=_complete(generator.rooms, people))
    generator.run(_SETTLED_S)
    generator.drain()
    generator.forget()
    before, cpu_before = await stand.dropped(), cpu.seconds(stand.pids)
    took_s = generator.run(seconds)
    cpu_s = cpu.seconds(stand.pids) - cpu_before
    load = cpu.load()
    generator.drain()
    after = await stand.dropped()
    latencies = array("d", sorted(value for peer in _receivers(generator) for value in peer.latencies_ms))
    late = statistics.quantiles(generator.late_ms, n=100)[98] if len(generator.late_ms) > 1 else 0.0
    account = _account(generator, people, sum(after.values()) - sum(before.values()))
    return Measured(rooms, took_s, cpu_s, account, latencies, late, load, stand.profile)


def _receivers(generator: Generator) -> list[Any]:
    return [peer for room in generator.rooms for peer in room.receivers]


def _complete(rooms: Sequence[Room], people: int) -> Callable[[], bool]:
    """Whether everybody receives what everybody else sends."""

    def complete() -> bool:
        return all(
            sum(len(peer.tracks.keys() & peer.expects) for peer in room.receivers) >= len(room.outgoing) * (people - 1)
            for room in rooms
        )

    return complete


def _account(generator: Generator, people: int, thrown_away: int) -> Account:
    sent = sum(out.sent for room in generator.rooms for out in room.outgoing)
    tracks = [
        peer.tracks[ssrc]
        for room in generator.rooms
        for peer in room.receivers
        for ssrc in peer.tracks.keys() & peer.expects
    ]
    received, due = sum(track.received for track in tracks), sent * (people - 1)
    # A packet dropped before it is forwarded is missing at everybody.
    dropped = min(thrown_away * (people - 1), due - received)
    return Account(
        sent, due, received, max(0, dropped), sum(track.gaps for track in tracks), sum(track.late for track in tracks)
    )
