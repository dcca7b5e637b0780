"""Whether a command may happen, and what happens then.

`decide(state, command, now_ms, by, drafts)` returns the events or raises `Refused`; it touches nothing. There is one
function for each command: the lead's gestures are in `conduct`, every seat's in `take_part`, pauses in `care`, absences
in `fallback`, the charter's in `charter`, facts here.
Who may do what is said there and nowhere else: the buttons of the browser come from asking this module (`view`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from cosession.core import captures as cap
from cosession.core import care, charter, conduct, fallback, phone, take_part
from cosession.core import commands as cmd
from cosession.core import drafts as texts
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.floor import lead_interrupts
from cosession.core.frozen import memoized_at
from cosession.core.phone import phone_ends
from cosession.core.refusal import Refused
from cosession.core.schedule import next_wake
from cosession.core.settle import settle
from cosession.core.setup import create
from cosession.core.state import SessionState
from cosession.core.vocabulary import HoldCause, Microphone, Presence, RefusalCode, Status

C = TypeVar("C", bound=cmd.Command)

NO_DRAFTS: Mapping[tuple[str, str], Mapping[str, str]] = {}


def decide(
    state: SessionState | None,
    command: cmd.Command,
    now_ms: int,
    by: str | None = None,
    drafts: cap.Drafts = NO_DRAFTS,
    typing: cap.Typing = frozenset(),
) -> list[ev.Event]:
    """The events that `command` leads to at session time `now_ms`. `by` is the asking seat, None for the room itself.
    `drafts` are the unsent texts, `typing` those of them that are being written: the module of that name says what
    becomes of them. Raises `Refused`."""
    if isinstance(command, cmd.CreateSession):
        if state is not None:
            raise Refused(RefusalCode.ALREADY, "the session exists")
        return create(command)
    if state is None:
        raise Refused(RefusalCode.NOT_NOW, "there is no session yet")
    return decided(state, command, now_ms, by, drafts, typing).events


def decided(
    state: SessionState,
    command: cmd.Command,
    now_ms: int,
    by: str | None = None,
    drafts: cap.Drafts = NO_DRAFTS,
    typing: cap.Typing = frozenset(),
) -> Course:
    """As `decide`, with the states that its events lead to, for who need not evolve them again. Raises `Refused`."""
    course = Course(state, now_ms, drafts, typing)
    if by is None:
        _FACTS[type(command)](course, command)
    else:
        seat = state.seats.get(by)
        if seat is None:
            raise Refused(RefusalCode.UNKNOWN_SEAT, by)
        # What time has already brought about comes first, so that nobody acts on a turn that is over.
        if not _sleeps(state, now_ms):
            settle(course)
        _gesture(course, command, by)
    settle(course)
    _moved.memoize(course.state, now_ms, None)
    return course


def accepted(state: SessionState, commands: Iterable[C], now_ms: int, by: str) -> list[C]:
    """Those of `commands` that `decide` would not refuse from this seat now. Cheaper than deciding each: what is due is
    settled once for all seats, and what would follow is not worked out."""
    due = _due(state, now_ms)
    fine = []
    for command in commands:
        try:
            _gesture(_Trial(due, now_ms, NO_DRAFTS), command, by)
        except Refused:
            continue
        except _Accepted:
            pass
        fine.append(command)
    return fine


def _due(state: SessionState, now_ms: int) -> SessionState:
    """The state once what time has brought about has happened."""
    moved = None if _sleeps(state, now_ms) else _moved(state, now_ms)
    return state if moved is None else moved


def _sleeps(state: SessionState, now_ms: int) -> bool:
    """Whether the state is known to have been at rest, and the moment at which it wants to be woken is still to come.
    The room asks for that moment anyway."""
    known = _moved.known(state)
    if known is None or known[1] is not None or now_ms < known[0]:
        return False
    wake_ms = next_wake(state, known[0])
    return wake_ms is None or now_ms < wake_ms


@memoized_at()
def _moved(state: SessionState, now_ms: int) -> SessionState | None:
    """The state in which this one comes to rest; None if it is at rest: a state does not keep itself."""
    course = Course(state, now_ms, NO_DRAFTS)
    settle(course)
    return None if course.state is state else course.state


class _Accepted(Exception):
    """A gesture has come to its first event."""


class _Trial(Course):
    """A course on which nothing happens. A gesture refuses before its first event or not at all."""

    def emit(self, event: ev.Event) -> None:
        raise _Accepted


def _gesture(course: Course, command: cmd.Command, by: str) -> None:
    """What a seat asks, where it may be asked at all: after the close, in a suspended session and in a care pause only
    what belongs there."""
    kind = type(command)
    if course.state.status is Status.CLOSED and kind is not cmd.SubmitCapture:
        raise Refused(RefusalCode.CLOSED)
    for cause, fitting in _WHILE.items():
        if cause in course.state.holds and kind not in fitting:
            raise Refused(RefusalCode.NOT_NOW, cause.value)
    _GESTURES[kind](course, command, course.state.seats[by])


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


def _report_path(course: Course, c: cmd.ReportPath) -> None:
    seat = course.state.seats.get(c.seat)
    if seat is None:
        raise Refused(RefusalCode.UNKNOWN_SEAT, c.seat)
    if seat.media_lost is not c.lost and seat.connected:
        course.emit(ev.MediaPathChanged(seat=c.seat, lost=c.lost))


def _report_sound(course: Course, c: cmd.ReportSound) -> None:
    """Who took the telephone because the page had no sound does not need it any more."""
    seat = course.state.seats.get(c.seat)
    if seat is None:
        raise Refused(RefusalCode.UNKNOWN_SEAT, c.seat)
    if phone_ends(course.state, seat, course.now_ms):
        course.emit(ev.PhoneSet(seat=c.seat, phone=False))


def _report_lead_voice(course: Course, c: cmd.ReportLeadVoice) -> None:
    """Only inside somebody else's turn does it matter, and `floor.lead_interrupts` it."""
    turn = course.state.turn
    if turn is not None and lead_interrupts(course.state) and (turn.stopped_at_ms is not None) is not c.speaking:
        course.emit(ev.LeadSpoke(speaking=c.speaking))


def _report_voices(course: Course, c: cmd.ReportVoices) -> None:
    instance = course.state.current
    spoke = {seat: ms for seat, ms in sorted(c.spoke_ms.items()) if seat in course.state.seats and ms > 0}
    if instance is not None and spoke:
        course.emit(ev.VoicesHeard(phase=instance.key, spoke_ms=spoke))


def _report_late_text(course: Course, c: cmd.ReportLateText) -> None:
    if c.seat not in course.state.seats:
        raise Refused(RefusalCode.UNKNOWN_SEAT, c.seat)
    texts.comes_late(course, c.seat, c.capture)


def _tick(course: Course, c: cmd.Tick) -> None:
    """Time alone: `settle` does what is due."""


_FACTS: dict[type[cmd.Command], Callable[[Course, Any], None]] = {
    cmd.ReportPresence: _report_presence,
    cmd.ReturnSeat: _return_seat,
    cmd.ReportPath: _report_path,
    cmd.ReportSound: _report_sound,
    cmd.ReportLeadVoice: _report_lead_voice,
    cmd.ReportVoices: _report_voices,
    cmd.CreditOutage: _credit_outage,
    cmd.ReportLateText: _report_late_text,
    cmd.Tick: _tick,
}

_GESTURES = (
    conduct.GESTURES | take_part.GESTURES | care.GESTURES | fallback.GESTURES | charter.GESTURES | phone.GESTURES
)

_OWN_AFFAIRS: frozenset[type[cmd.Command]] = frozenset(
    {cmd.SetMicrophone, cmd.SetPhone, cmd.LeaveAt, cmd.ChooseTyping, cmd.AgreeGoingOn, cmd.TakeLead}
)
_WHILE: dict[HoldCause, frozenset[type[cmd.Command]]] = {
    # Of texts only what was left open to its author: `captures.writable`.
    HoldCause.SUSPENDED: _OWN_AFFAIRS | {cmd.ResumeSession, cmd.CloseSession, cmd.SubmitCapture},
    HoldCause.CARE: _OWN_AFFAIRS
    | {cmd.Resume, cmd.SuspendSession, cmd.StopSession, cmd.HandOverLead, cmd.OfferJob, cmd.AnswerJob, cmd.RefuseEnd},
}
"""The gestures that belong into a suspended session and into a care pause."""
