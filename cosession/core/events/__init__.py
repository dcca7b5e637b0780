"""What happened in a session. Past words; the log's tag is the snake_case of the class.

Every event knows which of its fields are people's words (`CONTENT`) and whose they are (`owner`): the log encrypts
those and keeps the rest in clear (decision 9). The instant of an event is session time and belongs to the log's row,
not to the event.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cosession.core.events.base import FORMAT, Event
from cosession.core.events.course import (
    EndCannotHold,
    EndHolds,
    EndMoved,
    EndProposed,
    EndRefused,
    HoldEnded,
    HoldStarted,
    HoldWaived,
    NextSaid,
    OutageCredited,
    PhaseEnded,
    PhaseExtended,
    PhasePostponed,
    PhaseSkipped,
    PhaseStarted,
    PhaseUndone,
    SessionClosed,
    SessionStarted,
    StepDropped,
    StepStarted,
    TopicNarrowed,
)
from cosession.core.events.floor import (
    HandLowered,
    HandRaised,
    LeadSpoke,
    RecallSaid,
    RequestRecalled,
    SilenceKept,
    TurnEnd,
    TurnEnded,
    TurnExtended,
    TurnPassed,
    TurnStarted,
    TurnThanked,
    TurnTyped,
)
from cosession.core.events.people import (
    ClientChanged,
    ExpertFlagged,
    GoingOnAgreed,
    JobAnswered,
    JobOffered,
    LeadAnnounced,
    LeadChanged,
    LeadVacated,
    LeavingSaid,
    MediaPathChanged,
    MicrophoneSet,
    PauseWanted,
    PhoneSet,
    PlannedPhase,
    PresenceChanged,
    SeatAdded,
    SeatReturned,
    SessionCreated,
    TypingChosen,
    VoicesHeard,
)
from cosession.core.events.writing import (
    CaptureRevealed,
    CaptureSubmitted,
    CharterAgreed,
    CharterAnswered,
    CharterProposed,
    CharterWithdrawn,
    TextClosed,
    TextLeftOpen,
    WritingDone,
    client_key,
)

AnyEvent = Annotated[
    SessionCreated
    | SeatAdded
    | PresenceChanged
    | SeatReturned
    | MicrophoneSet
    | PhoneSet
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
    | TextLeftOpen
    | TextClosed
    | HoldStarted
    | HoldEnded
    | OutageCredited
    | LeadChanged
    | LeadAnnounced
    | EndCannotHold
    | EndHolds
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

__all__ = [
    "FORMAT", "AnyEvent", "CaptureRevealed", "CaptureSubmitted", "CharterAgreed", "CharterAnswered", "CharterProposed",
    "CharterWithdrawn", "ClientChanged", "EndCannotHold", "EndHolds", "EndMoved", "EndProposed", "EndRefused", "Event",
    "ExpertFlagged", "GoingOnAgreed", "HandLowered", "HandRaised", "HoldEnded", "HoldStarted", "HoldWaived",
    "JobAnswered", "JobOffered", "LeadAnnounced", "LeadChanged", "LeadSpoke", "LeadVacated", "LeavingSaid",
    "MediaPathChanged", "MicrophoneSet", "NextSaid", "OutageCredited", "PauseWanted", "PhaseEnded", "PhaseExtended",
    "PhasePostponed", "PhaseSkipped", "PhaseStarted", "PhaseUndone", "PhoneSet", "PlannedPhase", "PresenceChanged",
    "RecallSaid", "RequestRecalled", "SeatAdded", "SeatReturned", "SessionClosed", "SessionCreated", "SessionStarted",
    "SilenceKept", "StepDropped", "StepStarted", "TextClosed", "TextLeftOpen", "TopicNarrowed", "TurnEnd", "TurnEnded",
    "TurnExtended", "TurnPassed", "TurnStarted", "TurnThanked", "TurnTyped", "TypingChosen", "VoicesHeard",
    "WritingDone", "client_key",
]  # fmt: skip
