"""When somebody drops: every row of the method's table, and the way back (method.md, "When somebody drops")."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.console import console
from cosession.core.console_view import Option
from cosession.core.floor import hearable
from cosession.core.prompt_view import PromptKey
from cosession.core.refusal import Refused
from cosession.core.schedule import shares
from cosession.core.view import common, own
from cosession.core.vocabulary import (
    HoldCause,
    Job,
    LeadCause,
    Microphone,
    RefusalCode,
    Role,
    Who,
)
from tests.core.table import Table, creation


def refused(table: Table, seat: str, command: cmd.Command) -> RefusalCode:
    with pytest.raises(Refused) as caught:
        table.when(seat, command)
    return caught.value.code


def speaker(table: Table) -> str:
    assert table.state.turn is not None
    return table.state.turn.seat


def phases(table: Table) -> list[str]:
    return [phase.key for phase in table.state.phases]


# -- a consultant, a speaker ---------------------------------------------------------------------------------------


def test_who_returns_after_the_turn_had_passed_comes_at_the_end_of_the_round() -> None:
    table = Table().start().go_to("advice")
    first = speaker(table)
    assert table.state.step is not None
    away, following = table.state.step.order[:2]
    table.drop(away)
    table.end_turn(first)
    assert speaker(table) == following
    table.back(away)
    assert table.state.step.order[-1] == away


def test_a_frozen_turn_keeps_its_rest_for_the_end_of_the_round() -> None:
    table = Table().start().go_to("advice")
    first = speaker(table)
    table.until(table.now_ms + 20_000)
    table.fact(cmd.ReportPath(seat=first, lost=True))
    assert speaker(table) != first, "a live socket without sound freezes too (decision 7)"
    assert table.state.step is not None
    assert table.state.step.order[-1] == first
    assert table.state.step.rests[first] >= 30_000


def test_who_writes_the_turns_needs_no_sound() -> None:
    table = Table().start().go_to("advice")
    first = speaker(table)
    table.when(first, cmd.ChooseTyping(typed=True))
    table.fact(cmd.ReportPath(seat=first, lost=True))
    assert speaker(table) == first


def test_an_expert_who_dropped_is_not_the_closing_voice() -> None:
    table = Table().start().go_to("advice")
    first = speaker(table)
    table.when("f", cmd.FlagExpert(seat=first))
    table.drop(first)
    assert table.state.step is not None
    assert table.state.step.order[-2] == first


def test_a_catch_up_card_tells_what_went_on() -> None:
    table = Table().start().go_to("questions")
    table.drop("p3")
    table.next_phase()
    table.until(table.now_ms + 30_000)
    table.when("p4", cmd.SubmitCapture(capture="reformulation", fields={"text": "Nadia aimerait dormir"}))
    table.when("f", cmd.NextStep(phase="contract#1", step=0))
    assert own(table.state, "p3", table.now_ms, {}).catch_up is None, "who is away reads nothing"
    table.back("p3")
    card = own(table.state, "p3", table.now_ms, {}).catch_up
    assert card is not None
    assert (card.away_ms, card.phases, card.written) == (30_000, ["questions#1", "contract#1"], 1)
    table.until(table.now_ms + 200_000)
    assert own(table.state, "p3", table.now_ms, {}).catch_up is None


# -- the scribe ----------------------------------------------------------------------------------------------------


def test_while_the_scribe_is_away_everybody_writes_their_own_line() -> None:
    table = Table().start().go_to("questions")
    assert (
        refused(table, "p3", cmd.SubmitCapture(capture="answer", fields={"text": "Oui"})) is RefusalCode.NOT_YOUR_SEAT
    )
    scribe = table.state.holder_of(Job.SCRIBE)
    assert scribe is not None
    table.drop(scribe)
    table.when("p3", cmd.SubmitCapture(capture="answer", fields={"text": "Oui"}))
    hidden = cmd.SubmitCapture(capture="contribution", fields={"text": "Une idée"})
    assert refused(table, "p1", hidden) is RefusalCode.NOT_YOUR_SEAT, "never what is hidden from the client"
    table.back(scribe)
    assert table.state.captures[-1].seat == "p3"
    assert table.state.holder_of(Job.SCRIBE) == scribe, "the job is kept"


def test_an_absent_job_can_be_offered_and_taken_or_declined() -> None:
    table = Table().start().go_to("questions")
    scribe = table.state.holder_of(Job.SCRIBE)
    assert scribe is not None
    assert console(table.state, table.now_ms).open_jobs == []
    table.drop(scribe)
    assert console(table.state, table.now_ms).open_jobs == [Job.SCRIBE]
    table.when("f", cmd.OfferJob(job=Job.SCRIBE, seat="p3"))
    assert own(table.state, "p3", table.now_ms, {}).offers == [Job.SCRIBE]
    table.when("p3", cmd.AnswerJob(job=Job.SCRIBE, accept=False))
    assert table.state.holder_of(Job.SCRIBE) == scribe
    table.when("f", cmd.OfferJob(job=Job.SCRIBE, seat="p4"))
    assert refused(table, "p3", cmd.AnswerJob(job=Job.SCRIBE, accept=True)) is RefusalCode.STALE
    table.when("p4", cmd.AnswerJob(job=Job.SCRIBE, accept=True))
    assert table.state.holder_of(Job.SCRIBE) == "p4"
    assert refused(table, "f", cmd.OfferJob(job=Job.DEPUTY, seat="p1")) is RefusalCode.ROLE_CLOSED


# -- the lead ------------------------------------------------------------------------------------------------------


def test_an_unqualified_deputy_keeps_the_frame_and_no_more() -> None:
    table = Table().start().go_to("questions")
    deputy = table.state.holder_of(Job.DEPUTY)
    assert deputy is not None
    table.drop("f")
    table.until(table.now_ms + 24_000)
    assert table.state.lead == deputy
    assert refused(table, deputy, cmd.SkipPhase(phase="advice#1")) is RefusalCode.NOT_QUALIFIED
    assert refused(table, deputy, cmd.ExtendPhase(phase="questions#1")) is RefusalCode.NOT_QUALIFIED
    table.when(deputy, cmd.Pause())
    table.when(deputy, cmd.Resume())
    table.when(deputy, cmd.NextPhase(phase="questions#1"))
    assert console(table.state, table.now_ms).unqualified


def test_a_qualified_deputy_has_all_the_gestures() -> None:
    seats = tuple(
        seat.model_copy(update={"qualified": True}) if Job.DEPUTY in seat.jobs else seat for seat in creation().seats
    )
    table = Table(seats=seats).start().go_to("questions")
    deputy = table.state.holder_of(Job.DEPUTY)
    assert deputy is not None
    table.drop("f")
    table.until(table.now_ms + 24_000)
    table.when(deputy, cmd.ExtendPhase(phase="questions#1"))


def test_a_lead_that_the_facilitator_hands_over_is_whole() -> None:
    table = Table().start().go_to("questions")
    deputy = table.state.holder_of(Job.DEPUTY)
    assert deputy is not None
    table.when("f", cmd.HandOverLead())
    table.when(deputy, cmd.ExtendPhase(phase="questions#1"))


def test_facilitator_and_deputy_away_leave_a_declared_vacancy_and_the_first_back_leads() -> None:
    table = Table().start().go_to("questions")
    deputy = table.state.holder_of(Job.DEPUTY)
    assert deputy is not None
    table.drop("f")
    table.drop(deputy)
    table.until(table.now_ms + 24_000)
    assert common(table.state, "s", table.now_ms).vacant
    assert console(table.state, table.now_ms).previews == [], "there is nobody for whom"
    table.back(deputy)
    assert table.state.lead == deputy
    table.back("f")
    assert table.state.lead == deputy, "the facilitator takes it back with one click"
    table.when("f", cmd.TakeLead())
    assert table.state.lead == "f"
    causes = [event.cause for _, event in table.events if isinstance(event, ev.LeadChanged)]
    assert causes == [LeadCause.RETURN, LeadCause.TAKEN_BACK]


def test_nobody_waits_in_the_lobby_for_a_facilitator_who_does_not_come() -> None:
    table = Table()
    deputy = table.state.holder_of(Job.DEPUTY)
    assert deputy is not None
    for seat in ("p1", "p2", deputy):
        table.back(seat)
    table.until(table.state.starts_at_ms + 23_000)
    assert refused(table, deputy, cmd.StartSession()) is RefusalCode.NOT_YOUR_SEAT
    table.until(table.state.starts_at_ms + 24_000)
    assert common(table.state, "s", table.now_ms).lead == deputy, "and everybody sees it"
    table.when(deputy, cmd.StartSession())
    table.back("f")
    table.when("f", cmd.TakeLead())
    assert table.state.lead == "f"


def test_a_care_pause_can_be_asked_for_and_left_when_nobody_leads() -> None:
    table = Table(people=3).start().go_to("questions")
    table.drop("f")
    table.until(table.now_ms + 24_000)
    table.when("p2", cmd.AskPause())
    assert HoldCause.CARE in table.state.holds
    table.when("p1", cmd.Resume())
    assert HoldCause.CARE not in table.state.holds


# -- the client ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", ["problem_statement", "questions", "contract"])
def test_the_lead_gets_options_while_the_client_is_away(phase: str) -> None:
    table = Table().start().go_to(phase)
    table.drop("p1")
    away = console(table.state, table.now_ms).client_away
    assert away is not None
    assert away.options == [Option.WAIT, Option.CHANGE_CLIENT, Option.SUSPEND]
    deputy = table.state.holder_of(Job.DEPUTY)
    assert set(away.reserve) == set(table.state.seats_of(Who.CONSULTANTS)) - {deputy}
    table.back("p1")
    assert console(table.state, table.now_ms).client_away is None


def test_a_client_who_is_cut_off_can_be_phoned() -> None:
    table = Table().everybody()
    for seat, number in (("p1", "06 00 00 00 01"), ("p3", "06 00 00 00 03")):
        table.when(seat, cmd.SubmitCapture(capture="phone", fields={"number": number}))
    table.until(table.state.starts_at_ms)
    table.when("f", cmd.StartSession())
    table.go_to("questions")
    assert own(table.state, "f", table.now_ms, {}).captures == [], "who is here needs no phone"
    table.drop("p1")
    away = console(table.state, table.now_ms).client_away
    assert away is not None
    assert (away.phone, away.options[1]) == ("06 00 00 00 01", Option.PHONE)
    assert [c.seat for c in own(table.state, "f", table.now_ms, {}).captures] == ["p1"]
    assert own(table.state, "p4", table.now_ms, {}).captures == []


def test_the_reserve_topic_begins_anew_with_another_client() -> None:
    table = Table().start().go_to("questions")
    table.until(table.now_ms + 60_000)
    table.drop("p1")
    ends_at_ms = table.state.ends_at_ms
    table.when("f", cmd.ChangeClient(seat="p4"))
    assert table.state.client == "p4"
    assert table.state.seats["p1"].role is Role.CONSULTANT
    assert phases(table)[3:7] == ["problem_statement#1", "questions#1", "problem_statement#2", "questions#2"]
    assert table.state.current is not None
    assert table.state.current.key == "problem_statement#2"
    assert table.state.ends_at_ms == ends_at_ms, "the end stays locked"
    assert shares(table.state, table.now_ms).late_ms == 0
    assert table.state.holds == {}
    assert speaker(table) == "p4"


def test_the_client_changes_only_while_the_minimums_fit() -> None:
    table = Table().start().go_to("questions")
    table.until(table.state.starts_at_ms + 31 * 60_000)
    table.drop("p1")
    assert Option.CHANGE_CLIENT in console(table.state, table.now_ms).client_away.options  # type: ignore[union-attr]
    table.until(table.state.starts_at_ms + 31 * 60_000 + 1_000)
    assert Option.CHANGE_CLIENT not in console(table.state, table.now_ms).client_away.options  # type: ignore[union-attr]
    assert refused(table, "f", cmd.ChangeClient(seat="p4")) is RefusalCode.TOO_LATE


def test_advice_goes_on_without_the_client_only_by_consent() -> None:
    table = Table().start().go_to("advice")
    table.drop("p1")
    assert refused(table, "f", cmd.GoOn()) is RefusalCode.NO_CONSENT
    table.back("p1")
    table.when("p1", cmd.AgreeGoingOn(agreed=True))
    table.drop("p1")
    assert HoldCause.CLIENT_ABSENT in table.state.holds
    assert Option.GO_ON in console(table.state, table.now_ms).client_away.options  # type: ignore[union-attr]
    table.when("f", cmd.GoOn())
    assert not table.state.holds
    clock = table.state.clock(table.now_ms)
    table.until(table.now_ms + 10_000)
    assert table.state.clock(table.now_ms) == clock + 10_000
    table.back("p1")
    table.drop("p1")
    assert HoldCause.CLIENT_ABSENT in table.state.holds, "a new absence is asked about anew"


def test_contributions_are_written_while_the_clock_waits_for_the_client() -> None:
    table = Table().start().go_to("advice")
    table.drop("p1")
    table.when("p3", cmd.SubmitCapture(capture="contribution", fields={"text": "Une idée"}))
    assert table.state.captures[-1].seat == "p3"


def test_without_the_client_learnings_run_first_and_the_plan_comes_after() -> None:
    table = Table().start().go_to("action_plan")
    table.drop("p1")
    assert HoldCause.CLIENT_ABSENT in table.state.holds
    table.until(table.now_ms + 24_000)
    assert table.state.current is not None
    assert table.state.current.key == "learnings#1"
    assert phases(table)[-3:] == ["learnings#1", "action_plan#1", "closing#1"]
    assert table.state.step is not None
    assert table.state.step.index == 1, "the client's own step is not waited for"
    assert table.state.step.order[-1] == "p1", "the client's turn is at the end"
    table.back("p1")
    while table.state.turn is not None and table.state.turn.seat != "p1":
        table.end_turn("f")
    assert speaker(table) == "p1"
    table.next_phase()
    assert table.state.current.key == "action_plan#1"
    assert table.state.step.index == 0


def test_a_plan_whose_client_does_not_come_back_keeps_its_minimum_and_is_left_to_be_written() -> None:
    """The second time it runs without the client: it is protected, and only the lead leaves it, knowingly."""
    table = Table().start().go_to("action_plan")
    table.drop("p1")
    table.until(table.now_ms + 24_000)
    table.next_phase()
    plan = table.state.current
    assert plan is not None
    assert plan.id == "action_plan"
    table.until(table.now_ms + 60_000)
    assert table.state.current is not None
    assert table.state.current.id == "action_plan"
    assert table.state.holds == {}, "nobody waits for ever"
    assert refused(table, "f", cmd.NextPhase(phase=plan.key)) is RefusalCode.UNCONFIRMED
    table.until(table.now_ms + plan.minimum_ms)
    table.when("f", cmd.NextPhase(phase=plan.key))
    table.next_phase()
    table.when("p1", cmd.SubmitCapture(capture="action", fields={"what": "Appeler Karim"}))
    table.until(table.now_ms + 48 * 3_600_000 + 1_000)
    late = cmd.SubmitCapture(capture="action", fields={"what": "Trop tard"})
    assert refused(table, "p1", late) is RefusalCode.TOO_LATE


def test_a_client_who_returns_in_time_goes_on_with_the_plan() -> None:
    table = Table().start().go_to("action_plan")
    table.drop("p1")
    table.until(table.now_ms + 20_000)
    table.back("p1")
    table.until(table.now_ms + 10_000)
    assert table.state.current is not None
    assert table.state.current.key == "action_plan#1"
    assert table.state.holds == {}


# -- everybody's media ---------------------------------------------------------------------------------------------


def test_when_everybodys_media_are_lost_the_clock_holds_until_the_quorum_is_back() -> None:
    table = Table().start().go_to("questions")
    for seat in table.state.seats:
        table.fact(cmd.ReportPath(seat=seat, lost=True))
    assert HoldCause.MEDIA in table.state.holds
    table.when("p3", cmd.RaiseHand())
    for seat in ("p1", "p2", "p3"):
        table.fact(cmd.ReportPath(seat=seat, lost=False))
    assert HoldCause.MEDIA in table.state.holds
    for seat in ("f", "p4"):
        table.fact(cmd.ReportPath(seat=seat, lost=False))
    assert HoldCause.MEDIA not in table.state.holds
    assert speaker(table) == "p3", "the hand was kept"


def test_a_client_who_is_not_heard_is_told_so_and_when_nobody_is_the_cause_is_everybodys() -> None:
    table = Table().start().go_to("problem_statement")
    table.fact(cmd.ReportPath(seat="p1", lost=True))
    assert set(table.state.holds) == {HoldCause.CLIENT_ABSENT}
    said = {seat: own(table.state, seat, table.now_ms, {}).prompt.key for seat in ("p1", "p3")}
    assert said == {"p1": PromptKey.HELD_UNHEARD, "p3": PromptKey.HELD_CLIENT}
    assert console(table.state, table.now_ms).client_away is not None
    for seat in table.state.seats:
        table.fact(cmd.ReportPath(seat=seat, lost=True))
    assert set(table.state.holds) == {HoldCause.MEDIA}
    assert console(table.state, table.now_ms).client_away is None, "it is nothing about the client"
    for seat in table.state.seats:
        table.fact(cmd.ReportPath(seat=seat, lost=False))
    assert table.state.holds == {}


def test_one_lost_path_holds_nothing() -> None:
    table = Table().start().go_to("questions")
    table.fact(cmd.ReportPath(seat="p3", lost=True))
    assert table.state.holds == {}


def test_several_at_once() -> None:
    table = Table().start().go_to("contract")
    for seat in ("f", "p1", "p6", "p7"):
        table.drop(seat)
    assert set(table.state.holds) == {HoldCause.CLIENT_ABSENT, HoldCause.LEAD_ABSENT}
    table.until(table.now_ms + 24_000)
    assert table.state.vacant, "the deputy is away as well"
    for seat in ("p1", "p6", "p7", "f"):
        table.back(seat)
    assert table.state.holds == {}
    assert table.state.lead == "p6"
    assert all(table.state.seats[seat].microphone is not Microphone.OPEN for seat in ("p1", "p6", "p7"))
    assert hearable(table.state) == frozenset()
    assert table.replayed() == table.state
