"""A seat on the telephone (decision 46): it keeps its turns and counts as heard, whatever its page does."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.floor import hearable
from cosession.core.refusal import Refused
from cosession.core.view import common, own
from cosession.core.vocabulary import HoldCause, Microphone, RefusalCode
from tests.core.table import Table


def on_the_phone(table: Table, seat: str, by: str | None = None, phone: bool = True) -> list[ev.Event]:
    return table.when(by or seat, cmd.SetPhone(seat=seat, phone=phone))


def refused(table: Table, seat: str, command: cmd.Command) -> RefusalCode:
    with pytest.raises(Refused) as caught:
        table.when(seat, command)
    return caught.value.code


def stopped(table: Table) -> bool:
    return table.state.turn is not None and table.state.turn.stopped_at_ms is not None


def test_without_media_and_without_a_page_a_turn_still_comes_to_the_telephone() -> None:
    table = Table().start().go_to("advice")
    order = table.state.step.order if table.state.step else ()
    first, second, third = order[:3]
    for seat in (first, second):
        table.fact(cmd.ReportPath(seat=seat, lost=True))
    on_the_phone(table, first)
    on_the_phone(table, second, by="f")
    table.drop(second)
    assert [table.state.seats[seat].audible for seat in (first, second, third)] == [True] * 3
    seen = {seat.id: seat for seat in common(table.state, "s", table.now_ms).seats}
    assert [seen[seat].phone for seat in (first, second, third)] == [True, True, False]
    table.when("f", cmd.GrantFloor(seat=second))
    assert table.state.turn is not None
    assert table.state.turn.seat == second
    table.until(table.now_ms + 5_000)
    assert table.state.turn.seat == second, "an absent page takes no turn from a telephone"


def test_a_client_on_the_telephone_holds_no_clock() -> None:
    table = Table().start().go_to("problem_statement")
    table.drop("p1")
    table.until(table.now_ms + 1_000)
    assert HoldCause.CLIENT_ABSENT in table.state.holds
    on_the_phone(table, "p1", by="f")
    assert HoldCause.CLIENT_ABSENT not in table.state.holds
    on_the_phone(table, "p1", by="f", phone=False)
    assert HoldCause.CLIENT_ABSENT in table.state.holds


def test_a_group_without_media_goes_on_by_telephone() -> None:
    table = Table().start().go_to("questions")
    for seat in table.state.seats:
        table.fact(cmd.ReportPath(seat=seat, lost=True))
    assert HoldCause.MEDIA in table.state.holds
    for seat in ("f", "p1", "p2", "p3"):
        on_the_phone(table, seat, by="f")
        assert HoldCause.MEDIA in table.state.holds
    on_the_phone(table, "p4")
    assert HoldCause.MEDIA not in table.state.holds


def test_who_leads_without_a_page_cannot_lead_by_telephone() -> None:
    table = Table().start().go_to("questions")
    on_the_phone(table, "f")
    table.drop("f")
    table.until(table.now_ms + 24_000)
    assert table.state.lead == "p6"


def test_the_page_s_microphone_is_closed_and_stays_closed_meanwhile() -> None:
    table = Table().start().go_to("problem_statement")
    table.when("p1", cmd.SetMicrophone(microphone=Microphone.OPEN))
    on_the_phone(table, "p1")
    assert "p1" not in hearable(table.state)
    assert own(table.state, "p1", table.now_ms, {}).mic_reason == "phone"
    assert refused(table, "p1", cmd.SetMicrophone(microphone=Microphone.OPEN)) is RefusalCode.NOT_NOW
    assert "set_microphone" not in own(table.state, "p1", table.now_ms, {}).may
    on_the_phone(table, "p1", phone=False)
    assert table.state.seats["p1"].microphone is Microphone.CLOSED, "it is opened by its owner alone"
    table.when("p1", cmd.SetMicrophone(microphone=Microphone.OPEN))


def test_the_lead_s_microphone_beside_a_telephone_stops_no_clock() -> None:
    table = Table().start().go_to("problem_statement")
    table.fact(cmd.ReportLeadVoice(speaking=True))
    assert stopped(table)
    on_the_phone(table, "p1")
    assert not stopped(table)
    assert table.fact(cmd.ReportLeadVoice(speaking=True)) == []


def test_only_oneself_or_the_lead_says_so_and_not_twice() -> None:
    table = Table().start().go_to("questions")
    assert refused(table, "p2", cmd.SetPhone(seat="p3", phone=True)) is RefusalCode.NOT_YOUR_SEAT
    assert refused(table, "f", cmd.SetPhone(seat="z9", phone=True)) is RefusalCode.UNKNOWN_SEAT
    on_the_phone(table, "p3")
    assert refused(table, "f", cmd.SetPhone(seat="p3", phone=True)) is RefusalCode.ALREADY


def test_it_ends_by_itself_once_the_sound_that_was_away_is_back_and_never_sooner_than_20_s() -> None:
    table = Table().start().go_to("questions")
    on_the_phone(table, "p2")
    table.until(table.now_ms + 30_000)
    assert table.fact(cmd.ReportSound(seat="p2")) == [], "chosen, not needed: the sound was there all the time"
    table.fact(cmd.ReportPath(seat="p2", lost=True))
    assert table.fact(cmd.ReportSound(seat="p2")) == [], "the sound is still away"
    table.fact(cmd.ReportPath(seat="p2", lost=False))
    assert table.fact(cmd.ReportSound(seat="p2")) == [ev.PhoneSet(seat="p2", phone=False)]
    table.fact(cmd.ReportPath(seat="p2", lost=True))
    on_the_phone(table, "p2")
    table.fact(cmd.ReportPath(seat="p2", lost=False))
    table.until(table.now_ms + 19_000)
    assert table.fact(cmd.ReportSound(seat="p2")) == []
    table.until(table.now_ms + 1_000)
    assert table.fact(cmd.ReportSound(seat="p2")) == [ev.PhoneSet(seat="p2", phone=False)]


def test_a_page_that_comes_back_with_sound_ends_it_too() -> None:
    table = Table().start().go_to("questions")
    table.drop("p2")
    on_the_phone(table, "p2", by="f")
    table.until(table.now_ms + 25_000)
    assert table.fact(cmd.ReportSound(seat="p2")) == [], "there is no page"
    table.back("p2")
    assert table.fact(cmd.ReportSound(seat="p2")) == [ev.PhoneSet(seat="p2", phone=False)]
