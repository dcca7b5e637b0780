"""Format 1, of the builds before 2026-12: an event did not hold what the rules had made of it.

The rules of that time stand here as they were. Nothing of them may follow a change in `core`: `tests/golden/format-1`
holds logs of that format and the states that they added up to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import TypeAdapter

from cosession.core.events import AnyEvent
from cosession.core.evolve import evolve
from cosession.core.state import SessionState

Fields = dict[str, Any]
_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)


def lift(fields: Fields, state: SessionState | None, at_ms: int) -> Fields:
    """The fields of format 2. Raises `ValueError` for what is no event of format 1."""
    if "microphones" in fields:
        raise ValueError("format 1 has no microphones")
    if fields["type"] == "session_created":
        return {**fields, "script_format": 1, "phases": _phases(fields)}
    if state is None:
        raise ValueError("a stream begins with session_created")
    rule = _RULES.get(fields["type"])
    if rule is not None:
        fields = {**fields, **rule(state, fields, at_ms)}
    after = evolve(state, _EVENT.validate_python(fields), at_ms)
    moved = _microphones(after)
    return {**fields, "microphones": moved} if moved else fields


# -- who may speak -------------------------------------------------------------------------------------------------


def _microphones(state: SessionState) -> dict[str, str]:
    allowed = _may_speak(state)
    return {
        seat.id: "open" if seat.id in allowed else "closed"
        for seat in state.seats.values()
        if seat.microphone == ("armed" if seat.id in allowed else "open")
    }


def _may_speak(state: SessionState) -> set[str]:
    observers = {seat.id for seat in state.seats.values() if seat.role == "observer"}
    if state.status == "lobby":
        return set(state.seats) - observers
    if state.status == "closed" or "suspended" in state.holds:
        return set()
    client = next((seat.id for seat in state.seats.values() if seat.role == "client"), None)
    if "care" in state.holds:
        return {seat for seat in (client, state.lead) if seat is not None}
    step = state.current_step
    floor = None if step is None else step.floor
    holder = state.turn.seat if state.turn is not None else state.lead if floor == "facilitator" else None
    seats = {seat for seat in (state.lead, holder) if seat is not None}
    if step is not None and floor == "open":
        seats |= _addressed(state, step.who)
    if floor == "queue" and client is not None:
        seats.add(client)
    if state.lead is None and "pause" in state.holds:
        seats |= set(state.seats)
    closed = set() if step is None else {seat for who in step.closed for seat in _addressed(state, who)} - {state.lead}
    return seats - observers - closed


def _addressed(state: SessionState, who: str) -> set[str]:
    match who:
        case "facilitator":
            return set() if state.lead is None else {state.lead}
        case "previous_client":
            return set() if state.previous_client is None else {state.previous_client}
        case "client":
            return {seat.id for seat in state.seats.values() if seat.role == "client"}
        case "consultants":
            return {seat.id for seat in state.seats.values() if seat.role == "consultant"}
        case "experts":
            return {seat.id for seat in state.seats.values() if seat.role == "consultant" and seat.expert}
        case "members":
            return {seat.id for seat in state.seats.values() if seat.role in ("client", "consultant")}
        case "scribe":
            return {seat.id for seat in state.seats.values() if "scribe" in seat.jobs}
        case _:
            return {seat.id for seat in state.seats.values() if seat.role != "observer"}


# -- events --------------------------------------------------------------------------------------------------------


def _phases(fields: Fields) -> list[Fields]:
    """The script's phases; those that repeat once for each client."""
    script, clients = fields["script"], fields.get("clients", ())
    again = (script.get("repeat") or {}).get("phases", ())
    phases = {phase["id"]: phase for phase in script["phases"]}
    order: list[tuple[str, int]] = []
    for phase in phases:
        if phase not in again:
            order.append((phase, 1))
        elif phase == again[0]:
            order += [(other, number) for number in range(1, fields.get("members", 0) + 1) for other in again]
    return [
        {
            "key": f"{phase}#{number}",
            "id": phase,
            "planned_ms": round(phases[phase]["minutes"] * 60_000),
            "minimum_ms": round(phases[phase]["minimum"] * 60_000),
            "client": clients[number - 1] if phase in again else None,
        }
        for phase, number in order
    ]


def _turn_started(state: SessionState, e: Fields, at_ms: int) -> Fields:
    run = state.step
    if run is None or e["seat"] not in run.order or e["kind"] not in ("speak", "ask"):
        return {}
    place = run.order.index(e["seat"])
    missed = [seat for seat in run.order[:place] if not _audible(state, seat)]
    waiting = [seat for seat in run.order[:place] if seat not in missed]
    return {"order": _at_the_end(state, [*waiting, *run.order[place + 1 :]], missed)}


def _turn_ended(state: SessionState, e: Fields, at_ms: int) -> Fields:
    turn, run, step = state.turn, state.step, state.current_step
    if turn is None or run is None or step is None:
        return {}
    if turn.kind != "speak" and not (turn.kind == "ask" and step.floor == "round"):
        return {}
    if e["how"] == "interrupted":
        return {"order": [turn.seat, *run.order]}
    return {"order": _at_the_end(state, list(run.order), [turn.seat])} if e["how"] == "absent" else {}


def _audible(state: SessionState, seat: str) -> bool:
    one = state.seats[seat]
    return one.presence != "absent" and (one.typed or not one.media_lost)


def _at_the_end(state: SessionState, order: list[str], late: list[str]) -> list[str]:
    for seat in late:
        last = len(order) - 1 if state.seats[seat].expert and order else len(order)
        order = [*order[:last], seat, *order[last:]]
    return order


def _leaving_said(state: SessionState, e: Fields, at_ms: int) -> Fields:
    run = state.step
    if run is None or e["seat"] not in run.order or e["at_ms"] is None or e["at_ms"] >= at_ms + run.budget_ms:
        return {}
    return {"order": [e["seat"], *(seat for seat in run.order if seat != e["seat"])]}


def _lead_changed(state: SessionState, e: Fields, at_ms: int) -> Fields:
    facilitator = next((seat.id for seat in state.seats.values() if seat.role == "facilitator"), None)
    unqualified = e["seat"] != facilitator and not state.seats[e["seat"]].qualified
    return {"frame_only": e["cause"] in ("absence", "return") and unqualified}


def _client_changed(state: SessionState, e: Fields, at_ms: int) -> Fields:
    """Format 1 left the texts of a client who withdrew in everybody's sight; they go with them all the same."""
    client = next((seat.id for seat in state.seats.values() if seat.role == "client"), None)
    found = []
    for capture in state.captures:
        spec = state.spec(capture.capture)
        if capture.client == client and spec is not None and (spec.for_client or tuple(spec.by) == ("client",)):
            found.append(capture.entry)
    return {"withdrawn": found}


def _capture_submitted(state: SessionState, e: Fields, at_ms: int) -> Fields:
    spec, over = state.spec(e["capture"]), state.status == "closed"
    read_out = spec is not None and spec.reveal == "client_step" and e["capture"] in state.opened
    was = next((c for c in state.captures if c.entry == e["entry"]), None)
    instance = next((phase for phase in state.phases if phase.key == e["phase"]), None)
    client = None if instance is None else instance.client
    client = client or next((seat.id for seat in state.seats.values() if seat.role == "client"), None)
    return {
        "client": client if was is None else was.client,
        "withdrawn": was is not None and was.withdrawn,
        "revealed": not over and (read_out or (was is not None and was.revealed)),
    }


def _capture_revealed(state: SessionState, e: Fields, at_ms: int) -> Fields:
    """Format 1 revealed the texts of earlier clients too; now those of the running phase alone."""
    key = next((phase.key for phase in state.phases if phase.status == "now"), None)
    return {"entries": [c.entry for c in state.captures if c.capture == e["capture"] and c.phase == key]}


_RULES: Mapping[str, Callable[[SessionState, Fields, int], Fields]] = {
    "turn_started": _turn_started,
    "turn_ended": _turn_ended,
    "leaving_said": _leaving_said,
    "lead_changed": _lead_changed,
    "client_changed": _client_changed,
    "capture_submitted": _capture_submitted,
    "capture_revealed": _capture_revealed,
}
