"""What all events have in common."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    CONTENT: ClassVar[frozenset[str]] = frozenset()

    @property
    def owner(self) -> str | None:
        """The seat whose key protects the content; None for the session's own."""
        return None
