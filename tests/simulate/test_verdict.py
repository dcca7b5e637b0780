"""What is judged from what was counted: runs of packets, the log's timeline, the clock between them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cosession.simulate.clock import SessionClock
from cosession.simulate.runs import Run, Runs, merged, outside, overlap_s
from cosession.simulate.studio import Reception, SeatSenses
from cosession.simulate.verdict import FORGIVEN_S, Verdict, hearable_spans, judge_media
from cosession.wire.messages import ClockAnchor

SEATS = ["f", "p1", "p2"]


def senses(
    said: dict[str, list[Run]], packets: list[Run], sound_s: float = 5.0, strange: int = 0
) -> dict[str, SeatSenses]:
    """Everybody saw 100 frames of everybody and heard `sound_s`; p2 got these audio packets of p1."""
    return {
        receiver: SeatSenses(
            said.get(receiver, []),
            {
                sender: Reception(100, strange, sound_s, packets if (receiver, sender) == ("p2", "p1") else [])
                for sender in SEATS
                if sender != receiver
            },
        )
        for receiver in SEATS
    }


def test_a_packet_is_forgiven_for_a_quarter_of_a_second() -> None:
    spans = {"p1": [(10.0, 20.0)]}
    allowed = judge_media(senses({}, [(19.9, 20.0 + FORGIVEN_S - 0.01, 8)]), SEATS, spans)
    assert allowed.without_floor == 0
    assert allowed.errors == []

    late = judge_media(senses({}, [(21.0, 21.1, 6)]), SEATS, spans)
    assert late.without_floor == 6
    assert "6 packets" in late.errors[0]

    early = judge_media(senses({}, [(9.9, 9.9, 1)]), SEATS, spans)
    assert early.without_floor == 1


def test_who_spoke_with_the_floor_must_have_been_heard() -> None:
    said: dict[str, list[Run]] = {"p1": [(10.0, 14.0, 200)], "p2": [(10.0, 14.0, 200)]}
    judged = judge_media(senses(said, [], sound_s=0.0), SEATS, {"p1": [(10.0, 20.0)]})
    assert [error for error in judged.errors if "p1, who spoke" in error] == [
        "seat f heard nothing of p1, who spoke for 4.0 s",
        "seat p2 heard nothing of p1, who spoke for 4.0 s",
    ]
    assert not any("of p2" in error for error in judged.errors), "p2 spoke without the floor"
    assert judged.least_sound_s == 0.0


def test_every_pair_counts_and_strange_pictures_are_told() -> None:
    missing = senses({}, [])
    del missing["p2"].received["f"]
    judged = judge_media(missing, SEATS, {})
    assert judged.least_frames == 0
    assert "seat p2 never saw f" in judged.errors
    assert judge_media(senses({}, []), SEATS, {}).least_frames == 100
    assert any("not theirs" in error for error in judge_media(senses({}, [], strange=2), SEATS, {}).errors)


def test_the_timeline_becomes_spans_of_the_local_clock() -> None:
    timeline = [(0.0, ["f"]), (6000.0, ["f", "p1"]), (12000.0, []), (18000.0, ["p1"])]
    spans = hearable_spans(timeline, lambda at_ms: at_ms / 60_000 + 100, until_s=101.0)
    assert spans["f"] == [(100.0, 100.2)]
    assert spans["p1"] == [(100.1, 100.2), (100.3, 101.0)]


def test_the_exit_status_says_that_all_was_well() -> None:
    verdict = Verdict("codev-75", 60, closed=True, replay_equal=True)
    assert verdict.status == 0
    for wrong in ({"closed": False}, {"replay_equal": False}, {"replay_equal": None}, {"errors": ["x"]}):
        assert Verdict("codev-75", 60, **{"closed": True, "replay_equal": True, **wrong}).status == 1  # type: ignore[arg-type]


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=200))
def test_runs_lose_no_instant(gaps: list[float]) -> None:
    runs, at = Runs(), 0.0
    for gap in gaps:
        at += gap
        runs.add(at)
    assert runs.count == len(gaps)
    assert all(first <= last and last - first <= 1.1 for first, last, _ in runs.runs)
    assert sum(outside(run, []) for run in runs.runs) == len(gaps)
    assert all(outside(run, [(-1.0, at + 1)]) == 0 for run in runs.runs)


def test_spans_merge_and_overlap() -> None:
    assert merged([(3, 4), (0, 1), (1, 2)]) == [(0, 2), (3, 4)]
    assert overlap_s((0.5, 3.5), [(0, 2), (3, 4)]) == 2.0


def test_the_clock_survives_a_server_that_is_started_anew() -> None:
    clock = SessionClock()
    assert not clock.known
    clock.anchored(ClockAnchor(server_ms=1_000, session_ms=0, speed=60, wall_ms=0), local_ms=51_000)
    for rtt in (2.0, 4.0, 40.0):
        clock.ponged(51_000, 1_000 + rtt / 2, 51_000 + rtt)
    assert clock.now_ms(52_000) == 60_000
    assert clock.local_ms(60_000) == 52_000
    clock.reconnected()
    clock.ponged(0, 0, 0)  # before the first view of a connection nothing can be said
    clock.anchored(ClockAnchor(server_ms=7, session_ms=120_000, speed=60, wall_ms=0), local_ms=53_000)
    assert clock.now_ms(54_000) == 180_000
    assert clock.local_ms(60_000) == 52_000
    assert clock.local_ms(180_000) == 54_000
