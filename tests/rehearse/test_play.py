"""Rehearsals: the same seed plays the same; whatever chance does, the end holds or is declared, nobody is heard without
the floor, and replay equals live."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cosession import assets
from cosession.core import commands as cmd
from cosession.core.refusal import Refused
from cosession.core.vocabulary import Presence
from cosession.rehearse import Chances, NotRefused, play
from cosession.rehearse.hall import Hall, conflicting
from cosession.rehearse.people import seats
from cosession.scripts import read

SCRIPT = read(assets.protocols() / "codev-75.yaml")
ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("late_s", [0, 300, 1500])
@pytest.mark.parametrize("drops", [0.0, 0.3])
def test_twenty_seeds_hold(late_s: int, drops: float) -> None:
    refusals = 0
    for seed in range(1, 21):
        found = play(SCRIPT, 8, Chances(seed, late_s, drops))
        assert found.replay_equal, seed
        assert found.floor_conflicts == 0, seed
        assert abs(found.end_error_s) <= 5 or found.end_declared_late, (seed, found.end_error_s)
        assert found.good
        assert [phase.id for phase in found.phases] == [phase.id for phase in SCRIPT.phases]
        assert all(phase.actual_s == 0 for phase in found.phases if phase.id in found.skipped)
        refusals += found.refusals
    assert refusals > 20 * 50, "mistakes are made"


@pytest.mark.parametrize("members", [2, 3, 12])
def test_few_and_many_people(members: int) -> None:
    assert play(SCRIPT, members, Chances(3, 60, 0.3)).good


def test_five_minutes_late_are_repaid() -> None:
    found = play(SCRIPT, 8, Chances(seed=2, late_s=300))
    assert found.planned_s == 4500
    assert abs(found.end_error_s) <= 5
    assert abs(found.actual_s - 4200) <= 5
    played = {phase.id: phase for phase in found.phases}
    assert played["topic_choice"].actual_s == 60, "the first to yield, down to its minimum"


def test_the_same_seed_plays_the_same_in_another_process() -> None:
    command = [sys.executable, "-m", "cosession.cli", "script", "play", "codev-75", "--people", "6", "--seed", "7"]
    outputs = [
        subprocess.run(
            [*command, "--lateness", "240", "--drops", "0.4", "--json"],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]
    assert outputs[0] == outputs[1]
    assert play(SCRIPT, 6, Chances(7, 240, 0.4)) != play(SCRIPT, 6, Chances(8, 240, 0.4))


def test_people_who_do_not_fit_the_script_are_refused() -> None:
    with pytest.raises(Refused, match="2 to 12 people"):
        play(SCRIPT, 1, Chances())


# -- the usher does count --------------------------------------------------------------------------------------------


def hall() -> Hall:
    made = Hall(
        cmd.CreateSession(title="T", language="en", script=SCRIPT.model_dump(mode="json"), seats=seats(4), number=2)
    )
    for seat in made.state.seats:
        made.fact(cmd.ReportPresence(seat=seat, presence=Presence.HERE))
    assert made.ask("f", cmd.StartSession())
    return made


def test_somebody_heard_without_the_floor_is_a_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = hall()
    assert stage.ask("f", cmd.NextStep(phase="check_in#1", step=0))
    turn = stage.state.turn
    assert turn is not None
    assert conflicting(stage.state) == frozenset()
    monkeypatch.setattr("cosession.rehearse.hall.hearable", lambda state: frozenset(state.seats))
    assert conflicting(stage.state) == set(stage.state.seats) - {turn.seat, stage.state.lead}
    found = play(SCRIPT, 4, Chances())
    assert found.floor_conflicts > 100
    assert not found.good


def test_a_mistake_that_passes_is_an_error() -> None:
    stage = hall()
    with pytest.raises(NotRefused, match="pause of f"):
        stage.ask_wrongly("f", cmd.Pause())
    stage.ask_wrongly("p1", cmd.Pause())
    assert stage.refusals == 1


def test_a_lost_event_makes_the_replay_differ() -> None:
    stage = hall()
    assert stage.replay_equal()
    assert stage.ask("f", cmd.Pause())
    stage.events.pop()
    assert not stage.replay_equal()
