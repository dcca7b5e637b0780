"""What is judged of a long run: series that grow, rest, or rise and fall; clocks that drift; what the kernel says of
processes."""

from __future__ import annotations

import asyncio
import math
import os
import random
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosession.simulate.endurance import (
    DRIFT_MS_PER_H,
    GROWTH_MIB_PER_H,
    JUDGED_S,
    Instant,
    Sample,
    judge_memory,
    judge_time,
    settled,
    slope_per_hour,
)
from cosession.simulate.residents import Resident, Residents
from cosession.simulate.verdict import Verdict

EVERY_S = 6.0
HOUR_S = 3600.0


def series(*mib: float, every_s: float = EVERY_S) -> list[Sample]:
    return [(1000 + place * every_s, value) for place, value in enumerate(mib)]


def growing(mib_per_h: float, over_s: float = HOUR_S) -> list[Sample]:
    return series(*(100 + mib_per_h * at / HOUR_S * EVERY_S for at in range(int(over_s / EVERY_S) + 1)))


def errors_of(samples: list[Sample]) -> list[str]:
    judged = judge_memory([Resident("server", "worker", samples, 200.0)], EVERY_S, own_server=True)
    assert judged is not None
    return judged.errors


@given(st.floats(-500, 500), st.integers(11, 60))
def test_a_line_has_its_slope(mib_per_h: float, looks: int) -> None:
    slope = slope_per_hour(growing(mib_per_h, looks * EVERY_S))
    assert slope == pytest.approx(mib_per_h, abs=1e-6)


def test_what_grows_is_told_with_its_figures() -> None:
    most = GROWTH_MIB_PER_H["server"]
    (error,) = errors_of(growing(most + 10))
    assert error == "memory: worker of the server grew by 30 MiB an hour, from 103 to 130 MiB in 54 minutes"
    assert errors_of(growing(most - 1)) == []
    assert errors_of(growing(-60)) == []
    managers = GROWTH_MIB_PER_H["managers"]
    for growth, found in ((managers - 1, 0), (managers + 1, 1)):
        judged = judge_memory([Resident("managers", "media", growing(growth), 0)], EVERY_S, own_server=True)
        assert judged is not None
        assert len(judged.errors) == found


def test_growth_under_noise_is_found_and_noise_alone_is_not() -> None:
    dice = random.Random(3)
    noise = [dice.gauss(0, 8) for _ in range(600)]
    assert len(errors_of(series(*(100 + at / 600 * 40 + noise[at] for at in range(600))))) == 1
    assert errors_of(series(*(100 + each for each in noise))) == []


def test_a_sawtooth_a_jump_and_a_peak_are_no_growth() -> None:
    sawtooth = series(*(100 + at % 40 for at in range(600)))
    assert slope_per_hour(settled(sawtooth)) == pytest.approx(0, abs=GROWTH_MIB_PER_H["server"] / 4)
    assert errors_of(sawtooth) == []
    assert errors_of(series(*[100.0] * 200, *[160.0] * 400)) == [], "a buffer that was needed once"
    assert errors_of(series(*[100.0] * 300, 900.0, *[100.0] * 299)) == []


def test_a_sawtooth_that_climbs_is_growth() -> None:
    assert len(errors_of(series(*(100 + at % 40 + at / 600 * 60 for at in range(600))))) == 1


def test_the_start_is_not_judged() -> None:
    warm = series(*(min(at, 59) * 3.0 for at in range(600)))
    assert settled(warm)[0] == (1000 + 60 * EVERY_S, 177.0)
    assert errors_of(warm) == []


def test_a_short_run_proves_nothing() -> None:
    assert errors_of(growing(500, JUDGED_S)) == [], "a tenth of it is its start"
    assert len(errors_of(growing(500, JUDGED_S / 0.9 + EVERY_S))) == 1
    assert slope_per_hour(growing(500, 54.0)) is None
    assert slope_per_hour([]) is None


def test_memory_is_told_by_side_and_null_where_nobody_could_look() -> None:
    residents = [Resident("server", "application", growing(6), 131.25), Resident("managers", "media", growing(0, 30))]
    judged = judge_memory(residents, EVERY_S, own_server=True)
    assert judged is not None
    assert judged.as_json() == {
        "every_s": 6.0,
        "server": [
            {
                "name": "application",
                "over_s": 3240,
                "first_mib": 100.6,
                "last_mib": 106.0,
                "peak_mib": 131.2,
                "growth_mib_per_h": 6.0,
            }
        ],
        "managers": [
            {
                "name": "media",
                "over_s": 24,
                "first_mib": 100.0,
                "last_mib": 100.0,
                "peak_mib": 0.0,
                "growth_mib_per_h": None,
            }
        ],
    }
    elsewhere = judge_memory(residents[1:], EVERY_S, own_server=False)
    assert elsewhere is not None
    assert elsewhere.as_json()["server"] is None
    assert judge_memory([], EVERY_S, own_server=True) is None


def test_a_clock_that_keeps_time_is_told_so() -> None:
    began, ended = Instant(5_000, 60_000), Instant(5_000 + 3_600_000, 60_000 + 3 * 3_600_000)
    start, end = {"f": began, "p1": Instant(5_000, 60_006)}, {"f": ended, "p1": Instant(ended.local_ms, 10_860_000)}
    judged = judge_time(3, 10_800.0, (began, ended), (start, end))
    assert judged.errors == []
    assert judged.as_json() == {
        "planned_s": 10_800.0,
        "actual_s": 10_800.0,
        "end_off_ms": 0.0,
        "drift_ms_per_h": {"f": 0.0, "p1": 2.0},
        "apart_ms": {"start": 2.0, "end": 0.0},
    }


@pytest.mark.parametrize("off_ms", [-1.1 * DRIFT_MS_PER_H, 1.1 * DRIFT_MS_PER_H])
def test_a_clock_that_drifts_is_an_error(off_ms: float) -> None:
    began, ended = Instant(0, 0), Instant(3_600_000 + off_ms, 3_600_000)
    judged = judge_time(1, 3600.0, (began, ended), ({"f": began}, {"f": ended}))
    assert judged.drift_ms_per_h == {"f": pytest.approx(off_ms, rel=1e-2)}
    assert [error.partition(" is ")[0] for error in judged.errors] == [
        "time: the session's end",
        "time: the clock of seat f",
    ]
    slower = Instant(3_600_000 + 0.6 * off_ms, 3_600_000)
    assert judge_time(1, 3600.0, (began, slower), ({}, {})).errors == []
    half = Instant(1_800_000 + 0.6 * off_ms, 1_800_000)
    assert len(judge_time(1, 3600.0, (began, half), ({}, {})).errors) == 1, "the same in half the time is more"


def test_short_runs_and_unknown_clocks_say_nothing() -> None:
    began, ended = Instant(0, 0), Instant(590_000, 600_000)
    assert judge_time(1, 600.0, (began, ended), ({"f": began}, {"f": ended})).errors == []
    nothing = judge_time(60, None, None, ({}, {}))
    assert nothing.errors == []
    assert nothing.as_json() == {
        "planned_s": None,
        "actual_s": None,
        "end_off_ms": None,
        "drift_ms_per_h": {},
        "apart_ms": {"start": None, "end": None},
    }
    just_begun = judge_time(60, None, None, ({"f": began}, {"f": Instant(30_000, 1_800_000)}))
    assert just_begun.drift_ms_per_h == {"f": None}


def test_what_endured_badly_fails_the_run() -> None:
    verdict = Verdict("codev-60", 1, closed=True, replay_equal=True)
    assert verdict.status == 0
    verdict.memory = judge_memory([Resident("server", "worker", growing(90))], EVERY_S, own_server=True)
    verdict.time = judge_time(1, 3600.0, (Instant(0, 0), Instant(3_605_000, 3_600_000)), ({}, {}))
    assert [error.partition(":")[0] for error in verdict.all_errors] == ["memory", "time"]
    assert verdict.status == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's accounts are Linux' own")
async def test_the_kernel_says_what_processes_hold() -> None:
    hoard = "import sys; b = bytearray(b'x') * (40 << 20); print(flush=True); sys.stdin.read()"
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", hoard, stdin=pipe, stdout=pipe)
    assert child.stdout is not None
    await child.stdout.readline()
    residents = Residents(child.pid)
    watching = asyncio.create_task(residents.watch(planned_s=3600))
    await asyncio.sleep(0)
    watching.cancel()
    assert residents.every_s == 6.0
    residents.look()
    await child.communicate(b"")
    residents.look()
    by_side = {resident.side: resident for resident in residents.seen if len(resident.samples) >= 2}
    assert len(by_side["server"].samples) == 2, "it has ended since"
    assert 40 < by_side["server"].samples[0][1] < 120
    assert by_side["server"].peak_mib >= by_side["server"].samples[0][1]
    own = next(each for each in residents.seen if each.side == "managers")
    assert len(own.samples) == 3
    assert math.isclose(own.samples[-1][1], _statm_mib(), rel_tol=0.1)
    assert os.sep not in own.name


def _statm_mib() -> float:
    with open("/proc/self/statm") as statm:  # noqa: PTH123 - the kernel's file, another one than the product reads
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
