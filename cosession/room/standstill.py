"""How long this process stood still: stopped by a signal, starved, or asleep with its host.

Whatever judges by time asks here first, so that nobody is said to be silent for a time in which nothing was read, and a
session is not charged for it (faults.md, "server stands still"). It is asked by every timer of a room and by
every command; between two looks of a healthy process lies a second at most.
"""

from __future__ import annotations

import structlog

from cosession.room.ports import Clock
from cosession.room.session_time import elapsed_ms, mark

log = structlog.get_logger()

#: Two looks that are so far apart are a standstill: a second between them is usual.
STANDSTILL_MS = 2_000


class Standstill:
    """Sums that only grow, so that each room takes from them what it has not dealt with yet. Real milliseconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._mark, self._monotonic_ms = mark(clock), clock.monotonic_ms()
        self.away_ms = 0
        """All standstills, the sleep of the host included."""
        self.stood_ms = 0
        """What of it the monotonic clock counted: it stands still while the host sleeps (CLOCK_MONOTONIC)."""

    def look(self) -> None:
        """The process is awake now. May be repeated."""
        now, monotonic_ms = mark(self._clock), self._clock.monotonic_ms()
        stood_ms = monotonic_ms - self._monotonic_ms
        away_ms = max(stood_ms, elapsed_ms(self._mark, now))
        self._mark, self._monotonic_ms = now, monotonic_ms
        if away_ms >= STANDSTILL_MS:
            self.away_ms += away_ms
            self.stood_ms += stood_ms
            log.warning("process.stood_still", away_ms=away_ms)
