"""A whole script without one WebSocket, through a real nginx that drops `Upgrade`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from cosession.simulate.own_server import OwnServer
from tests.nginx import without_upgrade


@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_eight_managers_play_the_whole_script_by_events(server: OwnServer, tmp_path: Path) -> None:
    async with without_upgrade(tmp_path, server.url) as address:
        options = ["--url", address, "--token", server.sign_in.rpartition("/")[2], "--ops", server.ops_sign_in]
        told = await simulate(*options, "--events", "--no-media", "--speed", "240")
    assert told["errors"] == []
    assert told["seats"] == 9
    assert told["captures"] == {"contract": True, "actions": 1, "learnings": 8}
    log = told["log"]
    assert isinstance(log, dict)
    assert log["replay_equal"] is True


async def simulate(*options: str) -> dict[str, object]:
    command = [sys.executable, "-m", "cosession.cli", "simulate", "--json", *options]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await process.communicate()
    assert process.returncode == 0, (out + err).decode()
    found: dict[str, object] = json.loads(out)
    return found
