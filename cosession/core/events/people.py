"""Who sits where, who is there, who leads, and what is known of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from cosession.core.events.base import Event
from cosession.core.script import Language
from cosession.core.vocabulary import Formality, Guidance, Job, LeadCause, Microphone, Presence, Role, TurnOrder


class PlannedPhase(BaseModel):
    """A phase as the script plans it for so many people. `client`: who is client in it, where the role rotates."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    key: str
    id: str
    planned_ms: int
    minimum_ms: int
    client: str | None = None


class SessionCreated(Event):
    """`script` is the script's data, and `formality` how it speaks, in the form `script_format` (`script.FORMAT`)."""

    CONTENT = frozenset({"title"})
    type: Literal["session_created"] = "session_created"
    title: str
    language: Language
    script: dict[str, Any]
    script_format: int
    phases: tuple[PlannedPhase, ...]
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
    formality: Formality = Formality.FORMAL
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


class PhoneSet(Event):
    """The seat takes part over the telephone from here on, its page's microphone closed; or no longer."""

    type: Literal["phone_set"] = "phone_set"
    seat: str
    phone: bool


class LeadChanged(Event):
    """`frame_only`: the new lead is a deputy who is not qualified and keeps the frame, no more."""

    type: Literal["lead_changed"] = "lead_changed"
    seat: str
    cause: LeadCause
    frame_only: bool = False


class LeadAnnounced(Event):
    type: Literal["lead_announced"] = "lead_announced"


class ClientChanged(Event):
    """Another seat is client from here on; `again` are new instances of the phases that begin anew. `withdrawn`:
    entries of the captures that go with the client of so far."""

    type: Literal["client_changed"] = "client_changed"
    seat: str
    again: tuple[str, ...]
    withdrawn: tuple[int, ...] = ()


class LeadVacated(Event):
    """Nobody leads: facilitator and deputy are absent, or there is no deputy."""

    type: Literal["lead_vacated"] = "lead_vacated"


class MediaPathChanged(Event):
    """A seat's media stopped arriving for 6 s, or came back."""

    type: Literal["media_path_changed"] = "media_path_changed"
    seat: str
    lost: bool


class VoicesHeard(Event):
    """How long each seat has spoken since the last such event, in milliseconds of real time."""

    type: Literal["voices_heard"] = "voices_heard"
    phase: str
    spoke_ms: dict[str, int]


class TypingChosen(Event):
    """« J'écoute, j'écris »."""

    type: Literal["typing_chosen"] = "typing_chosen"
    seat: str
    typed: bool


class PauseWanted(Event):
    """« J'ai besoin d'une pause ». Who asked is sealed (decision 34)."""

    CONTENT = frozenset({"seat"})
    type: Literal["pause_wanted"] = "pause_wanted"
    seat: str


class LeavingSaid(Event):
    """A seat says when it leaves, in session time; None takes it back. `order`: who still comes in the running round;
    None: as before."""

    type: Literal["leaving_said"] = "leaving_said"
    seat: str
    at_ms: int | None
    order: tuple[str, ...] | None = None


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
