"""Time for any number of people: from three to the most that a script allows, with seats that stay empty."""

from __future__ import annotations

from functools import cache

import pytest

from cosession.core import commands as cmd
from cosession.core import events as ev
from cosession.core.sharing import left_out_from
from cosession.core.vocabulary import FloorMode, TurnKind
from tests.core.table import Table, script
from tests.core.test_family import conduct

FAMILY = ("codev-75", "codev-75-first", "codev-60", "codev-90", "codev-120", "codev-180")
MOST = {"codev-60": 6}
HELP = ("advice", "learnings")
#: What may be left over in `advice` and `learnings` together.
IDLE_MS = 60_000


@cache
def played(name: str, invited: int, here: int) -> Table:
    """Everybody uses their turn, the facilitator goes on in time; the last seats stay empty."""
    table = Table(invited, script=script(name), number=1 if name.endswith("first") else 3)
    for seat in [seat for seat in table.state.seats if seat not in [f"p{n}" for n in range(here + 1, invited + 1)]]:
        table.back(seat)
    table.until(table.state.starts_at_ms)
    table.when("f", cmd.StartSession())
    return conduct(table)


def turns(table: Table, phase: str) -> dict[int, list[tuple[str, int]]]:
    """Seat and budget of each turn that the script gives, by step of the phase."""
    found: dict[int, list[tuple[str, int]]] = {}
    here, step = "", -1
    for _, event in table.events:
        if isinstance(event, ev.PhaseStarted):
            here, step = event.phase.partition("#")[0], -1
        elif isinstance(event, ev.StepStarted):
            step = event.step
        elif isinstance(event, ev.TurnStarted) and here == phase and event.kind is TurnKind.SPEAK:
            found.setdefault(step, []).append((event.seat, event.budget_ms))
    return found


def idle_ms(table: Table, phase: str) -> int:
    """What of the phase nobody could use: its minutes less turns and hand-overs."""
    planned = table.state.script.phase(phase).planned_ms
    hand_over_ms = table.state.script.hand_over_s * 1000
    rounds = {i for i, step in enumerate(table.state.script.phase(phase).steps) if step.floor is FloorMode.ROUND}
    used = sum(
        budget + (hand_over_ms if step in rounds else 0)
        for step, said in turns(table, phase).items()
        for _, budget in said
    )
    return planned - used


CASES = [(name, people) for name in FAMILY for people in range(3, MOST.get(name, 12) + 1)]


@pytest.mark.parametrize(("name", "people"), CASES)
def test_hardly_anything_of_the_help_lies_idle(name: str, people: int) -> None:
    table = played(name, people, people)
    assert sum(max(idle_ms(table, phase), 0) for phase in HELP) <= IDLE_MS


@pytest.mark.parametrize(("name", "people"), CASES)
def test_nobody_is_without_a_turn_and_the_client_has_their_own_time(name: str, people: int) -> None:
    table = played(name, people, people)
    members = {seat for seat in table.state.seats if seat != "f"}
    for phase in HELP:
        said = turns(table, phase)
        assert members == {seat for turn in said.values() for seat, _ in turn}
        for index, step in enumerate(table.state.script.phase(phase).steps):
            if step.floor is FloorMode.SINGLE and step.seconds is not None:
                assert [budget >= step.seconds * 1000 for _, budget in said[index]] == [True]


def test_who_does_not_come_gives_their_time_back() -> None:
    """Twelve are invited and eight are here: the second round takes place, as with eight who were invited."""
    empty, full = played("codev-75", 12, 8), played("codev-75", 8, 8)
    assert {i: len(said) for i, said in turns(empty, "advice").items()} == {0: 7, 1: 1, 2: 7}
    assert [budget for _, budget in turns(empty, "advice")[0]] == [budget for _, budget in turns(full, "advice")[0]]


def test_early_speakers_do_not_take_from_late_ones() -> None:
    table = Table().start().go_to("advice")
    assert table.state.turn is not None
    first = table.state.turn.budget_ms
    seen = table.state.turns
    table.until(table.now_ms + 7 * (first + 45_000) - 1_000)  # each is 45 s over their time, then the floor passes
    budgets = [event.budget_ms for _, event in table.events if isinstance(event, ev.TurnStarted) and event.turn >= seen]
    assert len(budgets) == 7
    assert min(budgets) >= first


@pytest.mark.parametrize(("name", "people"), CASES)
def test_what_falls_away_is_said_beforehand(name: str, people: int) -> None:
    """What `check` and `show` say of a script is what its sessions then do."""
    table = played(name, people, people)
    state = table.state
    said = {
        (f"{phase.id}#1", index)
        for phase in state.script.phases
        for index in range(len(phase.steps))
        if (least := left_out_from(state.script, phase, index)) is not None and people >= least
    }
    assert said == state.dropped
