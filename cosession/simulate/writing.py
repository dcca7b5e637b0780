"""How a simulated manager writes: drafts while writing, then sends; some leave a text as a draft, so that the end of
the step has to keep it (decision 10). Pure; reads the view and nothing else."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Protocol

from cosession.simulate import words
from cosession.simulate.habits import Habits, Intent, left_ms, used_share
from cosession.wire.messages import ViewMessage

#: Who has no countdown of their own writes within so many seconds of script time.
_WITHIN_S = 60.0
_DRAFT_AT = 0.3
_SEND_AT = (0.45, 0.7)
_DONE_AT = (0.72, 0.9)
#: Texts that may stay drafts, and how often they do.
_STAYS_DRAFT = {"reformulation": 0.3, "private_note": 1.0}
#: What is written at a turn: whose turn of which kind brings it about.
_AT_OWN_TURN = {"question": "ask", "contribution": "speak"}
_DUE_IN_DAYS = 12


class Field(Protocol):
    """A field of a capture, as the view describes it."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def options(self) -> tuple[str, ...]: ...
    @property
    def max_length(self) -> int: ...


def writing(view: ViewMessage, now_ms: float, habits: Habits) -> Iterator[Intent]:
    common, own = view.common, view.own
    assert common is not None
    now = common.now
    here = "lobby" if now is None else f"{now.phase}/{now.step}"
    window_ms = _WITHIN_S * 1000
    if now is not None:
        window_ms = min(window_ms, max(4000.0, now.countdown.total_ms / 2))
        if now.step_countdown is not None and now.floor == "silent_writing":
            window_ms = now.step_countdown.total_ms
    for writable in own.writable:
        spec = writable.spec
        occasion = _occasion(view, spec.id, spec.many, writable.submitted, here)
        if occasion is None:
            continue
        subject = f"{spec.id}/{occasion}"
        elapsed = habits.since(subject, now_ms) / window_ms
        if spec.id in _AT_OWN_TURN and common.floor.turn is not None:
            elapsed = used_share(common.floor.turn.countdown, now_ms) * 2
        fields = {
            field.id: _text(spec.id, field, common.language, view.clock.wall_ms, habits, subject)
            for field in spec.fields
        }
        if elapsed >= _DRAFT_AT and not spec.many:
            yield Intent(f"draft/{subject}", draft=(spec.id, fields))
        if habits.often(f"stays {subject}", _STAYS_DRAFT.get(spec.id, 0.0)):
            continue
        if elapsed >= habits.share(f"send {subject}", *_SEND_AT):
            version = 0 if spec.many else writable.version
            command = {"type": "submit_capture", "capture": spec.id, "fields": fields, "version": version}
            yield Intent(f"submit/{subject}", command)
    if now is not None and now.floor == "silent_writing" and now.step_countdown is not None and "mark_done" in own.may:
        used = 1 - left_ms(now.step_countdown, now_ms) / max(1, now.step_countdown.total_ms)
        if used >= habits.share(f"done {here}", *_DONE_AT):
            yield Intent(f"done/{here}", {"type": "mark_done", "phase": now.phase, "step": now.step})


def _occasion(view: ViewMessage, capture: str, many: bool, submitted: bool, here: str) -> str | None:
    """What brings a text about: a turn, a step, a phase; None if nothing does now."""
    common, own = view.common, view.own
    assert common is not None
    turn = common.floor.turn
    if capture in _AT_OWN_TURN:
        mine = turn is not None and turn.seat == own.seat and turn.kind == _AT_OWN_TURN[capture]
        return f"turn {turn.number}" if mine and turn is not None else None
    if capture == "answer":
        noted = turn is not None and turn.kind == "answer" and "scribe" in own.jobs
        return f"turn {turn.number}" if noted and turn is not None else None
    if many and submitted:
        return None
    # One text a phase: its next step may come before the view that says that the text is in.
    return here if capture == "request" else here.partition("/")[0]


def _text(capture: str, field: Field, language: str, wall_ms: int, habits: Habits, subject: str) -> str:
    chance = habits.chance(f"{subject}/{field.id}")
    match field.kind:
        case "choice":
            return chance.choice(field.options)
        case "date":
            today = datetime.datetime.fromtimestamp(wall_ms / 1000, tz=datetime.UTC).date()
            return (today + datetime.timedelta(days=_DUE_IN_DAYS)).isoformat()
        case _:
            return words.sentence(capture, field.id, language, chance)[: field.max_length]
