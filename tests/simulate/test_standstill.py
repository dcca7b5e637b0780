"""A whole server stopped with SIGSTOP and continued, media worker left running: nobody is said to be away, no socket is
closed, and the phase has as much time left as before.

Source: faults.md, "server stands still".
"""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from cosession.core.vocabulary import Presence
from cosession.simulate.options import Options
from cosession.simulate.own_server import OwnServer
from cosession.simulate.performance import Performance
from cosession.simulate.progress import Progress
from tests.simulate.test_kill import TOLERANCE_S, _is_in, _used_s

STOPS = {"problem_statement#1": 4.5, "questions#1": 8.0}
#: A simulated page connects anew after so long a silence, of its own accord.
PATIENT_S = 5.0


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_stopped_server_goes_on_as_if_nothing_was(server: OwnServer) -> None:
    options = Options(speed=60, media=False, seed=4)
    performance = Performance(options, lambda: server.sign_in, lambda: server.ops_sign_in, Progress(silent=True))
    playing = asyncio.create_task(performance.play())
    managers = performance.company.managers
    for phase, stopped_s in STOPS.items():
        while not managers or not _is_in(managers["f"], phase, 0.1):
            assert not playing.done()
            await asyncio.sleep(0.02)
        used = {seat: _used_s(manager) for seat, manager in managers.items()}
        opened = {seat: manager.connection.opened for seat, manager in managers.items()}
        assert server.pid is not None
        os.kill(server.pid, signal.SIGSTOP)
        await asyncio.sleep(stopped_s)
        os.kill(server.pid, signal.SIGCONT)
        await asyncio.sleep(1.0)
        for seat, manager in managers.items():
            view = manager.view
            assert view is not None
            assert view.common is not None
            assert view.common.now is not None
            assert view.common.now.phase == phase
            assert {one.presence for one in view.common.seats} == {Presence.HERE}
            assert abs(_used_s(manager) - used[seat] - 1.0) < TOLERANCE_S
            again = 0 if stopped_s < PATIENT_S else 1
            assert manager.connection.opened - opened[seat] == again
    playing.cancel()
    await asyncio.wait([playing])
