"""What a row of the table of faults is, how it is played and judged. Which rows there are: `tests.faults.rows`."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.faults.lab import Lab
from tests.faults.network import CannotCause

#: Plays a fault so many times and gives a figure for each. Raises `AssertionError` for what did not hold beside the
#: figures, `CannotCause` where this machine cannot make the fault.
Play = Callable[[Lab, int], Awaitable[list[float]]]


@dataclass(frozen=True)
class Row:
    """One fault. `fault`: as docs/faults.md calls it, which says what is required in words; `limits`: the same as
    figures, by percentile; `quick`: how often `make test` plays it, 0 for never; `times`: how often `make faults`."""

    name: str
    fault: str
    figure: str
    unit: str
    limits: Mapping[int, float]
    play: Play
    quick: int = 0
    times: int = 5

    @property
    def required(self) -> str:
        limits = ", ".join(f"p{percent} <= {limit:g}" for percent, limit in self.limits.items())
        return f"{self.figure}: {limits} {self.unit}"


@dataclass
class Outcome:
    """`held` None: not tried, and `words` says why; False: `words` says what did not hold."""

    row: Row
    figures: list[float] = field(default_factory=list)
    held: bool | None = None
    words: str = ""
    took_s: float = 0.0

    def percentile(self, percent: int) -> float | None:
        """The least figure that so many of the figures do not exceed (nearest rank): of few, p95 is the worst."""
        return nearest_rank(self.figures, percent)

    @property
    def held_words(self) -> str:
        return {True: "yes", False: f"NO: {self.words}", None: f"not tried: {self.words}"}[self.held]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.row.name,
            "fault": self.row.fault,
            "required": self.row.required,
            "unit": self.row.unit,
            "p50": self.percentile(50),
            "p95": self.percentile(95),
            "n": len(self.figures),
            "figures": [round(figure, 4) for figure in self.figures],
            "held": self.held,
            "words": self.words,
            "took_s": round(self.took_s, 1),
        }


def nearest_rank(figures: list[float], percent: int) -> float | None:
    if not figures:
        return None
    return sorted(figures)[math.ceil(percent / 100 * len(figures)) - 1]


async def played(row: Row, lab: Lab, times: int) -> Outcome:
    """Play one row and judge it. Never raises for what the row finds."""
    outcome, began_s = Outcome(row), time.monotonic()
    try:
        outcome.figures = await row.play(lab, times)
    except CannotCause as reason:
        outcome.words = str(reason)
    except Exception as failure:  # noqa: BLE001 -- whatever went wrong, the other rows are played
        outcome.held = False
        outcome.words = _said(failure)
    else:
        judge(outcome)
    outcome.took_s = time.monotonic() - began_s
    return outcome


def judge(outcome: Outcome) -> None:
    found = {percent: outcome.percentile(percent) for percent in outcome.row.limits}
    over = [
        f"p{percent} is {_figure(figure)}"
        for percent, figure in found.items()
        if figure is None or figure > outcome.row.limits[percent]
    ]
    outcome.held = not over
    outcome.words = ", ".join(over)


def _said(failure: Exception) -> str:
    where = traceback.extract_tb(failure.__traceback__)[-1]
    words = str(failure).strip().splitlines() or [type(failure).__name__]
    return f"{words[0][:200]} ({where.name}, line {where.lineno})"


def drawn(outcomes: list[Outcome]) -> str:
    """The table as text, one line a row."""
    head = ("fault", "required", "p50", "p95", "n", "held")
    lines = [head, *(_cells(outcome) for outcome in outcomes)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n".join(text)


def _cells(outcome: Outcome) -> tuple[str, str, str, str, str, str]:
    p50, p95 = (_figure(outcome.percentile(percent)) for percent in (50, 95))
    return outcome.row.name, outcome.row.required, p50, p95, str(len(outcome.figures)), outcome.held_words


def _figure(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3g}"


def closing(outcomes: list[Outcome], untried: int = 0) -> str:
    """`untried`: faults that no row plays."""
    count = {held: sum(outcome.held is held for outcome in outcomes) for held in (True, False, None)}
    return f"{count[True]} held, {count[False]} did not, {count[None] + untried} not tried"
