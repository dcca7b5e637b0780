"""The charter: the group may change its wording, and agrees on it by consent (method.md, "Rules that the software
holds"). It is the only thing in the model on which anybody votes: never on advice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.subject import require_lead
from cosession.core.vocabulary import Family, RefusalCode, Role, Status


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
    if vote is not None and not vote.objections and all(m.id in vote.consents for m in members if m.connected):
        course.emit(ev.CharterAgreed(version=c.version))


def _require_opening(course: Course) -> None:
    """Before the start, and while the group opens."""
    state, phase = course.state, course.state.current_phase
    if state.status is not Status.LOBBY and (phase is None or phase.family is not Family.OPEN):
        raise Refused(RefusalCode.NOT_NOW, "the charter is agreed at the beginning")


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.ProposeCharter: _propose_charter,
    cmd.AnswerCharter: _answer_charter,
}
