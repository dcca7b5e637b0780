"""What happened in a session. Past words; the log's tag is the snake_case of the class.

Every event knows which of its fields are people's words (`CONTENT`) and whose they are (`owner`): the log encrypts
those and keeps the rest in clear (decision 9). The instant of an event is session time and belongs to the log's row,
not to the event.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from cosession.core.script import Language
from cosession.core.vocabulary import HandKind, HoldCause, Job, LeadCause, Microphone, Presence, Role, TurnKind

TurnEnd = Literal["done", "passed", "time", "taken_back", "interrupted", "absent"]


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    CONTENT: ClassVar[frozenset[str]] = frozenset()

    @property
    def owner(self) -> str | None:
        """The seat whose key protects the content; None for the session's own."""
        return None


class SessionCreated(Event):
    CONTENT = frozenset({"title"})
    type: Literal["session_created"] = "session_created"
    title: str
    language: Language
    script: dict[str, Any]
    speed: int
    starts_at_ms: int
    programme: str | None
    number: int
    previous_client: str | None


class SeatAdded(Event):
    CONTENT = frozenset({"name"})
    type: Literal["seat_added"] = "seat_added"
    seat: str
    name: str
    role: Role
    jobs: tuple[Job, ...]

    @property
    def owner(self) -> str | None:
        return self.seat


class PresenceChanged(Event):
    type: Literal["presence_changed"] = "presence_changed"
    seat: str
    presence: Presence


class SeatReturned(Event):
    type: Literal["seat_returned"] = "seat_returned"
    seat: str


class MicrophoneSet(Event):
    type: Literal["microphone_set"] = "microphone_set"
    seat: str
    microphone: Microphone


class SessionStarted(Event):
    type: Literal["session_started"] = "session_started"


class PhaseStarted(Event):
    type: Literal["phase_started"] = "phase_started"
    phase: str


class PhaseEnded(Event):
    type: Literal["phase_ended"] = "phase_ended"
    phase: str


class PhaseSkipped(Event):
    """Left out before it began, or broken off if it was running. `minutes_to` names the phase that gets its time."""

    type: Literal["phase_skipped"] = "phase_skipped"
    phase: str
    minutes_to: str | None = None


class PhaseExtended(Event):
    type: Literal["phase_extended"] = "phase_extended"
    phase: str
    by_ms: int


class StepStarted(Event):
    """`order`: the seats of a round, in turn order. `budget_ms`: what the step has by the schedule of this moment."""

    type: Literal["step_started"] = "step_started"
    phase: str
    step: int
    budget_ms: int
    order: tuple[str, ...] = ()


class StepDropped(Event):
    """A round that no longer fits is left out, and said (decision 31)."""

    type: Literal["step_dropped"] = "step_dropped"
    phase: str
    step: int


class TurnStarted(Event):
    type: Literal["turn_started"] = "turn_started"
    turn: int
    seat: str
    kind: TurnKind
    budget_ms: int


class TurnEnded(Event):
    """`rest_ms` is what the seat still has, to be taken up later (interrupted or absent)."""

    type: Literal["turn_ended"] = "turn_ended"
    turn: int
    how: TurnEnd
    rest_ms: int = 0


class TurnPassed(Event):
    """A seat lets its coming turn in this round go by."""

    type: Literal["turn_passed"] = "turn_passed"
    seat: str


class TurnExtended(Event):
    type: Literal["turn_extended"] = "turn_extended"
    turn: int
    by_ms: int


class HandRaised(Event):
    type: Literal["hand_raised"] = "hand_raised"
    seat: str
    kind: HandKind


class HandLowered(Event):
    type: Literal["hand_lowered"] = "hand_lowered"
    seat: str


class WritingDone(Event):
    type: Literal["writing_done"] = "writing_done"
    seat: str


class CaptureSubmitted(Event):
    """`entry` numbers the captures of a session; a new version of a capture keeps its entry."""

    CONTENT = frozenset({"fields"})
    type: Literal["capture_submitted"] = "capture_submitted"
    entry: int
    capture: str
    phase: str | None
    seat: str
    version: int
    fields: dict[str, str]

    @property
    def owner(self) -> str | None:
        return self.seat


class CaptureRevealed(Event):
    type: Literal["capture_revealed"] = "capture_revealed"
    capture: str


class HoldStarted(Event):
    type: Literal["hold_started"] = "hold_started"
    cause: HoldCause


class HoldEnded(Event):
    type: Literal["hold_ended"] = "hold_ended"
    cause: HoldCause


class OutageCredited(Event):
    """The server was away; the phase clock stood still meanwhile."""

    type: Literal["outage_credited"] = "outage_credited"
    outage_ms: int


class LeadChanged(Event):
    type: Literal["lead_changed"] = "lead_changed"
    seat: str
    cause: LeadCause


class LeadAnnounced(Event):
    type: Literal["lead_announced"] = "lead_announced"


class EndCannotHold(Event):
    """Nothing more can yield: the end will be late by this much unless the lead chooses (decision 3)."""

    type: Literal["end_cannot_hold"] = "end_cannot_hold"
    late_ms: int


class EndMoved(Event):
    type: Literal["end_moved"] = "end_moved"
    by_ms: int


class SessionClosed(Event):
    type: Literal["session_closed"] = "session_closed"


AnyEvent = Annotated[
    SessionCreated
    | SeatAdded
    | PresenceChanged
    | SeatReturned
    | MicrophoneSet
    | SessionStarted
    | PhaseStarted
    | PhaseEnded
    | PhaseSkipped
    | PhaseExtended
    | StepStarted
    | StepDropped
    | TurnStarted
    | TurnEnded
    | TurnPassed
    | TurnExtended
    | HandRaised
    | HandLowered
    | WritingDone
    | CaptureSubmitted
    | CaptureRevealed
    | HoldStarted
    | HoldEnded
    | OutageCredited
    | LeadChanged
    | LeadAnnounced
    | EndCannotHold
    | EndMoved
    | SessionClosed,
    Field(discriminator="type"),
]
