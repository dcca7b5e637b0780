"""What lists show of a session is a function of its state, and kept with it right through whole sessions."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import pytest

from cosession.core import commands as cmd
from cosession.core.evolve import evolve
from cosession.core.schedule import SUSPENDED_MS
from cosession.core.state import SessionState
from cosession.core.summary import summarise
from cosession.core.vocabulary import Job, Status
from tests.core.table import Table
from tests.golden.make import rest_of_it, rotating_session, unruly_session, whole_session


@pytest.mark.parametrize(
    "play",
    [lambda: rest_of_it(whole_session()), rotating_session, unruly_session],
    ids=["whole", "rotating", "unruly"],
)
def test_what_is_kept_is_what_is_worked_out_anew(play: Callable[[], Table]) -> None:
    state: SessionState | None = None
    shown = set()
    for at_ms, event in play().events:
        state = evolve(state, event, at_ms)
        kept = summarise(state)
        bare = dataclasses.replace(state, seats={name: dataclasses.replace(seat) for name, seat in state.seats.items()})
        assert kept == summarise(bare), event
        shown.add(kept.status)
    assert shown == set(Status)


def test_it_says_who_is_who_and_who_came() -> None:
    table = Table(8, starts_at_ms=60_000).everybody()
    table.drop("p3")
    shown = summarise(table.state)
    assert (shown.title, shown.number, shown.status, shown.script) == ("Groupe Estuaire", 3, Status.LOBBY, "codev-75")
    assert (shown.people, shown.here, shown.held) == (8, 8, False)
    client, deputy = shown.client, shown.holder_of(Job.DEPUTY)
    assert client is not None
    assert deputy is not None
    assert (client.name, deputy.name) == ("Nadia", "Sophie")
    assert [(seat.id, seat.joined) for seat in shown.seats if not seat.present] == [("p3", True)]


def test_it_says_until_when_a_suspended_session_can_be_resumed() -> None:
    table = Table(8).start()
    assert summarise(table.state).resume_until_ms is None
    table.when("f", cmd.SuspendSession())
    assert summarise(table.state).resume_until_ms == table.now_ms + SUSPENDED_MS
    table.until(table.now_ms + 60_000)
    table.when("f", cmd.ResumeSession())
    assert summarise(table.state).resume_until_ms is None


def test_a_hand_a_turn_and_a_pause_change_nothing_that_lists_show() -> None:
    table = Table(8).start()
    table.go_to("questions")
    before = summarise(table.state)
    table.when("p4", cmd.RaiseHand())
    table.until(table.now_ms + 5_000)
    table.when("f", cmd.Pause())
    assert summarise(table.state) == before
