"""What `GET …/links` says of who has opened a seat, for whoever fills the rest (`simulate --fill`)."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.client import connect

from cosession.main import Application
from tests.server.conftest import HELLO, cookie_of, link_of, visitor
from tests.server.test_socket import messages


async def test_a_lobby_that_was_looked_at_is_an_opened_seat(
    application: Application, made: dict[str, Any], port: int
) -> None:
    """Before: who waits in the lobby was not « present », and a simulated manager took their seat."""
    cookie = await cookie_of(application, link_of(made, "p1"))
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"

    async def opened() -> dict[str, tuple[bool, bool]]:
        async with visitor(application) as lead:
            await lead.get(link_of(made, "f"))
            views = (await lead.get(f"/s/{made['session']}/f/links")).json()
        return {view["seat"]: (view["opened"], view["present"]) for view in views}

    assert set((await opened()).values()) == {(False, False)}
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        await socket.send(HELLO.replace('"room"', '"lobby"'))
        await messages(socket, "welcome")
        assert (await opened())["p1"] == (True, False)
    await asyncio.sleep(0)
    assert (await opened())["p1"] == (True, False), "the page was closed: it may come back"
    assert (await opened())["p2"] == (False, False)
