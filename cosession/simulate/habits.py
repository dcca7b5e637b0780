"""What makes one simulated manager differ from another, and the same again with the same seed. Pure: time comes in.

A habit is drawn anew for every subject (a turn, a step), by its name alone: however often one asks, the answer is the
same."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Intent:
    """Something a manager wants to do now. `key` names it: what was asked for once is not asked again under the same
    key. Either a command, or a draft (capture and fields)."""

    key: str
    command: Mapping[str, Any] | None = None
    draft: tuple[str, Mapping[str, str]] | None = None


class Ticking(Protocol):
    """A countdown of a view."""

    @property
    def left_ms(self) -> int: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def running(self) -> bool: ...
    @property
    def total_ms(self) -> int: ...


def left_ms(countdown: Ticking, now_ms: float) -> float:
    """What is left of a countdown at session time `now_ms`; below zero the time is over."""
    return countdown.left_ms - (now_ms - countdown.at_ms if countdown.running else 0)


def used_share(countdown: Ticking, now_ms: float) -> float:
    """How much of a countdown is used, 1 when its time is over."""
    return 1 - left_ms(countdown, now_ms) / max(1, countdown.total_ms)


@dataclass
class Habits:
    seed: int
    seat: str
    _since: dict[str, float] = field(default_factory=dict)

    def chance(self, subject: str) -> random.Random:
        """The dice for one subject."""
        return random.Random(f"{self.seed}/{self.seat}/{subject}")

    def share(self, subject: str, low: float, high: float) -> float:
        return self.chance(subject).uniform(low, high)

    def often(self, subject: str, probability: float) -> bool:
        return self.chance(subject).random() < probability

    def since(self, subject: str, now_ms: float) -> float:
        """Milliseconds of session time since this subject was first asked about."""
        return now_ms - self._since.setdefault(subject, now_ms)
