"""Turns, the queue and the microphones (method.md, "The default script", decisions 6 and 31)."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core.console import console
from cosession.core.floor import hearable, holder, may_speak, queue
from cosession.core.refusal import Refused
from cosession.core.schedule import turn_left_ms
from cosession.core.vocabulary import HandKind, Microphone, RefusalCode, TurnKind
from tests.core.table import Table


def at_questions() -> Table:
    return Table().start().go_to("questions")


def at_advice() -> Table:
    return Table().start().go_to("advice")


def test_one_question_then_the_client_answers_then_the_next_hand() -> None:
    table = at_questions()
    assert holder(table.state) is None
    table.when("p3", cmd.RaiseHand())
    assert holder(table.state) == "p3"
    table.when("p4", cmd.RaiseHand())
    assert holder(table.state) == "p3"
    table.end_turn("p3")
    assert table.state.turn is not None
    assert table.state.turn.kind is TurnKind.ANSWER
    assert holder(table.state) == "p1"
    table.end_turn("p1")
    assert holder(table.state) == "p4"


def test_who_asked_least_comes_first_and_a_follow_up_before_all() -> None:
    table = at_questions()
    table.when("p3", cmd.RaiseHand())
    table.end_turn("p3")
    table.when("p3", cmd.RaiseHand())
    table.when("p4", cmd.RaiseHand())
    table.when("p5", cmd.RaiseHand(kind=HandKind.FOLLOW_UP))
    assert [hand.seat for hand in queue(table.state)] == ["p5", "p4", "p3"]


def test_at_most_two_follow_ups_on_one_question() -> None:
    table = at_questions()
    table.when("p3", cmd.RaiseHand())
    table.when("p4", cmd.RaiseHand(kind=HandKind.FOLLOW_UP))
    table.when("p5", cmd.RaiseHand(kind=HandKind.FOLLOW_UP))
    with pytest.raises(Refused) as refused:
        table.when("p6", cmd.RaiseHand(kind=HandKind.FOLLOW_UP))
    assert refused.value.code is RefusalCode.NOT_NOW
    table.when("p6", cmd.RaiseHand())


def test_the_client_and_the_facilitator_do_not_queue() -> None:
    table = at_questions()
    for seat in ("p1", "f"):
        with pytest.raises(Refused) as refused:
            table.when(seat, cmd.RaiseHand())
        assert refused.value.code is RefusalCode.NOT_YOUR_SEAT
    with pytest.raises(Refused) as refused:
        at_advice().when("p3", cmd.RaiseHand())
    assert refused.value.code is RefusalCode.NOT_NOW


def test_a_round_gives_every_consultant_a_turn_and_rotates_with_the_session() -> None:
    table = at_advice()
    assert holder(table.state) == "p4"  # third session: the order has moved by two
    spoken = []
    while table.state.step is not None and table.state.step.index == 0:
        assert table.state.turn is not None
        spoken.append(table.state.turn.seat)
        table.end_turn(table.state.turn.seat)
    assert sorted(spoken) == ["p2", "p3", "p4", "p5", "p6", "p7", "p8"]
    assert holder(table.state) == "p1"  # the client's word between the rounds


def test_a_turns_end_is_not_a_guillotine() -> None:
    table = at_advice()
    turn = table.state.turn
    assert turn is not None
    table.until(table.now_ms + turn.budget_ms + 44_000)
    assert table.state.turn == turn
    table.until(table.now_ms + 1_000)
    assert table.state.turn is not None
    assert table.state.turn.seat == "p5"


def test_the_clients_own_step_never_passes_by_itself() -> None:
    table = Table().start().go_to("problem_statement")
    turn = table.state.turn
    table.until(table.now_ms + 30 * 60_000)
    assert table.state.turn == turn
    assert (turn_left_ms(table.state, table.now_ms) or 0) < 0


def test_passing_before_and_during_a_turn() -> None:
    table = at_advice()
    table.when("p5", cmd.PassTurn(phase="advice#1", step=0))
    table.when("p4", cmd.PassTurn(phase="advice#1", step=0))
    assert holder(table.state) == "p6"
    assert table.state.step is not None
    assert set(table.state.step.passed) == {"p4", "p5"}
    silent = console(table.state, table.now_ms).not_spoken
    assert silent, "others wait for their turn"
    assert not {"p4", "p5"} & set(silent), "never « a passé son tour » and « n'a pas encore parlé » of one person"


def test_the_floor_given_to_somebody_else_keeps_the_rest_of_the_turn() -> None:
    table = at_advice()
    table.until(table.now_ms + 20_000)
    left = turn_left_ms(table.state, table.now_ms)
    table.when("f", cmd.GrantFloor(seat="p8"))
    assert holder(table.state) == "p8"
    table.end_turn("p8")
    assert holder(table.state) == "p4"
    assert turn_left_ms(table.state, table.now_ms) == left


def test_the_client_is_silent_during_the_round_even_for_the_lead() -> None:
    table = at_advice()
    with pytest.raises(Refused) as refused:
        table.when("f", cmd.GrantFloor(seat="p1"))
    assert refused.value.code is RefusalCode.ROLE_CLOSED
    assert "p1" not in may_speak(table.state)


def test_a_microphone_opens_with_the_floor_only() -> None:
    table = at_advice()
    with pytest.raises(Refused):
        table.when("p6", cmd.SetMicrophone(microphone=Microphone.OPEN))
    assert hearable(table.state) == set()
    table.when("p4", cmd.SetMicrophone(microphone=Microphone.OPEN))
    table.when("f", cmd.SetMicrophone(microphone=Microphone.OPEN))
    assert hearable(table.state) == {"p4", "f"}


def test_an_armed_microphone_opens_at_its_turn_and_closes_after_it() -> None:
    table = at_advice()
    table.when("p5", cmd.SetMicrophone(microphone=Microphone.ARMED))
    assert "p5" not in hearable(table.state)
    table.end_turn("p4")
    assert hearable(table.state) == {"p5"}
    table.end_turn("p5")
    assert table.state.seats["p5"].microphone is Microphone.CLOSED


def test_a_microphone_that_nobody_armed_stays_closed() -> None:
    table = at_advice()
    table.end_turn("p4")
    assert hearable(table.state) == set()


def test_the_client_stays_audible_through_questions() -> None:
    table = at_questions()
    table.when("p1", cmd.SetMicrophone(microphone=Microphone.OPEN))
    table.when("p3", cmd.RaiseHand())
    assert hearable(table.state) == {"p1"}
    table.when("p3", cmd.SetMicrophone(microphone=Microphone.OPEN))
    assert hearable(table.state) == {"p1", "p3"}


def test_everybody_may_speak_in_the_lobby_and_nobody_after_the_end() -> None:
    table = Table().everybody()
    assert len(may_speak(table.state)) == 9
    table.start().when("f", cmd.CloseSession())
    assert may_speak(table.state) == set()


def test_in_silent_writing_only_the_lead_may_speak() -> None:
    table = Table().start().go_to("contract")
    assert may_speak(table.state) == {"f"}


def test_an_ended_turn_cannot_be_ended_again() -> None:
    table = at_advice()
    turn = table.state.turn
    assert turn is not None
    table.end_turn("p4")
    with pytest.raises(Refused) as refused:
        table.when("p4", cmd.EndTurn(turn=turn.number))
    assert refused.value.code is RefusalCode.STALE
    with pytest.raises(Refused) as refused:
        table.when("p6", cmd.EndTurn(turn=turn.number + 1))
    assert refused.value.code is RefusalCode.NOT_YOUR_SEAT
