"""How fast somebody may send: the one table of budgets, and the count of what was used.

Each budget is far above what a page needs; `tests/room/test_pace.py` says how far. Whoever goes beyond is slowed: what
came is dealt with, and nothing more is read for as long as `take` says, so that TCP holds the rest back at its sender.
Whoever is slowed again and again is closed with 4429.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

#: The close code of those who do not slow down, and of connections beyond their number.
TOO_FAST = 4429
#: Slowed for so long, a connection is closed; after so long without being slowed all is forgotten.
PATIENCE_MS = 10_000
CALM_MS = 3_000
#: So many sockets of one seat at a time, greeted or not.
SEAT_SOCKETS = 8


@dataclass(frozen=True, slots=True)
class Budget:
    """`burst` at once, and then `per_s` each second."""

    per_s: float
    burst: float


#: By the `type` of a message, for all connections of one seat together. `bad`: what is no message. `message`: whatever
#: it is. `byte`: of UTF-8.
MESSAGES: dict[str, Budget] = {
    "hello": Budget(1, 6),
    "command": Budget(20, 40),
    "draft": Budget(5, 30),
    "send_note": Budget(1, 8),
    "media_offer": Budget(1, 6),
    "media_state": Budget(2, 20),
    "media_rung": Budget(1, 10),
    "network_check": Budget(1, 6),
    "clock_ping": Budget(4, 24),
    "pong": Budget(5, 60),
    "bad": Budget(2, 20),
    "message": Budget(40, 60),
    "byte": Budget(64 * 1024, 256 * 1024),
}

#: For one socket, below the messages: frames of any kind (pings, pongs, empty ones, parts of a message), their bytes.
FRAME = Budget(100, 200)
FRAME_BYTE = Budget(96 * 1024, 384 * 1024)
#: Frames of sound of one page: a voice has 50 a second; what a network held back comes at once.
SOUND_FRAME = Budget(60, 100)
#: For one connection without a proxy between: requests.
REQUEST = Budget(20, 100)
#: What one address tries before a session (`server.check`): about ten requests of a check, of several people at a time.
TRIAL = Budget(4, 150)
#: New sockets of one seat, and new connections and sockets of one address.
SEAT_SOCKET = Budget(1, 12)
ADDRESS_CONNECTION = Budget(50, 500)


class Bucket:
    """What was used of one budget (GCRA, ITU-T I.371: the moment at which all of it will have been earned again)."""

    __slots__ = ("_budget", "_free_ms")

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._free_ms = 0.0

    def take(self, now_ms: float, amount: float = 1) -> float:
        """Use so much; for how many milliseconds nothing more may be used. `now_ms` never steps back."""
        per_ms = self._budget.per_s / 1000
        self._free_ms = max(self._free_ms, now_ms) + amount / per_ms
        return max(0.0, self._free_ms - now_ms - self._budget.burst / per_ms)

    def idle(self, now_ms: float) -> bool:
        """All of it has been earned again: it may be forgotten."""
        return self._free_ms <= now_ms


class Buckets:
    """One budget for each of many; those that are idle are forgotten."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._buckets: dict[Hashable, Bucket] = {}
        self._sweep_at = 256

    def take(self, key: Hashable, now_ms: float) -> float:
        """See `Bucket.take`."""
        if len(self._buckets) >= self._sweep_at:
            self._buckets = {key: one for key, one in self._buckets.items() if not one.idle(now_ms)}
            self._sweep_at = max(256, 2 * len(self._buckets))
        return self._buckets.setdefault(key, Bucket(self._budget)).take(now_ms)


class Pace:
    """What one seat has sent, by kind."""

    def __init__(self) -> None:
        self._buckets = {kind: Bucket(budget) for kind, budget in MESSAGES.items()}

    def take(self, now_ms: float, kind: str, size: int) -> float:
        """One message of this kind came, of so many bytes; for how many milliseconds its sender rests."""
        return max(
            self._buckets[kind].take(now_ms),
            self._buckets["message"].take(now_ms),
            self._buckets["byte"].take(now_ms, size),
        )


class Patience:
    """With one connection that has to be slowed: since when, and whether it is over."""

    def __init__(self) -> None:
        self._since_ms: float | None = None
        self._calm_ms = 0.0

    def slowed(self, now_ms: float, rest_ms: float) -> bool:
        """Note how long the connection rests now. True: it begins to be slowed."""
        if self._since_ms is not None and now_ms >= self._calm_ms:
            self._since_ms = None
        if rest_ms <= 0:
            return False
        self._calm_ms = now_ms + rest_ms + CALM_MS
        if self._since_ms is not None:
            return False
        self._since_ms = now_ms
        return True

    def over(self, now_ms: float) -> bool:
        return self._since_ms is not None and now_ms - self._since_ms >= PATIENCE_MS
