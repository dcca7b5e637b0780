"""Who may be heard (decisions 6 and 36).

Pure. `holder` is whose turn it is. `may_speak` is the floor as the script gives it; `hearable` is what the media
plane enforces: those of `may_speak` whose own microphone is open. Observers never.
"""

from __future__ import annotations

from hashlib import sha256

from cosession.core.frozen import memoized
from cosession.core.state import Hand, SessionState
from cosession.core.vocabulary import FloorMode, HandKind, HoldCause, Microphone, Status, TurnOrder, Who

#: « Je rebondis »: so many follow-ups may go ahead of the queue on one question (method.md, `questions`).
FOLLOW_UPS = 2


def holder(state: SessionState) -> str | None:
    """The one seat whose turn it is, or none. Between turns of the lead's own step it is the lead."""
    if state.turn is not None:
        return state.turn.seat
    step = state.current_step
    return state.lead if step is not None and step.floor is FloorMode.FACILITATOR else None


def lead_interrupts(state: SessionState) -> bool:
    """Whether the lead's voice would be words inside somebody else's turn. Not in the turn of a seat on the telephone:
    its words may come through the lead's microphone."""
    turn = state.turn
    return turn is not None and turn.seat != state.lead and not state.seats[turn.seat].phone


def closed_roles(state: SessionState) -> frozenset[str]:
    """Seats that the running step silences, the lead excepted."""
    step = state.current_step
    if step is None or not step.closed:
        return frozenset()
    return frozenset(seat for who in step.closed for seat in state.seats_of(who)) - {state.lead}


@memoized("status", "holds", "seats", "phases", "step", "turn", "lead")
def may_speak(state: SessionState) -> frozenset[str]:
    """Who has the right to be heard now, whether or not the microphone is open."""
    if state.status is Status.LOBBY:
        return _everyone(state)
    if state.status is Status.CLOSED or HoldCause.SUSPENDED in state.holds:
        return frozenset()
    if HoldCause.CARE in state.holds:
        return frozenset(seat for seat in (state.client, state.lead) if seat is not None)
    step = state.current_step
    seats = {seat for seat in (state.lead, holder(state)) if seat is not None}
    if step is not None and step.floor is FloorMode.OPEN:
        seats.update(state.seats_of(step.who))
    if step is not None and step.floor is FloorMode.QUEUE:
        seats.update(state.seats_of(Who.CLIENT))
    if state.lead is None and HoldCause.PAUSE in state.holds:
        seats.update(state.seats)
    return frozenset(seats - state.observers - closed_roles(state))


def _everyone(state: SessionState) -> frozenset[str]:
    return frozenset(state.seats) - state.observers


def hearable(state: SessionState) -> frozenset[str]:
    """The seats whose sound is forwarded."""
    return frozenset(seat for seat in may_speak(state) if state.seats[seat].microphone is Microphone.OPEN)


def microphones(before: SessionState, state: SessionState) -> dict[str, Microphone]:
    """The microphones that move with the floor: an armed one opens at its turn, an open one closes when the floor has
    gone. Never the other way round: a microphone that nobody armed stays closed (method.md, "A turn's end is not a
    guillotine"). `before` was settled."""
    allowed = may_speak(state)
    if state.seats is before.seats and allowed == may_speak(before):
        return {}
    return {
        seat.id: Microphone.OPEN if seat.id in allowed else Microphone.CLOSED
        for seat in state.seats.values()
        if seat.microphone is (Microphone.ARMED if seat.id in allowed else Microphone.OPEN)
    }


def at_the_end(state: SessionState, order: tuple[str, ...], late: tuple[str, ...]) -> tuple[str, ...]:
    """`order` with those who come late behind it; an expert never closes it (decision 32)."""
    for seat in late:
        last = len(order) - 1 if state.seats[seat].expert and order else len(order)
        order = (*order[:last], seat, *order[last:])
    return order


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


def closed_cameras(state: SessionState) -> frozenset[str]:
    """Seats whose picture the running step closes, the lead's excepted; in a suspended session everybody's."""
    if HoldCause.SUSPENDED in state.holds:
        return frozenset(state.seats)
    step = state.current_step
    if step is None or HoldCause.CARE in state.holds:
        return frozenset()
    return frozenset(seat for who in step.closed_cameras for seat in state.seats_of(who)) - {state.lead}


def turn_order(state: SessionState, seats: tuple[str, ...], until_ms: int) -> tuple[str, ...]:
    """The order of a round that lasts until session time `until_ms`. Consultants come as the group's setting says, the
    client last; whoever leaves before its end comes first; an expert never closes it (method.md, "Rotation")."""
    others = tuple(seat for seat in seats if seat != state.client)
    match state.turn_order:
        case TurnOrder.ROTATING:
            shift = (state.number - 1) % len(others) if others else 0
            others = others[shift:] + others[:shift]
        case TurnOrder.DRAWN:
            others = tuple(sorted(others, key=lambda seat: _lot(state, seat)))
        case TurnOrder.QUIETEST:
            spoke = {seat: sum(talk.get(seat, 0) for talk in state.talk.values()) for seat in others}
            others = tuple(sorted(others, key=lambda seat: spoke[seat]))
    if others and state.seats[others[-1]].expert:
        peers = [seat for seat in others if not state.seats[seat].expert]
        if peers:
            others = (*(seat for seat in others if seat != peers[-1]), peers[-1])
    order = others + ((state.client,) if state.client in seats and state.client is not None else ())
    leaving = tuple(seat for seat in order if leaves_by(state, seat, until_ms))
    return leaving + tuple(seat for seat in order if seat not in leaving)


def leaves_by(state: SessionState, seat: str, at_ms: int) -> bool:
    """Whether the seat said that it leaves before session time `at_ms`."""
    leaves_at_ms = state.seats[seat].leaves_at_ms
    return leaves_at_ms is not None and leaves_at_ms < at_ms


def _lot(state: SessionState, seat: str) -> bytes:
    """A seat's lot, another one in each step, the same whenever it is asked."""
    where = None if state.current is None or state.step is None else (state.current.key, state.step.index)
    return sha256(f"{state.lot} {where} {seat}".encode()).digest()
