"""Does the log still tell what the room believes? And who could be heard when, by the log alone.

Ops and the simulated managers ask this: `replay_equal`, the timeline against which heard packets are judged (decision
29), and what each phase was planned and took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cosession.core.evolve import evolve
from cosession.core.floor import hearable
from cosession.core.schedule import spent_ms
from cosession.core.state import SessionState
from cosession.room.ports import Entry
from cosession.room.recovery import SessionStream, event_of, replay


def verified(
    entries: Sequence[Entry], live: SessionStream | None, now_ms: int, committed: Mapping[int, int]
) -> dict[str, Any]:
    """`{"replay_equal", "events", "hearable": [[session_ms, [seat, …]], …], "phases": [{"id", "planned_s",
    "actual_s"}]}`.

    `live` is the room's stream at this moment, None if it does not live here. `committed` gives the session time at
    which an event of this process was on disk, by seq: the floor is measured from there (decision 20). Seconds are
    script seconds. Raises `Unavailable("store_damaged")` if the log cannot be replayed."""
    stream = replay(entries)
    if stream is None:
        return {"replay_equal": live is None, "events": 0, "hearable": [], "phases": []}
    # Equality of states comes first; equal seq and hash say that both speak of the same log.
    equal = live is None or (live.state == stream.state and (live.seq, live.hash) == (stream.seq, stream.hash))
    return {
        "replay_equal": equal,
        "events": stream.seq,
        "hearable": timeline(entries, committed),
        "phases": [
            {
                "id": instance.id,
                "planned_s": round(instance.planned_ms / 1000),
                "actual_s": round(spent_ms(stream.state, instance, now_ms) / 1000),
            }
            for instance in stream.state.phases
        ],
    }


def timeline(entries: Sequence[Entry], committed: Mapping[int, int]) -> list[list[Any]]:
    """`[session_ms, seats that were hearable from then on]` for each change; events of one moment count as one. An
    event counts from its commit, where that is known, otherwise from its own time."""
    changes: list[list[Any]] = []
    state: SessionState | None = None
    for entry in entries:
        state = evolve(state, event_of(entry, state), entry.record.at_ms)
        at_ms = committed.get(entry.seq, entry.record.at_ms)
        heard = sorted(hearable(state))
        if changes and changes[-1][0] == at_ms:
            changes[-1][1] = heard
        elif not changes or changes[-1][1] != heard:
            changes.append([at_ms, heard])
    return changes
