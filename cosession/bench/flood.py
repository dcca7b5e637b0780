"""One seat sends as fast as it can, one kind of message after the other; meanwhile another room asks and is answered.

A whole server with two rooms. In one everybody is in and gives small commands, at a rate that no budget minds: how long
until each is stored and acknowledged. In the other one seat floods, from a process of its own. A quiet window stands
before each flood, so that both are measured side by side.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from cosession.bench.errors import CannotMeasure
from cosession.bench.flooder import KINDS
from cosession.bench.house import House, house
from cosession.bench.seat import Seat, seated
from cosession.simulate.browsing import Browser

_MANAGERS = 4
#: Of each seat that measures.
_ASKS_PER_S = 12
#: The flood has begun, and the first surprise is over or not: it is measured too.
_BEGUN_S = 0.3
_FLOODER = "p1"


@dataclass(slots=True)
class Floods:
    """Milliseconds from a command to its acknowledgement: without a flood, and beside each kind."""

    quiet_ms: list[float] = field(default_factory=list)
    beside_ms: dict[str, list[float]] = field(default_factory=dict)
    sent: dict[str, dict[str, int]] = field(default_factory=dict)
    """What the flooding process got rid of: connections, and messages into its socket."""
    doors: dict[str, Any] = field(default_factory=dict)
    """What the server says that it turned away."""

    def as_json(self) -> dict[str, Any]:
        quiet_p99 = _at(self.quiet_ms, 0.99)
        return {
            "quiet_ms": {"p50": _rounded(_at(self.quiet_ms, 0.5)), "p99": _rounded(quiet_p99)},
            "beside": {
                kind: {
                    "p50_ms": _rounded(_at(found, 0.5)),
                    "p99_ms": _rounded(_at(found, 0.99)),
                    "ratio": _rounded(_at(found, 0.99) / quiet_p99),
                    "answers": len(found),
                    **self.sent[kind],
                }
                for kind, found in self.beside_ms.items()
            },
            "worst_ratio": _rounded(max(_at(found, 0.99) for found in self.beside_ms.values()) / quiet_p99),
            "doors": self.doors,
        }


def _at(found: Sequence[float], share: float) -> float:
    """A quantile; without any answer at all it is infinite."""
    ordered = sorted(found)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else float("inf")


def _rounded(value: float) -> float | None:
    return round(value, 2) if value != float("inf") else None


async def measure_floods(kinds: Sequence[str], seconds: float) -> Floods:
    """So many seconds of quiet and of flood for each kind. Raises `CannotMeasure`."""
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise CannotMeasure(f"no kind of message {unknown[0]}; there are: {', '.join(KINDS)}")
    floods = Floods()
    async with house(_MANAGERS) as place, seated(place.links) as seats:
        for kind in kinds:
            floods.quiet_ms += await _answers(seats, seconds)
            flooded = await place.another(_MANAGERS)
            flooding = await _flooder(kind, flooded, seconds + 2 * _BEGUN_S)
            await asyncio.sleep(_BEGUN_S)
            floods.beside_ms[kind] = await _answers(seats, seconds)
            said, _ = await flooding.communicate()
            if flooding.returncode:
                raise CannotMeasure(f"the flood of {kind} broke off: its own words are above")
            floods.sent[kind] = json.loads(said)
        floods.doors = await place.doors()
    return floods


async def _flooder(kind: str, flooded: House, seconds: float) -> asyncio.subprocess.Process:
    browser = Browser()
    page = (await browser.open(flooded.links[_FLOODER])).partition("?")[0].rstrip("/")
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "cosession.bench.flooder",
        kind,
        page,
        browser.cookies(page + "/socket"),
        str(seconds),
        stdout=asyncio.subprocess.PIPE,
    )


async def _answers(seats: dict[str, Seat], seconds: float) -> list[float]:
    """Everybody asks at a steady rate, whether the last question was answered or not; milliseconds to each answer."""
    found: list[float] = []
    asked: list[asyncio.Task[None]] = []

    async def ask(seat: Seat, state: str) -> None:
        began_s = time.monotonic()
        await seat.do("set_microphone", microphone=state)
        found.append(1000 * (time.monotonic() - began_s))

    async def keep_asking(seat: Seat, offset_s: float) -> None:
        await asyncio.sleep(offset_s)
        for number in range(int(seconds * _ASKS_PER_S)):
            asked.append(asyncio.create_task(ask(seat, ("open", "closed")[number % 2])))
            await asyncio.sleep(1 / _ASKS_PER_S)

    share_s = 1 / _ASKS_PER_S / len(seats)
    await asyncio.gather(*(keep_asking(seat, share_s * place) for place, seat in enumerate(seats.values())))
    await asyncio.gather(*asked)
    return found
