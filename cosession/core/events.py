"""What happened in a session. Past words; the log's tag is the snake_case of the class.

Every event knows which of its fields are people's words (`CONTENT`) and whose they are (`owner`): the log encrypts
those and keeps the rest in clear (decision 9). The instant of an event is session time and belongs to the log's row,
not to the event.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from cosession.core.script import Language
from cosession.core.vocabulary import (
    Address,
    Guidance,
    HandKind,
    HoldCause,
    Job,
    LeadCause,
    Microphone,
    Presence,
    Role,
    TurnKind,
    TurnOrder,
)

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
    clients: tuple[str, ...] = ()
    """Who is client one after the other, in a script that repeats; otherwise empty."""
    members: int = 0
    """How many seats are members."""
    guidance: Guidance = Guidance.GUIDED
    address: Address = Address.VOUS
    turn_order: TurnOrder = TurnOrder.ROTATING
    lot: int = 0


class SeatAdded(Event):
    CONTENT = frozenset({"name"})
    type: Literal["seat_added"] = "seat_added"
    seat: str
    name: str
    role: Role
    jobs: tuple[Job, ...]
    qualified: bool = False

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
    rests: dict[str, int] = {}
    """Milliseconds that a seat brings along from a turn it missed."""


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


class EndProposed(Event):
    """The end moves later by this much unless somebody refuses in time."""

    type: Literal["end_proposed"] = "end_proposed"
    by_ms: int


class EndRefused(Event):
    """Somebody cannot stay. Who it was is not kept."""

    type: Literal["end_refused"] = "end_refused"


class NextSaid(Event):
    """The lead says « next » in this phase; everything that follows from it can be undone for 5 s."""

    type: Literal["next_said"] = "next_said"
    phase: str


class PhaseUndone(Event):
    """Back to where the session stood when the lead said « next » in the phase before this one."""

    type: Literal["phase_undone"] = "phase_undone"
    phase: str


class PhasePostponed(Event):
    """The running phase comes after the next one: its client is absent."""

    type: Literal["phase_postponed"] = "phase_postponed"
    phase: str


class ClientChanged(Event):
    """Another seat is client from here on; `again` are new instances of the phases that begin anew."""

    type: Literal["client_changed"] = "client_changed"
    seat: str
    again: tuple[str, ...]


class HoldWaived(Event):
    """The lead goes on although the cause lasts."""

    type: Literal["hold_waived"] = "hold_waived"
    cause: HoldCause


class LeadVacated(Event):
    """Nobody leads: facilitator and deputy are absent, or there is no deputy."""

    type: Literal["lead_vacated"] = "lead_vacated"


class MediaPathChanged(Event):
    """A seat's media stopped arriving for 6 s, or came back."""

    type: Literal["media_path_changed"] = "media_path_changed"
    seat: str
    lost: bool


class LeadSpoke(Event):
    """The lead's words inside somebody's turn: its clock stands still from here, or goes on."""

    type: Literal["lead_spoke"] = "lead_spoke"
    speaking: bool


class VoicesHeard(Event):
    """How long each seat has spoken since the last such event, in milliseconds of real time."""

    type: Literal["voices_heard"] = "voices_heard"
    phase: str
    spoke_ms: dict[str, int]


class SilenceKept(Event):
    """The lead lets the silence of this turn be, or ends that."""

    type: Literal["silence_kept"] = "silence_kept"
    turn: int
    on: bool


class TurnThanked(Event):
    """« Merci, j'ai ce qu'il me faut »: the speaker finishes the sentence."""

    type: Literal["turn_thanked"] = "turn_thanked"
    turn: int


class TurnTyped(Event):
    """What a turn says in writing, to be read aloud."""

    CONTENT = frozenset({"text"})
    type: Literal["turn_typed"] = "turn_typed"
    turn: int
    seat: str
    text: str

    @property
    def owner(self) -> str | None:
        return self.seat


class TypingChosen(Event):
    """« J'écoute, j'écris »."""

    type: Literal["typing_chosen"] = "typing_chosen"
    seat: str
    typed: bool


class RequestRecalled(Event):
    """« Revenir à ma demande »: the lead is asked to say it."""

    type: Literal["request_recalled"] = "request_recalled"


class RecallSaid(Event):
    """The lead has said it."""

    type: Literal["recall_said"] = "recall_said"


class PauseWanted(Event):
    """« J'ai besoin d'une pause ». Who asked is sealed (decision 34)."""

    CONTENT = frozenset({"seat"})
    type: Literal["pause_wanted"] = "pause_wanted"
    seat: str


class TopicNarrowed(Event):
    """Out of a care pause: the client may say the topic smaller."""

    type: Literal["topic_narrowed"] = "topic_narrowed"


class LeavingSaid(Event):
    """A seat says when it leaves, in session time; None takes it back."""

    type: Literal["leaving_said"] = "leaving_said"
    seat: str
    at_ms: int | None


class GoingOnAgreed(Event):
    """As a client, this seat agrees that the advice goes on if it drops, or takes that back."""

    type: Literal["going_on_agreed"] = "going_on_agreed"
    seat: str
    agreed: bool


class ExpertFlagged(Event):
    type: Literal["expert_flagged"] = "expert_flagged"
    seat: str
    expert: bool


class JobOffered(Event):
    type: Literal["job_offered"] = "job_offered"
    job: Job
    seat: str


class JobAnswered(Event):
    """The seat takes the job, from whoever had it, or declines."""

    type: Literal["job_answered"] = "job_answered"
    job: Job
    seat: str
    accepted: bool


class CharterProposed(Event):
    CONTENT = frozenset({"lines"})
    type: Literal["charter_proposed"] = "charter_proposed"
    version: int
    lines: tuple[str, ...]


class CharterAnswered(Event):
    """A seat consents to the proposed wording, or objects."""

    type: Literal["charter_answered"] = "charter_answered"
    seat: str
    version: int
    consents: bool


class CharterAgreed(Event):
    """Everybody consented: this wording stands."""

    type: Literal["charter_agreed"] = "charter_agreed"
    version: int


class CharterWithdrawn(Event):
    type: Literal["charter_withdrawn"] = "charter_withdrawn"
    version: int


class SessionClosed(Event):
    """`stopped`: out of a care pause; no reason is kept."""

    type: Literal["session_closed"] = "session_closed"
    stopped: bool = False


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
    | EndProposed
    | EndRefused
    | NextSaid
    | PhaseUndone
    | PhasePostponed
    | ClientChanged
    | HoldWaived
    | LeadVacated
    | MediaPathChanged
    | LeadSpoke
    | VoicesHeard
    | SilenceKept
    | TurnThanked
    | TurnTyped
    | TypingChosen
    | RequestRecalled
    | RecallSaid
    | PauseWanted
    | TopicNarrowed
    | LeavingSaid
    | GoingOnAgreed
    | ExpertFlagged
    | JobOffered
    | JobAnswered
    | CharterProposed
    | CharterAnswered
    | CharterAgreed
    | CharterWithdrawn
    | SessionClosed,
    Field(discriminator="type"),
]
