"""The course of a session: its status, phases, steps, holds and end."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from cosession.core.events.base import Event
from cosession.core.vocabulary import HoldCause, Loss


class SessionStarted(Event):
    type: Literal["session_started"] = "session_started"


class PhaseStarted(Event):
    type: Literal["phase_started"] = "phase_started"
    phase: str


class PhaseEnded(Event):
    """`losses`: what of a protected phase was lost, whoever or whatever ended it."""

    type: Literal["phase_ended"] = "phase_ended"
    phase: str
    losses: tuple[Loss, ...] = ()


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
    rests: dict[str, int] = Field(default_factory=dict)
    """Milliseconds that a seat brings along from a turn it missed."""
    turn_ms: int = 0
    """What a round promises each of its seats; 0 where nothing was promised."""


class StepDropped(Event):
    """A round that no longer fits is left out, and said (decision 31)."""

    type: Literal["step_dropped"] = "step_dropped"
    phase: str
    step: int


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


class EndCannotHold(Event):
    """Nothing more can yield: the end will be late by this much unless the lead chooses (decision 3). That stays
    said until `EndHolds`, whatever else happens."""

    type: Literal["end_cannot_hold"] = "end_cannot_hold"
    late_ms: int


class EndHolds(Event):
    """The end that could not hold can again: it was moved, or what was left out or won back is enough."""

    type: Literal["end_holds"] = "end_holds"


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


class HoldWaived(Event):
    """The lead goes on although the cause lasts."""

    type: Literal["hold_waived"] = "hold_waived"
    cause: HoldCause


class TopicNarrowed(Event):
    """Out of a care pause: the client may say the topic smaller."""

    type: Literal["topic_narrowed"] = "topic_narrowed"


class SessionClosed(Event):
    """`stopped`: out of a care pause; no reason is kept."""

    type: Literal["session_closed"] = "session_closed"
    stopped: bool = False
