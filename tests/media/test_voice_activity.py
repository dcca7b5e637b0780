"""Who is passed on where everybody may speak: the plan says who shares, the levels say who has a place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosession.core import commands as cmd
from cosession.core.floor import hearable
from cosession.core.stage import VOICES_AT_ONCE, contending, plan
from cosession.core.vocabulary import Microphone
from cosession.media.embedded.voice_activity import ActiveSpeakers, VoiceActivity
from tests.core.table import Table

ALL = ("a", "b", "c", "d", "e")
LOUD, SOFT, BREATH = 110.0, 80.0, 40.0


def hold(speakers: ActiveSpeakers, levels: dict[str, float], from_s: float, for_s: float) -> list[frozenset[str]]:
    """Every change of the places while these levels last."""
    ticks = range(int(for_s / 0.02) + 1)
    return [speakers.seats for tick in ticks if speakers.update(ALL, levels, from_s + tick * 0.02)]


def test_a_free_place_is_taken_at_once_and_only_by_sound() -> None:
    speakers = ActiveSpeakers()
    assert hold(speakers, {"a": BREATH, "b": LOUD}, 0, 1) == [frozenset("b")]
    assert hold(speakers, {"c": SOFT}, 1, 1) == [frozenset("bc")]


def test_silence_keeps_its_place_until_somebody_needs_it() -> None:
    speakers = ActiveSpeakers()
    hold(speakers, {"a": LOUD, "b": LOUD, "c": LOUD}, 0, 1)
    assert hold(speakers, {}, 1, 60) == []
    assert speakers.seats == frozenset("abc")
    assert hold(speakers, {"a": LOUD, "b": LOUD, "d": SOFT}, 62, 1) == [frozenset("abd")]


def test_a_pause_between_two_words_gives_nothing_away() -> None:
    speakers = ActiveSpeakers()
    hold(speakers, {"a": LOUD, "b": LOUD, "c": LOUD}, 0, 1)
    assert hold(speakers, {"a": LOUD, "b": LOUD, "d": LOUD}, 1, 0.3) == []


def test_voices_of_one_strength_do_not_flap() -> None:
    speakers = ActiveSpeakers()
    hold(speakers, {"a": LOUD, "b": LOUD, "c": LOUD}, 0, 1)
    assert hold(speakers, {"a": LOUD, "b": LOUD, "c": LOUD - 5, "d": LOUD, "e": LOUD + 3}, 1, 30) == []


def test_whoever_is_clearly_louder_for_a_while_replaces_the_softest() -> None:
    speakers = ActiveSpeakers()
    hold(speakers, {"a": LOUD, "b": LOUD, "c": SOFT}, 0, 1)
    louder = {"a": LOUD, "b": LOUD, "c": SOFT, "d": LOUD}
    assert hold(speakers, louder, 1, 0.3) == [], "a cough is not a voice"
    assert hold(speakers, {"a": LOUD, "b": LOUD, "c": SOFT}, 1.4, 0.1) == []
    assert hold(speakers, louder, 1.6, 1) == [frozenset("abd")]


def test_whoever_may_not_contend_has_no_place() -> None:
    speakers = ActiveSpeakers()
    hold(speakers, {"a": LOUD}, 0, 1)
    assert speakers.update(["b"], {"a": LOUD, "b": LOUD}, 2)
    assert speakers.seats == frozenset("b")


@given(st.lists(st.dictionaries(st.sampled_from(ALL), st.floats(0, 127), max_size=5), max_size=60))
def test_there_are_never_more_than_three_and_never_a_change_without_sound(moments: list[dict[str, float]]) -> None:
    speakers = ActiveSpeakers()
    for tick, levels in enumerate(moments):
        before = speakers.seats
        speakers.update(ALL, levels, tick * 0.1)
        assert len(speakers.seats) <= VOICES_AT_ONCE
        assert all(levels[seat] >= 64 for seat in speakers.seats - before)


def test_levels_are_said_while_there_is_sound_and_once_when_it_ends() -> None:
    voices = VoiceActivity()
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
