"""Whether a command may happen, and what happens then.

`decide(state, command, now_ms, by, drafts)` returns the events or raises `Refused`; it touches nothing. One function
for each command, found in one table. A command names its subject; a subject that moved is `stale` (decision 8). Who
may do what is said here and nowhere else: the buttons of the browser come from asking this module (`view`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from cosession.core import captures as cap
from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.course import Course
from cosession.core.evolve import evolve
from cosession.core.floor import FOLLOW_UPS, closed_roles, holder, may_speak
from cosession.core.refusal import Refused
from cosession.core.script import Script
from cosession.core.state import PhaseInstance, SeatState, SessionState, Turn
from cosession.core.vocabulary import (
    FloorMode,
    HandKind,
    HoldCause,
    Job,
    LeadCause,
    Microphone,
    PhaseStatus,
    Presence,
    RefusalCode,
    Role,
    Status,
    TurnKind,
)

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
        return _create(command)
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
        _SEATS[type(command)](course, command, course.state.seats[by])
    course.settle()
    return course.events


# -- making a session ----------------------------------------------------------------------------------------------


def _create(c: cmd.CreateSession) -> list[ev.Event]:
    def wrong(place: str, mend: str) -> Refused:
        return Refused(RefusalCode.BAD_SETUP, f"{place}: {mend}")

    try:
        script = Script.model_validate(c.script)
    except ValidationError as error:
        first = error.errors()[0]
        raise wrong("script." + ".".join(map(str, first["loc"])), first["msg"]) from None
    facilitators = [seat for seat in c.seats if seat.role is Role.FACILITATOR]
    clients = [seat for seat in c.seats if seat.role is Role.CLIENT]
    members = [seat for seat in c.seats if seat.role in (Role.CLIENT, Role.CONSULTANT)]
    if len(facilitators) != 1:
        raise wrong("seats", "name exactly one facilitator")
    if len(clients) != 1:
        raise wrong("client", "name exactly one client")
    if not script.people.minimum <= len(members) <= script.people.maximum:
        raise wrong("participants", f"{script.people.minimum} to {script.people.maximum} people")
    names = [seat.name.casefold() for seat in c.seats]
    if len(set(names)) < len(names):
        raise wrong("participants", "two people have the same name; add a letter to tell them apart")
    for job in Job:
        holders = [seat for seat in c.seats if job in seat.jobs]
        if len(holders) > 1:
            raise wrong(job, "at most one person")
        if any(seat.role is Role.FACILITATOR for seat in holders):
            raise wrong(job, "somebody other than the facilitator")
    if any(seat.role is Role.CLIENT and Job.DEPUTY in seat.jobs for seat in c.seats):
        raise wrong("deputy", "nobody is client and deputy in one session")
    ids = ["f" if seat.role is Role.FACILITATOR else "" for seat in c.seats]
    places = iter(range(1, len(ids) + 1))
    ids = [name or f"p{next(places)}" for name in ids]
    previous: str | None = None
    if c.previous_client is not None:
        if not 0 <= c.previous_client < len(ids) or c.seats[c.previous_client].role is Role.FACILITATOR:
            raise wrong("previous_client", "one of the participants")
        previous = ids[c.previous_client]
    events: list[ev.Event] = [
        ev.SessionCreated(
            title=c.title,
            language=c.language,
            script=script.model_dump(mode="json", exclude_defaults=True),
            speed=c.speed,
            starts_at_ms=c.starts_at_ms,
            programme=c.programme,
            number=c.number,
            previous_client=previous,
        )
    ]
    events += [
        ev.SeatAdded(seat=seat_id, name=seat.name, role=seat.role, jobs=tuple(sorted(seat.jobs)))
        for seat_id, seat in zip(ids, c.seats, strict=True)
    ]
    for phase in script.phases:
        if phase.skip_when == "first_session" and (c.number == 1 or previous is None):
            heir = None if phase.minutes_to is None else f"{phase.minutes_to}#1"
            events.append(ev.PhaseSkipped(phase=f"{phase.id}#1", minutes_to=heir))
    check: SessionState | None = None
    for event in events:
        check = evolve(check, event, 0)
    return events


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


# -- the lead ------------------------------------------------------------------------------------------------------


def _lead(course: Course, seat: SeatState) -> None:
    if seat.id != course.state.lead:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "only the lead")


def _running(course: Course) -> None:
    if course.state.status is not Status.RUNNING:
        raise Refused(RefusalCode.NOT_NOW, "the session has not started")


def _current(course: Course, key: str) -> PhaseInstance:
    _running(course)
    instance = course.state.current
    if instance is None or instance.key != key:
        raise Refused(RefusalCode.STALE, f"{key} does not run now")
    return instance


def _same_step(course: Course, key: str, step: int) -> None:
    _current(course, key)
    if course.state.step is None or course.state.step.index != step:
        raise Refused(RefusalCode.STALE, f"{key} is not at step {step}")


def _same_turn(course: Course, number: int) -> Turn:
    turn = course.state.turn
    if turn is None or turn.number != number:
        raise Refused(RefusalCode.STALE, f"turn {number} is over")
    return turn


def _start_session(course: Course, c: cmd.StartSession, seat: SeatState) -> None:
    _lead(course, seat)
    if course.state.status is not Status.LOBBY:
        raise Refused(RefusalCode.ALREADY, "the session has started")
    course.emit(ev.SessionStarted())
    course.start_next_phase()


def _next_phase(course: Course, c: cmd.NextPhase, seat: SeatState) -> None:
    _lead(course, seat)
    _current(course, c.phase)
    course.leave_phase(ev.PhaseEnded(phase=c.phase))
    course.start_next_phase()


def _next_step(course: Course, c: cmd.NextStep, seat: SeatState) -> None:
    _lead(course, seat)
    _same_step(course, c.phase, c.step)
    if not course.next_step():
        raise Refused(RefusalCode.NOT_NOW, "this is the last step of the phase")


def _skip_phase(course: Course, c: cmd.SkipPhase, seat: SeatState) -> None:
    _lead(course, seat)
    _running(course)
    instance = course.state.instance(c.phase)
    if instance is None or instance.status in (PhaseStatus.DONE, PhaseStatus.SKIPPED):
        raise Refused(RefusalCode.STALE, f"{c.phase} is over")
    if course.state.script.phase(instance.id).protected:
        raise Refused(RefusalCode.PROTECTED, c.phase)
    if instance.status is PhaseStatus.NOW:
        course.leave_phase(ev.PhaseSkipped(phase=c.phase))
        course.start_next_phase()
    else:
        course.emit(ev.PhaseSkipped(phase=c.phase))


def _extend_phase(course: Course, c: cmd.ExtendPhase, seat: SeatState) -> None:
    _lead(course, seat)
    _running(course)
    instance = course.state.instance(c.phase)
    if instance is None or instance.status in (PhaseStatus.DONE, PhaseStatus.SKIPPED):
        raise Refused(RefusalCode.STALE, f"{c.phase} is over")
    course.emit(ev.PhaseExtended(phase=c.phase, by_ms=c.by_s * 1000))


def _extend_turn(course: Course, c: cmd.ExtendTurn, seat: SeatState) -> None:
    _lead(course, seat)
    _same_turn(course, c.turn)
    course.emit(ev.TurnExtended(turn=c.turn, by_ms=c.by_s * 1000))


def _pause(course: Course, c: cmd.Pause, seat: SeatState) -> None:
    _lead(course, seat)
    _running(course)
    if HoldCause.PAUSE in course.state.holds:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.HoldStarted(cause=HoldCause.PAUSE))


def _resume(course: Course, c: cmd.Resume, seat: SeatState) -> None:
    _lead(course, seat)
    _running(course)
    if HoldCause.PAUSE not in course.state.holds:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.HoldEnded(cause=HoldCause.PAUSE))


def _grant_floor(course: Course, c: cmd.GrantFloor, seat: SeatState) -> None:
    _lead(course, seat)
    _running(course)
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
    _lead(course, seat)
    turn = _same_turn(course, c.turn)
    course.emit(ev.TurnEnded(turn=turn.number, how="taken_back"))


def _hand_over_lead(course: Course, c: cmd.HandOverLead, seat: SeatState) -> None:
    _lead(course, seat)
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
    _lead(course, seat)
    _running(course)
    course.emit(ev.EndMoved(by_ms=c.by_s * 1000))


def _close_session(course: Course, c: cmd.CloseSession, seat: SeatState) -> None:
    _lead(course, seat)
    _running(course)
    instance = course.state.current
    if instance is not None:
        course.leave_phase(ev.PhaseEnded(phase=instance.key))
    course.emit(ev.SessionClosed())


# -- every seat ----------------------------------------------------------------------------------------------------


def _raise_hand(course: Course, c: cmd.RaiseHand, seat: SeatState) -> None:
    state, step = course.state, course.state.current_step
    if step is None or step.floor is not FloorMode.QUEUE:
        raise Refused(RefusalCode.NOT_NOW, "there is no queue in this step")
    if seat.id not in state.seats_of(step.who):
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    asking = state.turn is not None and state.turn.seat == seat.id
    if asking or any(hand.seat == seat.id for hand in state.hands):
        raise Refused(RefusalCode.ALREADY)
    if c.kind is HandKind.FOLLOW_UP:
        waiting = sum(hand.kind is HandKind.FOLLOW_UP for hand in state.hands)
        if state.turn is None or state.follow_ups + waiting >= FOLLOW_UPS:
            raise Refused(RefusalCode.NOT_NOW, "no follow-up is open")
    course.emit(ev.HandRaised(seat=seat.id, kind=c.kind))


def _lower_hand(course: Course, c: cmd.LowerHand, seat: SeatState) -> None:
    if not any(hand.seat == seat.id for hand in course.state.hands):
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.HandLowered(seat=seat.id))


def _end_turn(course: Course, c: cmd.EndTurn, seat: SeatState) -> None:
    turn = _same_turn(course, c.turn)
    if seat.id not in (turn.seat, course.state.lead):
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    course.emit(ev.TurnEnded(turn=turn.number, how="done"))
    if turn.kind is TurnKind.ASK:
        course.start_answering()
    if not course.state.lead_announced:
        course.emit(ev.LeadAnnounced())


def _pass_turn(course: Course, c: cmd.PassTurn, seat: SeatState) -> None:
    _same_step(course, c.phase, c.step)
    state, step, run = course.state, course.state.current_step, course.state.step
    if step is None or run is None or step.floor is not FloorMode.ROUND:
        raise Refused(RefusalCode.NOT_NOW, "there is no round in this step")
    if state.turn is not None and state.turn.seat == seat.id and state.turn.kind is TurnKind.SPEAK:
        course.emit(ev.TurnEnded(turn=state.turn.number, how="passed"))
    elif seat.id in run.order:
        course.emit(ev.TurnPassed(seat=seat.id))
    else:
        raise Refused(RefusalCode.NOT_NOW, "no turn is coming")


def _set_microphone(course: Course, c: cmd.SetMicrophone, seat: SeatState) -> None:
    if seat.role is Role.OBSERVER:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "observers only listen")
    allowed = seat.id in may_speak(course.state)
    wanted = Microphone.OPEN if c.microphone is Microphone.ARMED and allowed else c.microphone
    if wanted is Microphone.OPEN and not allowed:
        raise Refused(RefusalCode.NOT_NOW, "without the floor a microphone can only be armed")
    if wanted is seat.microphone:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.MicrophoneSet(seat=seat.id, microphone=wanted))


def _submit_capture(course: Course, c: cmd.SubmitCapture, seat: SeatState) -> None:
    state = course.state
    spec = state.spec(c.capture)
    if spec is None:
        raise Refused(RefusalCode.UNKNOWN_CAPTURE, c.capture)
    if not any(seat.id in state.seats_of(who) for who in spec.by):
        raise Refused(RefusalCode.NOT_YOUR_SEAT, c.capture)
    place = next(((key, s) for key, s in cap.writable(state, seat.id) if s.id == c.capture), None)
    if place is None:
        raise Refused(RefusalCode.NOT_NOW, c.capture)
    was = None if spec.many else cap.latest(state, seat.id, c.capture)
    if c.version != (0 if was is None else was.version):
        raise Refused(RefusalCode.STALE, f"{c.capture}: version {0 if was is None else was.version} stands")
    course.write(spec, place[0], seat.id, cap.checked(spec, c.fields))


def _mark_done(course: Course, c: cmd.MarkDone, seat: SeatState) -> None:
    _same_step(course, c.phase, c.step)
    state, step, run = course.state, course.state.current_step, course.state.step
    if step is None or run is None or step.floor is not FloorMode.SILENT_WRITING:
        raise Refused(RefusalCode.NOT_NOW, "nobody writes in this step")
    if seat.id not in state.seats_of(step.who):
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    if seat.id in run.done:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.WritingDone(seat=seat.id))


_FACTS: dict[type[cmd.Command], Callable[[Course, Any], None]] = {
    cmd.ReportPresence: _report_presence,
    cmd.ReturnSeat: _return_seat,
    cmd.CreditOutage: _credit_outage,
    cmd.Tick: _tick,
}

_SEATS: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
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
    cmd.RaiseHand: _raise_hand,
    cmd.LowerHand: _lower_hand,
    cmd.EndTurn: _end_turn,
    cmd.PassTurn: _pass_turn,
    cmd.SetMicrophone: _set_microphone,
    cmd.SubmitCapture: _submit_capture,
    cmd.MarkDone: _mark_done,
}
