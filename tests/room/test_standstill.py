"""The server stands still, or its host sleeps, and goes on: nobody was silent meanwhile, the session is not charged for
it, and a planned start stays where it is.

Source: faults.md, "server stands still".
"""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from structlog.testing import capture_logs

from cosession.core.commands import RaiseHand, StartSession
from cosession.core.vocabulary import HoldCause, Presence, Status
from cosession.doors.visits import HEAD_S, LOOK_S, Limits, Visits
from cosession.room import clock as system
from cosession.room.actor import Room
from tests.room.bench import Bench, FakeClock, Page
from tests.room.test_recovery import left_ms

HOUR_MS = 3_600_000


def stands_still(clock: FakeClock, ms: int) -> None:
    """Stopped for so long: no timer is called, none of what comes is read."""
    clock.now_ms += ms


def sleeps(clock: FakeClock, ms: int) -> None:
    """The host sleeps: CLOCK_MONOTONIC stands still too."""
    clock.boot_offset_ms += ms
    clock.wall_offset_ms += ms


def away(room: Room) -> list[str]:
    return [seat.id for seat in room.state.seats.values() if seat.presence is not Presence.HERE]


async def begun(bench: Bench) -> tuple[Room, dict[str, Page]]:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    await bench.passes(50_000)
    return room, pages


@pytest.mark.parametrize("stopped_ms", [3_500, 4_500, 8_000, 20_000, 120_000])
async def test_nobody_is_absent_or_cut_and_the_time_is_credited(bench: Bench, stopped_ms: int) -> None:
    room, pages = await begun(bench)
    left, seq = left_ms(room), room.stream.seq
    with capture_logs() as logs:
        stands_still(bench.clock, stopped_ms)
        await bench.passes(2_500)
    assert away(room) == []
    assert {page.closed for page in pages.values()} == {None}
    assert room.state.booked[HoldCause.OUTAGE] == pytest.approx(stopped_ms, abs=1_000)
    assert left_ms(room) == pytest.approx(left - 2_500, abs=1_000)
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["process.stood_still"]
    assert room.stream.seq == seq + 1
    assert (await room.verify())["replay_equal"]
    pages["p2"].answers_pings = False
    await bench.passes(8_000)
    assert away(room) == ["p2"]


async def test_a_message_that_is_read_first_is_not_judged_by_the_time_away(bench: Bench) -> None:
    """Of what woke up a command may be first, before any timer: the phase must not have ended for it."""
    room, pages = await begun(bench)
    phase = room.state.current
    stands_still(bench.clock, 2 * HOUR_MS)
    await pages["p2"].ask(RaiseHand())
    assert room.state.current is not None
    assert phase is not None
    assert room.state.current.key == phase.key
    assert room.state.booked[HoldCause.OUTAGE] == pytest.approx(2 * HOUR_MS, abs=1_000)
    assert away(room) == []


async def test_a_store_that_is_away_too_leaves_the_time_owed(bench: Bench) -> None:
    room, _ = await begun(bench)
    bench.log.failing = "store_busy"
    stands_still(bench.clock, 60_000)
    await bench.passes(1_000)
    assert HoldCause.OUTAGE not in room.state.booked
    bench.log.failing = None
    await bench.passes(2_000)
    assert room.state.booked[HoldCause.OUTAGE] == pytest.approx(60_000, abs=1_000)


async def test_a_running_session_whose_host_slept_says_so(bench: Bench) -> None:
    room, pages = await begun(bench)
    left = left_ms(room)
    sleeps(bench.clock, 8 * HOUR_MS)
    await bench.passes(2_000)
    assert room.state.booked[HoldCause.OUTAGE] == pytest.approx(8 * HOUR_MS, abs=2_000)
    assert left_ms(room) == pytest.approx(left - 2_000, abs=1_000)
    clock = pages["p2"].view["clock"]
    assert clock["session_ms"] == pytest.approx(8 * HOUR_MS + 51_000, abs=2_000)


@pytest.mark.slow
@pytest.mark.parametrize("ahead_ms", [8 * HOUR_MS, -20 * 60_000])
async def test_a_planned_start_stays_at_its_hour(bench: Bench, ahead_ms: int) -> None:
    """The host slept, or its wall clock was set: the session starts at the hour that was said, on every page."""
    room = await bench.room(starts_at_ms=10 * HOUR_MS)
    page = await bench.page(room, "p2", place="lobby")
    await bench.passes(HOUR_MS)
    starts_wall_ms = bench.clock.wall_ms() + 9 * HOUR_MS
    if ahead_ms > 0:
        sleeps(bench.clock, ahead_ms)
    else:
        bench.clock.wall_offset_ms += ahead_ms
    await bench.passes(3_000)
    assert room.state.status is Status.LOBBY
    assert room.wall_ms(room.state.starts_at_ms) == pytest.approx(starts_wall_ms, abs=1_000)
    clock = page.view["clock"]
    begins_ms = clock["wall_ms"] + room.state.starts_at_ms - clock["session_ms"]
    assert begins_ms == pytest.approx(starts_wall_ms, abs=1_000)
    await bench.crash()
    await bench.restart(1_000)
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again.wall_ms(again.state.starts_at_ms) == pytest.approx(starts_wall_ms, abs=1_000)


async def test_a_clock_that_is_set_moves_no_session_that_runs(bench: Bench) -> None:
    room, _ = await begun(bench)
    left = left_ms(room)
    bench.clock.wall_offset_ms += HOUR_MS
    await bench.passes(2_000)
    assert left_ms(room) == pytest.approx(left - 2_000, abs=10)
    assert HoldCause.OUTAGE not in room.state.booked


async def test_a_timer_that_is_late_lets_the_sockets_be_read_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that lies in its socket counts, although its deadline is over by the time that anybody looks."""
    now_ns = [1_000_000_000_000]
    monkeypatch.setattr("cosession.room.clock.time.monotonic_ns", lambda: now_ns[0])
    fired: list[str] = []
    clock = system.SystemClock()
    done = asyncio.Event()
    deadline = clock.call_at(clock.monotonic_ms() + 1, lambda: fired.append("deadline"))
    clock.call_at(clock.monotonic_ms() - 5_000, lambda: fired.append("asked for too late"))
    now_ns[0] += 8_000_000_000
    asyncio.get_running_loop().call_later(0.1, deadline.cancel)
    asyncio.get_running_loop().call_later(0.6, done.set)
    await done.wait()
    assert fired == ["asked for too late"]


class _Transport:
    aborted = False

    def write(self, data: bytes) -> None: ...

    def abort(self) -> None:
        self.aborted = True

    def is_closing(self) -> bool:
        return False


async def test_who_was_not_read_did_not_keep_us_waiting() -> None:
    now = [100.0]
    visits = Visits(Limits.within(10, 10), [], Counter(), lambda: now[0])
    visits.start()
    transport = _Transport()
    visits.came(transport, "192.0.2.1")
    now[0] += LOOK_S + 20
    visits.look()
    assert not transport.aborted
    visits.start()
    now[0] += LOOK_S
    visits.look()
    assert not transport.aborted
    for _ in range(round(HEAD_S)):
        visits.stop()
        visits.start()
        now[0] += LOOK_S
        visits.look()
    visits.stop()
    assert transport.aborted
