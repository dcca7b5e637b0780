"""Ours beside Janus, with the same load on the same machine, in turn in one run.

Janus carries the general conference, because it knows nothing of scripts; we carry the conference too, and then the
same rooms as a script directs them. Compare ratios, not runs of different days: this is one machine with other things
to do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.bench.embedded import EmbeddedStand
from cosession.bench.janus import JanusStand, own_address
from cosession.bench.measure import Stand, measure
from cosession.bench.traffic import Model


async def compare(
    rooms: int, people: int, seconds: float, address: str | None, remark: Callable[[str], None]
) -> dict[str, Any]:
    """The three measurements and two ratios: our conference to Janus' per packet, our scripted room to Janus' room.
    Raises `CannotMeasure`."""
    here = address or own_address()
    turns: list[tuple[str, Stand, Model]] = [
        ("janus", JanusStand(here), "generic"),
        ("generic", EmbeddedStand(here), "generic"),
        ("script", EmbeddedStand(here), "script"),
    ]
    found: dict[str, Any] = {}
    for name, stand, model in turns:
        measured = await measure(stand, rooms, people, model, seconds)
        remark(f"{name}: {measured.remarks()}")
        found[name] = measured.as_json()
    return found | {
        "ratio_cpu_per_packet": _ratio(found, "generic", "cpu_us_per_packet"),
        "ratio_cpu_per_room": _ratio(found, "script", "cpu_core_percent_per_room"),
    }


def _ratio(found: dict[str, Any], ours: str, field: str) -> float | None:
    own, other = found[ours][field], found["janus"][field]
    return round(own / other, 3) if own and other else None
