"""Counts what the sockets answer: commands accepted, commands refused by code, errors by code; and how they end.

It looks at the beginning of the text only, so that a view costs nothing.
"""

from __future__ import annotations

import json
from collections import Counter


class Answers:
    def __init__(self) -> None:
        self.accepted = 0
        self.refused: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()
        self.closes: Counter[int] = Counter()
        """Sockets that we closed, by close code."""
        self.ended: Counter[str] = Counter()
        """Connections that were ended to make room or because they kept us waiting (`doors.visits`), by reason."""
        self.unwelcomed = 0
        """Pages of a room that were served and never welcomed."""
        self.overtaken = 0
        """Frames of backup sound that newer ones overtook before they left (`room.sound_queue`)."""

    def count_overtaken(self) -> None:
        self.overtaken += 1

    def count_unwelcomed(self) -> None:
        self.unwelcomed += 1

    def count_close(self, code: int) -> None:
        self.closes[code] += 1

    def count(self, text: str) -> None:
        """`text` is a message on its way to a browser, as `pydantic` writes it: its type comes first."""
        if text.startswith('{"type":"accepted"'):
            self.accepted += 1
        elif text.startswith('{"type":"refused"'):
            self.refused[str(json.loads(text)["code"])] += 1
        elif text.startswith('{"type":"error"'):
            self.errors[str(json.loads(text)["code"])] += 1
