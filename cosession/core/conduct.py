"""The lead's gestures: phases, steps, time, the floor of others, and the lead itself.

One function for each command; each raises `Refused` or lets the course take its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import commands as cmd
from cosession.core import drafts
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.course import Course
from cosession.core.evolve import evolve
from cosession.core.floor import closed_roles, holder
from cosession.core.losses import losses
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.subject import (
    require_keys,
    require_lead,
    require_open_phase,
    require_other,
    require_phase,
    require_running,
    require_step,
    require_turn,
)
from cosession.core.vocabulary import (
    FloorMode,
    Job,
    LeadCause,
    Loss,
    PhaseStatus,
    RefusalCode,
    Role,
    Status,
    TurnKind,
    Who,
)


def _start_session(course: Course, c: cmd.StartSession, seat: SeatState) -> None:
    require_keys(course, seat)
    state = course.state
    if state.status is not Status.LOBBY:
        raise Refused(RefusalCode.ALREADY, "the session has started")
    here = sum(state.seats[member].present for member in state.seats_of(Who.MEMBERS))
    if not state.script.facilitator and here < state.script.people.minimum:
        raise Refused(RefusalCode.SEAT_ABSENT, f"at least {state.script.people.minimum} people")
    for spec in state.script.lobby:
        drafts.end(course, spec, None)
    course.emit(ev.SessionStarted())
    course.start_next_phase()


def _next_phase(course: Course, c: cmd.NextPhase, seat: SeatState) -> None:
    require_keys(course, seat)
    require_phase(course, c.phase)
    _require_told(course, c.losing)
    course.emit(ev.NextSaid(phase=c.phase))
    course.leave_phase(ev.PhaseEnded(phase=c.phase))
    course.start_next_phase()


def _require_told(course: Course, losing: tuple[Loss, ...]) -> None:
    """Nobody ends a protected phase without having read what that loses."""
    untold = [loss for loss in losses(course.state, course.now_ms, course.drafts) if loss not in losing]
    if untold:
        raise Refused(RefusalCode.UNCONFIRMED, f"would be lost: {', '.join(untold)}", "losing")


def _undo(course: Course, c: cmd.Undo, seat: SeatState) -> None:
    require_keys(course, seat)
    require_phase(course, c.phase)
    state, mark = course.state, course.state.mark
    if mark is None or course.now_ms - mark.at_ms > sch.UNDO_MS:
        raise Refused(RefusalCode.TOO_LATE, "there is nothing to undo any more")
    undone = ev.PhaseUndone(phase=c.phase)
    before = evolve(state, undone, course.now_ms)
    phase = before.current_phase
    ends_after = None if phase is None else sch.ends_after_ms(before, phase)
    if ends_after is not None and sch.phase_left_ms(before, course.now_ms) <= -ends_after:
        raise Refused(RefusalCode.TOO_LATE, "its time is over")
    course.emit(undone)


def _next_step(course: Course, c: cmd.NextStep, seat: SeatState) -> None:
    require_keys(course, seat)
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
    instance = require_open_phase(course, c.phase)
    by_ms = c.by_s * 1000
    least_ms = max(sch.least_ms(course.state, instance), sch.spent_ms(course.state, instance, course.now_ms))
    if abs(c.by_s) < 15 or (by_ms < 0 and instance.wanted_ms + by_ms < least_ms):
        raise Refused(RefusalCode.OUT_OF_RANGE, f"{c.phase} keeps at least {least_ms // 1000} s", "by_s")
    course.emit(ev.PhaseExtended(phase=c.phase, by_ms=by_ms))


def _extend_turn(course: Course, c: cmd.ExtendTurn, seat: SeatState) -> None:
    require_lead(course, seat)
    require_turn(course, c.turn)
    course.emit(ev.TurnExtended(turn=c.turn, by_ms=c.by_s * 1000))


def _grant_floor(course: Course, c: cmd.GrantFloor, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    state, step, run = course.state, course.state.current_step, course.state.step
    target = require_other(course, c.seat)
    if step is None or run is None or step.floor is FloorMode.SILENT_WRITING:
        raise Refused(RefusalCode.NOT_NOW, "silent writing")
    if not target.audible:
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


def _keep_silence(course: Course, c: cmd.KeepSilence, seat: SeatState) -> None:
    require_keys(course, seat)
    turn = require_turn(course, c.turn)
    if turn.silence is c.on:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.SilenceKept(turn=c.turn, on=c.on))


def _flag_expert(course: Course, c: cmd.FlagExpert, seat: SeatState) -> None:
    require_lead(course, seat)
    target = require_other(course, c.seat)
    if target.role is not Role.CONSULTANT:
        raise Refused(RefusalCode.ROLE_CLOSED, c.seat)
    if target.expert is c.expert:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.ExpertFlagged(seat=c.seat, expert=c.expert))


def _offer_job(course: Course, c: cmd.OfferJob, seat: SeatState) -> None:
    require_lead(course, seat)
    target = require_other(course, c.seat)
    if target.role not in (Role.CLIENT, Role.CONSULTANT) or (c.job is Job.DEPUTY and target.role is Role.CLIENT):
        raise Refused(RefusalCode.ROLE_CLOSED, c.seat)
    if not target.connected:
        raise Refused(RefusalCode.SEAT_ABSENT, c.seat)
    if c.job in target.jobs or course.state.offers.get(c.job) == c.seat:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.JobOffered(job=c.job, seat=c.seat))


def _hand_over_lead(course: Course, c: cmd.HandOverLead, seat: SeatState) -> None:
    require_lead(course, seat)
    state = course.state
    deputy, facilitator = state.holder_of(Job.DEPUTY), state.facilitator
    heir = deputy if seat.id == facilitator else facilitator
    if heir is None:
        raise Refused(RefusalCode.NO_DEPUTY)
    if not state.seats[heir].connected:
        raise Refused(RefusalCode.SEAT_ABSENT, heir)
    course.emit(ev.LeadChanged(seat=heir, cause=LeadCause.HANDED_OVER))


def _take_lead(course: Course, c: cmd.TakeLead, seat: SeatState) -> None:
    if seat.role is not Role.FACILITATOR:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the facilitator")
    if course.state.lead == seat.id:
        raise Refused(RefusalCode.ALREADY)
    if not seat.connected:
        raise Refused(RefusalCode.SEAT_ABSENT, "whoever is away leads again once back")
    course.emit(ev.LeadChanged(seat=seat.id, cause=LeadCause.TAKEN_BACK))


def _move_end(course: Course, c: cmd.MoveEnd, seat: SeatState) -> None:
    (require_lead if course.state.script.facilitator else require_keys)(course, seat)
    require_running(course)
    by_ms = c.by_s * 1000
    if abs(c.by_s) < 60 or course.state.ends_at_ms + by_ms <= course.now_ms:
        raise Refused(RefusalCode.OUT_OF_RANGE, "at least a minute, and an end that is still to come", "by_s")
    if by_ms < 0:
        course.emit(ev.EndMoved(by_ms=by_ms))
        return
    if course.state.proposal is not None:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.EndProposed(by_ms=by_ms))


def _close_session(course: Course, c: cmd.CloseSession, seat: SeatState) -> None:
    require_keys(course, seat)
    require_running(course)
    _require_told(course, c.losing)
    instance = course.state.current
    if instance is not None:
        course.leave_phase(ev.PhaseEnded(phase=instance.key))
    course.close()


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.StartSession: _start_session,
    cmd.NextPhase: _next_phase,
    cmd.NextStep: _next_step,
    cmd.SkipPhase: _skip_phase,
    cmd.Undo: _undo,
    cmd.ExtendPhase: _extend_phase,
    cmd.ExtendTurn: _extend_turn,
    cmd.KeepSilence: _keep_silence,
    cmd.FlagExpert: _flag_expert,
    cmd.OfferJob: _offer_job,
    cmd.GrantFloor: _grant_floor,
    cmd.TakeBackFloor: _take_back_floor,
    cmd.HandOverLead: _hand_over_lead,
    cmd.TakeLead: _take_lead,
    cmd.MoveEnd: _move_end,
    cmd.CloseSession: _close_session,
}
