"""What is written: who may write it, who may see it, and what is handed out at the end.

Pure. The client alone writes the contract and the action plan; in silent writing nobody sees the others' text until
the reveal; private notes stay private; there is no vote and no score anywhere (method.md, "Rules that the software
holds").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from cosession.core.floor import closed_roles
from cosession.core.refusal import Refused
from cosession.core.room_view import CaptureView
from cosession.core.script import CaptureSpec
from cosession.core.state import Capture, SessionState
from cosession.core.vocabulary import FloorMode, PhaseStatus, RefusalCode, Status, Visibility

Drafts = Mapping[tuple[str, str], Mapping[str, str]]
"""Unsent texts, by (seat, capture)."""


def open_specs(state: SessionState) -> Iterator[tuple[str | None, CaptureSpec]]:
    """Captures that may be written now by somebody, with the phase instance they belong to (None: the lobby's)."""
    if state.status is Status.LOBBY:
        yield from ((None, spec) for spec in state.script.lobby)
    instance, phase, step = state.current, state.current_phase, state.step
    if instance is None or phase is None or step is None:
        return
    yield from ((instance.key, s) for s in phase.captures if not s.steps or step.index in s.steps)
    for other in state.phases:
        specs = state.script.phase(other.id).captures
        if other.status is PhaseStatus.DONE:
            yield from ((other.key, spec) for spec in specs if phase.id in spec.also_in)
    if phase.steps[step.index].floor is FloorMode.SILENT_WRITING:
        coming = next((p for p in state.phases if p.status is PhaseStatus.COMING), None)
        if coming is not None:
            yield from ((coming.key, spec) for spec in state.script.phase(coming.id).captures if spec.early)


def writable(state: SessionState, seat: str) -> list[tuple[str | None, CaptureSpec]]:
    """What this seat may write now."""
    current = state.current_phase
    result = []
    for key, spec in open_specs(state):
        if not any(seat in state.seats_of(who) for who in spec.by):
            continue
        later = current is not None and current.id in spec.also_in
        if later and seat in closed_roles(state):
            continue
        result.append((key, spec))
    return result


def latest(state: SessionState, seat: str, capture: str) -> Capture | None:
    """The seat's capture of this kind, if it has one; of several the last."""
    return next((c for c in reversed(state.captures) if c.seat == seat and c.capture == capture), None)


def checked(spec: CaptureSpec, fields: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are kept: trimmed, empty ones left out. Raises `Refused` naming the field."""
    known = {field.id: field for field in spec.fields}
    for name in fields:
        if name not in known:
            raise Refused(RefusalCode.BAD_FIELD, f"{spec.id}.{name[:40]}: no such field")
    kept: dict[str, str] = {}
    for name, field in known.items():
        text = fields.get(name, "").replace("\r\n", "\n").strip()
        where = f"{spec.id}.{name}"
        if not text:
            if field.required:
                raise Refused(RefusalCode.BAD_FIELD, f"{where}: is required")
            continue
        if len(text) > field.max_length:
            raise Refused(RefusalCode.TOO_LONG, f"{where}: at most {field.max_length} characters")
        if any(ord(char) < 32 and char not in "\n\t" for char in text) or (field.kind == "line" and "\n" in text):
            raise Refused(RefusalCode.BAD_FIELD, f"{where}: holds a character that cannot be kept")
        if field.kind == "choice" and text not in field.options:
            raise Refused(RefusalCode.BAD_FIELD, f"{where}: one of {', '.join(field.options)}")
        if field.kind == "date":
            try:
                date.fromisoformat(text)
            except ValueError:
                raise Refused(RefusalCode.BAD_FIELD, f"{where}: a date as 2026-11-28") from None
        kept[name] = text
    if not kept:
        raise Refused(RefusalCode.BAD_FIELD, f"{spec.id}: is empty")
    return kept


def silent(state: SessionState) -> bool:
    """Silent writing goes on: nobody sees the others' text (method.md, "Rules that the software holds")."""
    step = state.current_step
    return step is not None and step.floor is FloorMode.SILENT_WRITING


def _hushed(state: SessionState, capture: Capture) -> bool:
    """Written in the silence that still lasts."""
    return state.step is not None and capture.entry in state.step.written and silent(state)


def readable(state: SessionState, seat: str, capture: Capture) -> bool:
    """Whether `seat` may read `capture` now."""
    if capture.seat == seat:
        return True
    if _hushed(state, capture):
        return False
    if capture.revealed:
        return True
    spec = state.spec(capture.capture)
    if spec is None:
        return False
    if spec.visible is Visibility.NOT_CLIENT:
        return seat != state.client
    return spec.visible is Visibility.EVERYONE


def for_everyone(state: SessionState, capture: Capture) -> bool:
    """Whether every seat may read it, so that it belongs to the part of the view that is common."""
    spec = state.spec(capture.capture)
    open_to_all = capture.revealed or (spec is not None and spec.visible is Visibility.EVERYONE)
    return open_to_all and not _hushed(state, capture)


def shown(capture: Capture) -> CaptureView:
    """A capture as a view carries it."""
    return CaptureView(
        entry=capture.entry,
        capture=capture.capture,
        phase=capture.phase,
        seat=capture.seat,
        version=capture.version,
        fields=dict(capture.fields),
    )


def visible(state: SessionState, seat: str) -> list[CaptureView]:
    """Everything that a seat may read, from all phases, in the order of writing."""
    return [shown(capture) for capture in state.captures if readable(state, seat, capture)]


def keepsake(state: SessionState, seat: str) -> list[tuple[CaptureSpec, list[CaptureView]]]:
    """What is theirs at the end: one's own, and for the client everything that was written to help. Script order."""
    specs = [*state.script.lobby, *(spec for phase in state.script.phases for spec in phase.captures)]
    result = []
    for spec in specs:
        mine = [
            shown(capture)
            for capture in state.captures
            if capture.capture == spec.id
            and spec.keep
            and (capture.seat == seat or (spec.for_client and seat == state.client and readable(state, seat, capture)))
        ]
        if mine:
            result.append((spec, mine))
    return result
