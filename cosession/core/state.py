"""The state of a session: what all its events so far add up to.

Frozen values only; what one works out from itself it keeps (`frozen`). There are no timers in it: one phase
clock (`clock`) that holds stop, and the readings of that clock at which phase, step and turn began. Everything that
depends on the present moment is a function of state and `now`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cosession.core.frozen import memoized_property
from cosession.core.script import CaptureSpec, Language, Phase, Script, Step
from cosession.core.vocabulary import (
    Formality,
    Guidance,
    HandKind,
    HoldCause,
    Job,
    Microphone,
    PhaseStatus,
    Presence,
    Role,
    Status,
    TurnKind,
    TurnOrder,
    Who,
)


@dataclass(frozen=True)
class SeatState:
    """A person's place. It outlives every connection."""

    id: str
    name: str
    role: Role
    jobs: frozenset[Job]
    presence: Presence = Presence.ABSENT
    since_ms: int = 0
    joined: bool = False
    microphone: Microphone = Microphone.CLOSED
    qualified: bool = False
    """May conduct; a deputy who is not keeps the frame, no more."""
    expert: bool = False
    """Of today's topic: a peer in the first round, never the closing voice."""
    typed: bool = False
    """« J'écoute, j'écris »: takes its turns in writing."""
    goes_on: bool = False
    """As a client, agreed that the advice goes on if they drop."""
    leaves_at_ms: int | None = None
    """Said when it will leave."""
    media_lost: bool = False
    """Had sound or picture, and none has come for 6 s (decision 7)."""
    left_ms: int | None = None
    """Session time at which it last became absent, and then how far things were: the phase instance, the last entry."""
    left_phase: str | None = None
    left_entry: int = 0
    phone: bool = False
    """« Au téléphone »: hears and speaks over the telephone, whatever its page does (decision 46)."""
    phone_ms: int = 0
    """Session time at which that changed last."""
    phone_needed: bool = False
    """Since it took the telephone its page was away, or without sound: once its sound is back, that ends by itself."""

    @property
    def connected(self) -> bool:
        """Its page shows signs of life; weak counts."""
        return self.presence is not Presence.ABSENT

    @property
    def present(self) -> bool:
        """Its person is there: by the page, or on the telephone alone."""
        return self.connected or self.phone

    @property
    def unheard(self) -> bool:
        """Its page's sound is lost, and it is not on the telephone."""
        return self.media_lost and not self.phone

    @property
    def audible(self) -> bool:
        """Present, and able to take a turn: not cut off, on the telephone, or writing it."""
        return self.present and (self.typed or not self.unheard)


@dataclass(frozen=True)
class PhaseInstance:
    """One phase of this session. `planned_ms` is the script's, `extra_ms` what the lead gave it on top, or took.
    `client`: who is client in it, where the role rotates."""

    key: str
    id: str
    planned_ms: int
    minimum_ms: int
    extra_ms: int = 0
    spent_ms: int = 0
    status: PhaseStatus = PhaseStatus.COMING
    client: str | None = None
    before: str | None = None
    """Who was client in it, if that client withdrew."""
    postponed: bool = False
    """Was put off once because its client was absent."""

    @property
    def wanted_ms(self) -> int:
        return self.planned_ms + self.extra_ms


@dataclass(frozen=True)
class Turn:
    number: int
    seat: str
    kind: TurnKind
    budget_ms: int
    from_clock_ms: int
    stopped_at_ms: int | None = None
    """Reading of the phase clock since which the turn's own clock stands still: the lead speaks."""
    thanked: bool = False
    """The client has what they need: the speaker finishes the sentence."""
    silence: bool = False
    """The lead lets the silence be: no nudge, no passing."""
    text: str | None = None
    """What a typed turn says, to be read aloud."""


@dataclass(frozen=True)
class EndProposal:
    """A later end, unless somebody privately refuses within its time."""

    by_ms: int
    at_ms: int


@dataclass(frozen=True)
class CharterVote:
    """A wording of the charter on which the group decides by consent."""

    lines: tuple[str, ...]
    version: int
    consents: frozenset[str] = frozenset()
    objections: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hand:
    seat: str
    kind: HandKind


@dataclass(frozen=True)
class StepRun:
    """The step that runs. `order` is who still comes; `rests` what is left of an interrupted turn."""

    index: int
    budget_ms: int
    from_clock_ms: int
    order: tuple[str, ...] = ()
    rests: Mapping[str, int] = field(default_factory=dict)
    spoken: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    done: frozenset[str] = frozenset()
    written: frozenset[int] = frozenset()
    """Entries of the captures that were written in this step."""
    turn_ms: int = 0
    """What a round promised each of its seats."""


@dataclass(frozen=True)
class Capture:
    entry: int
    capture: str
    phase: str | None
    seat: str
    version: int
    fields: Mapping[str, str]
    revealed: bool = False
    client: str | None = None
    """Who was client when it was written: whose it is, if it belongs to the client."""
    withdrawn: bool = False
    """That client withdrew: it is theirs and its author's alone."""
    apart: bool = False
    """Sealed with a key of its own kind, so that it can be erased without the client's name (`client_key`)."""


@dataclass(frozen=True)
class LeftOpen:
    """A text whose time is over, and which its author may still finish until `until_ms` of session time. `phase`: the
    instance it belongs to. `shown`: everybody reads it once it is handed in, as they read the others of its kind."""

    phase: str | None
    until_ms: int
    shown: bool
    client: str | None
    """For whom it was begun, whoever is client when it is handed in."""


@dataclass(frozen=True)
class PhaseMark:
    """Where the session stood when the lead said « next »: what `PhaseUndone` goes back to."""

    at_ms: int
    phase: str
    phases: tuple[PhaseInstance, ...]
    roles: Mapping[str, Role]
    phase_from_clock_ms: int
    step: StepRun | None
    turn: Turn | None
    hands: tuple[Hand, ...]
    follow_ups: int
    asker: str | None
    asked: Mapping[str, int]
    spoken: frozenset[str]
    dropped: frozenset[tuple[str, int]]
    opened: frozenset[str]
    revealed: frozenset[int]
    """Entries of captures that everybody could read."""


@dataclass(frozen=True)
class SessionState:
    title: str
    language: Language
    script: Script
    speed: int
    number: int
    programme: str | None
    previous_client: str | None
    starts_at_ms: int
    planned_ms: int
    """What the script plans for so many members, whatever happens to its phases later."""
    phases: tuple[PhaseInstance, ...]
    guidance: Guidance = Guidance.GUIDED
    formality: Formality = Formality.FORMAL
    turn_order: TurnOrder = TurnOrder.ROTATING
    lot: int = 0
    """Where a turn order is drawn: the lot's number."""
    seats: Mapping[str, SeatState] = field(default_factory=dict)
    status: Status = Status.LOBBY
    started_at_ms: int | None = None
    closed_at_ms: int | None = None
    end_moved_ms: int = 0
    cannot_hold: bool = False
    """`EndCannotHold` was said, and `EndHolds` was not since."""
    proposal: EndProposal | None = None
    refused_end: bool = False
    """Somebody cannot stay longer; nobody learns who."""

    former_clients: frozenset[str] = frozenset()
    """Who was client before the client of now, by a change or by turns."""

    lead: str | None = None
    lead_announced: bool = True
    vacant: bool = False
    """It was declared that nobody leads."""
    frame_only: bool = False
    """The lead is a deputy who is not qualified."""
    offers: Mapping[Job, str] = field(default_factory=dict)
    """Jobs that were offered and not answered yet."""
    pause_wanted: frozenset[str] = frozenset()
    """Seats that asked for a pause: for the lead's eyes only."""
    recalled: bool = False
    """The client wants the group to come back to the request; the lead says it."""
    narrowed: bool = False
    """After a care pause the client may say the topic smaller, in the running phase."""
    stopped: bool = False
    """Ended out of a care pause; no reason is kept."""
    waived: frozenset[HoldCause] = frozenset()
    """Holds that the lead went on without, until the seat is back."""
    charter: tuple[str, ...] | None = None
    """The group's own wording, once it has agreed on one."""
    vote: CharterVote | None = None
    charters: int = 0
    """Wordings proposed so far."""
    talk: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Milliseconds of real time spoken, by phase instance and seat."""
    mark: PhaseMark | None = None

    clock_ms: int = 0
    clock_from_ms: int | None = None
    """Session time since which the phase clock runs; None while it stands still."""
    holds: Mapping[HoldCause, int] = field(default_factory=dict)
    """Causes for which the clock stands still, each with the session time of its beginning."""
    booked: Mapping[HoldCause, int] = field(default_factory=dict)
    """Time booked so far for each cause."""

    phase_from_clock_ms: int = 0
    step: StepRun | None = None
    turn: Turn | None = None
    turns: int = 0
    hands: tuple[Hand, ...] = ()
    follow_ups: int = 0
    """Follow-ups taken since the last question."""
    asker: str | None = None
    """Who asked the question that is being asked or answered."""
    asked: Mapping[str, int] = field(default_factory=dict)
    spoken: frozenset[str] = frozenset()
    """Who has had the floor in this phase."""
    dropped: frozenset[tuple[str, int]] = frozenset()

    captures: tuple[Capture, ...] = ()
    entries: int = 0
    opened: frozenset[str] = frozenset()
    """Captures whose reveal has happened in their phase."""
    left_open: Mapping[tuple[str, str], LeftOpen] = field(default_factory=dict)
    """Texts that are finished after their time, by (seat, capture)."""

    # -- time --------------------------------------------------------------------------------------------------

    def clock(self, now_ms: int) -> int:
        """Reading of the phase clock at session time `now_ms`."""
        return self.clock_ms if self.clock_from_ms is None else self.clock_ms + now_ms - self.clock_from_ms

    @property
    def ends_at_ms(self) -> int:
        """The locked end: scheduled start plus the script's minutes, plus what the lead moved it (decision 3)."""
        return self.starts_at_ms + self.planned_ms + self.end_moved_ms

    # -- where we are ------------------------------------------------------------------------------------------

    @memoized_property("phases")
    def current(self) -> PhaseInstance | None:
        """The phase instance that runs now."""
        return next((phase for phase in self.phases if phase.status is PhaseStatus.NOW), None)

    def instance(self, key: str) -> PhaseInstance | None:
        return next((phase for phase in self.phases if phase.key == key), None)

    @memoized_property("phases")
    def current_phase(self) -> Phase | None:
        """The script's phase that runs now."""
        instance = self.current
        return None if instance is None else self.script.phase(instance.id)

    @memoized_property("phases", "step")
    def current_step(self) -> Step | None:
        phase = self.current_phase
        return None if phase is None or self.step is None else phase.steps[self.step.index]

    # -- who is who --------------------------------------------------------------------------------------------

    @memoized_property("seats")
    def client(self) -> str | None:
        return next((seat.id for seat in self.seats.values() if seat.role is Role.CLIENT), None)

    @memoized_property("seats")
    def facilitator(self) -> str | None:
        return next((seat.id for seat in self.seats.values() if seat.role is Role.FACILITATOR), None)

    @memoized_property("seats")
    def observers(self) -> frozenset[str]:
        return frozenset(seat.id for seat in self.seats.values() if seat.role is Role.OBSERVER)

    def client_of(self, key: str | None) -> str | None:
        """Who is client in this phase instance: its own where the role rotates, who withdrew in it, else the client of
        the moment."""
        instance = None if key is None else self.instance(key)
        own = None if instance is None else instance.client or instance.before
        return self.client if own is None else own

    def written_for(self, seat: str, capture: str, key: str | None) -> str | None:
        """For which client this text of a seat is: the client of its phase, or of the moment at which it was left
        open."""
        late = self.left_open.get((seat, capture))
        return late.client if late is not None and late.phase == key else self.client_of(key)

    def holder_of(self, job: Job) -> str | None:
        """The seat that has this job."""
        return next((seat.id for seat in self.seats.values() if job in seat.jobs), None)

    def seats_of(self, who: Who) -> tuple[str, ...]:
        """The seats that a word of the script addresses, in seat order. The facilitator's part belongs to the lead."""
        known = self._addressed.get(who)
        if known is None:
            known = self._addressed[who] = self._seats_of(who)
        return known

    @memoized_property("seats", "lead", "previous_client")
    def _addressed(self) -> dict[Who, tuple[str, ...]]:
        return {}

    def _seats_of(self, who: Who) -> tuple[str, ...]:
        match who:
            case Who.CLIENT:
                return tuple(s.id for s in self.seats.values() if s.role is Role.CLIENT)
            case Who.CONSULTANTS:
                return tuple(s.id for s in self.seats.values() if s.role is Role.CONSULTANT)
            case Who.EXPERTS:
                return tuple(s.id for s in self.seats.values() if s.role is Role.CONSULTANT and s.expert)
            case Who.MEMBERS:
                return tuple(s.id for s in self.seats.values() if s.role in (Role.CLIENT, Role.CONSULTANT))
            case Who.FACILITATOR:
                return () if self.lead is None else (self.lead,)
            case Who.PREVIOUS_CLIENT:
                return () if self.previous_client is None else (self.previous_client,)
            case Who.SCRIBE:
                return tuple(s.id for s in self.seats.values() if Job.SCRIBE in s.jobs)
            case Who.ALL:
                return tuple(s.id for s in self.seats.values() if s.role is not Role.OBSERVER)

    # -- what is written ---------------------------------------------------------------------------------------

    def spec(self, capture: str) -> CaptureSpec | None:
        """The script's word on a capture, wherever it stands."""
        return self.script.capture(capture)
