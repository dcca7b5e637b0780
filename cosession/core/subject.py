"""Whether a command's subject is still what its sender saw (decision 8), and whether its sender may conduct.

Each check returns the subject or raises `Refused`.
"""

from __future__ import annotations

from cosession.core.course import Course
from cosession.core.refusal import Refused
from cosession.core.state import PhaseInstance, SeatState, SessionState, Turn
from cosession.core.vocabulary import PhaseStatus, RefusalCode, Role, Status


def holds_keys(state: SessionState, seat: SeatState) -> bool:
    """Whether the frame is in this seat's hands: it leads, or nobody conducts this script and it is a member."""
    if not state.script.facilitator:
        return seat.role in (Role.CLIENT, Role.CONSULTANT)
    return seat.id == state.lead


def require_keys(course: Course, seat: SeatState) -> None:
    """The frame: begin, go on, pause. Every lead keeps it."""
    if not holds_keys(course.state, seat):
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the lead")


def require_lead(course: Course, seat: SeatState) -> None:
    """More than the frame: a deputy in the absence of the facilitator needs to be qualified (method.md)."""
    if seat.id != course.state.lead:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the lead")
    if course.state.frame_only:
        raise Refused(RefusalCode.NOT_QUALIFIED, seat.id)


def require_other(course: Course, seat: str) -> SeatState:
    """A seat that a command names."""
    target = course.state.seats.get(seat)
    if target is None:
        raise Refused(RefusalCode.UNKNOWN_SEAT, seat)
    return target


def require_running(course: Course) -> None:
    if course.state.status is not Status.RUNNING:
        raise Refused(RefusalCode.NOT_NOW, "the session has not started")


def require_phase(course: Course, key: str) -> PhaseInstance:
    require_running(course)
    instance = course.state.current
    if instance is None or instance.key != key:
        raise Refused(RefusalCode.STALE, f"{key} does not run now")
    return instance


def require_open_phase(course: Course, key: str) -> PhaseInstance:
    """The phase runs or is still to come."""
    require_running(course)
    instance = course.state.instance(key)
    if instance is None or instance.status in (PhaseStatus.DONE, PhaseStatus.SKIPPED):
        raise Refused(RefusalCode.STALE, f"{key} is over")
    return instance


def require_step(course: Course, key: str, step: int) -> None:
    require_phase(course, key)
    if course.state.step is None or course.state.step.index != step:
        raise Refused(RefusalCode.STALE, f"{key} is not at step {step}")


def require_turn(course: Course, number: int) -> Turn:
    turn = course.state.turn
    if turn is None or turn.number != number:
        raise Refused(RefusalCode.STALE, f"turn {number} is over")
    return turn
