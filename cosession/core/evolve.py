"""How an event changes the state. No rule lives here: whether something may happen is `decide`'s affair, and what the
rules made of it stands in the event (`outcome`), so that a rule that changes does not change what has happened.

`evolve` is total over well-formed streams and has no other input than state, event and the event's session time. What
each event does stands in four tables: `people_changes`, `course_changes`, `floor_changes`, `writing_changes`.
"""

from __future__ import annotations

from collections.abc import Mapping

from cosession.core import course_changes, floor_changes, people_changes, writing_changes
from cosession.core import events as ev
from cosession.core.frozen import replace
from cosession.core.script import Script, spoken_to
from cosession.core.state import PhaseInstance, SessionState
from cosession.core.state_parts import Changes
from cosession.core.vocabulary import Microphone

CHANGES: Changes = {
    **people_changes.CHANGES,
    **course_changes.CHANGES,
    **floor_changes.CHANGES,
    **writing_changes.CHANGES,
}


def evolve(state: SessionState | None, event: ev.Event, at_ms: int) -> SessionState:
    """The state after `event`, which happened at session time `at_ms`. Raises ValueError if a stream does not begin
    with `SessionCreated` or holds a second one."""
    if isinstance(event, ev.SessionCreated):
        if state is not None:
            raise ValueError("a stream holds one SessionCreated")
        return _created(event)
    if state is None:
        raise ValueError("a stream begins with SessionCreated")
    return with_microphones(CHANGES[type(event)](state, event, at_ms), event.microphones)


def with_microphones(state: SessionState, moved: Mapping[str, Microphone]) -> SessionState:
    """The microphones as an event has them moved."""
    if not moved:
        return state
    seats = {seat: replace(state.seats[seat], microphone=microphone) for seat, microphone in moved.items()}
    return replace(state, seats={**state.seats, **seats})


def _created(event: ev.SessionCreated) -> SessionState:
    words = spoken_to(event.script, event.formality)
    script = Script.model_validate(words).with_guidance(event.guidance)
    phases = tuple(PhaseInstance(p.key, p.id, p.planned_ms, p.minimum_ms, client=p.client) for p in event.phases)
    return SessionState(
        title=event.title,
        language=event.language,
        script=script,
        speed=event.speed,
        number=event.number,
        programme=event.programme,
        previous_client=event.previous_client,
        starts_at_ms=event.starts_at_ms,
        planned_ms=sum(phase.planned_ms for phase in phases),
        phases=phases,
        guidance=event.guidance,
        formality=event.formality,
        turn_order=event.turn_order,
        lot=event.lot,
    )
