"""What an absence does, and the way back (method.md, "When somebody drops"; decision 38).

First the rules of `settle`, each of which emits at most one thing and says whether it did; then the lead's gestures.
Presence is a fact that the room reports: absent means 6 s without a sign of life. The seat, its hand, its role and its
jobs are kept by having no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cosession.core import commands as cmd
from cosession.core import drafts
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.course import Course
from cosession.core.floor import holder
from cosession.core.refusal import Refused
from cosession.core.state import SeatState, SessionState
from cosession.core.subject import require_lead, require_other, require_running
from cosession.core.vocabulary import DropPolicy, HoldCause, Job, LeadCause, PhaseStatus, RefusalCode, Role

#: With client and lead, so many consultants are enough to go on after everybody's media were lost.
QUORUM = 3


def lead_moves(course: Course) -> bool:
    """The lead goes to the deputy, or back to whom it is left; where there is nobody, that is declared."""
    state = course.state
    if not state.script.facilitator:
        return False
    away = None if state.lead is None else state.seats[state.lead]
    if away is not None and (away.connected or course.now_ms - away.since_ms < sch.DEPUTY_LEADS_MS):
        return False
    heir = next((seat for seat in _heirs(state) if state.seats[seat].connected), None)
    if heir is not None:
        course.emit(ev.LeadChanged(seat=heir, cause=LeadCause.RETURN if away is None else LeadCause.ABSENCE))
    elif away is None:
        return False
    else:
        course.emit(ev.LeadVacated())
    return True


def deputy_begins(course: Course) -> bool:
    """Nobody waits in the lobby for a facilitator who does not come: the deputy leads 30 s after the start."""
    state = course.state
    if state.lead is None or state.seats[state.lead].connected:
        return False
    if course.now_ms - max(state.seats[state.lead].since_ms, state.starts_at_ms) < sch.DEPUTY_LEADS_MS:
        return False
    heir = next((seat for seat in _heirs(state) if state.seats[seat].connected), None)
    if heir is None:
        return False
    course.emit(ev.LeadChanged(seat=heir, cause=LeadCause.ABSENCE))
    course.announce_lead()
    return True


def _heirs(state: SessionState) -> Iterator[str]:
    """Who may lead besides who does: the facilitator, then the deputy. Never the client of the moment."""
    for seat in (state.facilitator, state.holder_of(Job.DEPUTY)):
        if seat is not None and seat not in (state.lead, state.client):
            yield seat


def missing(state: SessionState) -> dict[HoldCause, bool]:
    """For each cause, whether it wants the clock held now."""
    phase = state.current_phase
    if phase is None:
        return {}
    client = None if state.client is None else state.seats[state.client]
    consultants = [seat for seat in state.seats.values() if seat.role is Role.CONSULTANT]
    nobody_heard = _nobody_heard(state)
    unheard = client is not None and client.unheard and holder(state) == client.id and not nobody_heard
    gone = client is not None and (not client.present or unheard)
    leads = state.lead is not None and state.seats[state.lead].connected
    return {
        HoldCause.CLIENT_ABSENT: gone and phase.drops.client is not DropPolicy.RUN,
        HoldCause.CONSULTANTS_ABSENT: phase.drops.consultants is DropPolicy.HOLD
        and not any(seat.present for seat in consultants),
        HoldCause.LEAD_ABSENT: phase.drops.facilitator is DropPolicy.HOLD and state.script.facilitator and not leads,
        HoldCause.MEDIA: nobody_heard,
    }


def _nobody_heard(state: SessionState) -> bool:
    """Everybody's media are lost; once they are, until client, lead and `QUORUM` consultants are back (decision 7)."""
    lost = sum(seat.unheard and seat.connected for seat in state.seats.values())
    if not lost:
        return False
    conducting = [state.seats[seat] for seat in (state.client, state.lead) if seat is not None]
    conducting = [seat for seat in conducting if seat.present]
    consultants = [seat for seat in state.seats.values() if seat.role is Role.CONSULTANT and seat.present]
    if HoldCause.MEDIA in state.holds:
        enough = sum(seat.audible for seat in consultants) >= min(QUORUM, len(consultants))
        return not (enough and all(seat.audible for seat in conducting))
    return lost >= 2 and not any(seat.audible for seat in (*conducting, *consultants))


def holds_change(course: Course) -> bool:
    """The clock holds while somebody whom the phase cannot do without is away, unless the lead went on without."""
    event = _hold_due(course.state)
    if event is not None:
        course.emit(event)
    return event is not None


def _hold_due(state: SessionState) -> ev.HoldStarted | ev.HoldEnded | None:
    for cause, wanted in missing(state).items():
        held, waived = cause in state.holds, cause in state.waived
        if wanted and not held and not waived:
            return ev.HoldStarted(cause=cause)
        if held and (not wanted or waived):
            return ev.HoldEnded(cause=cause)
    return None


def phase_waits(course: Course) -> bool:
    """A phase that its client's absence puts off: it comes after the next one. The second time it is left to be written
    after the close (method.md, "client in `action_plan`"): skipped, or if it is protected, run without the client, as
    nobody ends it under its minimum unasked."""
    state, phase, instance = course.state, course.state.current_phase, course.state.current
    if phase is None or instance is None or phase.drops.client is not DropPolicy.LATER or state.client is None:
        return False
    client = state.seats[state.client]
    if client.present or course.now_ms - client.since_ms < sch.LATER_MS:
        return False
    if instance.postponed and phase.protected:
        if HoldCause.CLIENT_ABSENT in state.waived:
            return False
        course.emit(ev.HoldWaived(cause=HoldCause.CLIENT_ABSENT))
        return True
    if instance.postponed:
        course.leave_phase(ev.PhaseSkipped(phase=instance.key))
        course.start_next_phase()
        return True
    if not any(other.status is PhaseStatus.COMING for other in state.phases):
        return False
    course.postpone_phase()
    return True


# -- what the lead can do about it ----------------------------------------------------------------------------------


def client_can_change(state: SessionState, now_ms: int) -> bool:
    """Whether the minimums from `client_from` on still fit before the end (method.md: 44 min, until 0:31)."""
    script = state.script
    if script.client_from is None:
        return False
    ids = [phase.id for phase in script.phases]
    needed_ms = sum(phase.minimum_ms for phase in script.phases[ids.index(script.client_from) :])
    return needed_ms <= state.ends_at_ms - now_ms


def begins_anew(state: SessionState) -> tuple[str, ...]:
    """Keys of the new instances if another client began at `client_from` now; empty if it has not come to that."""
    script, current = state.script, state.current
    if script.client_from is None or current is None:
        return ()
    ids = [phase.id for phase in script.phases]
    first, here = ids.index(script.client_from), ids.index(current.id)
    return tuple(f"{phase}#{_instances(state, phase) + 1}" for phase in ids[first : here + 1])


def _instances(state: SessionState, phase: str) -> int:
    return sum(instance.id == phase for instance in state.phases)


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
    if not target.connected:
        raise Refused(RefusalCode.SEAT_ABSENT, c.seat)
    if not client_can_change(state, course.now_ms):
        raise Refused(RefusalCode.TOO_LATE, "the minimums no longer fit: suspend and resume within 7 days")
    again = begins_anew(state)
    if again:
        course.leave_phase(ev.ClientChanged(seat=c.seat, again=again))
        course.start_next_phase()
    else:
        drafts.withdraw(course)
        course.emit(ev.ClientChanged(seat=c.seat, again=()))


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.GoOn: _go_on,
    cmd.AgreeGoingOn: _agree_going_on,
    cmd.ChangeClient: _change_client,
}
