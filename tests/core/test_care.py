"""What facilitators need, and what everybody may say: pauses and their exits, thanks, leaving early, typed turns, the
charter (method.md, "Rules that the software holds")."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core.console import console
from cosession.core.floor import hearable, may_speak
from cosession.core.refusal import Refused
from cosession.core.schedule import turn_left_ms
from cosession.core.script import Step
from cosession.core.stage import Picture, plan
from cosession.core.state import Turn
from cosession.core.view import common, own
from cosession.core.vocabulary import (
    FloorMode,
    HoldCause,
    Loss,
    Microphone,
    Presence,
    RefusalCode,
    Role,
    Status,
    TurnKind,
)
from tests.core.table import NAMES, Table, ms, script


def refused(table: Table, seat: str, command: cmd.Command) -> RefusalCode:
    with pytest.raises(Refused) as caught:
        table.when(seat, command)
    return caught.value.code


def current_step(table: Table) -> Step:
    assert table.state.current_step is not None
    return table.state.current_step


def turn(table: Table) -> Turn:
    assert table.state.turn is not None
    return table.state.turn


# -- the care pause ------------------------------------------------------------------------------------------------


def test_only_the_lead_learns_who_asked_for_a_pause() -> None:
    table = Table().start().go_to("questions")
    said = table.when("p3", cmd.AskPause())
    assert console(table.state, table.now_ms).pause_wanted == ["p3"]
    assert own(table.state, "p3", table.now_ms, {}).pause_asked
    assert table.state.holds == {}, "the lead decides what to do"
    other = Table().start().go_to("questions")
    other.when("p5", cmd.AskPause())
    assert common(table.state, "s", table.now_ms) == common(other.state, "s", other.now_ms), "nobody else can tell"
    table.when("f", cmd.CarePause())
    assert console(table.state, table.now_ms).pause_wanted == []
    assert {"seat"} == said[0].CONTENT, "the log seals who it was"


def test_a_care_pause_hides_what_is_written_and_leaves_two_audible() -> None:
    table = Table().start().go_to("contract")
    table.when("p1", cmd.SubmitCapture(capture="request", fields={"text": "Dire non"}))
    table.when("f", cmd.NextStep(phase="contract#1", step=0))
    clock = table.state.clock(table.now_ms)
    table.when("f", cmd.CarePause())
    table.until(table.now_ms + 120_000)
    assert table.state.clock(table.now_ms) == clock
    assert may_speak(table.state) == {"p1", "f"}
    for seat in table.state.seats:
        mine = own(table.state, seat, table.now_ms, {})
        assert (mine.captures, mine.writable) == ([], [])
    assert common(table.state, "s", table.now_ms).captures == []
    assert refused(table, "f", cmd.NextPhase(phase="contract#1")) is RefusalCode.NOT_NOW
    assert refused(table, "p3", cmd.SubmitCapture(capture="can_help", fields={"answer": "yes"})) is RefusalCode.NOT_NOW
    table.when("f", cmd.Resume())
    assert [c.fields["text"] for c in common(table.state, "s", table.now_ms).captures] == ["Dire non"]
    assert table.state.booked[HoldCause.CARE] == 120_000


def test_out_of_a_care_pause_the_topic_can_become_smaller() -> None:
    table = Table().start().go_to("questions")
    table.when("f", cmd.Pause())
    assert refused(table, "f", cmd.Resume(smaller=True)) is RefusalCode.NOT_NOW
    table.when("f", cmd.Resume())
    table.when("f", cmd.CarePause())
    table.when("f", cmd.Resume(smaller=True))
    assert (turn(table).seat, turn(table).kind) == ("p1", TurnKind.GRANTED)
    question = cmd.SubmitCapture(capture="headline_question", fields={"text": "Plus petit"})
    table.when("p1", question)
    table.next_phase()
    assert refused(table, "p1", question.model_copy(update={"version": 1})) is RefusalCode.NOT_NOW


def test_a_session_is_suspended_and_resumed_where_it_was() -> None:
    table = Table().start().go_to("advice")
    table.when("f", cmd.CarePause())
    table.when("f", cmd.SuspendSession())
    assert set(table.state.holds) == {HoldCause.SUSPENDED}
    assert may_speak(table.state) == frozenset()
    clock, ends_at_ms = table.state.clock(table.now_ms), table.state.ends_at_ms
    for seat in table.state.seats:
        table.drop(seat)
    table.until(table.now_ms + 3 * 24 * 3_600_000)
    assert (table.state.lead, table.state.vacant) == ("f", False), "nobody drops out of a suspended session"
    assert refused(table, "f", cmd.NextPhase(phase="advice#1")) is RefusalCode.NOT_NOW
    assert refused(table, "p3", cmd.ResumeSession()) is RefusalCode.NOT_YOUR_SEAT
    table.everybody()
    table.when("f", cmd.ResumeSession())
    assert table.state.clock(table.now_ms) == clock
    assert table.state.ends_at_ms == ends_at_ms + 3 * 24 * 3_600_000
    assert table.state.current is not None
    assert table.state.current.key == "advice#1"


def test_a_suspended_session_is_over_after_seven_days() -> None:
    table = Table().start().go_to("advice")
    table.when("f", cmd.SuspendSession())
    table.until(table.now_ms + 7 * 24 * 3_600_000)
    assert table.state.status is Status.CLOSED


def test_a_session_is_stopped_out_of_a_care_pause_without_a_reason() -> None:
    table = Table().start().go_to("advice")
    assert refused(table, "f", cmd.StopSession()) is RefusalCode.NOT_NOW
    table.when("f", cmd.CarePause())
    said = table.when("f", cmd.StopSession())
    assert table.state.stopped
    assert table.state.status is Status.CLOSED
    assert all("reason" not in type(event).model_fields for event in said)


# -- the client's words to the speakers ----------------------------------------------------------------------------


def test_thanks_end_a_turn_after_its_sentence() -> None:
    table = Table().start().go_to("advice")
    first = turn(table)
    table.until(table.now_ms + 10_000)
    assert refused(table, "p3", cmd.Thank(turn=first.number)) is RefusalCode.NOT_YOUR_SEAT
    table.when("p1", cmd.Thank(turn=first.number))
    assert turn_left_ms(table.state, table.now_ms) == 0
    table.until(table.now_ms + 14_000)
    assert turn(table).number == first.number, "the sentence is finished"
    table.until(table.now_ms + 1_000)
    assert turn(table).number == first.number + 1


def test_the_client_thanks_only_who_speaks_while_the_client_listens() -> None:
    table = Table().start()
    table.when("f", cmd.NextStep(phase="check_in#1", step=0))
    assert refused(table, "p1", cmd.Thank(turn=turn(table).number)) is RefusalCode.NOT_NOW


def test_the_request_is_recalled_through_the_lead() -> None:
    table = Table().start().go_to("contract")
    table.when("p1", cmd.SubmitCapture(capture="request", fields={"text": "Dire non"}))
    table.go_to("advice")
    table.when("p1", cmd.RecallRequest())
    assert own(table.state, "f", table.now_ms, {}).recalled
    assert not own(table.state, "p3", table.now_ms, {}).recalled
    table.when("f", cmd.SayRecall())
    assert not table.state.recalled
    table.when("p1", cmd.RecallRequest())
    table.end_turn("f")
    assert not table.state.recalled, "with the next turn it is past"


# -- the lead and a turn -------------------------------------------------------------------------------------------


def test_the_leads_words_inside_a_turn_stop_its_clock_and_not_the_phases() -> None:
    table = Table().start().go_to("advice")
    left = turn_left_ms(table.state, table.now_ms)
    clock = table.state.clock(table.now_ms)
    table.fact(cmd.ReportLeadVoice(speaking=True))
    table.until(table.now_ms + 8_000)
    assert turn_left_ms(table.state, table.now_ms) == left
    table.fact(cmd.ReportLeadVoice(speaking=False))
    assert turn_left_ms(table.state, table.now_ms) == left
    assert table.state.clock(table.now_ms) == clock + 8_000


def test_a_turn_does_not_pass_while_the_lead_lets_the_silence_be() -> None:
    table = Table().start().go_to("advice")
    number = turn(table).number
    table.when("f", cmd.KeepSilence(turn=number))
    table.until(table.now_ms + 5 * 60_000)
    assert turn(table).number == number
    table.when("f", cmd.KeepSilence(turn=number, on=False))
    assert turn(table).number == number + 1, "what is due happens now"


def test_a_typed_turn_is_shown_to_be_read_aloud_and_goes_with_it() -> None:
    table = Table().start().go_to("advice")
    first = turn(table)
    table.when(first.seat, cmd.ChooseTyping(typed=True))
    table.when(first.seat, cmd.TypeTurn(turn=first.number, text="Une image : le phare"))
    view = common(table.state, "s", table.now_ms).floor.turn
    assert view is not None
    assert view.text == "Une image : le phare"
    assert refused(table, "p1", cmd.TypeTurn(turn=first.number, text="Non")) is RefusalCode.NOT_YOUR_SEAT
    table.end_turn("f")
    assert turn(table).text is None


# -- time ----------------------------------------------------------------------------------------------------------


def test_next_can_be_undone_for_five_seconds() -> None:
    table = Table().start().go_to("advice")
    table.until(table.now_ms + 30_000)
    before, left = turn(table), turn_left_ms(table.state, table.now_ms)
    table.next_phase()
    assert own(table.state, "f", table.now_ms, {}).undo is not None
    assert own(table.state, "p3", table.now_ms, {}).undo is None
    table.until(table.now_ms + 4_000)
    assert refused(table, "f", cmd.Undo(phase="advice#1")) is RefusalCode.STALE
    table.when("f", cmd.Undo(phase="action_plan#1"))
    assert table.state.current is not None
    assert table.state.current.key == "advice#1"
    assert turn(table) == before
    assert turn_left_ms(table.state, table.now_ms) == (left or 0) - 4_000, "the clock went on"
    table.next_phase()
    table.until(table.now_ms + 5_001)
    assert refused(table, "f", cmd.Undo(phase="action_plan#1")) is RefusalCode.TOO_LATE


def test_undo_hides_again_what_the_end_of_the_phase_revealed() -> None:
    table = Table().start().go_to("advice")
    table.when("p3", cmd.SubmitCapture(capture="contribution", fields={"text": "Une idée"}))
    table.next_phase()
    assert table.state.captures[-1].revealed
    table.when("f", cmd.Undo(phase="action_plan#1"))
    assert not table.state.captures[-1].revealed


def test_a_later_end_waits_for_a_private_refusal() -> None:
    table = Table().start()
    ends_at_ms = table.state.ends_at_ms
    table.when("f", cmd.MoveEnd(by_s=300))
    proposal = common(table.state, "s", table.now_ms).end_proposal
    assert proposal is not None
    assert (proposal.by_ms, proposal.until.left_ms) == (300_000, 20_000)
    said = table.when("p3", cmd.RefuseEnd())
    assert said[0].model_dump(exclude_defaults=True) == {}, "nobody learns who"
    table.until(table.now_ms + 60_000)
    assert table.state.ends_at_ms == ends_at_ms
    assert common(table.state, "s", table.now_ms).end_refused
    table.when("f", cmd.MoveEnd(by_s=300))
    table.until(table.now_ms + 20_000)
    assert table.state.ends_at_ms == ends_at_ms + 300_000


def test_an_earlier_end_holds_at_once() -> None:
    table = Table().start()
    ends_at_ms = table.state.ends_at_ms
    table.when("f", cmd.MoveEnd(by_s=-300))
    assert table.state.ends_at_ms == ends_at_ms - 300_000
    assert refused(table, "f", cmd.MoveEnd(by_s=30)) is RefusalCode.OUT_OF_RANGE
    table.until(table.now_ms + ms("68:00"))
    assert refused(table, "f", cmd.MoveEnd(by_s=-600)) is RefusalCode.OUT_OF_RANGE


def test_while_the_end_cannot_hold_something_that_helps_is_offered() -> None:
    table = Table().start(late="27:30")
    found = console(table.state, table.now_ms)
    late_ms = common(table.state, "s", table.now_ms).late_ms
    assert late_ms > 0
    assert {remedy.gesture for remedy in found.remedies} == {"move_end", "skip_phase", "extend_phase"}
    for remedy in found.remedies:
        again = Table()
        again.events, again._state, again.now_ms = list(table.events), table.state, table.now_ms
        commands: dict[str, cmd.Command] = {
            "move_end": cmd.MoveEnd(by_s=remedy.by_s or 60),
            "skip_phase": cmd.SkipPhase(phase=remedy.phase or "x#1"),
            "extend_phase": cmd.ExtendPhase(phase=remedy.phase or "x#1", by_s=remedy.by_s or 60),
        }
        again.when("f", commands[remedy.gesture])
        if again.state.proposal is not None:
            again.until(again.now_ms + 20_000)
        gained_ms = late_ms - common(again.state, "s", again.now_ms).late_ms
        assert abs(gained_ms - min(remedy.gains_ms, late_ms)) < 1_000, remedy


# -- leaving -------------------------------------------------------------------------------------------------------


def test_who_leaves_early_speaks_earlier_and_writes_the_learning_before() -> None:
    table = Table().start().go_to("advice")
    assert table.state.step is not None
    last = table.state.step.order[-1]
    table.when(last, cmd.LeaveAt(at_ms=table.now_ms + 7 * 60_000))
    assert table.state.step.order[0] == last
    assert "learning" in {w.spec.id for w in own(table.state, last, table.now_ms, {}).writable}
    table.when(last, cmd.SubmitCapture(capture="learning", fields={"learning": "Écouter"}))
    other = table.state.step.order[1]
    assert "learning" not in {w.spec.id for w in own(table.state, other, table.now_ms, {}).writable}
    assert refused(table, other, cmd.LeaveAt(at_ms=table.now_ms)) is RefusalCode.OUT_OF_RANGE
    table.when(last, cmd.LeaveAt(at_ms=None))
    assert table.state.seats[last].leaves_at_ms is None


# -- the charter ---------------------------------------------------------------------------------------------------


def test_the_charter_changes_when_nobody_objects() -> None:
    table = Table().everybody()
    table.when("f", cmd.ProposeCharter(lines=("On se dit tu.",)))
    for seat in ("p1", "p2", "p3"):
        table.when(seat, cmd.AnswerCharter(version=1, consents=True))
    table.when("p4", cmd.AnswerCharter(version=1, consents=False))
    for seat in ("p5", "p6", "p7", "p8"):
        table.when(seat, cmd.AnswerCharter(version=1, consents=True))
    assert not table.state.charter, "one objection is enough to go on talking"
    vote = common(table.state, "s", table.now_ms).charter_vote
    assert vote is not None
    assert (vote.consents, vote.objections, vote.waiting) == (7, 1, 0)
    table.when("p4", cmd.AnswerCharter(version=1, consents=True))
    assert table.state.charter == ("On se dit tu.",)
    assert common(table.state, "s", table.now_ms).charter[0].root == {"fr": "On se dit tu."}
    assert refused(table, "p4", cmd.AnswerCharter(version=1, consents=True)) is RefusalCode.STALE


def test_the_charter_is_no_affair_of_the_advice() -> None:
    table = Table().start().go_to("advice")
    assert refused(table, "f", cmd.ProposeCharter(lines=("x",))) is RefusalCode.NOT_NOW


# -- scripts that repeat and run alone -----------------------------------------------------------------------------


def alone() -> Table:
    seats = tuple(
        cmd.NewSeat(name=name, role=Role.CLIENT if index == 0 else Role.CONSULTANT)
        for index, name in enumerate(NAMES[:3])
    )
    return Table(script=script("troika-30"), seats=seats, previous_client=None)


def test_without_a_facilitator_every_member_holds_the_keys_and_phases_end_by_themselves() -> None:
    table = alone()
    table.fact(cmd.ReportPresence(seat="p1", presence=Presence.HERE))
    assert refused(table, "p1", cmd.StartSession()) is RefusalCode.SEAT_ABSENT
    table.everybody()
    table.when("p2", cmd.StartSession())
    assert own(table.state, "p3", table.now_ms, {}).holds_keys
    table.until(table.now_ms + 45 * 60_000)
    assert table.state.status is Status.CLOSED
    assert table.state.closed_at_ms is not None
    clients = [p.client for p in table.state.phases if p.client is not None]
    assert list(dict.fromkeys(clients)) == ["p1", "p2", "p3"], "everybody is client once"
    assert table.state.closed_at_ms - (table.state.started_at_ms or 0) <= 32 * 60_000


def test_the_client_is_turned_away_while_the_others_consult() -> None:
    table = alone().everybody()
    table.when("p1", cmd.StartSession())
    while not (step := current_step(table)).closed_cameras:
        table.when(
            "p2", cmd.NextPhase(phase=table.state.current.key if table.state.current else "", losing=tuple(Loss))
        )
    client = table.state.client
    assert client is not None
    assert client not in may_speak(table.state)
    assert plan(table.state, 1).pictures.get(client, Picture.NONE) is Picture.NONE
    assert hearable(table.state) == frozenset()
    assert step.floor is FloorMode.OPEN
    assert may_speak(table.state) == set(table.state.seats_of(step.who)) == set(table.state.seats) - {client}
    assert table.state.seats[client].microphone is Microphone.CLOSED


def test_each_client_writes_a_request_of_their_own() -> None:
    table = alone().everybody()
    table.when("p1", cmd.StartSession())
    for client in ("p1", "p2", "p3"):
        while table.state.current is not None and table.state.current.id != "present":
            table.when("p1", cmd.NextPhase(phase=table.state.current.key, losing=tuple(Loss)))
        assert table.state.current is not None
        table.when(client, cmd.SubmitCapture(capture="request", fields={"text": client}))
        here = table.state.current.key
        table.when("p1", cmd.NextPhase(phase=here, losing=tuple(Loss)))
        table.when(client, cmd.SubmitCapture(capture="request", fields={"text": f"{client}, mieux"}, version=1))
        assert table.state.captures[-1].phase == here
        shown = common(table.state, "s", table.now_ms).captures
        assert [c.fields["text"] for c in shown if c.capture == "request"] == [f"{client}, mieux"]
    assert [(c.seat, c.version) for c in table.state.captures] == [("p1", 2), ("p2", 2), ("p3", 2)]
