"""When somebody drops: the seat, the turn and the microphone are kept; the clock holds where the method says (first
table)."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core.floor import hearable, holder
from cosession.core.refusal import Refused
from cosession.core.view import common, own
from cosession.core.vocabulary import HoldCause, LeadCause, Microphone, RefusalCode
from tests.core.table import Table


@pytest.mark.parametrize("phase", ["problem_statement", "questions", "contract", "advice"])
def test_the_clock_holds_while_the_client_is_away(phase: str) -> None:
    table = Table().start().go_to(phase)
    table.drop("p1")
    assert set(table.state.holds) == {HoldCause.CLIENT_ABSENT}
    clock = table.state.clock(table.now_ms)
    table.until(table.now_ms + 90_000)
    assert table.state.clock(table.now_ms) == clock
    table.back("p1")
    assert not table.state.holds
    assert table.state.booked[HoldCause.CLIENT_ABSENT] == 90_000


def test_elsewhere_the_clock_runs_without_the_client() -> None:
    table = Table().start()
    table.drop("p1")
    assert not table.state.holds


def test_a_speaker_who_drops_keeps_the_rest_for_the_end_of_the_round() -> None:
    table = Table().start().go_to("advice")
    table.until(table.now_ms + 60_000)
    table.drop("p4")
    assert holder(table.state) == "p5"
    assert table.state.step is not None
    assert table.state.step.order[-1] == "p4"
    table.back("p4")
    while holder(table.state) != "p4":
        speaker = holder(table.state)
        assert speaker is not None
        assert speaker != "p1"
        table.end_turn(speaker)
    assert table.state.turn is not None
    assert table.state.turn.budget_ms == 30_000


def test_the_absent_are_skipped_and_a_hand_is_kept() -> None:
    table = Table().start().go_to("questions")
    table.when("p3", cmd.RaiseHand())
    table.when("p4", cmd.RaiseHand())
    table.when("p5", cmd.RaiseHand())
    table.drop("p4")
    table.end_turn("p3")
    table.end_turn("p1")
    assert holder(table.state) == "p5"
    assert [hand.seat for hand in table.state.hands] == ["p4"]
    table.back("p4")
    table.end_turn("p5")
    table.end_turn("p1")
    assert holder(table.state) == "p4"


def test_a_returning_microphone_is_never_opened_by_itself() -> None:
    table = Table().start().go_to("problem_statement")
    table.when("p1", cmd.SetMicrophone(microphone=Microphone.OPEN))
    assert hearable(table.state) == {"p1"}
    table.drop("p1")
    table.fact(cmd.ReturnSeat(seat="p1"))
    assert hearable(table.state) == set()
    assert holder(table.state) == "p1"


def test_the_lead_goes_to_the_deputy_silently_and_comes_back_with_one_click() -> None:
    table = Table().start().go_to("advice")
    table.drop("f")
    table.until(table.now_ms + 4_000)
    assert own(table.state, "p6", table.now_ms, {}).lead_away
    assert not own(table.state, "p3", table.now_ms, {}).lead_away
    table.until(table.now_ms + 19_999)
    assert table.state.lead == "f"
    table.until(table.now_ms + 1)
    assert table.state.lead == "p6"
    assert common(table.state, "s", table.now_ms).lead == "f"  # not yet announced
    table.end_turn("p4")
    assert common(table.state, "s", table.now_ms).lead == "p6"
    table.back("f")
    with pytest.raises(Refused) as refused:
        table.when("p3", cmd.TakeLead())
    assert refused.value.code is RefusalCode.NOT_YOUR_SEAT
    table.when("f", cmd.TakeLead())
    assert table.state.lead == "f"


def test_the_deputy_keeps_the_own_turns_while_leading() -> None:
    table = Table().start().go_to("advice")
    table.when("f", cmd.HandOverLead())
    assert table.state.lead == "p6"
    while holder(table.state) != "p6":
        speaker = holder(table.state)
        assert speaker is not None
        table.end_turn(speaker)
    table.end_turn("p6")
    assert holder(table.state) == "p7"
    table.when("p6", cmd.HandOverLead())
    assert table.state.lead == "f"
    causes = [e.cause for _, e in table.events if hasattr(e, "cause") and isinstance(e.cause, LeadCause)]
    assert causes == [LeadCause.HANDED_OVER, LeadCause.HANDED_OVER]


def test_without_a_deputy_it_is_said_that_nobody_leads_until_the_facilitator_is_back() -> None:
    table = Table(people=3).start().go_to("questions")
    table.drop("f")
    table.until(table.now_ms + 24_000)
    assert (table.state.lead, table.state.vacant) == (None, True)
    table.back("f")
    assert (table.state.lead, table.state.vacant) == ("f", False)


def test_while_nobody_leads_the_phases_end_by_themselves() -> None:
    table = Table(people=3).start().go_to("questions")
    table.drop("f")
    table.until(table.now_ms + 60 * 60_000)
    assert table.state.current is not None
    assert table.state.current.id == "contract", "there the clock holds for the lead"
    assert HoldCause.LEAD_ABSENT in table.state.holds


def test_only_a_deputy_can_be_handed_the_lead() -> None:
    with pytest.raises(Refused) as refused:
        Table(people=3).start().when("f", cmd.HandOverLead())
    assert refused.value.code is RefusalCode.NO_DEPUTY


def test_in_contract_the_clock_holds_until_the_deputy_leads() -> None:
    table = Table().start().go_to("contract")
    table.drop("f")
    assert HoldCause.LEAD_ABSENT in table.state.holds
    table.until(table.now_ms + 24_000)
    assert table.state.lead == "p6"
    assert not table.state.holds


def test_an_absent_seat_cannot_be_given_the_floor() -> None:
    table = Table().start().go_to("advice")
    table.drop("p8")
    with pytest.raises(Refused) as refused:
        table.when("f", cmd.GrantFloor(seat="p8"))
    assert refused.value.code is RefusalCode.SEAT_ABSENT
