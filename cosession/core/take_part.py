"""The gestures of every seat: the hand, the turn, the microphone, what is written.

One function for each command; each raises `Refused` or lets the course take its way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cosession.core import captures as cap
from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.course import Course
from cosession.core.floor import FOLLOW_UPS, closed_roles, may_speak
from cosession.core.refusal import Refused
from cosession.core.state import SeatState
from cosession.core.subject import require_keys, require_step, require_turn
from cosession.core.vocabulary import FloorMode, HandKind, Microphone, RefusalCode, Role, Status, TurnKind


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
    turn = require_turn(course, c.turn)
    if seat.id not in (turn.seat, course.state.lead):
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    course.end_turn("done")


def _pass_turn(course: Course, c: cmd.PassTurn, seat: SeatState) -> None:
    require_step(course, c.phase, c.step)
    state, step, run = course.state, course.state.current_step, course.state.step
    if step is None or run is None or step.floor is not FloorMode.ROUND:
        raise Refused(RefusalCode.NOT_NOW, "there is no round in this step")
    if state.turn is not None and state.turn.seat == seat.id and state.turn.kind in (TurnKind.SPEAK, TurnKind.ASK):
        course.emit(ev.TurnEnded(turn=state.turn.number, how="passed"))
    elif seat.id in run.order:
        course.emit(ev.TurnPassed(seat=seat.id))
    else:
        raise Refused(RefusalCode.NOT_NOW, "no turn is coming")


def _set_microphone(course: Course, c: cmd.SetMicrophone, seat: SeatState) -> None:
    if seat.role is Role.OBSERVER:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "observers only listen")
    if seat.phone and c.microphone is not Microphone.CLOSED:
        raise Refused(RefusalCode.NOT_NOW, "on the telephone: leave it first")
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
        raise Refused(RefusalCode.UNKNOWN_CAPTURE, field=c.capture)
    place = next(((key, s) for key, s in cap.writable(state, seat.id, course.now_ms) if s.id == c.capture), None)
    if place is None:
        keys = [p.key for p in state.phases if spec in state.script.phase(p.id).captures]
        if not any(seat.id in cap.authors(state, spec, key) for key in (None, *keys)):
            raise Refused(RefusalCode.NOT_YOUR_SEAT, c.capture)
        late = state.status is Status.CLOSED and spec.open_h
        raise Refused(RefusalCode.TOO_LATE if late else RefusalCode.NOT_NOW, c.capture)
    was = cap.rewritten(state, seat.id, spec, place[0], c.entry)
    version = 0 if was is None else was.version
    if c.version != version:
        raise Refused(RefusalCode.STALE, f"version {version} stands", c.capture)
    course.write(spec, place[0], seat.id, cap.checked(spec, c.fields), c.entry)


def _mark_done(course: Course, c: cmd.MarkDone, seat: SeatState) -> None:
    require_step(course, c.phase, c.step)
    state, step, run = course.state, course.state.current_step, course.state.step
    if step is None or run is None or step.floor is not FloorMode.SILENT_WRITING:
        raise Refused(RefusalCode.NOT_NOW, "nobody writes in this step")
    if seat.id not in state.seats_of(step.who):
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    if seat.id in run.done:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.WritingDone(seat=seat.id))


def _thank(course: Course, c: cmd.Thank, seat: SeatState) -> None:
    state, step, turn = course.state, course.state.current_step, require_turn(course, c.turn)
    if seat.id != state.client:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "the client thanks")
    if step is None or step.floor is not FloorMode.ROUND or seat.id not in closed_roles(state):
        raise Refused(RefusalCode.NOT_NOW, "nobody speaks in turn to a client who listens")
    if turn.thanked:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.TurnThanked(turn=c.turn))


def _recall_request(course: Course, c: cmd.RecallRequest, seat: SeatState) -> None:
    state = course.state
    if seat.id != state.client:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "the client recalls the request")
    if state.turn is None or state.turn.seat == seat.id or not cap.in_sight(state, seat.id):
        raise Refused(RefusalCode.NOT_NOW, "there is no request to come back to")
    if state.recalled:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.RequestRecalled())


def _say_recall(course: Course, c: cmd.SayRecall, seat: SeatState) -> None:
    require_keys(course, seat)
    if not course.state.recalled:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.RecallSaid())


def _leave_at(course: Course, c: cmd.LeaveAt, seat: SeatState) -> None:
    if seat.role is Role.OBSERVER:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "observers come and go")
    if c.at_ms == seat.leaves_at_ms:
        raise Refused(RefusalCode.ALREADY)
    if c.at_ms is not None and not course.now_ms < c.at_ms <= course.state.ends_at_ms + sch.LEAVING_MS:
        raise Refused(RefusalCode.OUT_OF_RANGE, "between now and the end", "at_ms")
    course.emit(ev.LeavingSaid(seat=seat.id, at_ms=c.at_ms))


def _choose_typing(course: Course, c: cmd.ChooseTyping, seat: SeatState) -> None:
    if seat.role is Role.OBSERVER:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, "observers have no turn")
    if seat.typed is c.typed:
        raise Refused(RefusalCode.ALREADY)
    course.emit(ev.TypingChosen(seat=seat.id, typed=c.typed))


def _type_turn(course: Course, c: cmd.TypeTurn, seat: SeatState) -> None:
    if require_turn(course, c.turn).seat != seat.id:
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    course.emit(ev.TurnTyped(turn=c.turn, seat=seat.id, text=c.text))


def _refuse_end(course: Course, c: cmd.RefuseEnd, seat: SeatState) -> None:
    if seat.role is Role.OBSERVER:
        raise Refused(RefusalCode.NOT_YOUR_SEAT)
    if course.state.proposal is None:
        raise Refused(RefusalCode.STALE, "no later end is proposed")
    course.emit(ev.EndRefused())


def _answer_job(course: Course, c: cmd.AnswerJob, seat: SeatState) -> None:
    if course.state.offers.get(c.job) != seat.id:
        raise Refused(RefusalCode.STALE, f"{c.job} is not offered to you")
    course.emit(ev.JobAnswered(job=c.job, seat=seat.id, accepted=c.accept))


GESTURES: dict[type[cmd.Command], Callable[[Course, Any, SeatState], None]] = {
    cmd.RaiseHand: _raise_hand,
    cmd.LowerHand: _lower_hand,
    cmd.EndTurn: _end_turn,
    cmd.PassTurn: _pass_turn,
    cmd.SetMicrophone: _set_microphone,
    cmd.SubmitCapture: _submit_capture,
    cmd.MarkDone: _mark_done,
    cmd.Thank: _thank,
    cmd.RecallRequest: _recall_request,
    cmd.SayRecall: _say_recall,
    cmd.LeaveAt: _leave_at,
    cmd.ChooseTyping: _choose_typing,
    cmd.TypeTurn: _type_turn,
    cmd.RefuseEnd: _refuse_end,
    cmd.AnswerJob: _answer_job,
}
