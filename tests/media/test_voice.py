"""Who is passed on where everybody may speak: the plan says who shares, the levels say who has a place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosession.core import commands as cmd
from cosession.core.floor import hearable
from cosession.core.stage import VOICES_AT_ONCE, contending, plan
from cosession.core.vocabulary import Microphone
from cosession.media.embedded.voice import Loudest, Voices
from tests.core.table import Table

ALL = ("a", "b", "c", "d", "e")
LOUD, SOFT, BREATH = 110.0, 80.0, 40.0


def hold(loudest: Loudest, levels: dict[str, float], from_s: float, for_s: float) -> list[frozenset[str]]:
    """Every change of the places while these levels last."""
    ticks = range(int(for_s / 0.02) + 1)
    return [loudest.seats for tick in ticks if loudest.update(ALL, levels, from_s + tick * 0.02)]


def test_a_free_place_is_taken_at_once_and_only_by_sound() -> None:
    loudest = Loudest()
    assert hold(loudest, {"a": BREATH, "b": LOUD}, 0, 1) == [frozenset("b")]
    assert hold(loudest, {"c": SOFT}, 1, 1) == [frozenset("bc")]


def test_silence_keeps_its_place_until_somebody_needs_it() -> None:
    loudest = Loudest()
    hold(loudest, {"a": LOUD, "b": LOUD, "c": LOUD}, 0, 1)
    assert hold(loudest, {}, 1, 60) == []
    assert loudest.seats == frozenset("abc")
    assert hold(loudest, {"a": LOUD, "b": LOUD, "d": SOFT}, 62, 1) == [frozenset("abd")]


def test_a_pause_between_two_words_gives_nothing_away() -> None:
    loudest = Loudest()
    hold(loudest, {"a": LOUD, "b": LOUD, "c": LOUD}, 0, 1)
    assert hold(loudest, {"a": LOUD, "b": LOUD, "d": LOUD}, 1, 0.3) == []


def test_voices_of_one_strength_do_not_flap() -> None:
    loudest = Loudest()
    hold(loudest, {"a": LOUD, "b": LOUD, "c": LOUD}, 0, 1)
    assert hold(loudest, {"a": LOUD, "b": LOUD, "c": LOUD - 5, "d": LOUD, "e": LOUD + 3}, 1, 30) == []


def test_whoever_is_clearly_louder_for_a_while_replaces_the_softest() -> None:
    loudest = Loudest()
    hold(loudest, {"a": LOUD, "b": LOUD, "c": SOFT}, 0, 1)
    louder = {"a": LOUD, "b": LOUD, "c": SOFT, "d": LOUD}
    assert hold(loudest, louder, 1, 0.3) == [], "a cough is not a voice"
    assert hold(loudest, {"a": LOUD, "b": LOUD, "c": SOFT}, 1.4, 0.1) == []
    assert hold(loudest, louder, 1.6, 1) == [frozenset("abd")]


def test_whoever_may_not_contend_has_no_place() -> None:
    loudest = Loudest()
    hold(loudest, {"a": LOUD}, 0, 1)
    assert loudest.update(["b"], {"a": LOUD, "b": LOUD}, 2)
    assert loudest.seats == frozenset("b")


@given(st.lists(st.dictionaries(st.sampled_from(ALL), st.floats(0, 127), max_size=5), max_size=60))
def test_there_are_never_more_than_three_and_never_a_change_without_sound(moments: list[dict[str, float]]) -> None:
    loudest = Loudest()
    for tick, levels in enumerate(moments):
        before = loudest.seats
        loudest.update(ALL, levels, tick * 0.1)
        assert len(loudest.seats) <= VOICES_AT_ONCE
        assert all(levels[seat] >= 64 for seat in loudest.seats - before)


def test_levels_are_said_while_there_is_sound_and_once_when_it_ends() -> None:
    voices = Voices()
    said = [voices.levels(levels) for levels in ({}, {"a": 90.4, "b": 10}, {"a": 63.0}, {})]
    assert said == [None, {"a": 90}, {}, None]


def test_the_lobby_shares_its_voices_and_the_lead_needs_no_place() -> None:
    table = Table().everybody()
    for seat in ("f", "p1", "p2"):
        table.when(seat, cmd.SetMicrophone(microphone=Microphone.OPEN))
    made = plan(table.state, 1)
    assert made.hearable == {"f", "p1", "p2"}
    assert made.contending == {"p1", "p2"}
    table.start()
    assert contending(table.state) == frozenset(), "a round has one voice, and the lead's"
    assert plan(table.state, 2).contending <= hearable(table.state)


def test_plans_are_told_apart_by_what_they_ask() -> None:
    state = Table().everybody().state
    made = plan(state, 1)
    assert made.asks_the_same(plan(state, 2))
    assert not made.asks_the_same(made.model_copy(update={"contending": frozenset({"x"})}))
