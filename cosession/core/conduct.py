"""The lead's gestures: phases, steps, time, the floor of others, and the lead itself.

One function for each command; each raises `Refused` or lets the course take its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.floor import closed_roles, holder
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.subject import (
    require_lead,
    require_open_phase,
    require_phase,
    require_running,
    require_step,
    require_turn,
)
from cosession.core.vocabulary import (
    FloorMode,
    HoldCause,
    Job,
    LeadCause,
    PhaseStatus,
    RefusalCode,
    Role,
    Status,
    TurnKind,
)


def _start_session(course: Course, c: cmd.StartSession, seat: SeatState) -> None:
    require_lead(course, seat)
    if course.state.status is not Status.LOBBY:
        raise Refused(RefusalCode.ALREADY, "the session has started")
    course.emit(ev.SessionStarted())
    course.start_next_phase()


def _next_phase(course: Course, c: cmd.NextPhase, seat: SeatState) -> None:
    require_lead(course, seat)
    require_phase(course, c.phase)
    course.leave_phase(ev.PhaseEnded(phase=c.phase))
    course.start_next_phase()


def _next_step(course: Course, c: cmd.NextStep, seat: SeatState) -> None:
    require_lead(course, seat)
    require_step(course, c.phase, c.step)
    if not course.next_step():
        raise Refused(RefusalCode.NOT_NOW, "this is the last step of the phase")


def _skip_phase(course: Course, c: cmd.SkipPhase, seat: SeatState) -> None:
    require_lead(course, seat)
    instance = require_open_phase(course, c.phase)
    if course.state.script.phase(instance.id).protected:
        raise Refused(RefusalCode.PROTECTED, c.phase)
    if instance.status is PhaseStatus.NOW:
        course.leave_phase(ev.PhaseSkipped(phase=c.phase))
        course.start_next_phase()
    else:
        course.emit(ev.PhaseSkipped(phase=c.phase))


def _extend_phase(course: Course, c: cmd.ExtendPhase, seat: SeatState) -> None:
    require_lead(course, seat)
    require_open_phase(course, c.phase)
    course.emit(ev.PhaseExtended(phase=c.phase, by_ms=c.by_s * 1000))


def _extend_turn(course: Course, c: cmd.ExtendTurn, seat: SeatState) -> None:
    require_lead(course, seat)
    require_turn(course, c.turn)
    course.emit(ev.TurnExtended(turn=c.turn, by_ms=c.by_s * 1000))


def _pause(course: Course, c: cmd.Pause, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    if HoldCause.PAUSE in course.state.holds:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.HoldStarted(cause=HoldCause.PAUSE))


def _resume(course: Course, c: cmd.Resume, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    if HoldCause.PAUSE not in course.state.holds:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.HoldEnded(cause=HoldCause.PAUSE))


def _grant_floor(course: Course, c: cmd.GrantFloor, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    state, step, run = course.state, course.state.current_step, course.state.step
    target = state.seats.get(c.seat)
    if target is None:
        raise Refused(RefusalCode.UNKNOWN_SEAT, c.seat)
    if step is None or run is None or step.floor is FloorMode.SILENT_WRITING:
        raise Refused(RefusalCode.NOT_NOW, "silent writing")
    if not target.present:
        raise Refused(RefusalCode.SEAT_ABSENT, c.seat)
    if target.role is Role.OBSERVER or target.id in closed_roles(state):
        raise Refused(RefusalCode.ROLE_CLOSED, c.seat)
    if holder(state) == c.seat:
        raise Refused(RefusalCode.ALREADY)
    course.interrupt()
    if step.floor is FloorMode.QUEUE:
        if c.seat == state.client:
            course.start_answering()
        else:
            course.start_asking(c.seat)
    elif c.seat in run.order:
        course.start_speaking(c.seat)
    else:
        course.start_turn(c.seat, TurnKind.GRANTED, 1000 * (step.turn_s or 60))


def _take_back_floor(course: Course, c: cmd.TakeBackFloor, seat: SeatState) -> None:
    require_lead(course, seat)
    turn = require_turn(course, c.turn)
    course.emit(ev.TurnEnded(turn=turn.number, how="taken_back"))


def _hand_over_lead(course: Course, c: cmd.HandOverLead, seat: SeatState) -> None:
    require_lead(course, seat)
    state = course.state
    deputy, facilitator = state.holder_of(Job.DEPUTY), state.facilitator
    heir = deputy if seat.id == facilitator else facilitator
    if heir is None:
        raise Refused(RefusalCode.NO_DEPUTY)
    if not state.seats[heir].present:
        raise Refused(RefusalCode.SEAT_ABSENT, heir)
    course.emit(ev.LeadChanged(seat=heir, cause=LeadCause.HANDED_OVER))


def _take_lead(course: Course, c: cmd.TakeLead, seat: SeatState) -> None:
    if seat.role is not Role.FACILITATOR:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the facilitator")
    if course.state.lead == seat.id:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.LeadChanged(seat=seat.id, cause=LeadCause.TAKEN_BACK))


def _move_end(course: Course, c: cmd.MoveEnd, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    course.emit(ev.EndMoved(by_ms=c.by_s * 1000))


def _close_session(course: Course, c: cmd.CloseSession, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    instance = course.state.current
    if instance is not None:
        course.leave_phase(ev.PhaseEnded(phase=instance.key))
    course.emit(ev.SessionClosed())


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.StartSession: _start_session,
    cmd.NextPhase: _next_phase,
    cmd.NextStep: _next_step,
    cmd.SkipPhase: _skip_phase,
    cmd.ExtendPhase: _extend_phase,
    cmd.ExtendTurn: _extend_turn,
    cmd.Pause: _pause,
    cmd.Resume: _resume,
    cmd.GrantFloor: _grant_floor,
    cmd.TakeBackFloor: _take_back_floor,
    cmd.HandOverLead: _hand_over_lead,
    cmd.TakeLead: _take_lead,
    cmd.MoveEnd: _move_end,
    cmd.CloseSession: _close_session,
}
