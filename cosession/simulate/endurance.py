"""What a long run must show: no process grows, no clock drifts. Pure: it judges what was sampled and read.

A short run proves neither, so rates are given from MEASURABLE_S on and judged from JUDGED_S on; before that they are
None, or no reason to fail. Source: deploy/reports/endurance.md."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cosession.simulate.residents import Resident, Side

Sample = tuple[float, float]

#: What a rate per hour may be computed from, and what it may be judged by, in seconds of real time.
MEASURABLE_S = 60.0
JUDGED_S = 600.0
#: A process' first tenth is its start: code is loaded, buffers and pools are filled.
SETTLED_AFTER = 0.1
#: At the server's pace one that is started anew each week would hold three gigabytes more by its end, at work day and
#: night; below it lies what allocators do in an hour. A manager lives for one session, keeps what it is judged by, and
#: its decoders keep the memory of their busiest moment: 24 were seen on a machine at loads of 5 to 40.
GROWTH_MIB_PER_H: Mapping[Side, float] = {"server": 20.0, "managers": 60.0}
#: A session of three hours would be six seconds off: more than the two by which a clock may be wrong (decision 4). The
#: quartz of two machines differs by a tenth of this.
DRIFT_MS_PER_H = 2000.0


def slope_per_hour(samples: Sequence[Sample]) -> float | None:
    """How fast a series rises, per hour: the median of the slopes between all pairs of samples (Theil and Sen), which
    one jump, a peak or a sawtooth does not move. `samples` are (seconds, value) in order; None if they span less than
    MEASURABLE_S."""
    if len(samples) < 2 or samples[-1][0] - samples[0][0] < MEASURABLE_S:
        return None
    pairs = itertools.combinations(samples, 2)
    return 3600 * statistics.median((later[1] - sooner[1]) / (later[0] - sooner[0]) for sooner, later in pairs)


def settled(samples: Sequence[Sample]) -> list[Sample]:
    """All but the start."""
    if not samples:
        return []
    begin, end = samples[0][0], samples[-1][0]
    return [sample for sample in samples if sample[0] >= begin + SETTLED_AFTER * (end - begin)]


@dataclass(frozen=True)
class MemoryVerdict:
    """`server` is None for a server that is not ours to look at."""

    every_s: float
    server: list[dict[str, Any]] | None
    managers: list[dict[str, Any]]
    errors: list[str]

    def as_json(self) -> dict[str, Any]:
        return {"every_s": round(self.every_s, 1), "server": self.server, "managers": self.managers}


def judge_memory(residents: Sequence[Resident], every_s: float, own_server: bool) -> MemoryVerdict | None:
    """None where no process could be looked at."""
    if not residents:
        return None
    errors: list[str] = []
    report: dict[str, list[dict[str, Any]]] = {"server": [], "managers": []}
    for resident in residents:
        steady = settled(resident.samples)
        over_s, growth = steady[-1][0] - steady[0][0], slope_per_hour(steady)
        if growth is not None and over_s >= JUDGED_S and growth > GROWTH_MIB_PER_H[resident.side]:
            errors.append(
                f"memory: {resident.name} of the {resident.side} grew by {growth:.0f} MiB an hour, from "
                f"{steady[0][1]:.0f} to {steady[-1][1]:.0f} MiB in {over_s / 60:.0f} minutes"
            )
        report[resident.side].append(
            {
                "name": resident.name,
                "over_s": round(over_s),
                "first_mib": round(steady[0][1], 1),
                "last_mib": round(steady[-1][1], 1),
                "peak_mib": round(resident.peak_mib, 1),
                "growth_mib_per_h": None if growth is None else round(growth, 1),
            }
        )
    return MemoryVerdict(every_s, report["server"] if own_server else None, report["managers"], errors)


@dataclass(frozen=True)
class Instant:
    """A moment as one manager knew it: by the machine's monotonic clock, and which session time it was (milliseconds
    both)."""

    local_ms: float
    session_ms: float


Reading = Mapping[str, Instant]
"""By seat, what time it is, all at the same moment."""


@dataclass(frozen=True)
class TimeVerdict:
    """`planned_s`, `actual_s`: script seconds. `end_off_ms`: how much later, by the monotonic clock, the session closed
    than its own time says. `drift_ms_per_h`: by seat, how fast its estimate of the session's time falls behind the
    monotonic clock. `apart_ms`: how far the managers' estimates are from each other, at the start and at the end. None
    is what could not be measured."""

    planned_s: float | None
    actual_s: float | None
    end_off_ms: float | None
    drift_ms_per_h: dict[str, float | None]
    apart_ms: tuple[float | None, float | None]
    errors: list[str]

    def as_json(self) -> dict[str, Any]:
        return {
            "planned_s": _rounded(self.planned_s),
            "actual_s": _rounded(self.actual_s),
            "end_off_ms": _rounded(self.end_off_ms),
            "drift_ms_per_h": {seat: _rounded(drift) for seat, drift in self.drift_ms_per_h.items()},
            "apart_ms": {"start": _rounded(self.apart_ms[0]), "end": _rounded(self.apart_ms[1])},
        }


def judge_time(
    speed: int,
    planned_s: float | None,
    lasted: tuple[Instant, Instant] | None,
    readings: tuple[Reading, Reading],
) -> TimeVerdict:
    """`lasted`: the first view of the running and of the closed session, as one manager got them. `readings`: at the
    start and at the end; seats that do not know are missing. `planned_s` is script time."""
    errors: list[str] = []
    actual_s = end_off_ms = None
    if lasted is not None:
        began, ended = lasted
        actual_s = (ended.session_ms - began.session_ms) / 1000
        end_off_ms = _off_ms(began, ended, speed)
        errors += _too_fast("the session's end", end_off_ms, ended.local_ms - began.local_ms)
    start, end = readings
    drifts: dict[str, float | None] = {}
    for seat in start.keys() & end.keys():
        real_ms = end[seat].local_ms - start[seat].local_ms
        off_ms = _off_ms(start[seat], end[seat], speed)
        drifts[seat] = off_ms * 3_600_000 / real_ms if real_ms >= MEASURABLE_S * 1000 else None
        errors += _too_fast(f"the clock of seat {seat}", off_ms, real_ms)
    apart_ms = _apart_ms(start, speed), _apart_ms(end, speed)
    return TimeVerdict(planned_s, actual_s, end_off_ms, dict(sorted(drifts.items())), apart_ms, errors)


def _off_ms(start: Instant, end: Instant, speed: int) -> float:
    """How much more real time passed than the session's own time says."""
    return (end.local_ms - start.local_ms) - (end.session_ms - start.session_ms) / speed


def _too_fast(what: str, off_ms: float, real_ms: float) -> list[str]:
    if real_ms < JUDGED_S * 1000 or abs(off_ms) * 3_600_000 / real_ms <= DRIFT_MS_PER_H:
        return []
    return [f"time: {what} is {off_ms:.0f} ms off after {real_ms / 60_000:.0f} minutes"]


def _apart_ms(reading: Reading, speed: int) -> float | None:
    times = [instant.session_ms for instant in reading.values()]
    return (max(times) - min(times)) / speed if times else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
