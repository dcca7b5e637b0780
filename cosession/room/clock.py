"""The only place that reads the machine's clocks (architecture.md, "Time"; decision 4).

Timers run on the monotonic clock, so a wall clock that steps an hour moves nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from cosession.room.ports import Timer

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
        # Read in nanoseconds and rounded up: a timer that fires a fraction early would find nothing to do.
        left_s = monotonic_ms / 1000 - time.monotonic_ns() / 1_000_000_000
        return asyncio.get_running_loop().call_later(max(0.0, left_s) + 0.0005, callback)
