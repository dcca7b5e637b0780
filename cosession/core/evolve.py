"""How an event changes the state. No rule lives here: whether something may happen is `decide`'s affair.

`evolve` is total over well-formed streams and has no other input than state, event and the event's session time. What
each event does stands in four tables: `people_changes`, `course_changes`, `floor_changes`, `writing_changes`.
"""

from __future__ import annotations

from typing import Any

from cosession.core import course_changes, floor_changes, people_changes, writing_changes
from cosession.core import events as ev
from cosession.core.floor import settle_microphones
from cosession.core.script import Script
from cosession.core.state import PhaseInstance, SessionState
from cosession.core.state_parts import Changes
from cosession.core.vocabulary import Address

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
    return settle_microphones(state, CHANGES[type(event)](state, event, at_ms))


def _created(event: ev.SessionCreated) -> SessionState:
    words = _with_tu(event.script) if event.address is Address.TU else event.script
    script = Script.model_validate(words).with_guidance(event.guidance)
    phases = tuple(_instances(script, event))
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
        address=event.address,
        turn_order=event.turn_order,
        lot=event.lot,
    )


def _instances(script: Script, event: ev.SessionCreated) -> list[PhaseInstance]:
    repeated = () if script.repeat is None else script.repeat.phases
    result = []
    for phase_id, number in script.sequence(event.members):
        phase = script.phase(phase_id)
        client = event.clients[number - 1] if phase_id in repeated else None
        key = f"{phase_id}#{number}"
        result.append(PhaseInstance(key, phase_id, phase.planned_ms, phase.minimum_ms, client=client))
    return result


def _with_tu(value: Any) -> Any:
    """A script's data in which the French of every text is the one for a group that says *tu*."""
    match value:
        case {"fr": str(), "tu": str(tu)}:
            return {**value, "fr": tu}
        case dict():
            return {name: _with_tu(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_with_tu(inner) for inner in value]
        case _:
            return value
