"""The habits conduct a whole script: every phase, every gesture, every text; and the same again with the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from cosession import assets
from cosession.authoring import scripts
from cosession.core.events import TurnStarted
from cosession.core.schedule import spent_ms
from cosession.core.vocabulary import PhaseStatus, Role
from cosession.simulate.habits import Habits
from cosession.simulate.writing import writing
from tests.simulate.table_top import TableTop


@pytest.fixture(scope="module")
def played() -> TableTop:
    table = TableTop(seed=7)
    table.play()
    return table


def test_the_script_is_played_in_its_time(played: TableTop) -> None:
    assert all(phase.status is PhaseStatus.DONE for phase in played.room.phases)
    assert played.now_ms == pytest.approx(75 * 60_000, abs=120_000)
    for phase in played.room.phases:
        assert spent_ms(played.room, phase, played.now_ms) >= phase.minimum_ms


def test_every_gesture_is_shown_once_and_nothing_is_refused(played: TableTop) -> None:
    once = ("StartSession", "Pause", "Resume", "ExtendPhase", "HandOverLead", "TakeLead")
    assert {name: played.accepted[name] for name in once} == dict.fromkeys(once, 1)
    assert played.accepted["RaiseHand"] > 12
    assert played.refused == Counter()


def test_everybody_writes_what_the_script_asks_for(played: TableTop) -> None:
    written = Counter(capture.capture for capture in played.room.captures)
    assert written["learning"] == 8
    assert written["request"] == written["action"] == written["retained"] == written["next_session"] == 1
    assert written["question"] == sum(1 for event in played.events if event.model_dump().get("kind") == "ask")
    assert written["reformulation"] == 7, "some stay drafts, and the step's end keeps them"
    submitted = [event for event in played.events if event.model_dump().get("capture") == "reformulation"]
    assert played.accepted["SubmitCapture"] < len([e for e in played.events if type(e).__name__ == "CaptureSubmitted"])
    assert submitted


def test_one_action_is_sent_though_the_step_ends_before_the_view_shows_it() -> None:
    table = TableTop(seed=7)

    def sent(step_on: int, later_ms: int) -> set[str]:
        assert client is not None
        view = table.view(client)
        common = view.common
        assert common is not None
        assert common.now is not None
        now = common.now.model_copy(update={"step": common.now.step + step_on})
        view = view.model_copy(update={"common": common.model_copy(update={"now": now})})
        intents = writing(view, table.now_ms + later_ms, habits)
        return {intent.key for intent in intents if intent.key.startswith("submit/action/")}

    while table.room.current is None or table.room.current.id != "action_plan":
        table.play_until(table.now_ms + table.step_ms)
    client = table.room.client
    assert client is not None
    habits = Habits(7, client)
    assert sent(step_on=0, later_ms=0) == set()
    once = sent(step_on=0, later_ms=300_000)
    assert len(once) == 1
    assert sent(step_on=1, later_ms=600_000) == once, "a manager does not ask again for what it asked for"


def test_the_same_seed_does_the_same() -> None:
    def beginning(seed: int) -> list[str]:
        table = TableTop(seed, members=4)
        table.play_until(12 * 60_000)
        return [event.model_dump_json() for event in table.events]

    assert beginning(3) == beginning(3)
    assert beginning(3) != beginning(4)


@pytest.mark.parametrize("script", sorted(path.stem for path in assets.protocols().glob("*.yaml")))
def test_every_script_is_played_to_its_end(script: str) -> None:
    read = scripts.read(assets.protocols() / f"{script}.yaml")
    members = read.people.planned
    table = TableTop(seed=5, members=members, script=script)
    table.play()
    assert all(phase.status is PhaseStatus.DONE for phase in table.room.phases)
    planned_ms = table.room.planned_ms
    assert table.now_ms == pytest.approx(planned_ms, abs=120_000)
    races = {name for name in table.refused if name.split()[1] not in ("not_now", "stale", "already")}
    assert races == set()
    spoke = {event.seat for event in table.events if isinstance(event, TurnStarted)}
    assert {seat.id for seat in table.room.seats.values() if seat.role is not Role.FACILITATOR} <= spoke
    if read.repeat is not None:
        clients = [phase.client for phase in table.room.phases if phase.client is not None]
        assert len(set(clients)) == members, "everybody was client"
