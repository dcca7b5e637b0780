"""What a list shows of a session, and what the next one of its group takes over: a projection of the state.

Pure. It is stored beside the events and read instead of them (decision 40); the log can make it anew at any time. Names
and the title are people's words, everything else is stored in clear (`cosession.room.summaries`). What changes here
raises `FORMAT`: then every session's summary is made anew in the background.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from cosession.core.frozen import memoized
from cosession.core.schedule import SUSPENDED_MS
from cosession.core.script import Language, Text
from cosession.core.state import SeatState, SessionState
from cosession.core.vocabulary import Formality, Guidance, HoldCause, Job, Presence, Role, Status, TurnOrder

#: The form of a stored summary.
FORMAT = 2


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SeatSummary(_Shown):
    """`joined`: was here at least once."""

    id: str
    name: str
    role: Role
    jobs: tuple[Job, ...]
    qualified: bool
    joined: bool
    presence: Presence

    @property
    def present(self) -> bool:
        return self.presence is not Presence.ABSENT


class SessionSummary(_Shown):
    """Times are session time in milliseconds, which began when the session was made. `resume_until_ms`: until then a
    suspended session can be resumed; None for any other. `conducted`: its script has a facilitator; `rotates`: the role
    of the client goes round in it."""

    title: str
    language: Language
    script: str
    script_language: Language
    script_title: Text
    conducted: bool
    rotates: bool
    speed: int
    guidance: Guidance
    formality: Formality
    turn_order: TurnOrder
    programme: str | None
    number: int
    status: Status
    stopped: bool
    starts_at_ms: int
    planned_ms: int
    started_at_ms: int | None
    closed_at_ms: int | None
    resume_until_ms: int | None
    seats: tuple[SeatSummary, ...]

    @field_validator("script_title")
    @classmethod
    def _in_the_scripts_language_first(cls, title: Text, info: ValidationInfo) -> Text:
        """What is stored is in no order."""
        return title.beginning_with(info.data["script_language"]) if "script_language" in info.data else title

    @property
    def held(self) -> bool:
        """It has begun."""
        return self.started_at_ms is not None

    @property
    def client(self) -> SeatSummary | None:
        return next((seat for seat in self.seats if seat.role is Role.CLIENT), None)

    @property
    def people(self) -> int:
        """Everybody but who facilitates."""
        return sum(seat.role is not Role.FACILITATOR for seat in self.seats)

    @property
    def here(self) -> int:
        return sum(seat.present for seat in self.seats)

    def holder_of(self, job: Job) -> SeatSummary | None:
        """The seat that has this job."""
        return next((seat for seat in self.seats if job in seat.jobs), None)


@memoized(
    "title", "language", "script", "speed", "guidance", "formality", "turn_order", "programme", "number", "status",
    "stopped", "starts_at_ms", "planned_ms", "started_at_ms", "closed_at_ms", "holds", "seats",
)  # fmt: skip
def summarise(state: SessionState) -> SessionSummary:
    """The summary of a session in this state."""
    suspended_ms = state.holds.get(HoldCause.SUSPENDED)
    return SessionSummary(
        title=state.title,
        language=state.language,
        script=state.script.id,
        script_language=state.script.language,
        script_title=state.script.title,
        conducted=state.script.facilitator,
        rotates=state.script.repeat is not None,
        speed=state.speed,
        guidance=state.guidance,
        formality=state.formality,
        turn_order=state.turn_order,
        programme=state.programme,
        number=state.number,
        status=state.status,
        stopped=state.stopped,
        starts_at_ms=state.starts_at_ms,
        planned_ms=state.planned_ms,
        started_at_ms=state.started_at_ms,
        closed_at_ms=state.closed_at_ms,
        resume_until_ms=None if suspended_ms is None else suspended_ms + SUSPENDED_MS,
        seats=tuple(map(_seat, state.seats.values())),
    )


@memoized("id", "name", "role", "jobs", "qualified", "joined", "presence")
def _seat(seat: SeatState) -> SeatSummary:
    return SeatSummary(
        id=seat.id,
        name=seat.name,
        role=seat.role,
        jobs=tuple(sorted(seat.jobs)),
        qualified=seat.qualified,
        joined=seat.joined,
        presence=seat.presence,
    )
