"""Session time: milliseconds of script time since the session's creation, and how it relates to the machine's clocks.

Within a process an anchor on the monotonic clock is enough. Across processes each stored event carries a `Mark` of the
clocks, and the process row `LastAlive` says how long its writer went on living (decisions 4 and 5).
"""

from __future__ import annotations

from dataclasses import dataclass

from cosession.room.ports import Clock, LastAlive

#: When something was, by three clocks: the process row and the marks of events have the same shape.
Mark = LastAlive


def mark(clock: Clock) -> Mark:
    """This moment."""
    return Mark(clock.boot_id(), clock.boottime_ms(), clock.wall_ms())


def elapsed_ms(earlier: Mark, later: Mark) -> int:
    """Real milliseconds from one mark to another, never negative: by CLOCK_BOOTTIME if the machine was not restarted in
    between, else by the wall clock."""
    same_boot = earlier.boot_id != "" and earlier.boot_id == later.boot_id
    difference = later.boottime_ms - earlier.boottime_ms if same_boot else later.wall_ms - earlier.wall_ms
    return max(0, difference)


@dataclass(frozen=True, slots=True)
class SessionTime:
    """At `monotonic_ms` of this process it was `session_ms`; session time runs `speed` times as fast."""

    session_ms: int
    monotonic_ms: int
    speed: int

    def at(self, monotonic_ms: int) -> int:
        return self.session_ms + (monotonic_ms - self.monotonic_ms) * self.speed

    def moved(self, by_ms: int) -> SessionTime:
        """The same, with `by_ms` of session time that the monotonic clock did not count."""
        return SessionTime(self.session_ms + by_ms, self.monotonic_ms, self.speed)

    def monotonic_at(self, session_ms: int) -> int:
        """The first whole millisecond of the monotonic clock at which it is at least `session_ms`."""
        return self.monotonic_ms - (self.session_ms - session_ms) // self.speed


@dataclass(frozen=True, slots=True)
class Resumption:
    """Session time at which a session goes on after its server was away, and for how long it was, both in session
    milliseconds."""

    session_ms: int
    outage_ms: int


def resume(at_ms: int, stored: Mark, alive: Mark | None, now: Mark, speed: int) -> Resumption:
    """Where a session stands whose last event was stored at session time `at_ms`, clocks at `stored`, by a server
    last known to live at `alive`. An `alive` older than the event says nothing more than the event itself."""
    lived_ms = 0 if alive is None else min(elapsed_ms(stored, alive), elapsed_ms(stored, now))
    last_seen = stored if alive is None or lived_ms == 0 else alive
    outage_ms = elapsed_ms(last_seen, now) * speed
    return Resumption(at_ms + lived_ms * speed + outage_ms, outage_ms)


def planned_ms(at_ms: int, stored: Mark, now: Mark, speed: int) -> int:
    """Session time of a lobby whose last event was stored at `at_ms`. Its planned start is a moment of the time of day:
    until a session has begun its time follows the wall clock, whatever the machine did meanwhile, never back before
    what is stored."""
    return at_ms + max(0, now.wall_ms - stored.wall_ms) * speed
