"""What one receiver's downlink carries: everything, small pictures, the stage alone, or sound alone.

Pure; one look a second. Others never notice: their tracks are fed by the same packets as before. Down when the
browser's own estimate (REMB) stays below what it is sent and does not rise, or when too much is lost; up by trials,
because an estimate never exceeds about one and a half times what arrives (decision 23). A trial that fails doubles the
wait for the next one. Source of the estimate's manners: draft-ietf-rmcat-gcc-02, section 5.5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from enum import IntEnum


class Level(IntEnum):
    """The ladder, from below. At SOUND and STAGE pictures stand still on the screen, they do not vanish."""

    SOUND = 0
    STAGE = 1
    SMALL = 2
    FULL = 3


#: An estimate that grows by less than this in a second does not rise.
_RISES = 1.03
_LOOKS = 3
#: Shares lost: what FEC and repeats repair, what a small picture still survives, what only sound survives.
_LITTLE, _MUCH, _FAR_TOO_MUCH = 0.05, 0.07, 0.15
#: What arrives while too much is sent is less than what fits: repeats go the same way.
_HIDDEN = 1.25
_WAIT_S, _LONGEST_WAIT_S = 6.0, 60.0
_TRIAL_S = 6.0


class RembEstimates:
    """What a browser estimates that it can receive (REMB): some say it of all their streams in one, others of each by
    itself, and then only all together tell what the downlink carries."""

    def __init__(self) -> None:
        self._bps: dict[frozenset[int], int] = {}

    def update(self, ssrcs: Iterable[int], bitrate_bps: int) -> None:
        """A new estimate, of these streams in sum; what was said of any of them before no longer counts."""
        named = frozenset(ssrcs)
        self._bps = {known: bps for known, bps in self._bps.items() if not known & named}
        self._bps[named] = bitrate_bps

    def sum_kbps(self, flowing: AbstractSet[int]) -> float | None:
        """Of all that flows; None as long as nothing is said of a part of it. What was said of streams that no longer
        flow is left out, as long as any do."""
        counted = {known: bps for known, bps in self._bps.items() if known & flowing or not flowing}
        return sum(counted.values()) / 1000 if counted and flowing <= frozenset().union(*counted) else None


class BandwidthAllocation:
    """`estimate_kbps` is what the browser said last, None before it said anything."""

    def __init__(self) -> None:
        self.level = Level.FULL
        self.estimate_kbps: float | None = None
        self._before_kbps: float | None = None
        self._squeezed = self._losing = 0
        self._calm_since_s: float | None = None
        self._wait_s = _WAIT_S
        self._trial_from: Level | None = None
        self._trial_until_s = 0.0

    def look(self, now_s: float, sent_kbps: float, reported_loss: float | None, cost_kbps: Sequence[float]) -> bool:
        """Once a second: what was sent, the share lost by the reports since (None: there were none), and what each
        level would cost. True if `level` has changed."""
        before = self.level
        self._weigh(sent_kbps, reported_loss)
        loss = reported_loss or 0.0
        if self._calm_since_s is None or self._squeezed > 0 or loss > _LITTLE:
            self._calm_since_s = now_s
        if self._trial_from is not None and now_s >= self._trial_until_s:
            self._trial_from = None
            self._wait_s = max(_WAIT_S, self._wait_s / 2)
        trouble = self._squeezed >= _LOOKS or self._losing >= _LOOKS
        if self._trial_from is not None and (trouble or loss > _FAR_TOO_MUCH):
            self._fall(self._trial_from, now_s)
            self._wait_s = min(_LONGEST_WAIT_S, 2 * self._wait_s)
        elif trouble and self.level > Level.SOUND:
            floor = Level.SMALL if self._losing >= _LOOKS and loss <= _FAR_TOO_MUCH else Level.SOUND
            self._fall(max(self._lower(cost_kbps, _HIDDEN * sent_kbps * (1 - loss)), floor), now_s)
        elif self.level < Level.FULL and now_s - self._calm_since_s >= self._wait_s:
            self._trial_from, self._trial_until_s = self.level, now_s + _TRIAL_S
            self.level = self._higher(cost_kbps)
            self._calm_since_s = now_s
        return self.level is not before

    def _weigh(self, sent_kbps: float, loss: float | None) -> None:
        estimate, before = self.estimate_kbps, self._before_kbps
        rises = estimate is None or before is None or estimate >= before * _RISES
        self._squeezed = 0 if rises or estimate is None or estimate >= 0.95 * sent_kbps else self._squeezed + 1
        self._before_kbps = estimate
        bearable = _MUCH if self.level is Level.FULL else _FAR_TOO_MUCH
        if loss is not None:
            self._losing = self._losing + 1 if loss > bearable else 0

    def _fall(self, level: Level, now_s: float) -> None:
        self.level = min(self.level, level)
        self._trial_from = None
        # An estimate goes on falling for a while after what was too much for it is over.
        self._squeezed, self._losing = -_LOOKS, 0
        self._calm_since_s = now_s

    def _lower(self, cost_kbps: Sequence[float], arrives_kbps: float) -> Level:
        """The first level below that costs less and fits: the estimate, and what arrives."""
        level = self.level
        fits_kbps = [arrives_kbps] if self._losing >= _LOOKS else []
        if self._squeezed >= _LOOKS and self.estimate_kbps is not None:
            fits_kbps.append(self.estimate_kbps)
        while level > Level.SOUND:
            level = Level(level - 1)
            spares = cost_kbps[level] < 0.9 * cost_kbps[self.level]
            if spares and all(cost_kbps[level] <= kbps for kbps in fits_kbps):
                break
        return level

    def _higher(self, cost_kbps: Sequence[float]) -> Level:
        """The next level, and those above it that cost no more."""
        level = Level(self.level + 1)
        while level < Level.FULL and cost_kbps[level + 1] <= 1.1 * cost_kbps[level]:
            level = Level(level + 1)
        return level
