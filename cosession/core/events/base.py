"""What all events have in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from cosession.core.vocabulary import Microphone

#: The form in which events are written down. Raise it with every change of what an event holds, add the step that lifts
#: the form before (`room.upcasters`), and keep what the last build wrote (`tests/golden`).
FORMAT = 2


class Event(BaseModel):
    """An event says what happened and what the rules made of it at its moment: `evolve` applies it and asks no rule."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    CONTENT: ClassVar[frozenset[str]] = frozenset()

    microphones: dict[str, Microphone] = Field(default_factory=dict)
    """Seats whose microphone the floor opened or closed with this event (`outcome`)."""

    @property
    def owner(self) -> str | None:
        """The seat whose key protects the content; None for the session's own."""
        return None
