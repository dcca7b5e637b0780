"""The quick rows of the table, and that the table belongs to docs/faults.md."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.lab import Lab, lab
from tests.faults.rows import ROWS, documented
from tests.faults.table import Outcome, Row, closing, drawn, judge, nearest_rank, played

_PLAYED = (pytest.mark.browser, pytest.mark.slow)


@pytest.fixture(scope="module")
async def opened(anyio_backend: str, chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lab]:
    async with lab(tmp_path_factory.mktemp("lab"), chromium) as made:
        yield made


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name, marks=_PLAYED) for row in ROWS if row.quick])
async def test_the_row_holds(opened: Lab, row: Row) -> None:
    outcome = await played(row, opened, row.quick)
    if outcome.held is None:
        pytest.skip(outcome.words)
    assert outcome.held, f"{row.required}: {outcome.words}, of {outcome.figures}"


def test_every_row_is_one_of_the_document_and_says_the_same_limits() -> None:
    required = documented()
    assert len({row.name for row in ROWS}) == len(ROWS)
    for row in ROWS:
        words = required[row.fault].replace("under ", "<= ")
        for limit in row.limits.values():
            assert re.search(rf"\b{limit:g} (ms|s|%)", words), f"{row.name}: {limit:g} is not in {words!r}"


async def _nothing(lab: Lab, times: int) -> list[float]:
    return []


def test_a_row_holds_when_no_percentile_is_over_its_limit() -> None:
    row = Row("a row", "a fault", "time", "s", {50: 1.0, 95: 2.0}, _nothing)
    good, late, none = (Outcome(row, figures) for figures in ([0.5, 0.9, 2.0], [0.5, 0.9, 2.1], []))
    for outcome in (good, late, none):
        judge(outcome)
    assert [outcome.held for outcome in (good, late, none)] == [True, False, False]
    assert late.words == "p95 is 2.1"
    absent = Outcome(row, words="no root here")
    assert closing([good, late, none, absent]) == "1 held, 2 did not, 1 not tried"
    assert "not tried: no root here" in drawn([good, late, none, absent])


def test_percentiles_are_figures_that_were_measured() -> None:
    assert nearest_rank([], 95) is None
    assert nearest_rank([3.0, 1.0, 2.0], 50) == 2.0
    assert nearest_rank([float(n) for n in range(1, 21)], 95) == 19.0
