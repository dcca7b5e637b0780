"""How an event changes the state. No rule lives here: whether something may happen is `decide`'s affair.

`evolve` is total over well-formed streams and has no other input than state, event and the event's session time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cosession.core import events as ev
from cosession.core.floor import settle_microphones
from cosession.core.script import Script
from cosession.core.state import Capture, Hand, PhaseInstance, SeatState, SessionState, StepRun, Turn
from cosession.core.vocabulary import (
    HandKind,
    HoldCause,
    LeadCause,
    Microphone,
    PhaseStatus,
    Presence,
    Reveal,
    Role,
    Status,
    TurnKind,
)


def evolve(state: SessionState | None, event: ev.Event, at_ms: int) -> SessionState:
    """The state after `event`, which happened at session time `at_ms`. Raises ValueError if a stream does not begin
    with
    `SessionCreated` or holds a second one."""
    if isinstance(event, ev.SessionCreated):
        if state is not None:
            raise ValueError("a stream holds one SessionCreated")
        return _created(event)
    if state is None:
        raise ValueError("a stream begins with SessionCreated")
    return settle_microphones(_CHANGES[type(event)](state, event, at_ms))


def _created(event: ev.SessionCreated) -> SessionState:
    script = Script.model_validate(event.script)
    return SessionState(
        title=event.title,
        language=event.language,
        script=script,
        speed=event.speed,
        number=event.number,
        programme=event.programme,
        previous_client=event.previous_client,
        starts_at_ms=event.starts_at_ms,
        phases=tuple(
            PhaseInstance(f"{phase.id}#1", phase.id, phase.planned_ms, phase.minimum_ms) for phase in script.phases
        ),
    )


def _seat(state: SessionState, seat: str, **changes: Any) -> SessionState:
    return replace(state, seats={**state.seats, seat: replace(state.seats[seat], **changes)})


def _phase(state: SessionState, key: str, **changes: Any) -> SessionState:
    return replace(state, phases=tuple(replace(p, **changes) if p.key == key else p for p in state.phases))


# -- people --------------------------------------------------------------------------------------------------------


def _seat_added(state: SessionState, e: ev.SeatAdded, at_ms: int) -> SessionState:
    seat = SeatState(e.seat, e.name, e.role, frozenset(e.jobs))
    lead = e.seat if e.role is Role.FACILITATOR else state.lead
    return replace(state, seats={**state.seats, e.seat: seat}, lead=lead)


def _presence_changed(state: SessionState, e: ev.PresenceChanged, at_ms: int) -> SessionState:
    joined = state.seats[e.seat].joined or e.presence is Presence.HERE
    return _seat(state, e.seat, presence=e.presence, since_ms=at_ms, joined=joined)


def _seat_returned(state: SessionState, e: ev.SeatReturned, at_ms: int) -> SessionState:
    return _seat(state, e.seat, microphone=Microphone.CLOSED)


def _microphone_set(state: SessionState, e: ev.MicrophoneSet, at_ms: int) -> SessionState:
    return _seat(state, e.seat, microphone=e.microphone)


def _lead_changed(state: SessionState, e: ev.LeadChanged, at_ms: int) -> SessionState:
    return replace(state, lead=e.seat, lead_announced=e.cause is not LeadCause.ABSENCE)


def _lead_announced(state: SessionState, e: ev.LeadAnnounced, at_ms: int) -> SessionState:
    return replace(state, lead_announced=True)


# -- time ----------------------------------------------------------------------------------------------------------


def _stopped(state: SessionState, at_ms: int) -> SessionState:
    return replace(state, clock_ms=state.clock(at_ms), clock_from_ms=None)


def _running(state: SessionState, at_ms: int) -> SessionState:
    """The clock runs if a phase runs and nothing holds it."""
    if state.holds or state.current is None or state.clock_from_ms is not None:
        return state
    return replace(state, clock_from_ms=at_ms)


def _hold_started(state: SessionState, e: ev.HoldStarted, at_ms: int) -> SessionState:
    return replace(_stopped(state, at_ms), holds={**state.holds, e.cause: at_ms})


def _hold_ended(state: SessionState, e: ev.HoldEnded, at_ms: int) -> SessionState:
    holds = dict(state.holds)
    since = holds.pop(e.cause)
    booked = {**state.booked, e.cause: state.booked.get(e.cause, 0) + at_ms - since}
    return _running(replace(state, holds=holds, booked=booked), at_ms)


def _outage_credited(state: SessionState, e: ev.OutageCredited, at_ms: int) -> SessionState:
    booked = {**state.booked, HoldCause.OUTAGE: state.booked.get(HoldCause.OUTAGE, 0) + e.outage_ms}
    state = replace(state, booked=booked)
    if state.clock_from_ms is not None:
        return replace(state, clock_ms=state.clock_ms - e.outage_ms)
    return replace(state, holds={cause: since + e.outage_ms for cause, since in state.holds.items()})


def _end_cannot_hold(state: SessionState, e: ev.EndCannotHold, at_ms: int) -> SessionState:
    return replace(state, cannot_hold=True)


def _end_moved(state: SessionState, e: ev.EndMoved, at_ms: int) -> SessionState:
    return replace(state, end_moved_ms=state.end_moved_ms + e.by_ms, cannot_hold=False)


# -- phases and steps ----------------------------------------------------------------------------------------------


def _session_started(state: SessionState, e: ev.SessionStarted, at_ms: int) -> SessionState:
    return replace(state, status=Status.RUNNING, started_at_ms=at_ms)


def _session_closed(state: SessionState, e: ev.SessionClosed, at_ms: int) -> SessionState:
    return replace(
        _stopped(state, at_ms), status=Status.CLOSED, closed_at_ms=at_ms, step=None, turn=None, hands=(), holds={}
    )


def _phase_started(state: SessionState, e: ev.PhaseStarted, at_ms: int) -> SessionState:
    state = _phase(state, e.phase, status=PhaseStatus.NOW)
    state = replace(
        state,
        phase_from_clock_ms=state.clock(at_ms),
        step=None,
        turn=None,
        hands=(),
        follow_ups=0,
        asker=None,
        asked={},
        spoken=frozenset(),
        opened=frozenset(),
    )
    return _running(state, at_ms)


def _left(state: SessionState, key: str, at_ms: int, status: PhaseStatus) -> SessionState:
    """The running phase is over, for whatever reason."""
    state = _phase(state, key, status=status, spent_ms=state.clock(at_ms) - state.phase_from_clock_ms)
    return replace(_stopped(state, at_ms), step=None, turn=None, hands=())


def _phase_ended(state: SessionState, e: ev.PhaseEnded, at_ms: int) -> SessionState:
    return _left(state, e.phase, at_ms, PhaseStatus.DONE)


def _phase_skipped(state: SessionState, e: ev.PhaseSkipped, at_ms: int) -> SessionState:
    instance = state.instance(e.phase)
    if instance is None:
        raise ValueError(f"no phase {e.phase}")
    if instance.status is PhaseStatus.NOW:
        state = _left(state, e.phase, at_ms, PhaseStatus.SKIPPED)
    else:
        state = _phase(state, e.phase, status=PhaseStatus.SKIPPED)
    heir = None if e.minutes_to is None else state.instance(e.minutes_to)
    if heir is not None:
        state = _phase(state, heir.key, planned_ms=heir.planned_ms + instance.planned_ms)
        state = _phase(state, e.phase, planned_ms=0)
    return replace(state, cannot_hold=False)


def _phase_extended(state: SessionState, e: ev.PhaseExtended, at_ms: int) -> SessionState:
    instance = state.instance(e.phase)
    return state if instance is None else _phase(state, e.phase, extra_ms=instance.extra_ms + e.by_ms)


def _step_started(state: SessionState, e: ev.StepStarted, at_ms: int) -> SessionState:
    step = StepRun(e.step, e.budget_ms, state.clock(at_ms), order=e.order)
    return replace(state, step=step, turn=None, hands=(), follow_ups=0)


def _step_dropped(state: SessionState, e: ev.StepDropped, at_ms: int) -> SessionState:
    return replace(state, dropped=state.dropped | {(e.phase, e.step)})


# -- the floor -----------------------------------------------------------------------------------------------------


def _turn_started(state: SessionState, e: ev.TurnStarted, at_ms: int) -> SessionState:
    turn = Turn(e.turn, e.seat, e.kind, e.budget_ms, state.clock(at_ms))
    state = replace(state, turn=turn, turns=e.turn, spoken=state.spoken | {e.seat})
    if state.step is not None and e.kind is TurnKind.SPEAK:
        order = tuple(seat for seat in state.step.order if seat != e.seat)
        rests = {seat: rest for seat, rest in state.step.rests.items() if seat != e.seat}
        state = replace(state, step=replace(state.step, order=order, rests=rests))
    if e.kind is TurnKind.ASK:
        hand = next((hand for hand in state.hands if hand.seat == e.seat), None)
        follows = hand is not None and hand.kind is HandKind.FOLLOW_UP
        state = replace(
            state,
            hands=tuple(hand for hand in state.hands if hand.seat != e.seat),
            asker=e.seat,
            asked={**state.asked, e.seat: state.asked.get(e.seat, 0) + 1},
            follow_ups=state.follow_ups + 1 if follows else 0,
        )
    return state


def _turn_ended(state: SessionState, e: ev.TurnEnded, at_ms: int) -> SessionState:
    turn, step = state.turn, state.step
    state = replace(state, turn=None)
    if turn is None or step is None or turn.kind is not TurnKind.SPEAK:
        return state
    match e.how:
        case "interrupted":
            step = replace(step, order=(turn.seat, *step.order), rests={**step.rests, turn.seat: e.rest_ms})
        case "absent":
            step = replace(step, order=(*step.order, turn.seat), rests={**step.rests, turn.seat: e.rest_ms})
        case _:
            passed = (*step.passed, turn.seat) if e.how == "passed" else step.passed
            step = replace(step, spoken=(*step.spoken, turn.seat), passed=passed)
    return replace(state, step=step)


def _turn_passed(state: SessionState, e: ev.TurnPassed, at_ms: int) -> SessionState:
    if state.step is None:
        return state
    order = tuple(seat for seat in state.step.order if seat != e.seat)
    step = replace(state.step, order=order, passed=(*state.step.passed, e.seat), spoken=(*state.step.spoken, e.seat))
    return replace(state, step=step)


def _turn_extended(state: SessionState, e: ev.TurnExtended, at_ms: int) -> SessionState:
    if state.turn is None:
        return state
    return replace(state, turn=replace(state.turn, budget_ms=state.turn.budget_ms + e.by_ms))


def _hand_raised(state: SessionState, e: ev.HandRaised, at_ms: int) -> SessionState:
    return replace(state, hands=(*state.hands, Hand(e.seat, e.kind)))


def _hand_lowered(state: SessionState, e: ev.HandLowered, at_ms: int) -> SessionState:
    return replace(state, hands=tuple(hand for hand in state.hands if hand.seat != e.seat))


def _writing_done(state: SessionState, e: ev.WritingDone, at_ms: int) -> SessionState:
    return state if state.step is None else replace(state, step=replace(state.step, done=state.step.done | {e.seat}))


# -- what is written -----------------------------------------------------------------------------------------------


def _capture_submitted(state: SessionState, e: ev.CaptureSubmitted, at_ms: int) -> SessionState:
    spec = state.spec(e.capture)
    at_once = spec is not None and spec.reveal is Reveal.CLIENT_STEP and e.capture in state.opened
    if state.step is not None:
        state = replace(state, step=replace(state.step, written=state.step.written | {e.entry}))
    capture = Capture(e.entry, e.capture, e.phase, e.seat, e.version, dict(e.fields), revealed=at_once)
    if e.entry <= state.entries:
        was = next((c for c in state.captures if c.entry == e.entry), None)
        capture = replace(capture, revealed=at_once or (was is not None and was.revealed))
        return replace(state, captures=tuple(capture if c.entry == e.entry else c for c in state.captures))
    return replace(state, captures=(*state.captures, capture), entries=e.entry)


def _capture_revealed(state: SessionState, e: ev.CaptureRevealed, at_ms: int) -> SessionState:
    captures = tuple(replace(c, revealed=True) if c.capture == e.capture else c for c in state.captures)
    return replace(state, captures=captures, opened=state.opened | {e.capture})


_CHANGES: dict[type[ev.Event], Callable[[SessionState, Any, int], SessionState]] = {
    ev.SeatAdded: _seat_added,
    ev.PresenceChanged: _presence_changed,
    ev.SeatReturned: _seat_returned,
    ev.MicrophoneSet: _microphone_set,
    ev.SessionStarted: _session_started,
    ev.PhaseStarted: _phase_started,
    ev.PhaseEnded: _phase_ended,
    ev.PhaseSkipped: _phase_skipped,
    ev.PhaseExtended: _phase_extended,
    ev.StepStarted: _step_started,
    ev.StepDropped: _step_dropped,
    ev.TurnStarted: _turn_started,
    ev.TurnEnded: _turn_ended,
    ev.TurnPassed: _turn_passed,
    ev.TurnExtended: _turn_extended,
    ev.HandRaised: _hand_raised,
    ev.HandLowered: _hand_lowered,
    ev.WritingDone: _writing_done,
    ev.CaptureSubmitted: _capture_submitted,
    ev.CaptureRevealed: _capture_revealed,
    ev.HoldStarted: _hold_started,
    ev.HoldEnded: _hold_ended,
    ev.OutageCredited: _outage_credited,
    ev.LeadChanged: _lead_changed,
    ev.LeadAnnounced: _lead_announced,
    ev.EndCannotHold: _end_cannot_hold,
    ev.EndMoved: _end_moved,
    ev.SessionClosed: _session_closed,
}
