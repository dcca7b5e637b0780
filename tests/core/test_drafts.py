"""What becomes of an unsent text when its step or phase ends: half a sentence is nobody's contribution."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.captures import visible
from cosession.core.refusal import Refused
from cosession.core.schedule import CLOSING_MS, LEFT_OPEN_MS
from cosession.core.view import own
from cosession.core.vocabulary import HoldCause, Status
from tests.core.table import Table

WHOLE_MS = LEFT_OPEN_MS + CLOSING_MS
HALF, WHOLE = "Nadia, et si tu", "Nadia, et si tu demandais à Paul ?"


def draft(table: Table, seat: str, capture: str, text: str) -> None:
    more = {"state": "done", "effect": text} if capture == "follow_up" else {"text": text}
    table.drafts[(seat, capture)] = more


def typing(table: Table, seat: str, capture: str, text: str = HALF) -> None:
    draft(table, seat, capture, text)
    table.typing.add((seat, capture))


def read(table: Table, seat: str) -> set[str]:
    return {text for capture in visible(table.state, seat) for text in capture.fields.values()}


def closes_ms(table: Table, seat: str, capture: str) -> int | None:
    """What the author's view leaves of a text whose time is over."""
    found = [w.closes for w in own(table.state, seat, table.now_ms, {}).writable if w.spec.id == capture]
    return None if not found or found[0] is None else found[0].left_ms


def next_step(table: Table) -> None:
    instance, step = table.state.current, table.state.step
    assert instance is not None
    assert step is not None
    table.when("f", cmd.NextStep(phase=instance.key, step=step.index))


def skip(table: Table) -> None:
    assert table.state.current is not None
    table.until(table.now_ms + 5000)
    table.when("f", cmd.SkipPhase(phase=table.state.current.key))


def care(table: Table) -> None:
    table.when("f", cmd.CarePause())
    table.when("f", cmd.StopSession())


ENDS: dict[str, tuple[str, str, str, Callable[[Table], object]]] = {
    "next phase": ("questions", "p2", "question", lambda table: table.next_phase()),
    "next step": ("contract", "p2", "reformulation", next_step),
    "its time is over": ("contract", "p2", "reformulation", lambda table: table.until(table.now_ms + 61_000)),
    "skipped": ("follow_up", "p2", "follow_up", skip),
    "closed": ("questions", "p2", "question", lambda table: table.when("f", cmd.CloseSession())),
    "stopped": ("questions", "p2", "question", care),
    "the client reads": ("action_plan", "p1", "retained", next_step),
    "advice, where the request is also written": ("advice", "p1", "request", lambda table: table.next_phase()),
}


@pytest.mark.parametrize("how", ENDS)
def test_what_is_being_written_is_left_open_and_read_by_nobody_before_it_is_handed_in(how: str) -> None:
    phase, seat, capture, end = ENDS[how]
    table = Table().start().go_to(phase)
    before = read(table, "p4")
    typing(table, seat, capture)
    began_ms = table.now_ms
    end(table)
    assert (seat, capture) in table.state.left_open
    assert not any(HALF in read(table, other) for other in table.state.seats)
    left_ms = closes_ms(table, seat, capture)
    assert left_ms is not None
    assert left_ms == pytest.approx(LEFT_OPEN_MS, abs=1000)
    assert closes_ms(table, "p4", capture) is None

    draft(table, seat, capture, WHOLE)
    table.until(max(table.now_ms, began_ms) + LEFT_OPEN_MS - 1000)
    assert not any(WHOLE in read(table, other) for other in table.state.seats if other != seat)
    table.until(table.now_ms + WHOLE_MS)
    assert table.state.left_open == {}
    assert WHOLE in read(table, seat)
    assert HALF not in read(table, seat)
    assert read(table, "p4") - before - {"done"} == {WHOLE}
    assert table.replayed() == table.state


def test_its_author_hands_it_in_although_the_session_was_suspended_meanwhile() -> None:
    table = Table().start().go_to("questions")
    typing(table, "p2", "question")
    table.next_phase()
    table.when("f", cmd.SuspendSession())
    with pytest.raises(Refused):
        table.when("p4", cmd.SubmitCapture(capture="question", fields={"text": "trop tard"}))
    table.when("p2", cmd.SubmitCapture(capture="question", fields={"text": WHOLE}))
    assert table.state.left_open == {}
    assert WHOLE in read(table, "p2")


def test_what_was_no_longer_being_written_is_handed_in_by_the_end() -> None:
    table = Table().start().go_to("questions")
    table.drafts[("p2", "question")] = {"text": WHOLE}
    table.next_phase()
    assert WHOLE in read(table, "p4")
    assert table.state.left_open == {}


def test_the_others_are_revealed_at_once_and_who_still_wrote_when_it_is_handed_in() -> None:
    table = Table().start().go_to("contract")
    table.when("p4", cmd.SubmitCapture(capture="reformulation", fields={"text": "L'autre"}))
    typing(table, "p2", "reformulation")
    next_step(table)
    assert read(table, "p4") == {"L'autre"}
    table.when("p2", cmd.SubmitCapture(capture="reformulation", fields={"text": WHOLE}))
    assert read(table, "p4") == {"L'autre", WHOLE}
    assert table.state.left_open == {}
    with pytest.raises(Refused):
        table.when("p2", cmd.SubmitCapture(capture="reformulation", fields={"text": "encore"}, version=1))


def test_it_is_revealed_though_nobody_else_has_written_and_the_phase_is_over() -> None:
    table = Table().start().go_to("contract")
    typing(table, "p2", "reformulation")
    table.next_phase()
    table.until(table.now_ms + WHOLE_MS)
    assert HALF in read(table, "p4")


def test_nothing_that_can_be_handed_in_stays_a_draft() -> None:
    table = Table().start().go_to("questions")
    typing(table, "p2", "question", "   ")
    table.next_phase()
    table.until(table.now_ms + WHOLE_MS)
    assert table.state.left_open == {}
    assert isinstance(table.events[-1][1], ev.TextClosed)
    assert table.state.captures == ()


def test_an_end_that_is_undone_opens_the_text_as_before() -> None:
    table = Table().start().go_to("questions")
    typing(table, "p2", "question")
    table.next_phase()
    assert table.state.current is not None
    table.when("f", cmd.Undo(phase=table.state.current.key))
    assert table.state.left_open == {}
    assert closes_ms(table, "p2", "question") is None
    table.until(table.now_ms + 2 * WHOLE_MS)
    assert not any(HALF in read(table, other) for other in table.state.seats)


def test_in_a_care_pause_even_its_author_is_not_shown_it_and_no_other_pause_hands_it_in() -> None:
    table = Table().start().go_to("questions")
    typing(table, "p2", "question")
    table.when("f", cmd.CarePause())
    table.until(table.now_ms + 5 * WHOLE_MS)
    assert table.state.captures == ()
    table.when("f", cmd.SuspendSession())
    assert HoldCause.SUSPENDED in table.state.holds
    table.until(table.now_ms + 5 * WHOLE_MS)
    assert table.state.captures == ()
    assert own(table.state, "p2", table.now_ms, {}).writable == []


def test_the_stated_time_is_real_time_at_any_speed_and_stands_still_with_the_server() -> None:
    table = Table(speed=10).start().go_to("questions")
    typing(table, "p2", "question")
    table.next_phase()
    assert closes_ms(table, "p2", "question") == 10 * LEFT_OPEN_MS
    table.now_ms += 600_000
    table.fact(cmd.CreditOutage(outage_ms=600_000))
    assert closes_ms(table, "p2", "question") == 10 * LEFT_OPEN_MS
    assert table.state.captures == ()


LATE: dict[str, tuple[str, str, str, Callable[[Table], object]]] = {
    **ENDS,
    "the session starts": ("", "p2", "intention", lambda table: table.start()),
}


@pytest.mark.parametrize("how", [how for how in LATE if how not in ("stopped", "the client reads")])
def test_a_text_that_comes_when_its_time_is_just_over_is_left_open_too(how: str) -> None:
    """Its author was cut off, or had only just begun: the room had no draft when the end came."""
    phase, seat, capture, end = LATE[how]
    table = Table()
    if phase:
        table.start().go_to(phase)
    end(table)
    assert table.state.left_open == {}
    draft(table, seat, capture, WHOLE)
    table.fact(cmd.ReportLateText(seat=seat, capture=capture))
    assert (seat, capture) in table.state.left_open
    assert table.fact(cmd.ReportLateText(seat=seat, capture=capture)) == []
    assert not any(WHOLE in read(table, other) for other in table.state.seats)
    table.until(table.now_ms + WHOLE_MS)
    assert WHOLE in read(table, seat)
    assert (WHOLE in read(table, "p4")) is (capture != "intention")
    assert table.fact(cmd.ReportLateText(seat=seat, capture=capture)) == [], "the same text again is nothing new"


def test_a_text_of_long_ago_or_of_somebody_else_or_to_come_stays_a_draft() -> None:
    table = Table().start().go_to("contract")
    for seat, capture in (("p2", "facts"), ("p2", "headline_question"), ("p2", "contribution"), ("p2", "request")):
        table.drafts[(seat, capture)] = {"text": WHOLE}
        assert table.fact(cmd.ReportLateText(seat=seat, capture=capture)) == []
    with pytest.raises(Refused):
        table.fact(cmd.ReportLateText(seat="z9", capture="facts"))


def test_what_was_written_in_the_lobby_is_kept_when_the_session_starts() -> None:
    table = Table()
    table.drafts[("p2", "intention")] = {"text": "oser moins dire"}
    table.start()
    assert "oser moins dire" in read(table, "p2")
    assert "oser moins dire" not in read(table, "p4")
    assert table.state.status is Status.RUNNING
