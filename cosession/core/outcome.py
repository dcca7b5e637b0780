"""What the rules make of an event at its moment, to be recorded with it.

`Course.emit` asks here before an event changes the state: who still comes in the round, which texts are revealed or go
with a client who withdraws, whether a new lead keeps the frame only; afterwards whose microphone the floor moves.
`evolve` applies what it finds. A rule that changes here changes what will happen, never what has happened.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cosession.core import events as ev
from cosession.core.floor import at_the_end
from cosession.core.floor_changes import of_the_round
from cosession.core.losses import losses
from cosession.core.state import SessionState
from cosession.core.vocabulary import LeadCause, Reveal, Status, TurnKind

Facts = dict[str, Any]
"""Fields of an event, by name."""


def outcome(state: SessionState, event: ev.Event, at_ms: int) -> ev.Event:
    """`event` with what the rules make of it in this state, at session time `at_ms`."""
    rule = _RULES.get(type(event))
    facts = None if rule is None else rule(state, event, at_ms)
    return event.model_copy(update=facts) if facts else event


def _turn_started(state: SessionState, e: ev.TurnStarted, at_ms: int) -> Facts:
    """Who was away when the turn came is let in at the end of the round (method.md, "Rotation")."""
    run = state.step
    if run is None or e.seat not in run.order or e.kind not in (TurnKind.SPEAK, TurnKind.ASK):
        return {}
    place = run.order.index(e.seat)
    missed = tuple(seat for seat in run.order[:place] if not state.seats[seat].audible)
    waiting = tuple(seat for seat in run.order[:place] if seat not in missed)
    return {"order": at_the_end(state, (*waiting, *run.order[place + 1 :]), missed)}


def _turn_ended(state: SessionState, e: ev.TurnEnded, at_ms: int) -> Facts:
    """Who is interrupted goes on next; who dropped comes at the end of the round."""
    turn, run = state.turn, state.step
    if turn is None or run is None or not of_the_round(state, turn):
        return {}
    if e.how == "interrupted":
        return {"order": (turn.seat, *run.order)}
    return {"order": at_the_end(state, run.order, (turn.seat,))} if e.how == "absent" else {}


def _leaving_said(state: SessionState, e: ev.LeavingSaid, at_ms: int) -> Facts:
    """In a round that it would not see the end of, the seat comes next."""
    run = state.step
    if run is None or e.seat not in run.order or e.at_ms is None or e.at_ms >= at_ms + run.budget_ms:
        return {}
    return {"order": (e.seat, *(seat for seat in run.order if seat != e.seat))}


def _lead_changed(state: SessionState, e: ev.LeadChanged, at_ms: int) -> Facts:
    """A deputy who is not qualified and leads because of an absence keeps the frame (method.md, "When somebody
    drops")."""
    unqualified = e.seat != state.facilitator and not state.seats[e.seat].qualified
    return {"frame_only": e.cause in (LeadCause.ABSENCE, LeadCause.RETURN) and unqualified}


def _phase_ended(state: SessionState, e: ev.PhaseEnded, at_ms: int) -> Facts:
    """What a protected phase lost is said, whoever or whatever ended it."""
    return {"losses": losses(state, at_ms)} if state.instance(e.phase) is state.current else {}


def _client_changed(state: SessionState, e: ev.ClientChanged, at_ms: int) -> Facts:
    """What belongs to the client of so far goes with them, out of everybody's sight but its author's."""
    specs = {c.entry: state.spec(c.capture) for c in state.captures if c.client == state.client}
    return {"withdrawn": tuple(entry for entry, spec in specs.items() if spec is not None and spec.of_client)}


def _capture_submitted(state: SessionState, e: ev.CaptureSubmitted, at_ms: int) -> Facts:
    """A text that the client writes after having read it out is seen at once, and so is one that was left open while
    its kind was revealed. What is written after the close is its author's alone, though the group heard an earlier
    version. What belongs to a client who withdrew meanwhile goes with them."""
    spec, late = state.spec(e.capture), state.left_open.get((e.seat, e.capture))
    shown = late is not None and late.phase == e.phase and late.shown
    over = state.status is Status.CLOSED and not shown
    read_out = spec is not None and spec.reveal is Reveal.CLIENT_STEP and e.capture in state.opened
    was = next((c for c in state.captures if c.entry == e.entry), None)
    if was is not None:
        revealed = not over and (read_out or shown or was.revealed)
        return {"client": was.client, "withdrawn": was.withdrawn, "revealed": revealed}
    instance = None if e.phase is None else state.instance(e.phase)
    client = state.written_for(e.seat, e.capture, e.phase)
    rotates = instance is not None and instance.client is not None
    gone = (instance is not None and instance.before is not None) or (client != state.client and not rotates)
    return {
        "client": client,
        "withdrawn": gone and spec is not None and spec.of_client,
        "revealed": not over and (read_out or shown),
    }


def _capture_revealed(state: SessionState, e: ev.CaptureRevealed, at_ms: int) -> Facts:
    """What was written in the running phase: what belongs to another client's is not touched."""
    key = None if state.current is None else state.current.key
    return {"entries": tuple(c.entry for c in state.captures if c.capture == e.capture and c.phase == key)}


_RULES: Mapping[type[ev.Event], Callable[[SessionState, Any, int], Facts]] = {
    ev.PhaseEnded: _phase_ended,
    ev.TurnStarted: _turn_started,
    ev.TurnEnded: _turn_ended,
    ev.LeavingSaid: _leaving_said,
    ev.LeadChanged: _lead_changed,
    ev.ClientChanged: _client_changed,
    ev.CaptureSubmitted: _capture_submitted,
    ev.CaptureRevealed: _capture_revealed,
}
