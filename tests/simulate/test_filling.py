"""`--fill`: the empty seats of a room that somebody watches, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import pytest

from cosession.simulate.browsing import Browser, PageRefused, origin
from cosession.simulate.own_server import OwnServer


async def _session(server: OwnServer) -> tuple[Browser, dict[str, Any]]:
    browser = Browser()
    await browser.sign_in(server.sign_in)
    body = {"script": "codev-75", "title": "Essai", "facilitator": "Claire", "participants": ["Nadia", "Marc", "Laura"]}
    made: dict[str, Any] = await browser.post_json(
        origin(server.sign_in) + "/sessions", {**body, "client": 0, "deputy": 1}
    )
    return browser, made


@pytest.mark.slow
async def test_empty_seats_are_filled_until_somebody_ends_it(server: OwnServer) -> None:
    _, made = await _session(server)
    link = next(each["link"] for each in made["links"] if each["seat"] == "f")
    watcher = Browser()
    page = (await watcher.open(link)).partition("?")[0]
    filling = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cosession.cli", "simulate", "--no-media", "--fill", link, stderr=asyncio.subprocess.PIPE
    )
    assert filling.stderr is not None
    said = b""
    try:
        async with asyncio.timeout(60):
            while b"3 of 3 simulated managers are in the room" not in said and (
                line := await filling.stderr.readline()
            ):
                said += line
        assert b"3 of 3 simulated managers are in the room" in said
        present = {each["seat"]: each["present"] for each in await watcher.get_json(f"{page}/links")}
        assert present == {"f": False, "p1": True, "p2": True, "p3": True}
    finally:
        filling.send_signal(signal.SIGINT)
        _, rest = await filling.communicate()
    assert b"Traceback" not in said + rest


@pytest.mark.slow
async def test_only_the_facilitators_link_fills_a_room(server: OwnServer) -> None:
    _, made = await _session(server)
    link = next(each["link"] for each in made["links"] if each["seat"] == "p2")
    filling = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cosession.cli", "simulate", "--no-media", "--fill", link, stderr=asyncio.subprocess.PIPE
    )
    _, said = await filling.communicate()
    assert filling.returncode == 1
    assert "the facilitator's own link" in said.decode()
    with pytest.raises(PageRefused) as refused:
        await Browser().open(server.url + "/j/nothing.p1.x")
    assert refused.value.status == 404
