"""Whether a command's subject is still what its sender saw (decision 8), and whether its sender leads.

Each check returns the subject or raises `Refused`.
"""

from __future__ import annotations

from cosession.core.course import Course
from cosession.core.refusal import Refused
from cosession.core.state import PhaseInstance, SeatState, Turn
from cosession.core.vocabulary import PhaseStatus, RefusalCode, Status


def require_lead(course: Course, seat: SeatState) -> None:
    if seat.id != course.state.lead:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the lead")


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
