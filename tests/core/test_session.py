"""A whole session, from the lobby to the close, as method.md tells it."""

from __future__ import annotations

from typing import Any

import pytest

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.console import console
from cosession.core.decide import decide
from cosession.core.evolve import evolve
from cosession.core.refusal import Refused
from cosession.core.schedule import phase_left_ms, shares
from cosession.core.view import common
from cosession.core.vocabulary import Loss, PhaseStatus, RefusalCode, Status, TurnKind
from tests.core import laws
from tests.core.table import Table, creation


def play(table: Table) -> Table:
    """The facilitator presses next when a phase's time is over."""
    while (current := table.state.current) is not None:
        left = shares(table.state, table.now_ms).allotted_ms[current.key]
        table.until(table.now_ms + left)
        table.next_phase()
    return table


def test_a_session_on_time_takes_75_minutes_and_every_phase_its_plan() -> None:
    table = play(Table().start())
    assert table.state.status is Status.CLOSED
    assert table.now_ms == 75 * 60_000
    assert all(phase.spent_ms == phase.planned_ms for phase in table.state.phases)
    assert table.replayed() == table.state


def test_a_late_start_is_repaid_and_the_end_holds() -> None:
    table = play(Table().start(late="10:00"))
    assert table.now_ms == 75 * 60_000
    spent = {phase.id: phase.spent_ms // 60_000 for phase in table.state.phases}
    # 2 from the choice, 3 from advice, 3 from questions, then 2 more from advice.
    assert spent["topic_choice"] == 1
    assert spent["advice"] == 13
    assert spent["questions"] == 13
    assert spent["learnings"] == 8
    assert spent["contract"] == 7


def test_a_groups_first_session_has_no_follow_up_and_its_minutes_go_to_questions() -> None:
    table = Table(number=1, previous_client=None)
    phases = {phase.id: phase for phase in table.state.phases}
    assert phases["follow_up"].status is PhaseStatus.SKIPPED
    assert sum(phase.planned_ms for phase in table.state.phases) == 75 * 60_000
    assert phases["questions"].planned_ms == 19 * 60_000
    assert play(table.start()).now_ms == 75 * 60_000


def test_the_client_of_last_time_opens_with_the_follow_up() -> None:
    table = Table().start().go_to("follow_up")
    assert table.state.turn is not None
    assert table.state.turn.seat == "p2"


@pytest.mark.parametrize("phase", ["contract", "action_plan", "learnings"])
def test_protected_phases_cannot_be_skipped(phase: str) -> None:
    table = Table().start()
    with pytest.raises(Refused) as refused:
        table.when("f", cmd.SkipPhase(phase=f"{phase}#1"))
    assert refused.value.code is RefusalCode.PROTECTED
    table.go_to(phase)
    with pytest.raises(Refused):
        table.when("f", cmd.SkipPhase(phase=f"{phase}#1"))


def test_a_skipped_phase_is_left_out() -> None:
    table = Table().start()
    table.when("f", cmd.SkipPhase(phase="topic_choice#1"))
    table.go_to("follow_up").next_phase()
    assert table.state.current is not None
    assert table.state.current.id == "problem_statement"


def test_only_the_lead_conducts() -> None:
    table = Table().start()
    for command in (
        cmd.NextPhase(phase="check_in#1"),
        cmd.NextStep(phase="check_in#1", step=0),
        cmd.SkipPhase(phase="topic_choice#1"),
        cmd.ExtendPhase(phase="check_in#1"),
        cmd.Pause(),
        cmd.GrantFloor(seat="p2"),
        cmd.HandOverLead(),
        cmd.MoveEnd(),
        cmd.CloseSession(),
    ):
        for seat in ("p1", "p2", "p6"):
            with pytest.raises(Refused) as refused:
                table.when(seat, command)
            assert refused.value.code is RefusalCode.NOT_YOUR_SEAT


def test_a_gesture_about_a_phase_that_is_over_is_stale() -> None:
    table = Table().start()
    table.next_phase()
    with pytest.raises(Refused) as refused:
        table.when("f", cmd.NextPhase(phase="check_in#1"))
    assert refused.value.code is RefusalCode.STALE


def test_an_early_end_keeps_what_was_written() -> None:
    table = Table().start().go_to("contract")
    table.drafts[("p1", "request")] = {"text": "m'aider à dire non"}
    table.when("f", cmd.CloseSession(losing=(Loss.MINIMUM,)))
    assert table.state.status is Status.CLOSED
    assert [dict(c.fields) for c in table.state.captures] == [{"text": "m'aider à dire non"}]
    with pytest.raises(Refused) as refused:
        table.when("f", cmd.Pause())
    assert refused.value.code is RefusalCode.CLOSED


def test_the_clock_stands_still_in_a_pause_and_the_rest_repays_it() -> None:
    table = Table().start().go_to("questions")
    table.when("f", cmd.Pause())
    before = table.state.clock(table.now_ms)
    table.until(table.now_ms + 120_000)
    assert table.state.clock(table.now_ms) == before
    table.when("f", cmd.Resume())
    allotted = shares(table.state, table.now_ms).allotted_ms
    # Phases were left early, so the pause is paid by the time won.
    assert sum(allotted.values()) <= 75 * 60_000


def test_a_pause_ends_with_the_phase() -> None:
    table = Table().start()
    table.when("f", cmd.Pause())
    table.next_phase()
    assert not table.state.holds
    assert table.state.clock_from_ms is not None


def test_one_more_minute_is_yielded_by_others_in_order() -> None:
    table = Table().start()
    table.when("f", cmd.ExtendPhase(phase="check_in#1"))
    allotted = shares(table.state, table.now_ms).allotted_ms
    assert allotted["check_in#1"] == 6 * 60_000
    assert allotted["topic_choice#1"] == 2 * 60_000
    assert sum(allotted.values()) == 75 * 60_000


def test_a_phase_that_yielded_is_over_when_its_share_is_used() -> None:
    table = Table().start(late="6:00")
    table.until(table.now_ms + 18 * 60_000)
    table.go_to("questions")
    share = shares(table.state, table.now_ms).allotted_ms["questions#1"]
    assert share < 16 * 60_000
    table.until(table.now_ms + share + 45_000)
    assert phase_left_ms(table.state, table.now_ms) == -45_000
    assert shares(table.state, table.now_ms).allotted_ms["questions#1"] == share
    assert shares(table.state, table.now_ms).late_ms == 0, "the others yield what it takes"


def test_an_end_that_cannot_hold_is_said_once_and_can_be_moved() -> None:
    table = Table().start(late="26:00")
    said = [event for _, event in table.events if isinstance(event, ev.EndCannotHold)]
    assert [event.late_ms for event in said] == [60_000]
    table.when("f", cmd.MoveEnd(by_s=300))
    assert table.state.cannot_hold, "everybody may still refuse"
    table.until(table.now_ms + 20_000)
    assert shares(table.state, table.now_ms).late_ms == 0
    assert not table.state.cannot_hold


def said_of_the_end(table: Table) -> list[ev.Event]:
    return [event for _, event in table.events if isinstance(event, ev.EndCannotHold | ev.EndHolds)]


def test_a_late_end_stays_said_until_it_holds_again() -> None:
    """Whatever happens meanwhile: a phase that is left out, and that is not enough, takes nothing back."""
    table = Table().start(late="32:00")
    assert said_of_the_end(table) == [ev.EndCannotHold(late_ms=7 * 60_000)]
    table.when("f", cmd.SkipPhase(phase="follow_up#1"))
    assert shares(table.state, table.now_ms).late_ms == 5 * 60_000
    table.when("f", cmd.MoveEnd(by_s=60))
    table.until(table.now_ms + 20_000)
    assert shares(table.state, table.now_ms).late_ms == 4 * 60_000
    assert len(said_of_the_end(table)) == 1
    assert table.state.cannot_hold
    assert console(table.state, table.now_ms).remedies, "and what helps is still offered"
    table.when("f", cmd.MoveEnd(by_s=240))
    table.until(table.now_ms + 20_000)
    assert said_of_the_end(table)[1:] == [ev.EndHolds()]
    laws.a_late_end_is_said(table)
    assert console(table.state, table.now_ms).remedies == []


def test_a_late_end_that_is_won_back_is_said_and_said_anew() -> None:
    table = Table().start(late="26:00")
    table.next_phase()
    assert said_of_the_end(table) == [ev.EndCannotHold(late_ms=60_000), ev.EndHolds()]
    assert table.state.current is not None
    table.when("f", cmd.Undo(phase=table.state.current.key))
    assert said_of_the_end(table)[2:] == [ev.EndCannotHold(late_ms=60_000)]


def test_a_last_phase_that_is_put_off_late_has_said_so() -> None:
    """The client stays away from the last phase, past the end: it runs without them, late, and nothing is cut."""
    table = Table().start()
    table.go_to("action_plan").when("f", cmd.SkipPhase(phase="closing#1"))
    table.drop("p1")
    table.until(table.now_ms + 30_000).back("p1")
    assert table.state.current is not None
    assert table.state.current.id == "learnings", "the plan comes later"
    table.next_phase()
    table.until(table.state.ends_at_ms - 10_000).drop("p1")
    table.until(table.now_ms + 30_000)
    assert said_of_the_end(table) == [ev.EndCannotHold(late_ms=1)]
    assert table.state.cannot_hold
    table.next_phase()
    assert table.state.closed_at_ms == table.state.ends_at_ms + 20_000


def test_a_session_that_stood_still_past_its_end_says_so_as_it_closes() -> None:
    """Nobody asked what is due for ten minutes, and nobody leads: the last phase ends by itself, late."""
    table = Table().start().go_to("closing")
    table.until(table.state.ends_at_ms - 1)
    table.drop("f")
    table.drop("p6")
    table.now_ms += 600_000
    table.fact(cmd.Tick())
    assert table.state.closed_at_ms == table.now_ms
    assert said_of_the_end(table) == [ev.EndCannotHold(late_ms=599_999)]


def test_a_session_that_closes_in_time_does_not_say_late_any_more() -> None:
    table = Table().start(late="26:00")
    table.when("f", cmd.CloseSession())
    assert said_of_the_end(table) == [ev.EndCannotHold(late_ms=60_000), ev.EndHolds()]


def test_a_log_of_an_earlier_version_is_read_and_then_judged() -> None:
    """Then a later end was taken for the answer, and `EndHolds` was not known."""
    table = Table().start(late="26:00")
    table.when("f", cmd.MoveEnd(by_s=300))
    table.until(table.now_ms + 20_000)
    after = table.state
    table.events = [(at_ms, event) for at_ms, event in table.events if not isinstance(event, ev.EndHolds)]
    old = table.replayed()
    assert decide(old, cmd.Tick(), table.now_ms) == [ev.EndHolds()]
    assert evolve(old, ev.EndHolds(), table.now_ms) == after


def test_an_outage_stops_the_clock_and_is_booked() -> None:
    table = Table().start().go_to("advice")
    table.until(table.now_ms + 60_000)
    left = shares(table.state, table.now_ms)
    clock = table.state.clock(table.now_ms)
    table.now_ms += 40_000
    table.fact(cmd.CreditOutage(outage_ms=40_000))
    assert table.state.clock(table.now_ms) == clock
    assert left.allotted_ms["advice#1"] == shares(table.state, table.now_ms).allotted_ms["advice#1"]


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"previous_client": 0}, "previous_client"),
        ({"previous_client": 99}, "previous_client"),
        ({"seats": creation(8).seats[1:]}, "seats"),
        ({"seats": (creation(8).seats[0], *creation(8).seats[2:])}, "client"),
        ({"seats": (*creation(3).seats, creation(3).seats[1].model_copy(update={"role": "consultant"}))}, "same name"),
        ({"script": {"id": "x"}}, "script"),
        ({"seats": creation(1).seats}, "participants"),
    ],
)
def test_a_session_that_cannot_be_is_refused_with_its_place(changes: dict[str, Any], place: str) -> None:
    with pytest.raises(Refused, match=place) as refused:
        Table(**changes)
    assert refused.value.code is RefusalCode.BAD_SETUP


def test_two_people_are_enough() -> None:
    assert play(Table(people=2, previous_client=None).start()).state.status is Status.CLOSED


def test_a_second_round_that_no_longer_fits_is_dropped_not_shredded() -> None:
    table = Table().start(late="22:00")
    while (current := table.state.current) is not None and current.id != "advice":
        table.until(table.now_ms + shares(table.state, table.now_ms).allotted_ms[current.key])
        table.next_phase()
    dropped = [event for _, event in table.events if isinstance(event, ev.StepDropped)]
    now = common(table.state, "s", table.now_ms).now
    assert now is not None
    assert [round_.in_("en") for round_ in now.dropped] == ["Second round"]
    assert [(event.phase, event.step) for event in dropped] == [("contract#1", 1), ("advice#1", 2)]
    turn = table.state.turn
    assert turn is not None
    assert turn.kind is TurnKind.SPEAK
    assert turn.budget_ms >= 60_000


# -- protected means protected ---------------------------------------------------------------------------------------


def test_ten_clicks_on_next_do_not_close_a_session() -> None:
    """Each protected phase asks first, and says what is lost."""
    table = Table().start()
    for phase in ("check_in#1", "follow_up#1", "topic_choice#1", "problem_statement#1", "questions#1"):
        table.when("f", cmd.NextPhase(phase=phase))
    with pytest.raises(Refused) as refusal:
        table.when("f", cmd.NextPhase(phase="contract#1"))
    assert (refusal.value.code, refusal.value.field) == (RefusalCode.UNCONFIRMED, "losing")


def test_an_early_end_asks_for_what_it_loses_too_in_a_suspended_session_as_well() -> None:
    table = Table().start().go_to("contract")
    for where in ("contract", "suspended"):
        if where == "suspended":
            table.when("f", cmd.SuspendSession())
        (shown,) = (one for one in console(table.state, table.now_ms).previews if one.gesture == "close_session")
        assert (shown.phase, shown.losses) == ("contract#1", [Loss.MINIMUM, Loss.EMPTY])
        assert shown.missing_ms > 4 * 60_000
        before = table.state
        for told in ((), (Loss.MINIMUM,)):
            with pytest.raises(Refused) as refusal:
                table.when("f", cmd.CloseSession(losing=told))
            assert (refusal.value.code, refusal.value.field) == (RefusalCode.UNCONFIRMED, "losing")
        assert table.state == before
    table.when("f", cmd.CloseSession(losing=(Loss.MINIMUM, Loss.EMPTY)))
    assert table.state.status is Status.CLOSED
    (ended,) = (one for _, one in table.events if isinstance(one, ev.PhaseEnded) and one.phase == "contract#1")
    assert ended.losses == (Loss.MINIMUM, Loss.EMPTY)


def test_the_contract_is_not_stepped_over_without_a_request() -> None:
    table = Table().start().go_to("contract")
    table.until(table.now_ms + 6 * 60_000)
    next_preview = next(one for one in console(table.state, table.now_ms).previews if one.gesture == "next_phase")
    assert (next_preview.losses, next_preview.missing_ms) == ([Loss.EMPTY], 0)
    assert [title.in_("fr") for title in next_preview.empty] == ["Ma demande"]
    with pytest.raises(Refused, match="unconfirmed: losing"):
        table.when("f", cmd.NextPhase(phase="contract#1"))
    ended = table.when("f", cmd.NextPhase(phase="contract#1", losing=(Loss.EMPTY,)))
    assert [event.losses for event in ended if isinstance(event, ev.PhaseEnded)] == [(Loss.EMPTY,)]


def test_a_request_that_is_written_is_not_lost_nor_is_one_that_is_being_written() -> None:
    table = Table().start().go_to("contract")
    table.until(table.now_ms + 6 * 60_000)
    table.drafts[("p1", "request")] = {"text": "choisir"}
    table.typing.add(("p1", "request"))
    ended = table.when("f", cmd.NextPhase(phase="contract#1"))
    assert [event.losses for event in ended if isinstance(event, ev.PhaseEnded)] == [()]


def test_more_is_lost_than_was_confirmed() -> None:
    table = Table().start().go_to("contract")
    table.until(table.now_ms + 60_000)
    with pytest.raises(Refused, match="would be lost: empty"):
        table.when("f", cmd.NextPhase(phase="contract#1", losing=(Loss.MINIMUM,)))


def test_nobody_shortens_a_protected_phase_below_its_minimum() -> None:
    table = Table().start()
    table.when("f", cmd.ExtendPhase(phase="learnings#1", by_s=-120))
    with pytest.raises(Refused) as refusal:
        table.when("f", cmd.ExtendPhase(phase="learnings#1", by_s=-15))
    assert (refusal.value.code, refusal.value.detail) == (RefusalCode.OUT_OF_RANGE, "learnings#1 keeps at least 360 s")


def test_no_remedy_for_a_late_end_cuts_what_is_protected() -> None:
    table = Table().start(late="32:00")
    proposed = console(table.state, table.now_ms).remedies
    assert proposed
    for remedy in proposed:
        if remedy.phase is not None and table.state.script.phase(remedy.phase.partition("#")[0]).protected:
            raise AssertionError(remedy)
