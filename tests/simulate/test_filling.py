"""`--fill`: the empty seats of a room that somebody watches, until Ctrl-C."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any
from unittest.mock import Mock

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.protocol import State

from cosession.simulate.browsing import Browser, PageRefused, origin
from cosession.simulate.company import Company
from cosession.simulate.own_server import OwnServer


async def _session(server: OwnServer) -> tuple[Browser, dict[str, Any]]:
    browser = Browser()
    await browser.sign_in(server.sign_in)
    body = {"script": "codev-75", "title": "Essai", "facilitator": "Claire", "participants": ["Nadia", "Marc", "Laura"]}
    made: dict[str, Any] = await browser.post_json(
        origin(server.sign_in) + "/sessions", {**body, "client": 0, "deputy": 1}
    )
    return browser, made


async def _in_the_lobby(made: dict[str, Any], seat: str) -> ClientConnection:
    """Somebody who has opened their link and waits."""
    browser = Browser()
    link = next(each["link"] for each in made["links"] if each["seat"] == seat)
    page = (await browser.open(link)).partition("?")[0].rstrip("/")
    socket = await connect(
        page.replace("http", "ws", 1) + "/socket", additional_headers={"Cookie": browser.cookies(page + "/socket")}
    )
    await socket.send('{"type":"hello","tab":"tab-of-laura","epoch":0,"place":"lobby"}')
    while b'"welcome"' not in await socket.recv(decode=False):
        pass
    return socket


@pytest.mark.slow
async def test_empty_seats_are_filled_until_somebody_ends_it(server: OwnServer) -> None:
    _, made = await _session(server)
    link = next(each["link"] for each in made["links"] if each["seat"] == "f")
    watcher = Browser()
    page = (await watcher.open(link)).partition("?")[0]
    laura = await _in_the_lobby(made, "p3")
    filling = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cosession.cli", "simulate", "--no-media", "--fill", link, stderr=asyncio.subprocess.PIPE
    )
    assert filling.stderr is not None
    said = b""
    try:
        async with asyncio.timeout(60):
            while b"2 of 2 simulated managers are in the room" not in said and (
                line := await filling.stderr.readline()
            ):
                said += line
        assert b"2 of 2 simulated managers are in the room; left out: Laura (somebody has opened the seat)" in said
        present = {each["seat"]: each["present"] for each in await watcher.get_json(f"{page}/links")}
        assert present == {"f": False, "p1": True, "p2": True, "p3": False}, "Laura waits in the lobby"
        assert laura.state is State.OPEN, "nobody took her seat"
    finally:
        await laura.close()
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


@pytest.mark.parametrize("start", [True, False])
async def test_whoever_fills_a_room_leaves_the_start_to_people(start: bool) -> None:
    """A simulated lead starts once it knows that everybody is ready; beside people it never does."""
    company = Company(1, 1, media=False)
    manager = company.managers["p1"] = Mock(ready=True)
    assert await company.ready(start=start) == []
    assert manager.everybody_ready is start
