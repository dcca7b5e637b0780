"""Whether a command may happen, and what happens then.

`decide(state, command, now_ms, by, drafts)` returns the events or raises `Refused`; it touches nothing. There is one
function for each command: the lead's gestures are in `conduct`, every seat's in `take_part`, the room's facts here.
Who may do what is said there and nowhere else: the buttons of the browser come from asking this module (`view`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from cosession.core import captures as cap
from cosession.core import commands as cmd
from cosession.core import conduct, take_part
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.refusal import Refused
from cosession.core.setup import create
from cosession.core.state import SessionState
from cosession.core.vocabulary import Microphone, Presence, RefusalCode, Status

C = TypeVar("C", bound=cmd.Command)

NO_DRAFTS: Mapping[tuple[str, str], Mapping[str, str]] = {}


def decide(
    state: SessionState | None,
    command: cmd.Command,
    now_ms: int,
    by: str | None = None,
    drafts: cap.Drafts = NO_DRAFTS,
) -> list[ev.Event]:
    """The events that `command` leads to at session time `now_ms`. `by` is the asking seat, None for the room itself.
    `drafts` are the unsent texts: those that a step's or phase's end concerns become captures. Raises `Refused`."""
    if isinstance(command, cmd.CreateSession):
        if state is not None:
            raise Refused(RefusalCode.ALREADY, "the session exists")
        return create(command)
    if state is None:
        raise Refused(RefusalCode.NOT_NOW, "there is no session yet")
    course = Course(state, now_ms, drafts)
    if by is None:
        _FACTS[type(command)](course, command)
    else:
        seat = state.seats.get(by)
        if seat is None:
            raise Refused(RefusalCode.UNKNOWN_SEAT, by)
        if state.status is Status.CLOSED:
            raise Refused(RefusalCode.CLOSED)
        # What time has already brought about comes first, so that nobody acts on a turn that is over.
        course.settle()
        _GESTURES[type(command)](course, command, course.state.seats[by])
    course.settle()
    return course.events


def accepted(state: SessionState, commands: Iterable[C], now_ms: int, by: str) -> list[C]:
    """Those of `commands` that `decide` would not refuse from this seat now. Cheaper than deciding each: what is due is
    settled once, and what would follow is not worked out."""
    if state.status is Status.CLOSED:
        return []
    due = Course(state, now_ms, NO_DRAFTS)
    due.settle()
    fine = []
    for command in commands:
        try:
            _GESTURES[type(command)](Course(due.state, now_ms, NO_DRAFTS), command, due.state.seats[by])
        except Refused:
            continue
        fine.append(command)
    return fine


# -- facts that the room reports -----------------------------------------------------------------------------------


def _report_presence(course: Course, c: cmd.ReportPresence) -> None:
    seat = course.state.seats.get(c.seat)
    if seat is None:
        raise Refused(RefusalCode.UNKNOWN_SEAT, c.seat)
    if seat.presence is not c.presence:
        course.emit(ev.PresenceChanged(seat=c.seat, presence=c.presence))


def _return_seat(course: Course, c: cmd.ReturnSeat) -> None:
    seat = course.state.seats.get(c.seat)
    if seat is None:
        raise Refused(RefusalCode.UNKNOWN_SEAT, c.seat)
    if seat.microphone is not Microphone.CLOSED:
        course.emit(ev.SeatReturned(seat=c.seat))
    if seat.presence is not Presence.HERE:
        course.emit(ev.PresenceChanged(seat=c.seat, presence=Presence.HERE))


def _credit_outage(course: Course, c: cmd.CreditOutage) -> None:
    if c.outage_ms and course.state.status is Status.RUNNING:
        course.emit(ev.OutageCredited(outage_ms=c.outage_ms))


def _tick(course: Course, c: cmd.Tick) -> None:
    """Time alone: `settle` does what is due."""


_FACTS: dict[type[cmd.Command], Callable[[Course, Any], None]] = {
    cmd.ReportPresence: _report_presence,
    cmd.ReturnSeat: _return_seat,
    cmd.CreditOutage: _credit_outage,
    cmd.Tick: _tick,
}

_GESTURES = conduct.GESTURES | take_part.GESTURES
