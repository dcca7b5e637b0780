"""The join benchmark, in a real Chromium: everybody is seen by everybody who comes, by who comes late, and again after
the worker died."""

from __future__ import annotations

from pathlib import Path

import pytest

from cosession.bench.join import Joins, measure_joins


def test_the_object() -> None:
    found = Joins([float(n) for n in range(100)], [7.0], [8.0]).as_json()
    assert found == {"ms": {"p50": 50, "p95": 95}, "late_ms": {"p50": 7, "p95": 7}, "lost_ms": {"p50": 8, "p95": 8}}
    assert Joins([], [], []).as_json()["late_ms"] == {"p50": None, "p95": None}


@pytest.mark.browser
async def test_everybody_comes_back_and_sees_the_others(chromium: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COSESSION_CHROMIUM", str(chromium))
    joins = await measure_joins(browsers=2, rounds=1)
    assert len(joins.ms) == 2
    assert len(joins.late_ms) == 1
    assert len(joins.lost_ms) == 2
    assert all(ms > 0 for ms in joins.ms + joins.late_ms + joins.lost_ms)
