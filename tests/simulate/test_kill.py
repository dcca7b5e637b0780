"""kill -9 in the middle of a session: same phase, right time, everybody back without a click, nothing lost.

What is compared is the time that the phase has used: what it has left may be less than before, because the locked end
takes the outage back from it (decision 3), and at sixty times the speed an outage is long.

Source: faults.md, "server SIGKILL".
"""

from __future__ import annotations

import asyncio
import random

import pytest

from cosession.simulate.connection import local_ms
from cosession.simulate.habits import left_ms
from cosession.simulate.manager import Manager
from cosession.simulate.options import Options
from cosession.simulate.own_server import OwnServer
from cosession.simulate.performance import Performance
from cosession.simulate.progress import Progress

SPEED = 60
DOWN_S = 2.5
#: "Same remaining time" (decision 4) is within so many seconds of real time.
TOLERANCE_S = 2.0
PHASES = ("problem_statement#1", "questions#1", "contract#1", "advice#1", "learnings#1")


@pytest.mark.slow
@pytest.mark.timeout(240)
@pytest.mark.parametrize("seed", [4])
async def test_a_killed_server_comes_back_where_it_was(server: OwnServer, seed: int) -> None:
    options = Options(speed=SPEED, media=False, seed=seed)
    performance = Performance(options, lambda: server.sign_in, lambda: server.ops_sign_in, Progress(silent=True))
    playing = asyncio.create_task(performance.play())
    dice = random.Random(seed)
    victims = sorted(dice.sample(range(len(PHASES)), 3))
    for victim in victims:
        await _kill_in(PHASES[victim], dice.uniform(0.1, 0.4), performance, server)
    verdict = await playing

    assert verdict.errors == []
    assert verdict.closed
    assert verdict.replay_equal
    assert verdict.contract
    assert verdict.actions == 1
    assert verdict.learnings == options.managers
    for manager in performance.company.managers.values():
        assert manager.connection.opened == 1 + len(victims)
        assert manager.connection.unanswered == 0


async def _kill_in(phase: str, share: float, performance: Performance, server: OwnServer) -> None:
    """Kill the server when `share` of `phase` is used, start it again, and compare what every seat sees."""
    managers = performance.company.managers
    while not managers or not _is_in(managers["f"], phase, share):  # noqa: ASYNC110 - many conditions
        await asyncio.sleep(0.02)
    before = {seat: _used_s(manager) for seat, manager in managers.items()}
    connections = {seat: manager.connection.opened for seat, manager in managers.items()}
    await server.kill()
    killed_ms = local_ms()
    await asyncio.sleep(DOWN_S)
    await server.start()
    up_ms = local_ms()

    def back(seat: str) -> bool:
        connection = managers[seat].connection
        return connection.opened > connections[seat] and connection.current

    away = set(managers)
    async with asyncio.timeout(15):
        while away:
            for seat in [seat for seat in away if back(seat)]:
                away.discard(seat)
                view = managers[seat].view
                assert view is not None
                assert view.common is not None
                assert view.common.now is not None
                assert view.common.now.phase == phase
                runs_since_s = (local_ms() - up_ms) / 1000
                assert abs(_used_s(managers[seat]) - before[seat] - runs_since_s) < TOLERANCE_S
            await asyncio.sleep(0.01)
    assert up_ms - killed_ms > TOLERANCE_S * 1000  # or the test would prove nothing


def _is_in(manager: Manager, phase: str, share: float) -> bool:
    view = manager.view
    if view is None or view.common is None or view.common.now is None or view.common.now.phase != phase:
        return False
    total_s = view.common.now.countdown.total_ms / 1000 / SPEED
    return not view.common.now.holds and _used_s(manager) >= share * total_s


def _used_s(manager: Manager) -> float:
    """What the phase has used by now, in seconds of real time."""
    assert manager.view is not None
    assert manager.view.common is not None
    assert manager.view.common.now is not None
    countdown = manager.view.common.now.countdown
    return (countdown.total_ms - left_ms(countdown, manager.connection.clock.now_ms(local_ms()))) / 1000 / SPEED
