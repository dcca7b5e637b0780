"""How events change what is written: captures, their reveal, the charter.

One function for each event; the table at the end is part of `evolve`'s.
"""

from __future__ import annotations

from cosession.core import events as ev
from cosession.core.frozen import replace
from cosession.core.state import Capture, CharterVote, LeftOpen, SessionState
from cosession.core.state_parts import Changes


def _writing_done(state: SessionState, e: ev.WritingDone, at_ms: int) -> SessionState:
    return state if state.step is None else replace(state, step=replace(state.step, done=state.step.done | {e.seat}))


def _capture_submitted(state: SessionState, e: ev.CaptureSubmitted, at_ms: int) -> SessionState:
    late = state.left_open.get((e.seat, e.capture))
    if late is not None and late.phase == e.phase:
        state = _closed(state, e.seat, e.capture)
    elif state.step is not None:
        state = replace(state, step=replace(state.step, written=state.step.written | {e.entry}))
    capture = Capture(
        e.entry,
        e.capture,
        e.phase,
        e.seat,
        e.version,
        dict(e.fields),
        revealed=e.revealed,
        client=e.client,
        withdrawn=e.withdrawn,
        apart=e.key is not None,
    )
    if not any(c.entry == e.entry for c in state.captures):
        return replace(state, captures=(*state.captures, capture), entries=max(e.entry, state.entries))
    return replace(state, captures=tuple(capture if c.entry == e.entry else c for c in state.captures))


def _capture_revealed(state: SessionState, e: ev.CaptureRevealed, at_ms: int) -> SessionState:
    captures = tuple(replace(c, revealed=True) if c.entry in e.entries else c for c in state.captures)
    key = None if state.current is None else state.current.key
    left_open = {
        place: replace(late, shown=True) if (place[1], late.phase) == (e.capture, key) else late
        for place, late in state.left_open.items()
    }
    return replace(state, captures=captures, opened=state.opened | {e.capture}, left_open=left_open)


def _text_left_open(state: SessionState, e: ev.TextLeftOpen, at_ms: int) -> SessionState:
    late = LeftOpen(e.phase, e.until_ms, e.shown, e.client)
    return replace(state, left_open={**state.left_open, (e.seat, e.capture): late})


def _text_closed(state: SessionState, e: ev.TextClosed, at_ms: int) -> SessionState:
    return _closed(state, e.seat, e.capture)


def _closed(state: SessionState, seat: str, capture: str) -> SessionState:
    rest = {place: late for place, late in state.left_open.items() if place != (seat, capture)}
    return replace(state, left_open=rest)


def _charter_proposed(state: SessionState, e: ev.CharterProposed, at_ms: int) -> SessionState:
    return replace(state, vote=CharterVote(e.lines, e.version), charters=e.version)


def _charter_answered(state: SessionState, e: ev.CharterAnswered, at_ms: int) -> SessionState:
    vote = state.vote
    if vote is None:
        return state
    consents, objections = vote.consents - {e.seat}, vote.objections - {e.seat}
    if e.consents:
        consents |= {e.seat}
    else:
        objections |= {e.seat}
    return replace(state, vote=replace(vote, consents=consents, objections=objections))


def _charter_agreed(state: SessionState, e: ev.CharterAgreed, at_ms: int) -> SessionState:
    return state if state.vote is None else replace(state, charter=state.vote.lines, vote=None)


def _charter_withdrawn(state: SessionState, e: ev.CharterWithdrawn, at_ms: int) -> SessionState:
    return replace(state, vote=None)


CHANGES: Changes = {
    ev.WritingDone: _writing_done,
    ev.CaptureSubmitted: _capture_submitted,
    ev.CaptureRevealed: _capture_revealed,
    ev.TextLeftOpen: _text_left_open,
    ev.TextClosed: _text_closed,
    ev.CharterProposed: _charter_proposed,
    ev.CharterAnswered: _charter_answered,
    ev.CharterAgreed: _charter_agreed,
    ev.CharterWithdrawn: _charter_withdrawn,
}
