"""Signs of life, seat by seat, in real time (decisions 7 and 15; method.md, "When somebody drops").

A seat is weak after 3 s without a sign and absent after 6 s, here again with the next one. Whether its socket is
closed makes no difference: the same clock runs. Nothing here is stored; what changed is reported to core as a fact.
"""

from __future__ import annotations

from collections.abc import Iterable

from cosession.core.vocabulary import ABSENT_AFTER_MS, WEAK_AFTER_MS, Presence


class SignsOfLife:
    """The last sign of each seat, in milliseconds of the monotonic clock. A seat without any is absent."""

    def __init__(self, seats: Iterable[str] = (), now_ms: int = 0) -> None:
        """`seats` are given the benefit of the doubt from `now_ms` on: those who were there before a restart."""
        self._last: dict[str, int] = dict.fromkeys(seats, now_ms)

    def sign(self, seat: str, now_ms: int) -> None:
        """The seat gave a sign of life. May be repeated."""
        self._last[seat] = now_ms

    def forgive(self, ms: int, now_ms: int) -> None:
        """Until `now_ms` nobody's signs could be read for so long: nobody was silent meanwhile."""
        self._last = {seat: min(now_ms, last + ms) for seat, last in self._last.items()}

    def presence(self, seat: str, now_ms: int) -> Presence:
        """How the seat's signs look at `now_ms`."""
        last = self._last.get(seat)
        if last is None or now_ms - last >= ABSENT_AFTER_MS:
            return Presence.ABSENT
        return Presence.WEAK if now_ms - last >= WEAK_AFTER_MS else Presence.HERE

    def next_change_ms(self, now_ms: int) -> int | None:
        """When, without further signs, a seat's presence changes next; None if every seat is absent."""
        moments = [
            last + after
            for last in self._last.values()
            for after in (WEAK_AFTER_MS, ABSENT_AFTER_MS)
            if last + after > now_ms
        ]
        return min(moments, default=None)
