"""How events change the course of a session: its status, phases, steps, holds and end.

One function for each event; the table at the end is part of `evolve`'s.
"""

from __future__ import annotations

from cosession.core import events as ev
from cosession.core.frozen import replace
from cosession.core.state import EndProposal, PhaseMark, SessionState, StepRun
from cosession.core.state_parts import Changes, left, new_client, running, stopped, with_phase
from cosession.core.vocabulary import HoldCause, PhaseStatus, Status


def _hold_started(state: SessionState, e: ev.HoldStarted, at_ms: int) -> SessionState:
    wanted = frozenset() if e.cause in (HoldCause.PAUSE, HoldCause.CARE) else state.pause_wanted
    return replace(stopped(state, at_ms), holds={**state.holds, e.cause: at_ms}, pause_wanted=wanted)


def _hold_ended(state: SessionState, e: ev.HoldEnded, at_ms: int) -> SessionState:
    holds = dict(state.holds)
    since = holds.pop(e.cause)
    booked = {**state.booked, e.cause: state.booked.get(e.cause, 0) + at_ms - since}
    return running(replace(state, holds=holds, booked=booked), at_ms)


def _outage_credited(state: SessionState, e: ev.OutageCredited, at_ms: int) -> SessionState:
    """A suspension goes on while the server is away: the end moves by all of it when the session is resumed. Who was
    finishing a text has as much time left as before."""
    left_open = {place: replace(late, until_ms=late.until_ms + e.outage_ms) for place, late in state.left_open.items()}
    state = replace(state, left_open=left_open)
    if HoldCause.SUSPENDED in state.holds:
        return state
    booked = {**state.booked, HoldCause.OUTAGE: state.booked.get(HoldCause.OUTAGE, 0) + e.outage_ms}
    state = replace(state, booked=booked)
    if state.clock_from_ms is not None:
        return replace(state, clock_ms=state.clock_ms - e.outage_ms)
    return replace(state, holds={cause: since + e.outage_ms for cause, since in state.holds.items()})


def _end_cannot_hold(state: SessionState, e: ev.EndCannotHold, at_ms: int) -> SessionState:
    return replace(state, cannot_hold=True)


def _end_holds(state: SessionState, e: ev.EndHolds, at_ms: int) -> SessionState:
    return replace(state, cannot_hold=False)


def _end_moved(state: SessionState, e: ev.EndMoved, at_ms: int) -> SessionState:
    return replace(state, end_moved_ms=state.end_moved_ms + e.by_ms, proposal=None, refused_end=False)


def _end_proposed(state: SessionState, e: ev.EndProposed, at_ms: int) -> SessionState:
    return replace(state, proposal=EndProposal(e.by_ms, at_ms), refused_end=False)


def _end_refused(state: SessionState, e: ev.EndRefused, at_ms: int) -> SessionState:
    return replace(state, proposal=None, refused_end=True)


def _hold_waived(state: SessionState, e: ev.HoldWaived, at_ms: int) -> SessionState:
    return replace(state, waived=state.waived | {e.cause})


def _topic_narrowed(state: SessionState, e: ev.TopicNarrowed, at_ms: int) -> SessionState:
    return replace(state, narrowed=True)


def _session_started(state: SessionState, e: ev.SessionStarted, at_ms: int) -> SessionState:
    return replace(state, status=Status.RUNNING, started_at_ms=at_ms)


def _session_closed(state: SessionState, e: ev.SessionClosed, at_ms: int) -> SessionState:
    return replace(
        stopped(state, at_ms),
        status=Status.CLOSED,
        closed_at_ms=at_ms,
        step=None,
        turn=None,
        hands=(),
        holds={},
        proposal=None,
        stopped=e.stopped,
    )


def _phase_started(state: SessionState, e: ev.PhaseStarted, at_ms: int) -> SessionState:
    instance = state.instance(e.phase)
    if instance is None:
        raise ValueError(f"no phase {e.phase}")
    state = with_phase(state, e.phase, status=PhaseStatus.NOW)
    if instance.client is not None and instance.client != state.client:
        state = new_client(state, instance.client)
    state = replace(
        state,
        phase_from_clock_ms=state.clock(at_ms) - instance.spent_ms,
        step=None,
        turn=None,
        hands=(),
        follow_ups=0,
        asker=None,
        asked={},
        spoken=frozenset(),
        opened=frozenset(),
    )
    return running(state, at_ms)


def _phase_ended(state: SessionState, e: ev.PhaseEnded, at_ms: int) -> SessionState:
    """The mark of « next » is kept; every other way to leave a phase forgets it."""
    mark = state.mark if state.mark is not None and state.mark.phase == e.phase else None
    return replace(left(state, e.phase, at_ms, PhaseStatus.DONE), mark=mark)


def _next_said(state: SessionState, e: ev.NextSaid, at_ms: int) -> SessionState:
    mark = PhaseMark(
        at_ms=at_ms,
        phase=e.phase,
        phases=state.phases,
        roles={seat.id: seat.role for seat in state.seats.values()},
        phase_from_clock_ms=state.phase_from_clock_ms,
        step=state.step,
        turn=state.turn,
        hands=state.hands,
        follow_ups=state.follow_ups,
        asker=state.asker,
        asked=state.asked,
        spoken=state.spoken,
        dropped=state.dropped,
        opened=state.opened,
        revealed=frozenset(capture.entry for capture in state.captures if capture.revealed),
    )
    return replace(state, mark=mark)


def _phase_undone(state: SessionState, e: ev.PhaseUndone, at_ms: int) -> SessionState:
    """As if « next » had not been said: the clock has gone on meanwhile, what was written since is kept."""
    mark = state.mark
    if mark is None:
        return state
    seats = {seat.id: replace(seat, role=mark.roles.get(seat.id, seat.role)) for seat in state.seats.values()}
    captures = tuple(replace(c, revealed=c.revealed and c.entry in mark.revealed) for c in state.captures)
    left_open = {place: late for place, late in state.left_open.items() if late.phase != mark.phase}
    return replace(
        state,
        seats=seats,
        captures=captures,
        left_open=left_open,
        phases=mark.phases,
        phase_from_clock_ms=mark.phase_from_clock_ms,
        step=mark.step,
        turn=mark.turn,
        hands=mark.hands,
        follow_ups=mark.follow_ups,
        asker=mark.asker,
        asked=mark.asked,
        spoken=mark.spoken,
        dropped=mark.dropped,
        opened=mark.opened,
        mark=None,
    )


def _phase_postponed(state: SessionState, e: ev.PhasePostponed, at_ms: int) -> SessionState:
    """The running phase comes after the next one that is still to come, with the time it has left."""
    state = with_phase(left(state, e.phase, at_ms, PhaseStatus.COMING), e.phase, postponed=True)
    place = next(index for index, phase in enumerate(state.phases) if phase.key == e.phase)
    phase, rest = state.phases[place], [*state.phases[:place], *state.phases[place + 1 :]]
    following = next((i for i in range(place, len(rest)) if rest[i].status is PhaseStatus.COMING), len(rest) - 1)
    rest.insert(following + 1, phase)
    return replace(state, phases=tuple(rest))


def _phase_skipped(state: SessionState, e: ev.PhaseSkipped, at_ms: int) -> SessionState:
    instance = state.instance(e.phase)
    if instance is None:
        raise ValueError(f"no phase {e.phase}")
    if instance.status is PhaseStatus.NOW:
        state = left(state, e.phase, at_ms, PhaseStatus.SKIPPED)
    else:
        state = with_phase(state, e.phase, status=PhaseStatus.SKIPPED)
    heir = None if e.minutes_to is None else state.instance(e.minutes_to)
    if heir is not None:
        state = with_phase(state, heir.key, planned_ms=heir.planned_ms + instance.planned_ms)
        state = with_phase(state, e.phase, planned_ms=0)
    return state


def _phase_extended(state: SessionState, e: ev.PhaseExtended, at_ms: int) -> SessionState:
    instance = state.instance(e.phase)
    return state if instance is None else with_phase(state, e.phase, extra_ms=instance.extra_ms + e.by_ms)


def _step_started(state: SessionState, e: ev.StepStarted, at_ms: int) -> SessionState:
    step = StepRun(e.step, e.budget_ms, state.clock(at_ms), order=e.order, rests=dict(e.rests), turn_ms=e.turn_ms)
    return replace(state, step=step, turn=None, hands=(), follow_ups=0)


def _step_dropped(state: SessionState, e: ev.StepDropped, at_ms: int) -> SessionState:
    return replace(state, dropped=state.dropped | {(e.phase, e.step)})


CHANGES: Changes = {
    ev.SessionStarted: _session_started,
    ev.SessionClosed: _session_closed,
    ev.PhaseStarted: _phase_started,
    ev.PhaseEnded: _phase_ended,
    ev.PhaseSkipped: _phase_skipped,
    ev.PhaseExtended: _phase_extended,
    ev.NextSaid: _next_said,
    ev.PhaseUndone: _phase_undone,
    ev.PhasePostponed: _phase_postponed,
    ev.StepStarted: _step_started,
    ev.StepDropped: _step_dropped,
    ev.HoldStarted: _hold_started,
    ev.HoldEnded: _hold_ended,
    ev.HoldWaived: _hold_waived,
    ev.OutageCredited: _outage_credited,
    ev.EndCannotHold: _end_cannot_hold,
    ev.EndHolds: _end_holds,
    ev.EndMoved: _end_moved,
    ev.EndProposed: _end_proposed,
    ev.EndRefused: _end_refused,
    ev.TopicNarrowed: _topic_narrowed,
}
