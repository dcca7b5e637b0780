"""What a seat sees: complete, its own, and only what it may do."""

from __future__ import annotations

import contextlib

from cosession.core import commands as cmd
from cosession.core.console import console
from cosession.core.decide import accepted, decide
from cosession.core.prompt_view import PromptKey
from cosession.core.refusal import Refused
from cosession.core.room_view import Overrun
from cosession.core.schedule import shares
from cosession.core.view import common, own
from cosession.core.vocabulary import Loss
from tests.core.table import Table


def prompt(table: Table, seat: str) -> tuple[str, dict[str, str], dict[str, int]]:
    said = own(table.state, seat, table.now_ms, {}).prompt
    return said.key, said.seats, said.numbers


def test_everybody_knows_when_the_own_turn_comes() -> None:
    table = Table().start().go_to("advice")
    assert prompt(table, "p4") == (PromptKey.SPEAK_NOW, {}, {})
    assert prompt(table, "p5") == (PromptKey.SPEAK_SOON, {"name": "p4"}, {})
    assert prompt(table, "p7") == (PromptKey.SPEAK_LATER, {"name": "p4"}, {"count": 2})
    assert prompt(table, "p1") == (PromptKey.CLIENT_SILENT, {"name": "p4"}, {})
    assert prompt(table, "f") == (PromptKey.LEAD_WATCH_TURN, {"name": "p4", "next": "p5"}, {})


def test_who_is_not_here_is_not_announced_as_next() -> None:
    table = Table().start().go_to("advice")
    table.drop("p5")
    floor = common(table.state, "s", table.now_ms).floor
    assert (floor.order[-1], floor.next) == ("p5", "p6")
    assert prompt(table, "f") == (PromptKey.LEAD_WATCH_TURN, {"name": "p4", "next": "p6"}, {})
    for seat in floor.order[:-1]:
        table.drop(seat)
    assert common(table.state, "s", table.now_ms).floor.next is None
    assert prompt(table, "f") == (PromptKey.LEAD_LAST_TURN, {"name": "p4"}, {})


def test_prompts_of_the_queue() -> None:
    table = Table().start().go_to("questions")
    assert prompt(table, "p3")[0] == PromptKey.RAISE_HAND
    assert prompt(table, "f")[0] == PromptKey.LEAD_QUEUE_EMPTY
    table.when("p3", cmd.RaiseHand())
    table.when("p4", cmd.RaiseHand())
    table.when("p5", cmd.RaiseHand())
    assert prompt(table, "p3")[0] == PromptKey.ASK_NOW
    assert prompt(table, "p4") == (PromptKey.ASK_SOON, {"name": "p3"}, {})
    assert prompt(table, "p5") == (PromptKey.ASK_LATER, {}, {"count": 1})
    assert prompt(table, "p1") == (PromptKey.CLIENT_HEAR_QUESTION, {"name": "p3"}, {})
    table.end_turn("p3")
    assert prompt(table, "p1") == (PromptKey.CLIENT_ANSWER, {"name": "p3"}, {})
    assert prompt(table, "p6") == (PromptKey.LISTEN_ANSWER, {"name": "p1"}, {})


OWN = {"choose_typing", "set_phone", "leave_at", "agree_going_on", "ask_pause"}
"""What every member may do about themselves, whatever the phase."""


def test_only_what_would_be_accepted_has_a_button() -> None:
    table = Table().start().go_to("questions")
    assert set(own(table.state, "p3", table.now_ms, {}).may) - OWN == {"set_microphone", "raise_hand"}
    assert set(own(table.state, "p1", table.now_ms, {}).may) - OWN == {"set_microphone"}
    lead = own(table.state, "f", table.now_ms, {}).may
    assert {"next_phase", "skip_phase", "extend_phase", "pause", "hand_over_lead", "close_session"} <= set(lead)
    assert "resume" not in lead
    assert "skip_phase" not in own(Table().start().go_to("contract").state, "f", 0, {}).may
    table.when("p3", cmd.RaiseHand())
    assert "end_turn" in own(table.state, "p3", table.now_ms, {}).may
    assert "raise_hand_follow_up" in own(table.state, "p5", table.now_ms, {}).may


def test_a_preview_equals_what_then_happens() -> None:
    table = Table().start(late="4:00").go_to("questions")
    table.until(table.now_ms + 10 * 60_000)
    for preview in console(table.state, table.now_ms).previews:
        again = Table()
        again.events, again._state, again.now_ms = list(table.events), table.state, table.now_ms
        before = shares(again.state, again.now_ms).allotted_ms
        key = preview.phase or ""
        commands: dict[str, cmd.Command] = {
            "extend_phase": cmd.ExtendPhase(phase=key or "x#1"),
            "next_phase": cmd.NextPhase(phase=key or "x#1", losing=tuple(Loss)),
            "skip_phase": cmd.SkipPhase(phase=key or "x#1"),
            "move_end": cmd.MoveEnd(by_s=preview.by_s or 300),
            "close_session": cmd.CloseSession(losing=tuple(Loss)),
        }
        command = commands[preview.gesture]
        again.when("f", command)
        if again.state.proposal is not None:
            again.until(again.now_ms + 20_000)
        after = shares(again.state, again.now_ms)
        for change in preview.changes:
            assert (before[change.phase], after.allotted_ms[change.phase]) == (change.from_ms, change.to_ms)
        assert (again.state.ends_at_ms, after.late_ms) == (preview.ends_at_ms, preview.late_ms)


def test_the_speaker_reads_conclude_and_the_lead_may_pass() -> None:
    table = Table().start().go_to("advice")
    turn = table.state.turn
    assert turn is not None
    table.until(table.now_ms + turn.budget_ms)
    view = common(table.state, "s", table.now_ms).floor.turn
    assert view is not None
    assert view.overrun is Overrun.CONCLUDE
    assert view.countdown.left_ms == 0
    table.until(table.now_ms + 15_000)
    view = common(table.state, "s", table.now_ms).floor.turn
    assert view is not None
    assert view.overrun is Overrun.PASS
    assert view.passes_in is not None
    assert view.passes_in.left_ms == 30_000
    assert prompt(table, "f") == (PromptKey.LEAD_PASS, {"name": "p4"}, {})


def test_cues_are_for_the_role_and_the_step() -> None:
    table = Table().start().go_to("contract")
    assert own(table.state, "p1", 0, {}).cues[0].in_("fr").startswith("Écrivez votre demande")
    assert own(table.state, "p3", 0, {}).cues[0].in_("fr").startswith("Écrivez la demande telle")
    assert own(table.state, "f", 0, {}).cues[0].in_("fr").startswith("La demande est celle du client")


def test_the_stage_follows_the_script() -> None:
    table = Table().start()
    assert common(table.state, "s", 0).stage == ["f"]
    table.go_to("questions").when("p3", cmd.RaiseHand())
    assert common(table.state, "s", 0).stage == ["p3", "p1"]
    table.end_turn("p3")
    assert common(table.state, "s", 0).stage == ["p1", "p3"]
    table.go_to("contract")
    assert common(table.state, "s", 0).stage == []
    table.go_to("advice")
    assert common(table.state, "s", 0).stage == ["p4", "p1"]


def test_a_pause_is_said_to_everybody() -> None:
    table = Table().start()
    table.when("f", cmd.Pause())
    assert {prompt(table, seat)[0] for seat in table.state.seats} == {PromptKey.HELD_PAUSE}
    now = common(table.state, "s", table.now_ms).now
    assert now is not None
    assert not now.countdown.running
    assert now.holds == ["pause"]


def test_accepted_is_what_decide_does_not_refuse() -> None:
    table = Table().start().go_to("advice")
    commands: list[cmd.Command] = [cmd.GrantFloor(seat=seat) for seat in table.state.seats] + [
        cmd.Pause(),
        cmd.Resume(),
    ]
    fine = []
    for command in commands:
        with contextlib.suppress(Refused):
            decide(table.state, command, table.now_ms, by="f")
            fine.append(command)
    assert accepted(table.state, commands, table.now_ms, by="f") == fine
    assert 3 < len(fine) < len(commands)
