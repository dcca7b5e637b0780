"""Events as the log keeps them: people's words apart from the rest (decision 9).

An event's own `CONTENT` says which fields are sealed, its `owner` with whose key. Every record also carries, in
clear, its format (`events.FORMAT`) and the clocks at which it was stored: recovery needs them, events do not. What an
earlier build wrote is lifted to today's form first (`upcasters`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import TypeAdapter

from cosession.core.events import FORMAT, AnyEvent, Event
from cosession.core.state import SessionState
from cosession.room.ports import Record
from cosession.room.session_time import Mark
from cosession.room.upcasters import lift, require_known

_EVENT: TypeAdapter[AnyEvent] = TypeAdapter(AnyEvent)
_CLASSES: dict[str, type[Event]] = {
    cls.model_fields["type"].default: cls for cls in get_args(get_args(AnyEvent)[0]) if issubclass(cls, Event)
}
_CLOCKS = "clocks"
_FORMAT = "format"
#: Records that carry no format were written in this one.
_FIRST_FORMAT = 1
#: What stands for a text whose key was deleted.
ERASED = "erased"
_BLANK: dict[Any, Any] = {str: ERASED, tuple[str, ...]: ()}


def to_record(event: Event, at_ms: int, mark: Mark) -> Record:
    """The record of an event that happened at session time `at_ms`."""
    fields = event.model_dump(mode="json")
    kind = fields.pop("type")
    content = {name: fields.pop(name) for name in sorted(event.CONTENT)}
    if not event.microphones:
        del fields["microphones"]
    fields[_CLOCKS] = [mark.boot_id, mark.boottime_ms, mark.wall_ms]
    fields[_FORMAT] = FORMAT
    return Record(kind, at_ms, fields, content or None, event.owner)


def format_of(record: Record) -> int:
    """The format in which the record was written. Raises `ValueError` if it names none that can be."""
    found = record.meta.get(_FORMAT, _FIRST_FORMAT)
    if not isinstance(found, int) or found < _FIRST_FORMAT:
        raise ValueError(f"a record of type {record.type} carries no format")
    return found


def to_event(record: Record, state: SessionState | None) -> AnyEvent:
    """The event of a record, which happened in `state`. Erased words read `erased`, erased fields are empty. Raises
    `Newer` for what a newer build wrote, `ValueError` for a record that is none of ours."""
    found = format_of(record)
    require_known(found)
    fields: dict[str, Any] = {name: value for name, value in record.meta.items() if name not in (_CLOCKS, _FORMAT)}
    content: Mapping[str, Any] = record.content or {}
    if record.erased:
        content = _blank(record.type)
    fields = lift({"type": record.type, **fields, **content}, found, state, record.at_ms)
    return _EVENT.validate_python(fields)


def mark_of(record: Record) -> Mark:
    """The clocks at which the record was stored. Raises `ValueError` if it carries none."""
    clocks = record.meta.get(_CLOCKS)
    if not isinstance(clocks, list) or len(clocks) != 3:
        raise ValueError(f"a record of type {record.type} carries no clocks")
    return Mark(str(clocks[0]), int(clocks[1]), int(clocks[2]))


def _blank(kind: str) -> dict[str, Any]:
    event = _CLASSES.get(kind)
    if event is None:
        raise ValueError(f"no event is called {kind}")
    return {name: _BLANK.get(event.model_fields[name].annotation, {}) for name in event.CONTENT}
