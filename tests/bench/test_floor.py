"""The floor benchmark: its judge is strict, its run is whole. How late anything is, no test asserts."""

from __future__ import annotations

import pytest

from cosession.bench.floor import judge, measure_floor, spans

INFINITY = float("inf")


def test_spans_follow_the_log() -> None:
    changes = [(0.0, ["a"]), (1.0, ["a", "b"]), (2.0, ["b"]), (3.0, []), (4.0, ["a"])]
    assert spans(changes) == {"a": [(0.0, 2.0), (4.0, INFINITY)], "b": [(1.0, 3.0)]}


def test_a_packet_counts_against_the_end_before_it() -> None:
    allowed = {"a": [(0.0, 1.0), (2.0, 3.0)], "b": [(1.0, 2.0)], "c": [(0.0, INFINITY)]}
    arrivals = [("a", 0.5), ("a", 1.02), ("a", 2.5), ("a", 3.06), ("a", 3.01), ("b", 1.5), ("c", 9.0)]
    law = judge(allowed, arrivals)
    assert law.heard == 4
    assert list(law.last_ms) == pytest.approx([0.0, 20.0, 60.0])
    assert law.as_json() == {
        "moves": 3,
        "packets_after_50ms": 1,
        "last_packet_ms": {"p50": 20.0, "p99": 20.0, "max": 60.0},
    }


def test_whoever_never_had_the_floor_is_always_too_late() -> None:
    law = judge({"a": [(5.0, INFINITY)]}, [("a", 1.0), ("b", 2.0)])
    assert (law.before, law.as_json()["packets_after_50ms"]) == (2, 2)


async def test_the_floor_moves_among_people_who_never_stop() -> None:
    law = await measure_floor(moves=4)
    told = law.as_json()
    assert list(told) == ["moves", "packets_after_50ms", "last_packet_ms"]
    assert list(told["last_packet_ms"]) == ["p50", "p99", "max"]
    assert told["moves"] == 4
    assert law.heard > 0, "with the floor they are heard"
    assert law.before == 0
