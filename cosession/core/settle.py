"""What follows by itself: a state is brought to rest.

`settle` emits what time, presence and the script require (a turn that passes, the next speaker, a phase that ends,
a hold, the lead that goes to the deputy) until nothing more is due. Every decision ends with it, so a `Tick` needs no
rule of its own. What an absence does is in `fallback`.
"""

from __future__ import annotations

from collections.abc import Callable

from cosession.core import drafts, fallback
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.course import Course
from cosession.core.floor import queue
from cosession.core.state import SessionState
from cosession.core.vocabulary import FloorMode, HoldCause, Status, TurnKind, Who


def settle(course: Course) -> None:
    """Emit what is due until nothing is. Bounded: every pass moves a turn, a step, a phase, a hold or the lead."""
    while _transition(course):
        pass


def _transition(course: Course) -> bool:
    """Whether a transition was due; only the first one happens. (A loop: this is half of every decision, and to build
    a generator costs as much as a rule.)"""
    for transition in _transitions(course.state):  # noqa: SIM110
        if transition(course):
            return True
    return False


def _transitions(state: SessionState) -> tuple[Callable[[Course], bool], ...]:
    match state.status:
        case Status.LOBBY:
            return (_lapses, fallback.deputy_begins)
        case Status.RUNNING:
            return (drafts.hand_in_due, _forgotten) if HoldCause.SUSPENDED in state.holds else _TRANSITIONS
        case Status.CLOSED:
            return (drafts.hand_in_due,)


def _lapses(course: Course) -> bool:
    """A session that nobody began is over."""
    if course.now_ms < course.state.ends_at_ms + sch.LAPSES_MS:
        return False
    course.close()
    return True


def _forgotten(course: Course) -> bool:
    """A suspended session that nobody resumed in time is over."""
    if course.now_ms - course.state.holds[HoldCause.SUSPENDED] < sch.SUSPENDED_MS:
        return False
    instance = course.state.current
    if instance is not None:
        course.leave_phase(ev.PhaseEnded(phase=instance.key))
    course.close()
    return True


def _turn_ends(course: Course) -> bool:
    """A turn ends by itself: its time and its grace are over, or its seat cannot be heard."""
    state, turn, step = course.state, course.state.turn, course.state.current_step
    if turn is None or step is None or state.holds:
        return False
    left = sch.turn_left_ms(state, course.now_ms) or 0
    if step.floor is not FloorMode.SINGLE and not state.seats[turn.seat].audible:
        own = turn.kind is TurnKind.SPEAK or (turn.kind is TurnKind.ASK and step.floor is FloorMode.ROUND)
        rest = max(left, sch.REST_MS) if own else 0
        course.emit(ev.TurnEnded(turn=turn.number, how="absent", rest_ms=rest))
        course.announce_lead()
        return True
    passes = sch.passes_after_ms(state)
    if passes is None or turn.stopped_at_ms is not None or left > -passes:
        return False
    course.end_turn("time")
    return True


def _phase_ends(course: Course) -> bool:
    """A phase whose time is over ends by itself, if the script says so or nobody leads."""
    state, instance, phase = course.state, course.state.current, course.state.current_phase
    if instance is None or phase is None or state.holds:
        return False
    ends_after = sch.ends_after_ms(state, phase)
    if ends_after is None or sch.phase_left_ms(state, course.now_ms) > -ends_after:
        return False
    course.leave_phase(ev.PhaseEnded(phase=instance.key))
    course.start_next_phase()
    return True


def _floor_moves(course: Course) -> bool:
    """Nobody has the floor: the script says who is next."""
    state, step, run = course.state, course.state.current_step, course.state.step
    if step is None or run is None or state.turn is not None or state.holds:
        return False
    over = (sch.step_left_ms(state, course.now_ms) or 0) <= 0
    match step.floor:
        case FloorMode.ROUND | FloorMode.SINGLE:
            able = [seat for seat in run.order if state.seats[seat].audible]
            if able:
                course.start_speaking(able[0])
                return True
            if course.repeat_round():
                return True
            if step.hold_full_time and not over:
                return False
            if step.floor is FloorMode.SINGLE and run.order:
                return _missed(course)
            return course.next_step()
        case FloorMode.QUEUE:
            hands = [hand for hand in queue(state) if state.seats[hand.seat].audible]
            if hands:
                course.start_asking(hands[0].seat)
            return bool(hands)
        case FloorMode.SILENT_WRITING:
            writers = [seat for seat in state.seats_of(step.who) if state.seats[seat].connected]
            everyone = bool(writers) and all(seat in run.done for seat in writers)
            return course.next_step() if over or (everyone and not step.hold_full_time) else False
        case FloorMode.OPEN:
            return course.next_step() if over and step.seconds is not None else False
        case FloorMode.FACILITATOR:
            return False


def _missed(course: Course) -> bool:
    """The client's own step, and the client is absent: the turn moves to the end of the round that follows (method.md,
    "client in `learnings`"). Where no round follows the lead moves on."""
    state, phase, run, step = course.state, course.state.current_phase, course.state.step, course.state.current_step
    if phase is None or run is None or step is None or step.who is not Who.CLIENT or state.client is None:
        return False
    following = phase.steps[run.index + 1 :]
    if not following or following[0].floor is not FloorMode.ROUND:
        return False
    rest = max(sch.step_left_ms(state, course.now_ms) or 0, sch.REST_MS)
    return course.next_step(missed={state.client: rest})


def _end_moves(course: Course) -> bool:
    """A later end that nobody refused in time."""
    proposal = course.state.proposal
    if proposal is None or course.now_ms - proposal.at_ms < sch.PROPOSAL_MS:
        return False
    course.emit(ev.EndMoved(by_ms=proposal.by_ms))
    return True


def _end_judged(course: Course) -> bool:
    """Nothing more can yield, or enough can again: either is said at once (decision 3). It is the last rule, so that it
    judges what everything else led to."""
    return course.judge_end(sch.shares(course.state, course.now_ms).late_ms)


_TRANSITIONS = (
    drafts.hand_in_due,
    fallback.lead_moves,
    fallback.holds_change,
    fallback.phase_waits,
    _turn_ends,
    _phase_ends,
    _floor_moves,
    _end_moves,
    _end_judged,
)
