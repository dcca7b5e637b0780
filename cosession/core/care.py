"""The pause, and the care pause with its four exits: resume, a smaller topic, suspend, stop.

Source: method.md, "Rules that the software holds". One function for each command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.subject import require_keys, require_lead, require_running
from cosession.core.vocabulary import FloorMode, HoldCause, RefusalCode, Role, TurnKind

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
    # A care pause takes the place of a pause: one gesture leads out of it.
    if cause is HoldCause.CARE and HoldCause.PAUSE in course.state.holds:
        course.emit(ev.HoldEnded(cause=HoldCause.PAUSE))


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
    course.close(stopped=True)


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.Pause: _pause,
    cmd.CarePause: _care_pause,
    cmd.AskPause: _ask_pause,
    cmd.Resume: _resume,
    cmd.SuspendSession: _suspend_session,
    cmd.ResumeSession: _resume_session,
    cmd.StopSession: _stop_session,
}
