"""What a gesture on time would do to the rest, before it is made (decision 37): found out by doing it on a copy.

Pure. The page shows it beside the button; the machine of tests/core presses the button and compares.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypedDict

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core import schedule as sch
from cosession.core.decide import decided
from cosession.core.evolve import evolve
from cosession.core.losses import empty, losses, missing_ms
from cosession.core.refusal import Refused
from cosession.core.room_view import Change, Preview
from cosession.core.script import Text
from cosession.core.state import SessionState
from cosession.core.vocabulary import Loss

TimeGesture = cmd.ExtendPhase | cmd.NextPhase | cmd.SkipPhase | cmd.MoveEnd | cmd.CloseSession


def previews(state: SessionState, gestures: Iterable[TimeGesture], now_ms: int, by: str) -> Iterator[Preview]:
    """Of those that `decide` would not refuse from this seat. A later end counts as if nobody refused."""
    before = sch.shares(state, now_ms).allotted_ms
    for command in gestures:
        try:
            course = decided(state, command, now_ms, by=by)
        except Refused:
            continue
        after = course.state
        for event in course.events:
            if isinstance(event, ev.EndProposed):
                after = evolve(after, ev.EndMoved(by_ms=event.by_ms), now_ms)
        share = sch.shares(after, now_ms)
        phase = _phase(state, command)
        yield Preview(
            gesture=command.type,
            phase=phase,
            by_s=command.by_s if isinstance(command, cmd.ExtendPhase | cmd.MoveEnd) else 0,
            changes=[
                Change(phase=key, from_ms=before[key], to_ms=share.allotted_ms[key])
                for key in before
                if share.allotted_ms[key] != before[key] and (key != phase or isinstance(command, cmd.ExtendPhase))
            ],
            ends_at_ms=after.ends_at_ms,
            late_ms=share.late_ms,
            **_lost(state, command, now_ms),
        )


def _phase(state: SessionState, command: TimeGesture) -> str | None:
    """The phase that a gesture ends or changes."""
    if isinstance(command, cmd.MoveEnd):
        return None
    if isinstance(command, cmd.CloseSession):
        return None if state.current is None else state.current.key
    return command.phase


class _Lost(TypedDict):
    losses: list[Loss]
    missing_ms: int
    empty: list[Text]


def _lost(state: SessionState, command: TimeGesture, now_ms: int) -> _Lost:
    if not isinstance(command, cmd.NextPhase | cmd.CloseSession):
        return {"losses": [], "missing_ms": 0, "empty": []}
    return {
        "losses": list(losses(state, now_ms)),
        "missing_ms": missing_ms(state, now_ms),
        "empty": [spec.title for spec in empty(state)],
    }
