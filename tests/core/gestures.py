"""Every command that a browser can send, made for a moment of a session: with the subject that stands, or a wrong one.

`GESTURES` makes one of each kind from a number that chooses among what there is; `pressed` makes what a browser sends
when a button is pressed, from nothing but the view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from cosession.core import commands as cmd
from cosession.core.room_view import Common, Own
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.vocabulary import HandKind, Job, Loss, Microphone

T = TypeVar("T")
Make = Callable[[SessionState, int, bool], cmd.Command]


def _one(of: Sequence[T], n: int) -> T:
    return of[n % len(of)]


def _phase(state: SessionState, n: int, right: bool) -> str:
    if right and state.current is not None:
        return state.current.key
    return _one([*(phase.key for phase in state.phases), "lunch#1"], n)


def _step(state: SessionState, n: int, right: bool) -> int:
    return state.step.index if right and state.step is not None else n % 4


def _turn(state: SessionState, n: int, right: bool) -> int:
    return state.turn.number if right and state.turn is not None else state.turns + n % 5 - 2


def _seat(state: SessionState, n: int, right: bool) -> str:
    seats = list(state.seats) if right else [*state.seats, "z9"]
    return _one(seats, n)


def _job(state: SessionState, n: int, right: bool) -> Job:
    offered = list(state.offers)
    return _one(offered if right and offered else list(Job), n)


def _minutes(n: int) -> int:
    return _one((60, -60, 300, -120, 15, 5, 600, -600), n)


def _moment(state: SessionState, n: int) -> int | None:
    """A time at which somebody leaves: soon, at the end, long past, or never."""
    return _one((state.ends_at_ms - n * 1000, state.ends_at_ms, 1, None), n)


def _version(state: SessionState, n: int, right: bool) -> int:
    return state.vote.version if right and state.vote is not None else n


def _submission(state: SessionState, n: int, right: bool) -> cmd.SubmitCapture:
    """Some text of the script, whether or not it may be written now; a wrong one is too long, or of no capture."""
    specs = [*state.script.lobby, *state.script.after, *(s for phase in state.script.phases for s in phase.captures)]
    if not specs or (not right and n % 3 == 0):
        return cmd.SubmitCapture(capture="no_such_capture", fields={"text": "x"})
    spec = _one(specs, n)
    return cmd.SubmitCapture(capture=spec.id, fields=fields(spec, "x" * (1 if right else 5000)), version=n % 3)


def fields(spec: CaptureSpec, text: str) -> dict[str, str]:
    """Fields that fit the form of a capture, each text being `text`."""
    kinds = {"choice": "", "date": "2026-12-01", "text": text, "line": text}
    return {field.id: field.options[0] if field.kind == "choice" else kinds[field.kind] for field in spec.fields}


GESTURES: Mapping[type[cmd.Command], Make] = {
    cmd.StartSession: lambda s, n, r: cmd.StartSession(),
    cmd.NextPhase: lambda s, n, r: cmd.NextPhase(phase=_phase(s, n, r), losing=() if n % 5 == 0 else tuple(Loss)),
    cmd.NextStep: lambda s, n, r: cmd.NextStep(phase=_phase(s, n, r), step=_step(s, n, r)),
    cmd.SkipPhase: lambda s, n, r: cmd.SkipPhase(phase=_phase(s, n, r and n % 2 == 0)),
    cmd.Undo: lambda s, n, r: cmd.Undo(phase=_phase(s, n, r)),
    cmd.ExtendPhase: lambda s, n, r: cmd.ExtendPhase(phase=_phase(s, n, r and n % 2 == 0), by_s=_minutes(n)),
    cmd.ExtendTurn: lambda s, n, r: cmd.ExtendTurn(turn=_turn(s, n, r)),
    cmd.Pause: lambda s, n, r: cmd.Pause(),
    cmd.CarePause: lambda s, n, r: cmd.CarePause(),
    cmd.Resume: lambda s, n, r: cmd.Resume(smaller=n % 2 == 0),
    cmd.SuspendSession: lambda s, n, r: cmd.SuspendSession(),
    cmd.ResumeSession: lambda s, n, r: cmd.ResumeSession(),
    cmd.StopSession: lambda s, n, r: cmd.StopSession(),
    cmd.GoOn: lambda s, n, r: cmd.GoOn(),
    cmd.ChangeClient: lambda s, n, r: cmd.ChangeClient(seat=_seat(s, n, r)),
    cmd.KeepSilence: lambda s, n, r: cmd.KeepSilence(turn=_turn(s, n, r), on=n % 2 == 0),
    cmd.FlagExpert: lambda s, n, r: cmd.FlagExpert(seat=_seat(s, n, r), expert=n % 3 > 0),
    cmd.OfferJob: lambda s, n, r: cmd.OfferJob(job=_one(list(Job), n), seat=_seat(s, n // 3, r)),
    cmd.SayRecall: lambda s, n, r: cmd.SayRecall(),
    cmd.ProposeCharter: lambda s, n, r: cmd.ProposeCharter(lines=("Be on time.",) * (n % 3)),
    cmd.GrantFloor: lambda s, n, r: cmd.GrantFloor(seat=_seat(s, n, r)),
    cmd.TakeBackFloor: lambda s, n, r: cmd.TakeBackFloor(turn=_turn(s, n, r)),
    cmd.HandOverLead: lambda s, n, r: cmd.HandOverLead(),
    cmd.TakeLead: lambda s, n, r: cmd.TakeLead(),
    cmd.MoveEnd: lambda s, n, r: cmd.MoveEnd(by_s=_minutes(n)),
    cmd.CloseSession: lambda s, n, r: cmd.CloseSession(losing=() if n % 5 == 0 else tuple(Loss)),
    cmd.AskPause: lambda s, n, r: cmd.AskPause(),
    cmd.Thank: lambda s, n, r: cmd.Thank(turn=_turn(s, n, r)),
    cmd.RecallRequest: lambda s, n, r: cmd.RecallRequest(),
    cmd.LeaveAt: lambda s, n, r: cmd.LeaveAt(at_ms=_moment(s, n)),
    cmd.ChooseTyping: lambda s, n, r: cmd.ChooseTyping(typed=n % 2 == 0),
    cmd.TypeTurn: lambda s, n, r: cmd.TypeTurn(turn=_turn(s, n, r), text=f"typed {n}"),
    cmd.AgreeGoingOn: lambda s, n, r: cmd.AgreeGoingOn(agreed=n % 3 > 0),
    cmd.RefuseEnd: lambda s, n, r: cmd.RefuseEnd(),
    cmd.AnswerJob: lambda s, n, r: cmd.AnswerJob(job=_job(s, n, r), accept=n % 4 > 0),
    cmd.AnswerCharter: lambda s, n, r: cmd.AnswerCharter(version=_version(s, n, r), consents=n % 4 > 0),
    cmd.RaiseHand: lambda s, n, r: cmd.RaiseHand(kind=_one(list(HandKind), n)),
    cmd.LowerHand: lambda s, n, r: cmd.LowerHand(),
    cmd.EndTurn: lambda s, n, r: cmd.EndTurn(turn=_turn(s, n, r)),
    cmd.PassTurn: lambda s, n, r: cmd.PassTurn(phase=_phase(s, n, r), step=_step(s, n, r)),
    cmd.SetMicrophone: lambda s, n, r: cmd.SetMicrophone(microphone=_one(list(Microphone), n)),
    cmd.SetPhone: lambda s, n, r: cmd.SetPhone(seat=_seat(s, n, r), phone=n % 3 > 0),
    cmd.SubmitCapture: _submission,
    cmd.MarkDone: lambda s, n, r: cmd.MarkDone(phase=_phase(s, n, r), step=_step(s, n, r)),
}

#: What may be said twice with two effects: more time, one more text, a new wording.
REPEATABLE = (cmd.ExtendPhase, cmd.ExtendTurn, cmd.MoveEnd, cmd.ProposeCharter, cmd.TypeTurn, cmd.SubmitCapture)


# -- buttons -------------------------------------------------------------------------------------------------------


def pressed(tag: str, common: Common, own: Own) -> cmd.Command | None:
    """What a browser sends for a button that the view offers; None for what it needs somebody's words for."""
    phase, step = ("", 0) if common.now is None else (common.now.phase, common.now.step)
    turn = 0 if common.floor.turn is None else common.floor.turn.number
    mine = next(seat for seat in common.seats if seat.id == own.seat)
    closed = mine.microphone is Microphone.CLOSED
    subjects: dict[str, object] = {"phase": phase, "step": step, "turn": turn, "losing": tuple(Loss)}
    special: dict[str, Callable[[], cmd.Command]] = {
        "raise_hand_follow_up": lambda: cmd.RaiseHand(kind=HandKind.FOLLOW_UP),
        "set_microphone": lambda: cmd.SetMicrophone(microphone=Microphone.ARMED if closed else Microphone.CLOSED),
        "leave_at": lambda: cmd.LeaveAt(at_ms=common.ends_at_ms if mine.leaves_at_ms is None else None),
        "set_phone": lambda: cmd.SetPhone(seat=own.seat, phone=not mine.phone),
        "choose_typing": lambda: cmd.ChooseTyping(typed=not own.typed),
        "agree_going_on": lambda: cmd.AgreeGoingOn(agreed=not own.goes_on),
        "answer_job": lambda: cmd.AnswerJob(job=own.offers[0], accept=True),
        "type_turn": lambda: cmd.TypeTurn(turn=turn, text="typed"),
        "propose_charter": lambda: cmd.ProposeCharter(lines=("Be on time.",)),
        "keep_silence": lambda: cmd.KeepSilence(
            turn=turn, on=not (common.floor.turn is not None and common.floor.turn.silence)
        ),
    }
    if tag == "answer_charter":  # to consent, or to take that back: the browser knows what was answered
        return None
    if tag in special:
        return special[tag]()
    kind = next(kind for kind in GESTURES if kind.model_fields["type"].default == tag)
    return kind.model_validate({name: subjects[name] for name in kind.model_fields if name in subjects})
