"""What a rehearsal can be timed by: its moments, and what a room works out at each. The timing itself is elsewhere,
for no clock lives here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cosession.core import commands as cmd
from cosession.core.console import console
from cosession.core.decide import decide
from cosession.core.evolve import evolve
from cosession.core.frozen import forget
from cosession.core.refusal import Refused
from cosession.core.script import Script
from cosession.core.state import SessionState
from cosession.core.view import common, own
from cosession.rehearse.hall import Hall
from cosession.rehearse.play import Chances, played


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A session that was played, ready to be worked out again: each of `decisions` and `rooms` is one piece of work."""

    events: int
    seats: int
    decisions: tuple[Callable[[], None], ...]
    """Everything that was asked, by seats and by time, accepted or not."""
    rooms: tuple[Callable[[], None], ...]
    """All views of a room after each event: the common part, everybody's own, the lead's console."""


def rehearsed(script: Script, members: int, chances: Chances) -> Rehearsed:
    """Play, and keep what can be timed. Raises as `play` does."""
    hall = played(script, members, chances)
    return Rehearsed(
        events=len(hall.events),
        seats=len(hall.state.seats),
        decisions=tuple(_decision(*asked) for asked in hall.asked),
        rooms=tuple(_room(state, at_ms) for state, at_ms in _states(hall)),
    )


def _states(hall: Hall) -> Iterator[tuple[SessionState, int]]:
    """The states of a session, made anew, so that they keep nothing yet."""
    state: SessionState | None = None
    for at_ms, event in hall.events:
        state = evolve(state, event, at_ms)
        if state.current is not None:
            yield state, at_ms


def _decision(state: SessionState, command: cmd.Command, now_ms: int, by: str | None) -> Callable[[], None]:
    def work() -> None:
        forget(state)
        try:
            decide(state, command, now_ms, by)
        except Refused:
            return

    return work


def _room(state: SessionState, now_ms: int) -> Callable[[], None]:
    def work() -> None:
        forget(state)
        common(state, "rehearsal", now_ms)
        for seat in state.seats:
            own(state, seat, now_ms, {})
        console(state, now_ms)

    return work
