"""What is written: captures, their reveal, the charter."""

from __future__ import annotations

from typing import Literal

from cosession.core.events.base import Event


class WritingDone(Event):
    type: Literal["writing_done"] = "writing_done"
    seat: str


def client_key(client: str) -> str:
    """Whose key seals what may be written as client: a part of the seat's own, which can be erased without its name."""
    return f"{client}.client"


class CaptureSubmitted(Event):
    """`entry` numbers the captures of a session; a new version of a capture keeps its entry. `key`: whose key seals the
    content, if it is not the author's (`client_key`). `client`: for whom it was first written; `withdrawn`: who is no
    longer client. `revealed`: everybody may read this version."""

    CONTENT = frozenset({"fields"})
    type: Literal["capture_submitted"] = "capture_submitted"
    entry: int
    capture: str
    phase: str | None
    seat: str
    version: int
    fields: dict[str, str]
    key: str | None = None
    client: str | None = None
    withdrawn: bool = False
    revealed: bool = False

    @property
    def owner(self) -> str | None:
        return self.key or self.seat


class TextLeftOpen(Event):
    """Its time is over, and its author was still at it, or away: the draft stays open to them until `until_ms` of
    session time, then it is handed in as it stands. `shown`: the others of its kind are revealed, and it will be once
    it is handed in. `client`: for whom it was begun."""

    type: Literal["text_left_open"] = "text_left_open"
    seat: str
    capture: str
    phase: str | None
    until_ms: int
    shown: bool = False
    client: str | None = None


class TextClosed(Event):
    """A text that was left open had nothing that could be handed in; a draft stays one."""

    type: Literal["text_closed"] = "text_closed"
    seat: str
    capture: str


class CaptureRevealed(Event):
    """From now on everybody may read these `entries`."""

    type: Literal["capture_revealed"] = "capture_revealed"
    capture: str
    entries: tuple[int, ...] = ()


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
