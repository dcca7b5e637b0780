"""The socket over a real connection: who gets in, what a refusal says, and that nothing of it reaches the log."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from typing import Any

import httpx
import pytest
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from cosession.main import Application
from cosession.room.pace import SEAT_SOCKET
from tests.server.conftest import HELLO, cookie_of, link_of, setup, visitor


async def messages(socket: ClientConnection, until: str) -> dict[str, Any]:
    """The next message of this type."""
    async with asyncio.timeout(10):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] == until:
                return message


async def close_code(address: str, **headers: str) -> int | None:
    async with connect(address, additional_headers=headers) as socket:
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 10)
        return socket.close_code


async def all_that_comes(socket: ClientConnection) -> list[str]:
    """The types of all messages until the server closes."""
    found: list[str] = []
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(10):
            while True:
                found.append(json.loads(await socket.recv())["type"])
    return found


async def test_a_seat_says_hello_and_sees_its_room(application: Application, made: dict[str, Any], port: int) -> None:
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"
    cookie = await cookie_of(application, link_of(made, "p1"))
    async with connect(
        address, additional_headers={"Cookie": cookie}, origin=Origin(f"http://127.0.0.1:{port}")
    ) as socket:
        await socket.send(HELLO)
        assert (await messages(socket, "welcome"))["seat"] == "p1"
        view = await messages(socket, "view")
        assert view["common"]["title"] == "Groupe Estuaire, séance 3"
        assert view["own"]["role"] == "client"


async def test_who_may_not_get_in_reads_why(application: Application, made: dict[str, Any], port: int) -> None:
    base = f"ws://127.0.0.1:{port}/s/{made['session']}"
    cookie = await cookie_of(application, link_of(made, "p1"))
    assert await close_code(f"{base}/p1/socket") == 4401
    assert await close_code(f"{base}/p2/socket", Cookie=cookie) == 4401
    assert await close_code(f"{base}/p9/socket", Cookie=cookie) == 4404
    assert await close_code(f"ws://127.0.0.1:{port}/s/nosuchthing1/p1/socket", Cookie=cookie) == 4404
    assert await close_code(f"{base}/p1/socket", Cookie=cookie, Origin="https://evil.example") == 4401
    await application.registry.renew(made["session"], "p1")
    assert await close_code(f"{base}/p1/socket", Cookie=cookie) == 4410


async def test_a_revoked_link_puts_its_holder_out(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any], port: int
) -> None:
    cookie = await cookie_of(application, link_of(made, "p1"))
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        await socket.send(HELLO)
        await messages(socket, "view")
        await facilitator.post(f"/sessions/{made['session']}/p1/revoke")
        await messages(socket, "revoked")
        await asyncio.wait_for(socket.wait_closed(), 5)
        assert socket.close_code == 4410


@pytest.mark.parametrize("how", ["renew", "revoke"])
async def test_a_link_that_ends_takes_the_sockets_with_it_that_have_not_said_hello(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any], port: int, how: str
) -> None:
    """Before: such a socket said hello afterwards, saw everybody's name, and its commands were accepted."""
    cookie = await cookie_of(application, link_of(made, "p1"))
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        await facilitator.post(f"/sessions/{made['session']}/p1/{how}")
        assert await all_that_comes(socket) == ["revoked"]
        assert socket.close_code == 4410


@pytest.mark.parametrize("how", ["renew", "revoke"])
async def test_the_right_to_a_seat_is_judged_at_hello(
    application: Application, made: dict[str, Any], port: int, how: str
) -> None:
    """Also when nobody told the room: the link ended between the opening of the socket and its hello."""
    cookie = await cookie_of(application, link_of(made, "p1"))
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        await getattr(application.registry, how)(made["session"], "p1")
        await socket.send(HELLO)
        assert await all_that_comes(socket) == ["revoked"]
        assert socket.close_code == 4410


async def test_no_page_of_a_seat_is_shown_for_a_link_that_has_ended(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    """Every address below a seat, with the cookie of before."""
    cookie = await cookie_of(application, link_of(made, "p1"))
    await facilitator.post(f"/sessions/{made['session']}/p1/renew")
    asked = 0
    async with visitor(application) as client:
        for route in application.server.routes:
            if not isinstance(route, Route) or not route.path.startswith("/s/{session}/{seat}"):
                continue
            path = route.path.format(session=made["session"], seat="p1", connection="unknown")
            for method in sorted((route.methods or set()) - {"HEAD"}):
                answer = await client.request(method, path, headers={"cookie": cookie})
                assert (path, method, answer.status_code) == (path, method, 410)
                asked += 1
        assert (await client.get(link_of(made, "p1"))).status_code == 410
    assert asked >= 7


async def test_sockets_of_a_seat_opened_too_often_are_turned_away(
    application: Application, made: dict[str, Any], port: int
) -> None:
    cookie, other = [await cookie_of(application, link_of(made, seat)) for seat in ("p1", "p2")]
    base = f"ws://127.0.0.1:{port}/s/{made['session']}"
    for _ in range(int(SEAT_SOCKET.burst)):
        async with connect(f"{base}/p1/socket", additional_headers={"Cookie": cookie}):
            pass
    codes = [await close_code(f"{base}/p1/socket", Cookie=cookie) for _ in range(3)]
    assert codes == [4429] * 3
    assert application.answers.closes[4429] == 3
    async with connect(f"{base}/p2/socket", additional_headers={"Cookie": other}) as socket:
        await socket.send(HELLO)
        assert (await messages(socket, "welcome"))["seat"] == "p2"


async def test_large_messages_are_answered_with_a_code(
    application: Application, made: dict[str, Any], port: int
) -> None:
    cookie = await cookie_of(application, link_of(made, "p1"))
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        await socket.send(HELLO)
        await socket.send("x" * 100_000)
        assert (await messages(socket, "error"))["code"] == "too_large"


async def test_names_texts_and_tokens_never_reach_the_log(
    application: Application, facilitator: httpx.AsyncClient, port: int, journal: io.StringIO
) -> None:
    people = ["Ombeline", "Zéphyrine", "Théodule"]
    answer = await facilitator.post(
        "/sessions",
        json=setup(title="Trésorerie secrète", facilitator="Hildegarde", participants=people, previous_client=2),
    )
    made = answer.json()
    cookie = await cookie_of(application, link_of(made, "p1"))
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/socket"
    text = "Je redoute la réunion de budget"
    async with connect(address, additional_headers={"Cookie": cookie}) as socket:
        await socket.send(HELLO)
        await messages(socket, "view")
        draft = {"type": "draft", "id": "draft-of-test", "capture": "intention", "fields": {"text": text}}
        await socket.send(json.dumps(draft))
        await messages(socket, "draft_saved")
        command = {"type": "submit_capture", "capture": "intention", "fields": {"text": text}}
        await socket.send(json.dumps({"type": "command", "id": "command-1", "command": command}))
        await messages(socket, "accepted")
        await socket.send(json.dumps({"type": "command", "id": "command-2", "command": {"type": "raise_hand"}}))
        await messages(socket, "refused")
        offer = {"type": "media_offer", "id": "offer-of-test", "connection": "media-of-test", "sdp": f"v=0 {text}"}
        await socket.send(json.dumps(offer))
        await messages(socket, "error")
        await socket.send(json.dumps({"type": text}))
        await messages(socket, "error")
    await facilitator.post(f"/sessions/{made['session']}/p2/renew")
    logged = journal.getvalue()
    assert "session.created" in logged
    assert "invitation.renewed" in logged
    tokens = [one["link"].rpartition("/")[2] for one in made["links"]] + [cookie.partition("=")[2]]
    for private in (*people, "Hildegarde", "Trésorerie", text, *tokens, *(token[-24:] for token in tokens)):
        assert private not in logged
        assert json.dumps(private)[1:-1] not in logged
    assert application.answers.accepted == 1
    assert sum(application.answers.refused.values()) == 1
