"""The only place that reads the machine's clocks (architecture.md, "Time"; decision 4).

Timers run on the monotonic clock, so a wall clock that steps an hour moves nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from cosession.room.ports import Timer

#: A timer that fires so late found a loop that stood still; it then leaves so long for reading.
LATE_MS = 1_000
READ_S = 0.25

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Implements `ports.Clock`."""

    def __init__(self) -> None:
        self._boot_id = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else ""

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000

    def boottime_ms(self) -> int:
        """On systems without CLOCK_BOOTTIME the monotonic clock; their `boot_id` is empty, so it is never compared."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return self.monotonic_ms()

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def boot_id(self) -> str:
        return self._boot_id

    def call_at(self, monotonic_ms: int, callback: Callable[[], None]) -> Timer:
        return _SystemTimer(monotonic_ms, callback)


class _SystemTimer:
    """A timer of the running loop. One that is late because everything stood still waits once more, until what has
    arrived meanwhile is read: an answer that lies in its socket is not missing."""

    def __init__(self, due_ms: int, callback: Callable[[], None]) -> None:
        self._callback = callback
        # Read in nanoseconds and rounded up: a timer that fires a fraction early would find nothing to do.
        left_s = due_ms / 1000 - time.monotonic_ns() / 1_000_000_000
        # A moment that had passed when it was asked for is not late.
        self._due_ms = max(due_ms, time.monotonic_ns() // 1_000_000)
        self._handle = asyncio.get_running_loop().call_later(max(0.0, left_s) + 0.0005, self._fire)

    def cancel(self) -> None:
        self._handle.cancel()

    def _fire(self) -> None:
        if time.monotonic_ns() // 1_000_000 - self._due_ms >= LATE_MS:
            self._handle = asyncio.get_running_loop().call_later(READ_S, self._callback)
        else:
            self._callback()
