"""What the engine costs: whole sessions played without network, decisions, views, and the schedule's share of it.

Clocked as processor time, so that what else the machine does counts little. Knows rehearsals only.
"""

from __future__ import annotations

import cProfile
import pstats
from collections.abc import Callable, Sequence
from statistics import median
from time import perf_counter, process_time
from typing import Any

from cosession.rehearse import Chances, play, rehearsed

#: Rounded to so many digits behind the point.
_DIGITS = 3


def engine(script: Any, people: int, plays: int) -> dict[str, Any]:
    """One object: `plays` sessions of `people` with different seeds and on time, the first one unclocked; then
    everything that was asked in one of them, and all its views, once more. `script` is a `core` script. Milliseconds
    are processor time, `play_wall_ms_p50` is the clock on the wall."""
    play(script, people, Chances(0))
    clocked = [_clocked(lambda seed=seed: play(script, people, Chances(seed))) for seed in range(1, plays + 1)]  # type: ignore[misc]
    one = rehearsed(script, people, Chances(1))
    decide_s, views_s = _all(one.decisions), _all(one.rooms)
    return {
        "script": script.id,
        "people": people,
        "plays": plays,
        "play_ms_p50": round(1000 * median(cpu for cpu, _ in clocked), _DIGITS),
        "play_wall_ms_p50": round(1000 * median(wall for _, wall in clocked), _DIGITS),
        "events": one.events,
        "decisions": len(one.decisions),
        "decide_us_p50": round(1_000_000 * median(decide_s), _DIGITS),
        "decide_per_s": round(len(decide_s) / sum(decide_s)),
        "room_views_ms_p50": round(1000 * median(views_s), _DIGITS),
        "views_per_s": round((one.seats + 2) * len(views_s) / sum(views_s)),
        "shares_percent": round(100 * _share_of("shares", lambda: play(script, people, Chances(1))), 1),
    }


def _clocked(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the processor, and of the wall."""
    cpu, wall = process_time(), perf_counter()
    work()
    return process_time() - cpu, perf_counter() - wall


def _all(works: Sequence[Callable[[], None]]) -> list[float]:
    return [_clocked(work)[0] for work in works]


def _share_of(name: str, work: Callable[[], object]) -> float:
    """Which part of `work` goes by inside functions of that name, as the profiler counts it."""
    profile = cProfile.Profile()
    profile.runcall(work)
    stats: Any = pstats.Stats(profile)
    inside = sum(entry[3] for (_, _, function), entry in stats.stats.items() if function == name)
    return float(inside / stats.total_tt)
