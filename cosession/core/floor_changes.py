"""How events change the floor: turns, their clocks, hands.

One function for each event; the table at the end is part of `evolve`'s.
"""

from __future__ import annotations

from cosession.core import events as ev
from cosession.core.frozen import replace
from cosession.core.state import Hand, SessionState, Turn
from cosession.core.state_parts import Changes, in_order, with_turn
from cosession.core.vocabulary import FloorMode, HandKind, TurnKind


def _turn_started(state: SessionState, e: ev.TurnStarted, at_ms: int) -> SessionState:
    turn = Turn(e.turn, e.seat, e.kind, e.budget_ms, state.clock(at_ms))
    state = replace(state, turn=turn, turns=e.turn, spoken=state.spoken | {e.seat}, recalled=False)
    run = state.step
    if run is not None and e.order is not None:
        rests = {seat: rest for seat, rest in run.rests.items() if seat != e.seat}
        state = replace(state, step=replace(run, order=e.order, rests=rests))
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
    turn, run = state.turn, state.step
    state = replace(state, turn=None)
    if turn is None or run is None or not of_the_round(state, turn):
        return state
    rests = {**run.rests, turn.seat: e.rest_ms}
    if e.how in ("interrupted", "absent"):
        return in_order(replace(state, step=replace(run, rests=rests)), e.order)
    passed = (*run.passed, turn.seat) if e.how == "passed" else run.passed
    return replace(state, step=replace(run, spoken=(*run.spoken, turn.seat), passed=passed))


def of_the_round(state: SessionState, turn: Turn) -> bool:
    """Whether the turn was the seat's own in this step, not an answer or a word that the lead gave."""
    step = state.current_step
    asks_in_turn = turn.kind is TurnKind.ASK and step is not None and step.floor is FloorMode.ROUND
    return turn.kind is TurnKind.SPEAK or asks_in_turn


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


def _lead_spoke(state: SessionState, e: ev.LeadSpoke, at_ms: int) -> SessionState:
    """The turn's own clock stands still while the lead speaks; the phase's goes on."""
    turn = state.turn
    if turn is None:
        return state
    if e.speaking:
        return with_turn(state, stopped_at_ms=state.clock(at_ms)) if turn.stopped_at_ms is None else state
    if turn.stopped_at_ms is None:
        return state
    from_clock_ms = turn.from_clock_ms + state.clock(at_ms) - turn.stopped_at_ms
    return with_turn(state, from_clock_ms=from_clock_ms, stopped_at_ms=None)


def _silence_kept(state: SessionState, e: ev.SilenceKept, at_ms: int) -> SessionState:
    return with_turn(state, silence=e.on)


def _turn_thanked(state: SessionState, e: ev.TurnThanked, at_ms: int) -> SessionState:
    """The turn's time is over now: the grace that follows is for the sentence."""
    turn = state.turn
    if turn is None:
        return state
    used_ms = (state.clock(at_ms) if turn.stopped_at_ms is None else turn.stopped_at_ms) - turn.from_clock_ms
    return with_turn(state, thanked=True, silence=False, budget_ms=min(turn.budget_ms, used_ms))


def _turn_typed(state: SessionState, e: ev.TurnTyped, at_ms: int) -> SessionState:
    return with_turn(state, text=e.text)


def _request_recalled(state: SessionState, e: ev.RequestRecalled, at_ms: int) -> SessionState:
    return replace(state, recalled=True)


def _recall_said(state: SessionState, e: ev.RecallSaid, at_ms: int) -> SessionState:
    return replace(state, recalled=False)


CHANGES: Changes = {
    ev.TurnStarted: _turn_started,
    ev.TurnEnded: _turn_ended,
    ev.TurnPassed: _turn_passed,
    ev.TurnExtended: _turn_extended,
    ev.HandRaised: _hand_raised,
    ev.HandLowered: _hand_lowered,
    ev.LeadSpoke: _lead_spoke,
    ev.SilenceKept: _silence_kept,
    ev.TurnThanked: _turn_thanked,
    ev.TurnTyped: _turn_typed,
    ev.RequestRecalled: _request_recalled,
    ev.RecallSaid: _recall_said,
}
