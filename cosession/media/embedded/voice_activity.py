"""Who speaks, and who of those that share the floor is passed on, from the levels in the packets themselves (decision
22): never from what a browser says about itself.

Pure: levels in, seats out, the clock is a number. Sources: RFC 6464 (levels); decision 6 (at most three by level).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cosession.core.stage import VOICES_AT_ONCE

#: Below this loudness (0 to 127, from -dBov) it is breath, a fan, comfort noise.
SOUND = 64
#: DTX sends a packet every 400 ms in silence; a stream that is quiet for longer says nothing.
STALE_S = 0.5
#: A voice pauses between words and sentences: for so long its place is not free for the next.
_PAUSE_S = 0.8
#: Against somebody who is speaking a newcomer has to be so much louder, for so long.
_LOUDER_BY, _LOUDER_FOR_S = 9, 0.4


class VoiceActivity:
    """Who of one room speaks, and when the last one has fallen silent."""

    def __init__(self) -> None:
        self._speaking = False

    def levels(self, loudness: Mapping[str, float]) -> dict[str, int] | None:
        """Loudness by seat of those with sound, an empty one once when the last falls silent, else None."""
        found = {seat: round(level) for seat, level in loudness.items() if level >= SOUND}
        said = found if found or self._speaking else None
        self._speaking = bool(found)
        return said


class ActiveSpeakers:
    """The seats that have a place among the voices of an open floor.

    A place is taken by making sound and kept until somebody needs it: silence gives nothing up, so a voice that was
    heard a moment ago is heard from its first syllable. While all who have one speak, a newcomer must be clearly louder
    than the softest, and stay so: voices of one strength do not flap.
    """

    def __init__(self) -> None:
        self.seats: frozenset[str] = frozenset()
        self._sounded_s: dict[str, float] = {}
        self._pressing_s: dict[str, float] = {}

    def update(self, contending: Collection[str], loudness: Mapping[str, float], now_s: float) -> bool:
        """Look again, every 20 ms or so; True if `seats` has changed. `loudness` has those whose packets are fresh."""
        before = self.seats
        kept = {seat for seat in before if seat in contending}
        speaking = {seat: loudness[seat] for seat in contending if loudness.get(seat, 0) >= SOUND}
        self._sounded_s = {seat: self._sounded_s[seat] for seat in kept if seat in self._sounded_s}
        self._sounded_s.update((seat, now_s) for seat in kept if seat in speaking)
        newcomers = sorted((seat for seat in speaking if seat not in kept), key=lambda seat: (-speaking[seat], seat))
        pressing: dict[str, float] = {}
        for seat in newcomers:
            if len(kept) < VOICES_AT_ONCE or self._gives_way(kept, now_s):
                kept.add(seat)
                self._sounded_s[seat] = now_s
                continue
            softest = min(kept, key=lambda one: (speaking.get(one, 0.0), one))
            if speaking[seat] - speaking.get(softest, 0.0) < _LOUDER_BY:
                continue
            pressing[seat] = self._pressing_s.get(seat, now_s)
            if now_s - pressing[seat] >= _LOUDER_FOR_S:
                del pressing[seat]
                kept.remove(softest)
                kept.add(seat)
                self._sounded_s[seat] = now_s
        self._pressing_s = pressing
        self.seats = frozenset(kept)
        return self.seats != before

    def _gives_way(self, kept: set[str], now_s: float) -> bool:
        """Free the place of whoever has been silent longest, if anybody has been for long enough."""
        quietest = min(kept, key=lambda seat: (self._sounded_s.get(seat, float("-inf")), seat))
        if now_s - self._sounded_s.get(quietest, float("-inf")) < _PAUSE_S:
            return False
        kept.remove(quietest)
        return True
