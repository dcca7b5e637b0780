"""Who may be heard (decision 6).

Pure. `holder` is whose turn it is. `may_speak` is the floor as the script gives it; `hearable` is what the media
plane enforces: those of `may_speak` whose own microphone is open. Observers never.
"""

from __future__ import annotations

from dataclasses import replace

from cosession.core.state import Hand, SessionState
from cosession.core.vocabulary import FloorMode, HandKind, Microphone, Role, Status

#: « Je rebondis »: so many follow-ups may go ahead of the queue on one question (method.md, `questions`).
FOLLOW_UPS = 2


def holder(state: SessionState) -> str | None:
    """The one seat whose turn it is, or none. Between turns of the lead's own step it is the lead."""
    if state.turn is not None:
        return state.turn.seat
    step = state.current_step
    return state.lead if step is not None and step.floor is FloorMode.FACILITATOR else None


def closed_roles(state: SessionState) -> frozenset[str]:
    """Seats that the running step silences, the lead excepted."""
    step = state.current_step
    if step is None:
        return frozenset()
    return frozenset(seat for who in step.closed for seat in state.seats_of(who)) - {state.lead}


def may_speak(state: SessionState) -> frozenset[str]:
    """Who has the right to be heard now, whether or not the microphone is open."""
    everyone = frozenset(seat.id for seat in state.seats.values() if seat.role is not Role.OBSERVER)
    match state.status:
        case Status.LOBBY:
            return everyone
        case Status.CLOSED:
            return frozenset()
        case Status.RUNNING:
            pass
    step = state.current_step
    seats = {state.lead, holder(state)}
    if step is not None and step.floor is FloorMode.OPEN:
        seats |= everyone
    if step is not None and step.floor is FloorMode.QUEUE:
        seats.add(state.client)
    return frozenset(seat for seat in seats if seat is not None and seat in everyone) - closed_roles(state)


def hearable(state: SessionState) -> frozenset[str]:
    """The seats whose sound is forwarded."""
    return frozenset(seat for seat in may_speak(state) if state.seats[seat].microphone is Microphone.OPEN)


def settle_microphones(state: SessionState) -> SessionState:
    """An armed microphone opens at its turn; an open one closes when the floor has gone. Never the other way round: a
    microphone that nobody armed stays closed (method.md, "A turn's end is not a guillotine")."""
    allowed = may_speak(state)
    seats = dict(state.seats)
    for seat in state.seats.values():
        if seat.microphone is Microphone.ARMED and seat.id in allowed:
            seats[seat.id] = replace(seat, microphone=Microphone.OPEN)
        elif seat.microphone is Microphone.OPEN and seat.id not in allowed:
            seats[seat.id] = replace(seat, microphone=Microphone.CLOSED)
    return state if seats == state.seats else replace(state, seats=seats)


def queue(state: SessionState) -> tuple[Hand, ...]:
    """Hands in the order in which they are served: follow-ups first, then who asked least, then who raised it first."""
    places = {hand: index for index, hand in enumerate(state.hands)}
    return tuple(
        sorted(
            state.hands,
            key=lambda hand: (
                hand.kind is not HandKind.FOLLOW_UP,
                state.asked.get(hand.seat, 0) if hand.kind is HandKind.QUESTION else 0,
                places[hand],
            ),
        )
    )


def rotated(seats: tuple[str, ...], client: str | None, number: int) -> tuple[str, ...]:
    """Turn order of a round: consultants rotate from session to session, the client speaks last (method.md,
    "Rotation")."""
    others = tuple(seat for seat in seats if seat != client)
    if others:
        shift = (number - 1) % len(others)
        others = others[shift:] + others[:shift]
    return others + ((client,) if client in seats and client is not None else ())
