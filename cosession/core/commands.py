"""What may be asked of a session. Imperative words; the wire tag is the snake_case of the class.

A command names its subject (a phase instance, a turn, a capture version): if the subject moved meanwhile, the command
is refused as stale (decision 8). Who asks comes from the authenticated connection, never from the command.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from cosession.core.script import Language
from cosession.core.vocabulary import HandKind, Job, Microphone, Presence, Role

SeatId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]{0,7}$")]
PhaseKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}#[0-9]{1,2}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
CaptureId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# -- conducting: the lead ------------------------------------------------------------------------------------------


class StartSession(Command):
    """Leave the lobby; the first phase begins."""

    type: Literal["start_session"] = "start_session"


class NextPhase(Command):
    """End `phase` (the one that runs now) and begin the next; after the last one the session closes."""

    type: Literal["next_phase"] = "next_phase"
    phase: PhaseKey


class NextStep(Command):
    """End step number `step` of `phase` and begin its next step."""

    type: Literal["next_step"] = "next_step"
    phase: PhaseKey
    step: int


class SkipPhase(Command):
    """Leave out a phase that has not begun, or the one that runs now. Protected phases refuse."""

    type: Literal["skip_phase"] = "skip_phase"
    phase: PhaseKey


class ExtendPhase(Command):
    """Give `phase` more minutes; others yield theirs, the locked end stays."""

    type: Literal["extend_phase"] = "extend_phase"
    phase: PhaseKey
    by_s: int = Field(default=60, ge=15, le=600)


class ExtendTurn(Command):
    type: Literal["extend_turn"] = "extend_turn"
    turn: int
    by_s: int = Field(default=30, ge=5, le=300)


class Pause(Command):
    type: Literal["pause"] = "pause"


class Resume(Command):
    type: Literal["resume"] = "resume"


class GrantFloor(Command):
    """Give the floor to a seat now. Whoever is interrupted goes on afterwards with the rest of the turn."""

    type: Literal["grant_floor"] = "grant_floor"
    seat: SeatId


class TakeBackFloor(Command):
    """End `turn`, whoever has it."""

    type: Literal["take_back_floor"] = "take_back_floor"
    turn: int


class HandOverLead(Command):
    """The lead goes to the deputy; the facilitator takes it back with one click."""

    type: Literal["hand_over_lead"] = "hand_over_lead"


class TakeLead(Command):
    """The facilitator takes the lead back."""

    type: Literal["take_lead"] = "take_lead"


class MoveEnd(Command):
    """Move the locked end later (decision 3)."""

    type: Literal["move_end"] = "move_end"
    by_s: int = Field(default=300, ge=60, le=1800)


class CloseSession(Command):
    """End the session now, whatever remains. What was written is kept."""

    type: Literal["close_session"] = "close_session"


# -- taking part: every seat ---------------------------------------------------------------------------------------


class RaiseHand(Command):
    type: Literal["raise_hand"] = "raise_hand"
    kind: HandKind = HandKind.QUESTION


class LowerHand(Command):
    type: Literal["lower_hand"] = "lower_hand"


class EndTurn(Command):
    """The holder has finished: the question is asked, the answer given, the turn done."""

    type: Literal["end_turn"] = "end_turn"
    turn: int


class PassTurn(Command):
    """Let one's turn in this round go by, now or before it comes."""

    type: Literal["pass_turn"] = "pass_turn"
    phase: PhaseKey
    step: int


class SetMicrophone(Command):
    """Open, arm or close one's own microphone. Open is refused without the floor; arming is always possible."""

    type: Literal["set_microphone"] = "set_microphone"
    microphone: Microphone


class SubmitCapture(Command):
    """Write something down. `version` is the version that the author saw: 0 for a new capture."""

    type: Literal["submit_capture"] = "submit_capture"
    capture: CaptureId
    fields: dict[str, str]
    version: int = Field(default=0, ge=0)


class MarkDone(Command):
    """« J'ai fini »: in silent writing."""

    type: Literal["mark_done"] = "mark_done"
    phase: PhaseKey
    step: int


SeatCommand = Annotated[
    StartSession
    | NextPhase
    | NextStep
    | SkipPhase
    | ExtendPhase
    | ExtendTurn
    | Pause
    | Resume
    | GrantFloor
    | TakeBackFloor
    | HandOverLead
    | TakeLead
    | MoveEnd
    | CloseSession
    | RaiseHand
    | LowerHand
    | EndTurn
    | PassTurn
    | SetMicrophone
    | SubmitCapture
    | MarkDone,
    Field(discriminator="type"),
]
"""What a browser may send."""


# -- what the room itself asks -------------------------------------------------------------------------------------


class NewSeat(Command):
    name: Name
    role: Role
    jobs: frozenset[Job] = frozenset()


class CreateSession(Command):
    """Make the session: the first command of a stream. Seats get the ids `f` (facilitator) and `p1`, `p2`… in order.

    `starts_at_ms` is the scheduled start in session time (0 is the moment of creation). `previous_client` is the index
    in `seats` of the client of the last session, who opens with the follow-up.
    """

    type: Literal["create_session"] = "create_session"
    title: Title
    language: Language
    script: dict[str, Any]
    seats: tuple[NewSeat, ...] = Field(min_length=2, max_length=13)
    starts_at_ms: int = 0
    speed: int = Field(default=1, ge=1, le=600)
    programme: str | None = None
    number: int = Field(default=1, ge=1, le=99)
    previous_client: int | None = None


class ReportPresence(Command):
    """A fact: how a seat's signs of life look."""

    type: Literal["report_presence"] = "report_presence"
    seat: SeatId
    presence: Presence


class ReturnSeat(Command):
    """A fact: the seat came back on a new page; its microphone is closed."""

    type: Literal["return_seat"] = "return_seat"
    seat: SeatId


class CreditOutage(Command):
    """A fact: the server was away for `outage_ms` of session time, ending now."""

    type: Literal["credit_outage"] = "credit_outage"
    outage_ms: int = Field(ge=0)


class Tick(Command):
    """Time has passed."""

    type: Literal["tick"] = "tick"


RoomCommand = CreateSession | ReportPresence | ReturnSeat | CreditOutage | Tick
