"""The one sentence that says what a seat does now, and why its microphone is open or closed.

Pure. Only keys and placeholders come from here; the words are in `web/locales`. Source: method.md, the column "cue /
guard"; design.md, "Principles" 2: one sentence says the role.
"""

from __future__ import annotations

from cosession.core import schedule as sch
from cosession.core.course import Course
from cosession.core.floor import closed_cameras, closed_roles, holder, may_speak, queue
from cosession.core.prompt_view import MicReason, Prompt, PromptKey
from cosession.core.state import SeatState, SessionState
from cosession.core.vocabulary import (
    Family,
    FloorMode,
    HoldCause,
    Microphone,
    PhaseStatus,
    Reveal,
    Role,
    Status,
    TurnKind,
)


def _prompt(key: PromptKey, name: str | None = None, count: int | None = None, next_: str | None = None) -> Prompt:
    seats = {placeholder: seat for placeholder, seat in (("name", name), ("next", next_)) if seat is not None}
    return Prompt(key=key, seats=seats, numbers={} if count is None else {"count": count})


def coming(state: SessionState) -> list[str]:
    """Seats that still come in the running step, in the order in which they will have the floor."""
    if state.step is None:
        return []
    step = state.current_step
    if step is not None and step.floor is FloorMode.QUEUE:
        return [hand.seat for hand in queue(state)]
    present = [seat for seat in state.step.order if state.seats[seat].audible]
    return present + [seat for seat in state.step.order if seat not in present]


def coming_next(state: SessionState) -> str | None:
    """Who has the floor after the turn that runs: the first of those to come who could speak now."""
    return next((seat for seat in coming(state) if state.seats[seat].audible), None)


def turns_until(state: SessionState, seat: str) -> int | None:
    """0: the seat has its turn; 1: it is next; None: none is coming."""
    if state.turn is not None and state.turn.seat == seat:
        return 0
    order = coming(state)
    return order.index(seat) + 1 if seat in order else None


def writers_left(state: SessionState) -> int:
    """How many present seats have not said « J'ai fini »."""
    step, run = state.current_step, state.step
    if step is None or run is None or step.floor is not FloorMode.SILENT_WRITING:
        return 0
    return sum(state.seats[seat].connected and seat not in run.done for seat in state.seats_of(step.who))


def kept_silent(state: SessionState) -> bool:
    """Everybody has spoken, and the step keeps its whole time: the silence belongs to it."""
    step, run = state.current_step, state.step
    if step is None or run is None or state.turn is not None or not step.hold_full_time:
        return False
    return not any(state.seats[seat].audible for seat in run.order) and step.floor is not FloorMode.SILENT_WRITING


def resting(state: SessionState, now_ms: int) -> bool:
    """Everything in this phase has had its turn; only the lead can move on."""
    step, run = state.current_step, state.step
    if step is None or run is None or state.turn is not None or not Course(state, now_ms, {}).last_step:
        return False
    over = (sch.step_left_ms(state, now_ms) or 0) <= 0
    match step.floor:
        case FloorMode.ROUND | FloorMode.SINGLE:
            spoken = not any(state.seats[seat].audible for seat in run.order)
            return spoken and (over or not step.hold_full_time)
        case FloorMode.FACILITATOR:
            return True
        case FloorMode.SILENT_WRITING:
            return over or (writers_left(state) == 0 and not step.hold_full_time)
        case FloorMode.QUEUE | FloorMode.OPEN:
            return False


def prompt(state: SessionState, seat: SeatState, now_ms: int) -> Prompt:
    """What this seat does now."""
    leads = seat.id == state.lead
    if state.status is Status.CLOSED:
        return _prompt(PromptKey.CLOSED)
    if state.status is Status.LOBBY:
        alone = not state.script.facilitator
        waiting = PromptKey.LOBBY_ALONE if alone else PromptKey.LOBBY_WAIT
        return _prompt(PromptKey.LOBBY_LEAD if leads else waiting)
    held = _held_prompt(state, seat)
    if held is not None:
        return held
    if leads and turns_until(state, seat.id) is None:
        return _lead_prompt(state, now_ms)
    return _member_prompt(state, seat, now_ms)


def _held_prompt(state: SessionState, seat: SeatState) -> Prompt | None:
    """What is said while the clock stands still, the weightiest cause first."""
    if HoldCause.SUSPENDED in state.holds:
        return _prompt(PromptKey.HELD_SUSPENDED)
    if HoldCause.CARE in state.holds:
        if seat.id == state.client:
            return _prompt(PromptKey.HELD_CARE_CLIENT)
        return _prompt(PromptKey.HELD_CARE_LEAD if seat.id == state.lead else PromptKey.HELD_CARE, name=state.client)
    if HoldCause.PAUSE in state.holds:
        return _prompt(PromptKey.HELD_PAUSE)
    if HoldCause.MEDIA in state.holds:
        return _prompt(PromptKey.HELD_MEDIA)
    if HoldCause.CLIENT_ABSENT in state.holds:
        if seat.id == state.client:
            return _prompt(PromptKey.HELD_UNHEARD)
        return _prompt(PromptKey.HELD_CLIENT, name=state.client)
    if HoldCause.LEAD_ABSENT in state.holds:
        return _prompt(PromptKey.HELD_VACANT if state.lead is None else PromptKey.HELD_LEAD, name=state.lead)
    if HoldCause.CONSULTANTS_ABSENT in state.holds:
        return _prompt(PromptKey.HELD_CONSULTANTS)
    return None


def _lead_prompt(state: SessionState, now_ms: int) -> Prompt:
    step, turn, instance = state.current_step, state.turn, state.current
    if step is None or instance is None:
        return _prompt(PromptKey.LISTEN_NOBODY)
    if resting(state, now_ms):
        last = not any(p.status is PhaseStatus.COMING for p in state.phases)
        return _prompt(PromptKey.LEAD_CLOSE if last else PromptKey.LEAD_NEXT)
    if turn is not None and turn.silence:
        return _prompt(PromptKey.LEAD_SILENCE, name=turn.seat)
    if turn is not None and turn.text is not None:
        return _prompt(PromptKey.LEAD_READ, name=turn.seat)
    if kept_silent(state):
        return _prompt(PromptKey.SILENCE)
    if turn is not None:
        left = sch.turn_left_ms(state, now_ms) or 0
        if sch.passes_after_ms(state) is not None and left <= -state.script.turn_overrun.grace_s * 1000:
            return _prompt(PromptKey.LEAD_PASS, name=turn.seat)
    match step.floor:
        case FloorMode.SILENT_WRITING:
            return _prompt(PromptKey.LEAD_WRITING, count=writers_left(state))
        case FloorMode.QUEUE:
            if turn is None:
                return _prompt(PromptKey.LEAD_QUEUE_EMPTY)
            return _prompt(PromptKey.LEAD_QUEUE, name=turn.seat, count=len(state.hands))
        case FloorMode.FACILITATOR:
            return _prompt(PromptKey.LEAD_OPENING)
        case FloorMode.OPEN if turn is None:
            return _prompt(PromptKey.OPEN_FLOOR)
        case FloorMode.ROUND if turn is not None:
            if following := coming_next(state):
                return _prompt(PromptKey.LEAD_WATCH_TURN, name=turn.seat, next_=following)
            return _prompt(PromptKey.LEAD_LAST_TURN, name=turn.seat)
        case FloorMode.SINGLE if turn is not None:
            return _prompt(PromptKey.LEAD_CLIENT, name=turn.seat)
        case _:
            return _prompt(PromptKey.LISTEN_NOBODY)


def _member_prompt(state: SessionState, seat: SeatState, now_ms: int) -> Prompt:
    step, run, turn = state.current_step, state.step, state.turn
    if step is None or run is None:
        return _prompt(PromptKey.LISTEN_NOBODY)
    is_client = seat.id == state.client
    if turn is not None and turn.seat == seat.id:
        if turn.thanked:
            return _prompt(PromptKey.SPEAK_THANKED, name=state.client)
        if seat.typed:
            return _prompt(PromptKey.TYPE_NOW)
        if is_client and state.narrowed and turn.kind is TurnKind.GRANTED:
            return _prompt(PromptKey.CLIENT_SMALLER)
    if is_client and turn is not None and turn.thanked:
        return _prompt(PromptKey.CLIENT_THANKED, name=turn.seat)
    if kept_silent(state):
        return _prompt(PromptKey.SILENCE)
    if not state.script.facilitator and resting(state, now_ms):
        return _prompt(PromptKey.ALONE_NEXT)
    if seat.id in closed_cameras(state) and is_client:
        return _prompt(PromptKey.TURNED_AWAY)
    if step.floor is FloorMode.SILENT_WRITING:
        if seat.id in run.done:
            return _prompt(PromptKey.WRITE_DONE, count=writers_left(state))
        if seat.id in state.seats_of(step.who):
            return _prompt(PromptKey.WRITE)
        return _prompt(PromptKey.LISTEN_NOBODY)
    if step.floor is FloorMode.QUEUE:
        return _queue_prompt(state, seat, is_client)
    if step.floor is FloorMode.OPEN and state.turn is None:
        return _prompt(PromptKey.OPEN_FLOOR)
    place = turns_until(state, seat.id)
    speaker = holder(state)
    if place == 0:
        if turn is not None and turn.kind is TurnKind.ANSWER:
            return _prompt(PromptKey.CLIENT_ANSWER, name=state.asker)
        if turn is not None and turn.kind is TurnKind.ASK:
            return _prompt(PromptKey.ASK_IN_TURN, name=state.client)
        return _prompt(_own_step(state) if is_client and step.floor is FloorMode.SINGLE else PromptKey.SPEAK_NOW)
    if is_client and seat.id in closed_roles(state) and speaker is not None:
        return _prompt(PromptKey.CLIENT_SILENT, name=speaker)
    if place == 1 and speaker is not None:
        return _prompt(PromptKey.SPEAK_SOON, name=speaker)
    if place is not None and speaker is not None:
        return _prompt(PromptKey.SPEAK_LATER, name=speaker, count=place - 1)
    return _prompt(PromptKey.LISTEN_NOBODY) if speaker is None else _prompt(PromptKey.LISTEN, name=speaker)


def _own_step(state: SessionState) -> PromptKey:
    """What the client's own step is for: to read what was hidden until then, to say the request, or to tell."""
    phase = state.current_phase
    if phase is not None and any(spec.reveal is Reveal.CLIENT_STEP for spec in phase.captures):
        return PromptKey.CLIENT_READ_PLAN
    agrees = phase is not None and phase.family is Family.AGREE
    return PromptKey.CLIENT_REQUEST if agrees else PromptKey.CLIENT_SPEAK


def _queue_prompt(state: SessionState, seat: SeatState, is_client: bool) -> Prompt:
    turn = state.turn
    if is_client:
        if turn is None:
            return _prompt(PromptKey.CLIENT_WAIT_QUESTION)
        if turn.kind is TurnKind.ASK:
            return _prompt(PromptKey.CLIENT_HEAR_QUESTION, name=turn.seat)
        return _prompt(PromptKey.CLIENT_ANSWER, name=state.asker)
    place = turns_until(state, seat.id)
    if place == 0:
        return _prompt(PromptKey.ASK_NOW)
    if place == 1:
        return _prompt(PromptKey.ASK_SOON, name=None if turn is None else turn.seat)
    if place is not None:
        return _prompt(PromptKey.ASK_LATER, count=place - 1)
    if turn is not None and turn.kind is TurnKind.ANSWER:
        return _prompt(PromptKey.LISTEN_ANSWER, name=state.client)
    if turn is not None:
        return _prompt(PromptKey.LISTEN, name=turn.seat)
    return _prompt(PromptKey.RAISE_HAND, name=state.client)


def mic_reason(state: SessionState, seat: SeatState) -> MicReason:
    """Why this seat's microphone is as it is: a closed one always says why."""
    if state.status is Status.CLOSED:
        return MicReason.OVER
    if seat.role is Role.OBSERVER:
        return MicReason.OBSERVER
    if seat.phone:
        return MicReason.PHONE
    if seat.microphone is Microphone.OPEN:
        return MicReason.OPEN
    if seat.id in may_speak(state):
        return MicReason.YOURS
    if seat.microphone is Microphone.ARMED:
        return MicReason.ARMED
    step = state.current_step
    if step is not None and step.floor is FloorMode.SILENT_WRITING:
        return MicReason.WRITING
    if seat.id == state.client and seat.id in closed_roles(state):
        return MicReason.CLIENT_LISTENS
    if holder(state) == state.client:
        return MicReason.CLIENT_SPEAKS
    return MicReason.NOT_YOUR_TURN
