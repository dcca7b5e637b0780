"""What the machines of `test_machine` found, each as its shortest story."""

from __future__ import annotations

import pytest

from cosession.core import commands as cmd
from cosession.core.captures import writable
from cosession.core.refusal import Refused
from cosession.core.schedule import next_wake
from cosession.core.stage import Picture, on_stage, plan
from cosession.core.view import common
from cosession.core.vocabulary import HoldCause, Loss, RefusalCode
from tests.core.table import Table, script


def test_a_care_pause_hides_a_typed_turn_too() -> None:
    table = Table().start()
    table.next_phase("0:10")
    table.when("p2", cmd.ChooseTyping(typed=True))
    turn = table.state.turn
    assert turn is not None
    assert turn.seat == "p2"
    table.when("p2", cmd.TypeTurn(turn=turn.number, text="I did it, and it helped."))
    assert "it helped" in common(table.state, "s", table.now_ms).model_dump_json()
    table.when("f", cmd.CarePause())
    assert "it helped" not in common(table.state, "s", table.now_ms).model_dump_json()
    table.when("f", cmd.Resume())
    assert "it helped" in common(table.state, "s", table.now_ms).model_dump_json()


def test_a_client_who_is_turned_away_is_not_on_stage() -> None:
    table = Table(4, script=script("wise-crowds")).start()
    while table.state.current is not None and table.state.current.id != "consult":
        table.when("p1", cmd.NextPhase(phase=table.state.current.key, losing=tuple(Loss)))
    assert table.state.turn is not None
    assert on_stage(table.state) == [table.state.turn.seat]
    assert "p1" not in plan(table.state, 1).pictures
    assert plan(table.state, 1).pictures[table.state.turn.seat] is Picture.STAGE


def test_a_facilitator_who_is_away_takes_no_lead() -> None:
    table = Table().start()
    table.drop("f", "0:10")
    table.until(table.now_ms + 24_000)
    assert table.state.lead == "p6"
    with pytest.raises(Refused) as refused:
        table.when("f", cmd.TakeLead())
    assert refused.value.code is RefusalCode.SEAT_ABSENT
    table.back("f")
    table.when("f", cmd.TakeLead())
    assert table.state.lead == "f"


def test_a_care_pause_takes_the_place_of_a_pause() -> None:
    """Otherwise a second click on « reprendre » would end another pause than the first."""
    table = Table().start()
    table.when("f", cmd.Pause(), at="0:20")
    table.when("f", cmd.CarePause(), at="0:30")
    assert set(table.state.holds) == {HoldCause.CARE}
    table.when("f", cmd.Resume(), at="0:50")
    assert table.state.holds == {}
    assert table.state.clock(table.now_ms) == 20_000
    with pytest.raises(Refused):
        table.when("f", cmd.Resume())


def test_an_overrun_with_time_to_spare_does_not_wake_the_room_every_millisecond() -> None:
    """The last phase is over its time, nothing can yield, and the end is still far away."""
    table = Table().start()
    table.go_to("closing").until(table.now_ms + 10 * 60_000)
    wakes = 0
    while (wake := next_wake(table.state, table.now_ms)) is not None and wakes < 300:
        table.until(wake)
        wakes += 1
        if table.state.cannot_hold:
            break
    assert table.state.cannot_hold, "it is said in the end"
    assert table.now_ms == table.state.ends_at_ms + 1
    assert wakes < 300


def test_who_leaves_soon_writes_nothing_in_a_care_pause() -> None:
    table = Table().start()
    table.when("p2", cmd.LeaveAt(at_ms=table.now_ms + 300_000))
    early = {spec.id for _, spec in writable(table.state, "p2", table.now_ms)}
    assert "learning" in early
    table.when("f", cmd.CarePause())
    assert writable(table.state, "p2", table.now_ms) == []
