"""What becomes of an unsent text when its time is over: the one place that says so.

A draft that its author had stopped writing becomes a capture at its reveal or at its phase's end (decision 10). One
that is being written is not handed in over its author's head: it stays open to them for a stated time
(`LEFT_OPEN_MS`), then it is handed in as it stands; until then nobody else reads it. The same holds for a text that
comes late, because its author was cut off, or had only just begun.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from cosession.core import captures as cap
from cosession.core import events as ev
from cosession.core.refusal import Refused
from cosession.core.schedule import CLOSING_MS, LEFT_OPEN_MS
from cosession.core.script import CaptureSpec
from cosession.core.state import SessionState
from cosession.core.state_parts import new_client
from cosession.core.vocabulary import HoldCause, PhaseStatus, Reveal, Status, Who


class Deciding(Protocol):
    """A decision in the making (`course.Course`), as far as texts go."""

    state: SessionState
    now_ms: int
    drafts: cap.Drafts
    typing: cap.Typing
    events: list[ev.Event]

    def emit(self, event: ev.Event) -> None: ...

    def write(
        self, spec: CaptureSpec, key: str | None, seat: str, fields: dict[str, str], entry: int | None = None
    ) -> None: ...


def end(course: Deciding, spec: CaptureSpec, key: str | None) -> None:
    """The time of these texts is over: hand in what lies there, leave open what is being written. A text that lacks
    what is required stays a draft."""
    for seat, capture in sorted(course.drafts):
        state = course.state
        if capture != spec.id or seat not in state.seats or (seat, capture) in state.left_open:
            continue
        if not _still_theirs(state, seat, spec, key):
            continue
        if (seat, capture) in course.typing and not cap.full(state, seat, spec, key):
            _leave_open(course, seat, spec, key, shown=False)
        else:
            _hand_in(course, seat, spec, key)


def _still_theirs(state: SessionState, seat: str, spec: CaptureSpec, key: str | None) -> bool:
    """Whose text it was when it was kept may hand it in, though the job or the lead has moved on since; but not who was
    client before: what they began as such belongs to no other client's session."""
    if seat in cap.authors(state, spec, key):
        return True
    return not (Who.CLIENT in spec.by and seat in state.former_clients)


def withdraw(course: Deciding) -> None:
    """The client changes within the running phase: what was begun for the client of so far is handed in for them."""
    for key, spec in phase_closes(course.state):
        for seat, capture in sorted(course.drafts):
            if capture == spec.id and spec.of_client and seat in cap.authors(course.state, spec, key):
                _hand_in(course, seat, spec, key)


def phase_closes(state: SessionState) -> Iterator[tuple[str, CaptureSpec]]:
    """What can no longer be written once the running phase is over, with the instance it belongs to."""
    instance, phase = state.current, state.current_phase
    if instance is not None and phase is not None:
        yield from ((instance.key, spec) for spec in phase.captures)
        yield from cap.also_open(state)


def hand_in_due(course: Deciding) -> bool:
    """Close a text that was left open and whose time is over, if there is one."""
    for (seat, capture), late in sorted(course.state.left_open.items(), key=lambda item: item[0]):
        if late.until_ms > course.now_ms:
            continue
        spec, before = course.state.spec(capture), len(course.events)
        if spec is not None:
            _hand_in(course, seat, spec, late.phase)
        if len(course.events) == before:
            course.emit(ev.TextClosed(seat=seat, capture=capture))
        return True
    return False


def comes_late(course: Deciding, seat: str, capture: str) -> None:
    """A text was written that is not open: if its time is only just over, it is left open from now on. What waits for
    a pause to end, or for its phase to come, waits."""
    state, spec = course.state, course.state.spec(capture)
    fields = course.drafts.get((seat, capture))
    if spec is None or not fields or HoldCause.CARE in state.holds or HoldCause.SUSPENDED in state.holds:
        return
    if any(spec.id == open_.id for _, open_ in cap.writable(state, seat, course.now_ms)):
        return
    for key in _just_over(state, spec, course.now_ms):
        instance, client = None if key is None else state.instance(key), state.client_of(key)
        then = state if client is None or client == state.client else new_client(state, client)
        known = [dict(c.fields) for c in state.captures if (c.seat, c.capture, c.phase) == (seat, capture, key)]
        if seat not in cap.authors(then, spec) or as_kept(spec, fields) in known or cap.full(state, seat, spec, key):
            continue
        step_over = spec.reveal is Reveal.STEP_END and bool(spec.steps)
        over = instance is None or instance.status is not PhaseStatus.NOW or step_over or capture in state.opened
        _leave_open(course, seat, spec, key, shown=over and spec.reveal is not Reveal.NEVER)
        return


def _just_over(state: SessionState, spec: CaptureSpec, now_ms: int) -> Iterator[str | None]:
    """The phase instances (None: the lobby) in which it could be written until a moment ago: the one that runs, if its
    step is over, and the one before."""
    if state.status is Status.LOBBY:
        return
    if state.closed_at_ms is not None and now_ms > state.closed_at_ms + LEFT_OPEN_MS * state.speed:
        return
    run = [p for p in state.phases if p.status in (PhaseStatus.NOW, PhaseStatus.DONE) or p.spent_ms]
    begun = [p for p in run if p.status is not PhaseStatus.COMING]
    for instance in reversed(begun[-1:] if state.current is None else begun[-2:]):
        if any(one.id == spec.id for one in state.script.phase(instance.id).captures):
            yield instance.key
        elif instance.id in spec.also_in:
            yield from (p.key for p in reversed(begun) if spec in state.script.phase(p.id).captures)
    if len(begun) <= 1 and any(one.id == spec.id for one in state.script.lobby):
        yield None


def _leave_open(course: Deciding, seat: str, spec: CaptureSpec, key: str | None, *, shown: bool) -> None:
    until_ms = course.now_ms + (LEFT_OPEN_MS + CLOSING_MS) * course.state.speed
    client = course.state.client_of(key)
    course.emit(ev.TextLeftOpen(seat=seat, capture=spec.id, phase=key, until_ms=until_ms, shown=shown, client=client))


def _hand_in(course: Deciding, seat: str, spec: CaptureSpec, key: str | None) -> None:
    kept = as_kept(spec, course.drafts.get((seat, spec.id), {}))
    if kept is None or cap.full(course.state, seat, spec, key):
        return
    was = cap.latest(course.state, seat, spec.id, key)
    if was is None or dict(was.fields) != kept:
        course.write(spec, key, seat, kept)


def as_kept(spec: CaptureSpec, fields: Mapping[str, str]) -> dict[str, str] | None:
    try:
        return cap.checked(spec, fields)
    except Refused:
        return None
