"""Instants, kept as runs: when packets were sent, when they arrived. Pure.

Instants are seconds of the machine's monotonic clock, which all processes of a simulation share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

#: Instants further apart than this belong to two runs.
GAP_S = 0.1
#: A run is cut after this long, so that judging one loses no detail.
LONGEST_S = 1.0

Run = tuple[float, float, int]
Span = tuple[float, float]


@dataclass
class Runs:
    """Runs of instants, in order: (first, last, how many)."""

    runs: list[Run] = field(default_factory=list)

    def add(self, at_s: float) -> None:
        if self.runs:
            first, last, count = self.runs[-1]
            if at_s - last <= GAP_S and at_s - first <= LONGEST_S:
                self.runs[-1] = (first, at_s, count + 1)
                return
        self.runs.append((at_s, at_s, 1))

    @property
    def count(self) -> int:
        return sum(count for _, _, count in self.runs)


def overlap_s(span: Span, spans: Sequence[Span]) -> float:
    """How long `span` lies within `spans`, which do not touch each other, in seconds."""
    return sum(max(0.0, min(span[1], end) - max(span[0], begin)) for begin, end in spans)


def outside(run: Run, spans: Sequence[Span]) -> int:
    """How many of a run's instants lie outside `spans`, spread evenly; at least one if any part of the run does."""
    first, last, count = run
    if any(begin <= first and last <= end for begin, end in spans):
        return 0
    if last == first:
        return count
    within = overlap_s((first, last), spans) / (last - first)
    return max(1, round(count * (1 - within)))


def merged(spans: Sequence[Span]) -> list[Span]:
    """The same time, in order, without touching spans."""
    result: list[Span] = []
    for begin, end in sorted(spans):
        if result and begin <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((begin, end))
    return result
