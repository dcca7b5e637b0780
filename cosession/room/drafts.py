"""What people write before they submit it: the latest text, kept for its author (decision 10).

Drafts are no events. They become events through core (at a submission, or at the end of a step or phase, see
`core.drafts`) and are deleted afterwards. Which of them is being written is known here alone, and never stored. Only
the one writer of a room calls in here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import structlog

from cosession.core.captures import Drafts, Typing, authors
from cosession.core.events import CaptureSubmitted, Event
from cosession.core.refusal import Refused
from cosession.core.state import SessionState
from cosession.core.vocabulary import RefusalCode
from cosession.room.ports import Draft, EventLog, Unavailable

log = structlog.get_logger()


class DraftBox:
    """The drafts of a session, by seat and capture."""

    def __init__(self, session: str, store: EventLog, drafts: Sequence[Draft]) -> None:
        self._session = session
        self._store = store
        self._fields: dict[tuple[str, str], Mapping[str, str]] = {}
        self._typing: set[tuple[str, str]] = set()
        self._submitted: set[tuple[str, str]] = set()
        """Drafts that have become events and are still on disk."""
        self.replace(drafts)

    @property
    def all(self) -> Drafts:
        return self._fields

    @property
    def typing(self) -> Typing:
        """Those that are being written, as far as is known: nobody has said that they stopped."""
        return self._typing

    def rests(self, seat: str) -> None:
        """A new page of the seat: nobody types in the old one any more. May be repeated."""
        self._typing = {place for place in self._typing if place[0] != seat}

    def of(self, seat: str) -> dict[str, Mapping[str, str]]:
        """The seat's own, by capture."""
        return {capture: fields for (author, capture), fields in self._fields.items() if author == seat}

    def replace(self, drafts: Sequence[Draft]) -> None:
        """Take what the log knows."""
        self._fields = {(d.seat, d.capture): d.fields for d in drafts if (d.seat, d.capture) not in self._submitted}

    async def save(
        self, state: SessionState, seat: str, capture: str, fields: Mapping[str, str], *, typing: bool = False
    ) -> None:
        """Keep the latest text; empty `fields` delete it. `typing`: its author has not stopped. Returns when it is on
        disk. Raises `Refused` or `Unavailable`, then nothing changed. May be repeated."""
        _check(state, seat, capture, fields)
        await self._store.save_draft(self._session, Draft(seat, capture, fields))
        self._submitted.discard((seat, capture))
        (self._typing.add if fields and typing else self._typing.discard)((seat, capture))
        if fields:
            self._fields[seat, capture] = fields
        else:
            self._fields.pop((seat, capture), None)

    def became(self, events: Iterable[Event]) -> None:
        """Forget the drafts that these events have made captures of."""
        for event in events:
            if isinstance(event, CaptureSubmitted):
                self._typing.discard((event.seat, event.capture))
            if isinstance(event, CaptureSubmitted) and self._fields.pop((event.seat, event.capture), None) is not None:
                self._submitted.add((event.seat, event.capture))

    async def sweep(self) -> None:
        """Delete on disk what was forgotten. What cannot be deleted now is tried again with the next call."""
        while self._submitted:
            seat, capture = min(self._submitted)
            try:
                await self._store.save_draft(self._session, Draft(seat, capture, {}))
            except Unavailable as failure:
                log.warning("draft.not_deleted", session=self._session, seat=seat, code=failure.code)
                return
            self._submitted.discard((seat, capture))


def _check(state: SessionState, seat: str, capture: str, fields: Mapping[str, str]) -> None:
    spec = state.spec(capture)
    if spec is None:
        raise Refused(RefusalCode.UNKNOWN_CAPTURE, field="capture")
    if seat not in authors(state, spec) and (seat, capture) not in state.left_open:
        raise Refused(RefusalCode.NOT_YOUR_SEAT, field="capture")
    unknown = next((name for name in fields if name not in {field.id for field in spec.fields}), None)
    if unknown is not None:
        raise Refused(RefusalCode.BAD_FIELD, field=f"fields.{unknown[:40]}")
