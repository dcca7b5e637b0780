"""What is written: who may write it, who may see it, and what is handed out at the end.

Pure. The client alone writes the contract and the action plan; in silent writing nobody sees the others' text until
the reveal; private notes stay private; there is no vote and no score anywhere (method.md, "Rules that the software
holds").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from cosession.core.floor import closed_roles
from cosession.core.frozen import memoized
from cosession.core.refusal import Refused
from cosession.core.room_view import CaptureView
from cosession.core.schedule import LEAVING_MS
from cosession.core.script import CaptureSpec
from cosession.core.state import Capture, PhaseInstance, SessionState
from cosession.core.vocabulary import (
    Family,
    FloorMode,
    HoldCause,
    Job,
    PhaseStatus,
    RefusalCode,
    Status,
    Visibility,
    Who,
)

Drafts = Mapping[tuple[str, str], Mapping[str, str]]
"""Unsent texts, by (seat, capture)."""
Typing = AbstractSet[tuple[str, str]]
"""Those of them that are being written: their authors have not said that they stopped."""


def open_specs(state: SessionState) -> Iterator[tuple[str | None, CaptureSpec]]:
    """Captures that may be written now by somebody, with the phase instance they belong to (None: the lobby's, and
    those of after the close)."""
    match state.status:
        case Status.LOBBY:
            yield from ((None, spec) for spec in state.script.lobby)
        case Status.RUNNING if HoldCause.CARE not in state.holds and HoldCause.SUSPENDED not in state.holds:
            yield from _open_now(state)
        case Status.CLOSED:
            yield from ((None, spec) for spec in state.script.after)
            for phase in _newest(state, PhaseStatus.DONE, PhaseStatus.SKIPPED):
                yield from ((phase.key, s) for s in state.script.phase(phase.id).captures if s.open_h)


def _newest(state: SessionState, *statuses: PhaseStatus) -> Iterable[PhaseInstance]:
    """Of each phase the last instance that is so, for each of its clients where the role rotates: what was written in
    an earlier one was another client's, who withdrew."""
    return {(phase.id, phase.client): phase for phase in state.phases if phase.status in statuses}.values()


@memoized("phases", "step", "narrowed")
def _open_now(state: SessionState) -> tuple[tuple[str, CaptureSpec], ...]:
    instance, phase, step = state.current, state.current_phase, state.step
    if instance is None or phase is None or step is None:
        return ()
    found = [(instance.key, s) for s in phase.captures if not s.steps or step.index in s.steps]
    for other in _newest(state, PhaseStatus.DONE):
        specs = state.script.phase(other.id).captures
        if other.id != phase.id and other.client in (None, instance.client):
            narrowed = {spec.id for spec in specs if state.narrowed and spec.in_sight}
            found += [(other.key, spec) for spec in specs if phase.id in spec.also_in or spec.id in narrowed]
    if phase.steps[step.index].floor is FloorMode.SILENT_WRITING:
        coming = next((p for p in state.phases if p.status is PhaseStatus.COMING), None)
        if coming is not None:
            found += [(coming.key, spec) for spec in state.script.phase(coming.id).captures if spec.early]
    return (*found,)


def also_open(state: SessionState) -> Iterator[tuple[str, CaptureSpec]]:
    """What may be written in the running phase though it belongs to an earlier one."""
    for key, spec in _open_now(state):
        instance = state.instance(key)
        if instance is not None and instance.status is PhaseStatus.DONE:
            yield key, spec


def authors(state: SessionState, spec: CaptureSpec, key: str | None = None) -> frozenset[str]:
    """Who may write it, in the phase instance `key`. While the scribe is absent, or there is none, the members write
    for themselves; the client not what is hidden from the client."""
    themselves = Who.CONSULTANTS if spec.visible is Visibility.NOT_CLIENT else Who.MEMBERS
    whos = [themselves if who is Who.SCRIBE and not _scribe_here(state) else who for who in spec.by]
    client = state.client_of(key)
    if client != state.client:  # where the role rotates, what is open after the close is open to the client of then
        return frozenset((client,)) if client is not None and Who.CLIENT in whos else frozenset()
    return frozenset(seat for who in whos for seat in state.seats_of(who))


def _scribe_here(state: SessionState) -> bool:
    scribe = state.holder_of(Job.SCRIBE)
    return scribe is not None and state.seats[scribe].connected


def writable(state: SessionState, seat: str, now_ms: int) -> list[tuple[str | None, CaptureSpec]]:
    """What this seat may write now; what was left open to it comes first, and in a care pause nothing."""
    current = state.current_phase
    result: list[tuple[str | None, CaptureSpec]] = []
    for (author, capture), late in state.left_open.items():
        spec_late = state.spec(capture)
        if author == seat and spec_late is not None and HoldCause.CARE not in state.holds:
            result.append((late.phase, spec_late))
    for key, spec in (*open_specs(state), *_before_leaving(state, seat, now_ms)):
        if seat not in authors(state, spec, key) or any(spec is known for _, known in result):
            continue
        later = current is not None and current.id in spec.also_in
        if later and seat in closed_roles(state):
            continue
        if state.closed_at_ms is not None and now_ms > state.closed_at_ms + spec.open_h * 3_600_000:
            continue
        result.append((key, spec))
    return result


def _before_leaving(state: SessionState, seat: str, now_ms: int) -> Iterator[tuple[str | None, CaptureSpec]]:
    """« Je pars à 10 h 50 »: what is written early is taken before the seat leaves."""
    leaves_at_ms = state.seats[seat].leaves_at_ms
    if state.status is not Status.RUNNING or leaves_at_ms is None or now_ms < leaves_at_ms - LEAVING_MS:
        return
    if HoldCause.CARE in state.holds or HoldCause.SUSPENDED in state.holds:
        return
    for phase in state.phases:
        if phase.status is PhaseStatus.COMING:
            yield from ((phase.key, spec) for spec in state.script.phase(phase.id).captures if spec.early)


def latest(state: SessionState, seat: str, capture: str, key: str | None) -> Capture | None:
    """The seat's capture of this kind in that phase instance, if it has one; of several the last. What went with a
    client who withdrew is rewritten in that client's own phases only."""
    mine = (c for c in reversed(state.captures) if (c.seat, c.capture, c.phase) == (seat, capture, key))
    return next((c for c in mine if not _gone(state, c)), None)


def _gone(state: SessionState, capture: Capture) -> bool:
    """Withdrawn, while its phase goes on for another client."""
    instance = None if capture.phase is None else state.instance(capture.phase)
    return capture.withdrawn and (instance is None or instance.before is None)


def left(state: SessionState, seat: str, spec: CaptureSpec, key: str | None) -> int | None:
    """How many more of this kind the seat may write in this phase instance; None for what there is one of."""
    if spec.ceiling is None:
        return None
    written = sum((c.seat, c.capture, c.phase) == (seat, spec.id, key) for c in state.captures)
    return max(spec.ceiling - written, 0)


def full(state: SessionState, seat: str, spec: CaptureSpec, key: str | None) -> bool:
    """Whether the seat has written as many of this kind as the script allows."""
    return left(state, seat, spec, key) == 0


def rewritten(state: SessionState, seat: str, spec: CaptureSpec, key: str | None, entry: int | None) -> Capture | None:
    """The capture of which a new text is the next version; None: it is a new one. Raises `Refused` for an `entry` that
    is none of this seat's."""
    if entry is None:
        if full(state, seat, spec, key):
            raise Refused(RefusalCode.OUT_OF_RANGE, f"at most {spec.ceiling}", spec.id)
        return None if spec.many else latest(state, seat, spec.id, key)
    found = next((c for c in state.captures if c.entry == entry), None)
    if found is None or (found.seat, found.capture, found.phase) != (seat, spec.id, key) or _gone(state, found):
        raise Refused(RefusalCode.STALE, f"no entry {entry} of yours here", spec.id)
    return found


def in_sight(state: SessionState, seat: str) -> list[Capture]:
    """The thread: what this client wrote that stays in everybody's sight."""
    written = (c for c in state.captures if c.seat == seat and not c.withdrawn)
    specs = ((capture, state.spec(capture.capture)) for capture in written)
    return [capture for capture, spec in specs if spec is not None and spec.in_sight]


def checked(spec: CaptureSpec, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are kept: trimmed, empty ones left out. Raises `Refused` naming the field."""
    known = {field.id: field for field in spec.fields}
    for name in fields:
        if name not in known:
            raise Refused(RefusalCode.BAD_FIELD, "no such field", f"{spec.id}.{name[:40]}")
    clean: dict[str, str] = {}
    for name, field in known.items():
        text = fields.get(name, "").replace("\r\n", "\n").strip()
        where = f"{spec.id}.{name}"
        if not text:
            if field.required:
                raise Refused(RefusalCode.BAD_FIELD, "is required", where)
            continue
        if len(text) > field.max_length:
            raise Refused(RefusalCode.TOO_LONG, f"at most {field.max_length} characters", where)
        if any(ord(char) < 32 and char not in "\n\t" for char in text) or (field.kind == "line" and "\n" in text):
            raise Refused(RefusalCode.BAD_FIELD, "holds a character that cannot be kept", where)
        if field.kind == "choice" and text not in field.options:
            raise Refused(RefusalCode.BAD_FIELD, f"one of {', '.join(field.options)}", where)
        if field.kind == "date":
            try:
                date.fromisoformat(text)
            except ValueError:
                raise Refused(RefusalCode.BAD_FIELD, "a date as 2026-11-28", where) from None
        clean[name] = text
    if not clean:
        raise Refused(RefusalCode.BAD_FIELD, "is empty", spec.id)
    return clean


def silent(state: SessionState) -> bool:
    """Silent writing goes on: nobody sees the others' text (method.md, "Rules that the software holds")."""
    step = state.current_step
    return step is not None and step.floor is FloorMode.SILENT_WRITING


def _hushed(state: SessionState, capture: Capture) -> bool:
    """Written in the silence that still lasts."""
    return state.step is not None and capture.entry in state.step.written and silent(state)


#: What the client reads sooner or later, if it was written for them.
_SHOWN_TO_CLIENT = (Visibility.EVERYONE, Visibility.REVEAL, Visibility.NOT_CLIENT)


def readable(state: SessionState, seat: str, capture: Capture) -> bool:
    """Whether `seat` may read `capture` now."""
    if HoldCause.CARE in state.holds:
        return False
    if capture.seat == seat:
        return True
    if _hushed(state, capture):
        return False
    spec = state.spec(capture.capture)
    if spec is None:
        return False
    if capture.withdrawn:
        return seat == capture.client and spec.visible in _SHOWN_TO_CLIENT
    if capture.revealed:
        return True
    if spec.visible is Visibility.NOT_CLIENT:
        return seat != capture.client
    if spec.visible is Visibility.LEAD_IF_AWAY:
        return seat == state.lead and not state.seats[capture.seat].connected
    return spec.visible is Visibility.EVERYONE


def for_everyone(state: SessionState, capture: Capture) -> bool:
    """Whether every seat may read it, so that it belongs to the part of the view that is common."""
    spec = state.spec(capture.capture)
    if HoldCause.CARE in state.holds:
        return False
    open_to_all = capture.revealed or (spec is not None and spec.visible is Visibility.EVERYONE)
    return open_to_all and not capture.withdrawn and not _hushed(state, capture)


def shown(capture: Capture) -> CaptureView:
    """A capture as a view carries it. None is kept without a text: one that has none was erased."""
    return CaptureView(
        entry=capture.entry,
        capture=capture.capture,
        phase=capture.phase,
        seat=capture.seat,
        version=capture.version,
        fields=dict(capture.fields),
        erased=not capture.fields,
    )


def visible(state: SessionState, seat: str) -> list[CaptureView]:
    """Everything that a seat may read, from all phases, in the order of writing."""
    return [shown(capture) for capture in state.captures if readable(state, seat, capture)]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a seat takes along of one kind. `as_client`: written for it, or by it, as the client; otherwise its own."""

    spec: CaptureSpec
    as_client: bool
    views: Sequence[CaptureView]


def keepsake(state: SessionState, seat: str) -> list[Kept]:
    """What is theirs at the end: one's own, and what was written to help where one was the client. Script order."""
    phases = [spec for phase in state.script.phases for spec in phase.captures]
    result = []
    for spec in (*state.script.lobby, *phases, *state.script.after):
        for as_client in (True, False):
            mine = [
                shown(capture)
                for capture in state.captures
                if capture.capture == spec.id
                and spec.keep
                and (spec.of_client and capture.client == seat) is as_client
                and (capture.seat == seat or (as_client and spec.for_client and readable(state, seat, capture)))
            ]
            if mine:
                result.append(Kept(spec, as_client, mine))
    return result


def agreed(state: SessionState, seat: str) -> list[Kept]:
    """What everyone saw of another's contract: the client's own words."""
    specs = [
        spec
        for phase in state.script.phases
        if phase.family is Family.AGREE
        for spec in phase.captures
        if spec.keep and spec.visible is Visibility.EVERYONE and spec.by == (Who.CLIENT,)
    ]
    result = []
    for spec in specs:
        seen = [
            shown(c)
            for c in state.captures
            if c.capture == spec.id and seat not in (c.client, c.seat) and readable(state, seat, c)
        ]
        if seen:
            result.append(Kept(spec, False, seen))
    return result


def withdrawn(state: SessionState, seat: str) -> list[Capture]:
    """What this seat wrote as a client who withdrew, or had noted for it, and what can still be erased
    (`room.actor.Room.erase_withdrawn`). Empty while it is client."""
    if seat == state.client:
        return []
    theirs = (c for c in state.captures if c.withdrawn and c.client == seat and c.apart and c.fields)
    return [c for c in theirs if (spec := state.spec(c.capture)) is not None and Who.CLIENT in spec.by]
