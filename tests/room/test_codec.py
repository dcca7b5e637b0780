"""Every type of event survives the log, its words sealed apart from the rest."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosession.core.events import FORMAT, AnyEvent, CaptureSubmitted, Event, SeatAdded, SessionCreated
from cosession.core.script import FORMAT as SCRIPT_FORMAT
from cosession.core.script_parts import TAG
from cosession.core.vocabulary import Role
from cosession.room.codec import ERASED, mark_of, to_event, to_record
from cosession.room.ports import Record
from cosession.room.session_time import Mark
from cosession.room.upcasters import Newer

CLASSES: list[type[Event]] = list(get_args(get_args(AnyEvent)[0]))
MARK = Mark("boot-a", 501_000, 1_790_000_001_000)
scripts = st.dictionaries(st.text(max_size=5), st.integers() | st.text(max_size=5), max_size=3)


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    if kind is not SessionCreated:
        return st.builds(kind)
    return st.builds(
        kind,
        script=scripts,
        script_format=st.just(SCRIPT_FORMAT),
        language=st.from_regex(TAG, fullmatch=True),
    )


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_round_trip(kind: type[Event], data: st.DataObject) -> None:
    event = data.draw(events(kind))
    record = to_record(event, 61_000, MARK)
    assert (record.type, record.at_ms, record.owner) == (event.model_dump()["type"], 61_000, event.owner)
    stored: dict[str, Any] = json.loads(json.dumps(dict(record.meta)))
    assert to_event(Record(record.type, record.at_ms, stored, record.content, record.owner), None) == event
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
    today = {"format": FORMAT}
    seat = Record("seat_added", 0, {"seat": "p2", "role": "consultant", "jobs": [], **today}, None, "p2", erased=True)
    assert to_event(seat, None) == SeatAdded(seat="p2", name=ERASED, role=Role.CONSULTANT, jobs=())
    meta = {"entry": 1, "capture": "advice", "phase": None, "seat": "p2", "version": 1, **today}
    written = to_event(Record("capture_submitted", 0, meta, None, "p2", erased=True), None)
    assert isinstance(written, CaptureSubmitted)
    assert written.fields == {}


@pytest.mark.parametrize("meta", [{}, {"format": FORMAT}], ids=["format 1", "today's format"])
@pytest.mark.parametrize("erased", [False, True])
def test_a_record_that_is_none_of_ours_is_refused(meta: dict[str, Any], erased: bool) -> None:
    record = Record("no_such_event", 0, meta, None, "p2" if erased else None, erased=erased)
    with pytest.raises(ValueError, match=r"no_such_event|session_created"):
        to_event(record, None)
    with pytest.raises(ValueError, match="clocks"):
        mark_of(record)


@pytest.mark.parametrize("found", ["2", None, 0, -1, 1.5, []])
def test_a_format_that_can_be_none_is_damage(found: object) -> None:
    with pytest.raises(ValueError, match="carries no format"):
        to_event(Record("session_started", 0, {"format": found}), None)


@pytest.mark.parametrize("kind", ["session_started", "an_event_of_tomorrow"])
@pytest.mark.parametrize("erased", [False, True])
def test_what_a_newer_build_wrote_is_said_to_be_newer(kind: str, erased: bool) -> None:
    record = Record(kind, 0, {"format": FORMAT + 1, "colour": "green"}, None, "p1" if erased else None, erased=erased)
    with pytest.raises(Newer, match=rf"newer version of cosession \(format {FORMAT + 1}, .* up to {FORMAT}\): install"):
        to_event(record, None)


def test_an_unknown_field_of_todays_format_is_damage() -> None:
    with pytest.raises(ValueError, match="colour"):
        to_event(Record("session_started", 0, {"format": FORMAT, "colour": "green"}), None)
