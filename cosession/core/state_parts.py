"""Small changes of a state that several events have in common.

Pure, and total: no rule is asked here whether something may happen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cosession.core import events as ev
from cosession.core.frozen import replace
from cosession.core.state import SessionState
from cosession.core.vocabulary import PhaseStatus, Role

Changes = Mapping[type[ev.Event], Callable[[SessionState, Any, int], SessionState]]
"""What each event does to a state, at a session time."""


def with_seat(state: SessionState, seat: str, **changes: Any) -> SessionState:
    return replace(state, seats={**state.seats, seat: replace(state.seats[seat], **changes)})


def with_phase(state: SessionState, key: str, **changes: Any) -> SessionState:
    return replace(state, phases=tuple(replace(p, **changes) if p.key == key else p for p in state.phases))


def with_turn(state: SessionState, **changes: Any) -> SessionState:
    """The running turn changed; without one the state as it is."""
    return state if state.turn is None else replace(state, turn=replace(state.turn, **changes))


def in_order(state: SessionState, order: tuple[str, ...] | None) -> SessionState:
    """Who still comes in the running round; None leaves it."""
    if order is None or state.step is None:
        return state
    return replace(state, step=replace(state.step, order=order))


def stopped(state: SessionState, at_ms: int) -> SessionState:
    """The phase clock stands still."""
    return replace(state, clock_ms=state.clock(at_ms), clock_from_ms=None)


def running(state: SessionState, at_ms: int) -> SessionState:
    """The clock runs if a phase runs and nothing holds it."""
    if state.holds or state.current is None or state.clock_from_ms is not None:
        return state
    return replace(state, clock_from_ms=at_ms)


def left(state: SessionState, key: str, at_ms: int, status: PhaseStatus) -> SessionState:
    """The running phase is over, for whatever reason."""
    state = with_phase(state, key, status=status, spent_ms=state.clock(at_ms) - state.phase_from_clock_ms)
    return replace(
        stopped(state, at_ms),
        step=None,
        turn=None,
        hands=(),
        recalled=False,
        narrowed=False,
        waived=frozenset(),
        mark=None,
    )


def new_client(state: SessionState, seat: str) -> SessionState:
    """`seat` is client, and who was it is a consultant."""
    before = state.client
    if before is not None:
        state = with_seat(state, before, role=Role.CONSULTANT)
        state = replace(state, former_clients=state.former_clients | {before})
    return with_seat(state, seat, role=Role.CLIENT)
