"""Ours beside Janus, with the same load on the same machine, in turn in one run.

Janus carries the general conference, because it knows nothing of scripts; we carry the conference too, and then the
same rooms as a script directs them. Several rounds of it, because a shared machine's own pace changes by a third within
minutes: every figure is the median of the rounds, but the loss, which is the worst. Compare ratios, not runs of
different days.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from cosession.bench.embedded import EmbeddedStand
from cosession.bench.janus import JanusStand, own_address
from cosession.bench.measure import Stand, measure
from cosession.bench.traffic import Model


async def compare(
    rooms: int, people: int, seconds: float, rounds: int, address: str | None, both: bool, remark: Callable[[str], None]
) -> dict[str, Any]:
    """The three measurements and two ratios: our conference to Janus' per packet, our scripted room to Janus' room.
    With `both`, ours once more by Python alone, under `python`. Raises `CannotMeasure`."""
    here = address or own_address()
    turns: dict[str, list[dict[str, Any]]] = defaultdict(list)

    async def turn(name: str, stand: Stand, model: Model) -> None:
        measured = await measure(stand, rooms, people, model, seconds)
        remark(f"{name}: {measured.remarks()}")
        turns[name].append(measured.as_json())

    for _ in range(rounds):
        await turn("janus", JanusStand(here), "generic")
        await turn("generic", EmbeddedStand(here), "generic")
        await turn("script", EmbeddedStand(here), "script")
        if both:
            await turn("generic, Python alone", EmbeddedStand(here, native=False), "generic")
            await turn("script, Python alone", EmbeddedStand(here, native=False), "script")
    found = {name: _middle(measured) for name, measured in turns.items()}
    report = {"janus": found["janus"], **_beside(found["janus"], found["generic"], found["script"])}
    if both:
        report["python"] = _beside(found["janus"], found["generic, Python alone"], found["script, Python alone"])
    return report


def _middle(turns: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """One of what several turns found, field by field; a field that any of them lacks is None."""
    report: dict[str, Any] = {}
    for field, one in turns[0].items():
        values = [turn[field] for turn in turns]
        if isinstance(one, dict):
            report[field] = _middle(values)
        elif None in values:
            report[field] = None
        else:
            report[field] = max(values) if field == "loss_percent" else statistics.median(values)
    return report


def _beside(janus: dict[str, Any], generic: dict[str, Any], script: dict[str, Any]) -> dict[str, Any]:
    return {
        "generic": generic,
        "script": script,
        "ratio_cpu_per_packet": _ratio(generic, janus, "cpu_us_per_packet"),
        "ratio_cpu_per_room": _ratio(script, janus, "cpu_core_percent_per_room"),
    }


def _ratio(ours: dict[str, Any], theirs: dict[str, Any], field: str) -> float | None:
    own, other = ours[field], theirs[field]
    return round(own / other, 3) if own and other else None
