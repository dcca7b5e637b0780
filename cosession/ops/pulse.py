"""Is the event loop free? Measured, not guessed: a timer that should fire every half second says how late it was."""

from __future__ import annotations

import asyncio

EVERY_S = 0.5


class Pulse:
    """`lag_ms` is how late the loop was at the last beat, `worst_ms` the worst of the last minute."""

    def __init__(self) -> None:
        self.lag_ms = 0.0
        self._recent: list[float] = []
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._schedule(loop, loop.time() + EVERY_S)

    def stop(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    @property
    def worst_ms(self) -> float:
        return max(self._recent, default=0.0)

    def _schedule(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        self._handle = loop.call_at(due_s, self._beat, loop, due_s)

    def _beat(self, loop: asyncio.AbstractEventLoop, due_s: float) -> None:
        now_s = loop.time()
        self.lag_ms = max(0.0, (now_s - due_s) * 1000)
        self._recent = [*self._recent[-119:], self.lag_ms]
        self._schedule(loop, now_s + EVERY_S)
