"""Turns, their clocks, hands."""

from __future__ import annotations

from typing import Literal

from cosession.core.events.base import Event
from cosession.core.vocabulary import HandKind, TurnKind

TurnEnd = Literal["done", "passed", "time", "taken_back", "interrupted", "absent"]


class TurnStarted(Event):
    """`order`: who still comes in the running round; None: as before."""

    type: Literal["turn_started"] = "turn_started"
    turn: int
    seat: str
    kind: TurnKind
    budget_ms: int
    order: tuple[str, ...] | None = None


class TurnEnded(Event):
    """`rest_ms` is what the seat still has, to be taken up later (interrupted or absent). `order`: who still comes in
    the running round; None: as before."""

    type: Literal["turn_ended"] = "turn_ended"
    turn: int
    how: TurnEnd
    rest_ms: int = 0
    order: tuple[str, ...] | None = None


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


class LeadSpoke(Event):
    """The lead's words inside somebody's turn: its clock stands still from here, or goes on."""

    type: Literal["lead_spoke"] = "lead_spoke"
    speaking: bool


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


class RequestRecalled(Event):
    """« Revenir à ma demande »: the lead is asked to say it."""

    type: Literal["request_recalled"] = "request_recalled"


class RecallSaid(Event):
    """The lead has said it."""

    type: Literal["recall_said"] = "recall_said"
