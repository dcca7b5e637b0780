"""What only the lead sees: where the time goes, who has not spoken, and what a gesture would do before it is made.

Pure. Balance, not ranking: numbers stay with their seats, in a fixed order (design, principle 10).
"""

from __future__ import annotations

from collections.abc import Iterator

from cosession.core import commands as cmd
from cosession.core import schedule as sch
from cosession.core.decide import accepted, decide
from cosession.core.evolve import evolve
from cosession.core.refusal import Refused
from cosession.core.room_view import Change, Console, Preview
from cosession.core.state import SessionState
from cosession.core.view import turn_view
from cosession.core.vocabulary import FloorMode, HoldCause, PhaseStatus, Visibility


def console(state: SessionState, now_ms: int) -> Console:
    """What only the lead sees."""
    share = sch.shares(state, now_ms)
    late_start = max((state.started_at_ms or 0) - state.starts_at_ms, 0) if state.started_at_ms is not None else 0
    step = state.current_step
    shared = step is not None and step.floor in (FloorMode.ROUND, FloorMode.QUEUE)
    expected = state.seats_of(step.who) if step is not None and shared else ()
    passes = turn_view(state, now_ms)
    return Console(
        previews=list(_previews(state, now_ms)),
        grantable=_grantable(state, now_ms),
        not_spoken=[seat for seat in expected if seat not in state.spoken],
        drift_ms=sch.drift_ms(state, now_ms),
        elastic_ms=share.elastic_ms,
        lateness_ms=late_start,
        paused_ms=sch.held_ms(state, HoldCause.PAUSE, now_ms),
        held_ms=sch.held_ms(state, HoldCause.CLIENT_ABSENT, now_ms) + sch.held_ms(state, HoldCause.LEAD_ABSENT, now_ms),
        outage_ms=sch.held_ms(state, HoldCause.OUTAGE, now_ms),
        counts=_counts(state),
        questions=dict(state.asked),
        passes=None if passes is None else passes.passes_in,
    )


def _grantable(state: SessionState, now_ms: int) -> list[str]:
    """Seats to which the lead could give the floor now."""
    if state.lead is None:
        return []
    asked = [cmd.GrantFloor(seat=seat) for seat in state.seats]
    return [command.seat for command in accepted(state, asked, now_ms, by=state.lead)]


def _counts(state: SessionState) -> dict[str, int]:
    phase = state.current_phase
    specs = [] if phase is None else [spec for spec in phase.captures if spec.visible is Visibility.LEAD_COUNT]
    return {spec.id: len({c.seat for c in state.captures if c.capture == spec.id}) for spec in specs}


def _previews(state: SessionState, now_ms: int) -> Iterator[Preview]:
    """What a gesture would do, found out by doing it on a copy."""
    instance = state.current
    if instance is None or state.lead is None:
        return
    gestures: list[tuple[cmd.SeatCommand, str | None]] = [
        (cmd.ExtendPhase(phase=instance.key), instance.key),
        (cmd.NextPhase(phase=instance.key), instance.key),
        (cmd.SkipPhase(phase=instance.key), instance.key),
        (cmd.MoveEnd(), None),
    ]
    coming_up = next((p for p in state.phases if p.status is PhaseStatus.COMING), None)
    if coming_up is not None:
        gestures.append((cmd.SkipPhase(phase=coming_up.key), coming_up.key))
    before = sch.shares(state, now_ms).allotted_ms
    for command, phase in gestures:
        try:
            events = decide(state, command, now_ms, by=state.lead)
        except Refused:
            continue
        after = state
        for event in events:
            after = evolve(after, event, now_ms)
        share = sch.shares(after, now_ms)
        yield Preview(
            gesture=command.type,
            phase=phase,
            changes=[
                Change(phase=key, from_ms=before[key], to_ms=share.allotted_ms[key])
                for key in before
                if share.allotted_ms[key] != before[key] and (key != phase or command.type == "extend_phase")
            ],
            ends_at_ms=after.ends_at_ms,
            late_ms=share.late_ms,
        )
