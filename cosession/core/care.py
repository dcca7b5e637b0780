"""Gestures around a break in the course: the pause, the care pause and its four exits, going on without the client, the
reserve topic, the charter.

Source: method.md, "Rules that the software holds" and "When somebody drops". One function for each command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.fallback import begins_anew, client_can_change
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.subject import require_keys, require_lead, require_other, require_running
from cosession.core.vocabulary import DropPolicy, Family, FloorMode, HoldCause, Job, RefusalCode, Role, Status, TurnKind

#: What the client says smaller, they say within a minute.
_SMALLER_MS = 60_000


def _pause(course: Course, c: cmd.Pause, seat: SeatState) -> None:
    require_keys(course, seat)
    _begin(course, HoldCause.PAUSE)


def _care_pause(course: Course, c: cmd.CarePause, seat: SeatState) -> None:
    require_keys(course, seat)
    _begin(course, HoldCause.CARE)


def _begin(course: Course, cause: HoldCause) -> None:
    require_running(course)
    if cause in course.state.holds:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.HoldStarted(cause=cause))


def _ask_pause(course: Course, c: cmd.AskPause, seat: SeatState) -> None:
    """Where nobody leads the care pause begins by itself: nobody else could open it."""
    require_running(course)
    state = course.state
    if seat.id == state.lead or not state.script.facilitator:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "who holds the keys pauses")
    if seat.id in state.pause_wanted or HoldCause.CARE in state.holds:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.PauseWanted(seat=seat.id))
    if state.lead is None:
        _begin(course, HoldCause.CARE)


def _resume(course: Course, c: cmd.Resume, seat: SeatState) -> None:
    require_running(course)
    state = course.state
    cause = HoldCause.CARE if HoldCause.CARE in state.holds else HoldCause.PAUSE
    if not (state.vacant and cause is HoldCause.CARE and seat.role is not Role.OBSERVER):
        require_keys(course, seat)
    if cause not in state.holds:
        raise Refused(RefusalCode.ALREADY, "nothing is paused")
    if c.smaller and (cause is not HoldCause.CARE or not _may_narrow(course)):
        raise Refused(RefusalCode.NOT_NOW, "the topic is said smaller out of a care pause, while nobody writes")
    course.emit(ev.HoldEnded(cause=cause))
    if c.smaller and state.client is not None:
        course.emit(ev.TopicNarrowed())
        course.interrupt()
        course.start_turn(state.client, TurnKind.GRANTED, _SMALLER_MS)


def _may_narrow(course: Course) -> bool:
    state, step = course.state, course.state.current_step
    here = state.client is not None and state.seats[state.client].audible
    return here and step is not None and step.floor is not FloorMode.SILENT_WRITING


def _suspend_session(course: Course, c: cmd.SuspendSession, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    for cause in (HoldCause.CARE, HoldCause.PAUSE):
        if cause in course.state.holds:
            course.emit(ev.HoldEnded(cause=cause))
    course.emit(ev.HoldStarted(cause=HoldCause.SUSPENDED))


def _resume_session(course: Course, c: cmd.ResumeSession, seat: SeatState) -> None:
    require_keys(course, seat)
    since_ms = course.state.holds.get(HoldCause.SUSPENDED)
    if since_ms is None:
        raise Refused(RefusalCode.ALREADY, "the session is not suspended")
    course.emit(ev.HoldEnded(cause=HoldCause.SUSPENDED))
    course.emit(ev.EndMoved(by_ms=course.now_ms - since_ms))


def _stop_session(course: Course, c: cmd.StopSession, seat: SeatState) -> None:
    require_lead(course, seat)
    instance = course.state.current
    if HoldCause.CARE not in course.state.holds or instance is None:
        raise Refused(RefusalCode.NOT_NOW, "a session is stopped out of a care pause")
    course.leave_phase(ev.PhaseEnded(phase=instance.key))
    course.emit(ev.SessionClosed(stopped=True))


def _go_on(course: Course, c: cmd.GoOn, seat: SeatState) -> None:
    require_lead(course, seat)
    state, phase = course.state, course.state.current_phase
    if HoldCause.CLIENT_ABSENT not in state.holds or phase is None or state.client is None:
        raise Refused(RefusalCode.NOT_NOW, "the clock does not wait for the client")
    if phase.drops.client is not DropPolicy.CONSENT:
        raise Refused(RefusalCode.NOT_NOW, "not in this phase")
    if not state.seats[state.client].goes_on:
        raise Refused(RefusalCode.NO_CONSENT, state.client)
    course.emit(ev.HoldWaived(cause=HoldCause.CLIENT_ABSENT))


def _agree_going_on(course: Course, c: cmd.AgreeGoingOn, seat: SeatState) -> None:
    if seat.role not in (Role.CLIENT, Role.CONSULTANT):
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "members")
    if seat.goes_on is c.agreed:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.GoingOnAgreed(seat=seat.id, agreed=c.agreed))


def _change_client(course: Course, c: cmd.ChangeClient, seat: SeatState) -> None:
    require_lead(course, seat)
    require_running(course)
    state, target = course.state, require_other(course, c.seat)
    if state.script.client_from is None:
        raise Refused(RefusalCode.NOT_NOW, "this script keeps its client")
    if target.role is not Role.CONSULTANT or Job.DEPUTY in target.jobs:
        raise Refused(RefusalCode.ROLE_CLOSED, "a consultant who is not the deputy")
    if not target.present:
        raise Refused(RefusalCode.SEAT_ABSENT, c.seat)
    if not client_can_change(state, course.now_ms):
        raise Refused(RefusalCode.TOO_LATE, "the minimums no longer fit: suspend and resume within 7 days")
    again = begins_anew(state)
    if again:
        course.leave_phase(ev.ClientChanged(seat=c.seat, again=again))
        course.start_next_phase()
    else:
        course.emit(ev.ClientChanged(seat=c.seat, again=()))


# -- the charter ---------------------------------------------------------------------------------------------------


def _propose_charter(course: Course, c: cmd.ProposeCharter, seat: SeatState) -> None:
    require_lead(course, seat)
    _require_opening(course)
    vote = course.state.vote
    if c.lines:
        course.emit(ev.CharterProposed(version=course.state.charters + 1, lines=c.lines))
    elif vote is None:
        raise Refused(RefusalCode.ALREADY)
    else:
        course.emit(ev.CharterWithdrawn(version=vote.version))


def _answer_charter(course: Course, c: cmd.AnswerCharter, seat: SeatState) -> None:
    """It stands once everybody present consents: one objection is enough to go on talking."""
    if seat.role not in (Role.CLIENT, Role.CONSULTANT):
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "members")
    vote = course.state.vote
    if vote is None or vote.version != c.version:
        raise Refused(RefusalCode.STALE, f"version {c.version} is not proposed")
    if seat.id in (vote.consents if c.consents else vote.objections):
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.CharterAnswered(seat=seat.id, version=c.version, consents=c.consents))
    vote = course.state.vote
    members = [other for other in course.state.seats.values() if other.role in (Role.CLIENT, Role.CONSULTANT)]
    if vote is not None and not vote.objections and all(m.id in vote.consents for m in members if m.present):
        course.emit(ev.CharterAgreed(version=c.version))


def _require_opening(course: Course) -> None:
    """Before the start, and while the group opens."""
    state, phase = course.state, course.state.current_phase
    if state.status is not Status.LOBBY and (phase is None or phase.family is not Family.OPEN):
        raise Refused(RefusalCode.NOT_NOW, "the charter is agreed at the beginning")


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.Pause: _pause,
    cmd.CarePause: _care_pause,
    cmd.AskPause: _ask_pause,
    cmd.Resume: _resume,
    cmd.SuspendSession: _suspend_session,
    cmd.ResumeSession: _resume_session,
    cmd.StopSession: _stop_session,
    cmd.GoOn: _go_on,
    cmd.AgreeGoingOn: _agree_going_on,
    cmd.ChangeClient: _change_client,
    cmd.ProposeCharter: _propose_charter,
    cmd.AnswerCharter: _answer_charter,
}
