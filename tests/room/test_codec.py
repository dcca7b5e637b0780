"""Every type of event survives the log, its words sealed apart from the rest."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosession.core.events import AnyEvent, CaptureSubmitted, Event, SeatAdded, SessionCreated
from cosession.core.vocabulary import Role
from cosession.room.codec import ERASED, mark_of, to_event, to_record
from cosession.room.ports import Record
from cosession.room.session_time import Mark

CLASSES: list[type[Event]] = list(get_args(get_args(AnyEvent)[0]))
MARK = Mark("boot-a", 501_000, 1_790_000_001_000)
scripts = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    return st.builds(kind, script=scripts) if kind is SessionCreated else st.builds(kind)


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_round_trip(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(events(kind))
    record = to_record(event, 61_000, MARK)
    assert (record.type, record.at_ms, record.owner) == (event.model_dump()["type"], 61_000, event.owner)
    stored: dict[str, Any] = json.loads(json.dumps(dict(record.meta)))
    assert to_event(Record(record.type, record.at_ms, stored, record.content, record.owner)) == event
    assert mark_of(record) == MARK
    assert set(record.content or ()) == event.CONTENT
    assert not event.CONTENT & set(record.meta)


def test_names_and_texts_are_sealed_for_their_owner() -> None:
    seat = to_record(SeatAdded(seat="p2", name="Laura", role=Role.CONSULTANT, jobs=()), 0, MARK)
    written = CaptureSubmitted(entry=1, capture="advice", phase=None, seat="p2", version=1, fields={"text": "et si…"})
    text = to_record(written, 0, MARK)
    assert (seat.owner, seat.content) == ("p2", {"name": "Laura"})
    assert (text.owner, text.content) == ("p2", {"fields": {"text": "et si…"}})
    assert "Laura" not in repr(seat.meta)


def test_what_was_erased_reads_so() -> None:
    seat = Record("seat_added", 0, {"seat": "p2", "role": "consultant", "jobs": []}, None, "p2", erased=True)
    assert to_event(seat) == SeatAdded(seat="p2", name=ERASED, role=Role.CONSULTANT, jobs=())
    meta = {"entry": 1, "capture": "advice", "phase": None, "seat": "p2", "version": 1}
    written = to_event(Record("capture_submitted", 0, meta, None, "p2", erased=True))
    assert isinstance(written, CaptureSubmitted)
    assert written.fields == {}


@pytest.mark.parametrize(
    "record", [Record("no_such_event", 0, {}), Record("no_such_event", 0, {}, None, "p2", erased=True)]
)
def test_a_record_that_is_none_of_ours_is_refused(record: Record) -> None:
    with pytest.raises(ValueError, match="no_such_event"):
        to_event(record)
    with pytest.raises(ValueError, match="clocks"):
        mark_of(record)
