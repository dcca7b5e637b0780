"""Which session time it is, as a browser estimates it. Pure: local time comes in, in milliseconds of the monotonic
clock.

Source: architecture.md, "Time": 8 pings at the start, then one every 10 s, median after dropping the slowest quarter.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from cosession.wire.messages import ClockAnchor

PINGS_AT_START = 8
PING_EVERY_S = 10.0
_KEEP = 24


@dataclass
class Epoch:
    """One connection's knowledge: the server may have been started anew since the last one."""

    from_ms: float
    anchor: ClockAnchor
    offset_ms: float
    """The server's clock minus the local one."""
    pings: list[tuple[float, float]] = field(default_factory=list)

    def session_ms(self, local_ms: float) -> float:
        return self.anchor.session_ms + (local_ms + self.offset_ms - self.anchor.server_ms) * self.anchor.speed

    def local_ms(self, session_ms: float) -> float:
        return self.anchor.server_ms - self.offset_ms + (session_ms - self.anchor.session_ms) / self.anchor.speed


class SessionClock:
    """Session time over all connections of a manager. Before the first view nothing is known: `known` is False."""

    def __init__(self) -> None:
        self._epochs: list[Epoch] = []
        self._fresh = True

    @property
    def known(self) -> bool:
        return bool(self._epochs)

    def reconnected(self) -> None:
        """The next view begins a new epoch."""
        self._fresh = True

    def anchored(self, anchor: ClockAnchor, local_ms: float) -> None:
        """A view came. Until pings say better, the way from the server took no time."""
        if self._fresh:
            self._epochs.append(Epoch(local_ms, anchor, anchor.server_ms - local_ms))
            self._fresh = False
        else:
            self._epochs[-1].anchor = anchor

    def ponged(self, sent_ms: float, server_ms: float, local_ms: float) -> None:
        if self._fresh:
            return
        epoch = self._epochs[-1]
        epoch.pings = [*epoch.pings, (local_ms - sent_ms, server_ms - (sent_ms + local_ms) / 2)][-_KEEP:]
        quickest = sorted(epoch.pings)[: max(1, len(epoch.pings) * 3 // 4)]
        epoch.offset_ms = statistics.median(offset for _, offset in quickest)

    def now_ms(self, local_ms: float) -> float:
        """Session time now."""
        return self._epochs[-1].session_ms(local_ms)

    def local_ms(self, session_ms: float) -> float:
        """The local clock at a session time, by what was known of the connection of that time."""
        for epoch in reversed(self._epochs):
            if (local := epoch.local_ms(session_ms)) >= epoch.from_ms:
                return local
        return self._epochs[0].local_ms(session_ms)

    @property
    def speed(self) -> int:
        return self._epochs[-1].anchor.speed
