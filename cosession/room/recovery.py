"""From a session's log back to its state: what recovery, a conflict and `verify` have in common.

Replaying is the only way in which a state comes into being; a live room merely does it one event at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cosession.core.events import Event
from cosession.core.evolve import evolve
from cosession.core.state import SessionState
from cosession.room.codec import mark_of, to_event
from cosession.room.ports import Entry, Unavailable
from cosession.room.session_time import Mark
from cosession.room.upcasters import Newer


@dataclass(frozen=True, slots=True)
class SessionStream:
    """What a log adds up to. `hashes[seq - 1]` is the hash of event `seq`; `at_ms` and `mark` are those of the last,
    `made_wall_ms` is the time of day of the first. Its repr tells no texts."""

    state: SessionState = field(repr=False)
    hashes: tuple[str, ...] = field(repr=False)
    at_ms: int
    mark: Mark
    made_wall_ms: int
    erased: bool = False
    """Its content was erased: no text and no name is left."""

    @property
    def seq(self) -> int:
        return len(self.hashes)

    @property
    def hash(self) -> str:
        return self.hashes[-1]

    def knows(self, seq: int, hash_: str) -> bool:
        """Whether event `seq` is in this log, with that hash. Nothing at all is always known."""
        return seq <= 0 or (seq <= len(self.hashes) and self.hashes[seq - 1] == hash_)


def replay(entries: Sequence[Entry], stream: SessionStream | None = None) -> SessionStream | None:
    """`stream` continued by `entries`; None if there is nothing. Raises `Unavailable("store_damaged")` if an entry is
    no event of ours, `Unavailable("store_newer")` if a newer version of cosession wrote it."""
    state = None if stream is None else stream.state
    for entry in entries:
        state = evolve(state, event_of(entry, state), entry.record.at_ms)
    return stream if state is None else continued(stream, entries, state)


def continued(stream: SessionStream | None, entries: Sequence[Entry], state: SessionState) -> SessionStream:
    """`stream` after `entries`, which led to `state`."""
    if not entries:
        assert stream is not None
        return replace(stream, state=state)
    first, last = entries[0].record, entries[-1].record
    hashes = tuple(entry.hash for entry in entries)
    if stream is not None:
        return replace(stream, state=state, hashes=stream.hashes + hashes, at_ms=last.at_ms, mark=mark_of(last))
    # The first event holds the title, with the session's own key: it goes with the whole session's content alone.
    return SessionStream(state, hashes, last.at_ms, mark_of(last), mark_of(first).wall_ms, first.erased)


def event_of(entry: Entry, state: SessionState | None) -> Event:
    """The event of an entry, which happened in `state`. Raises `Unavailable` as `replay` does."""
    try:
        return to_event(entry.record, state)
    except Newer as newer:
        raise Unavailable("store_newer", f"event {entry.seq}: {newer}") from None
    except ValueError as error:
        # The error's own words would quote what people wrote.
        raise Unavailable("store_damaged", f"event {entry.seq} cannot be read as {entry.record.type}") from error
