"""The wire without a WebSocket: server-sent events down, POST up, over a real connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from cosession.main import Application
from cosession.room.pace import SEAT_SOCKET
from cosession.server.admission import Admitted
from cosession.server.events import EventTransport
from cosession.server.parts import Parts
from tests.server.conftest import HELLO, cookie_of, link_of

COMMAND = '{"type":"command","id":"command-1","command":{"type":"raise_hand"}}'


class Stream:
    """A browser's page: what came, as (event, data), and posts in their order."""

    def __init__(self, client: httpx.AsyncClient, path: str, lines: AsyncIterator[str]) -> None:
        self._client = client
        self._path = path
        self._lines = lines
        self.connection = ""
        self.n = 0

    async def event(self, wanted: str) -> str:
        """The data of the next event of this name."""
        name = "message"
        async with asyncio.timeout(10):
            async for line in self._lines:
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    if name == wanted:
                        return line.removeprefix("data: ")
                    name = "message"
        raise EOFError(wanted)

    async def message(self, wanted: str) -> dict[str, Any]:
        while True:
            found: dict[str, Any] = json.loads(await self.event("message"))
            if found["type"] == wanted:
                return found

    async def post(self, *messages: str, n: int | None = None, **headers: str) -> int:
        """The status of a post."""
        self.n = self.n + 1 if n is None else n
        address = f"{self._path}/{self.connection}?n={self.n}"
        answer = await self._client.post(address, content="\n".join(messages), headers=headers)
        return answer.status_code


@asynccontextmanager
async def opened(application: Application, made: dict[str, Any], port: int, seat: str = "p1") -> AsyncIterator[Stream]:
    cookie = await cookie_of(application, link_of(made, seat))
    path = f"/s/{made['session']}/{seat}/events"
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers={"cookie": cookie}) as client,
        client.stream("GET", path) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        page = Stream(client, path, answer.aiter_lines())
        page.connection = await page.event("connection")
        yield page


async def test_a_seat_says_hello_and_sees_its_room(application: Application, made: dict[str, Any], port: int) -> None:
    async with opened(application, made, port) as page:
        assert await page.post(HELLO) == 204
        assert (await page.message("welcome"))["seat"] == "p1"
        view = await page.message("view")
        assert view["own"]["role"] == "client"
        ping = await page.message("ping")
        assert await page.post(json.dumps({"type": "pong", "n": ping["n"]}), COMMAND) == 204
        assert (await page.message("refused"))["id"] == "command-1"


async def test_a_post_that_was_carried_out_is_not_carried_out_again(
    application: Application, made: dict[str, Any], port: int
) -> None:
    clock = '{"type":"clock_ping","sent_ms":%d}'
    async with opened(application, made, port) as page:
        assert await page.post(HELLO) == 204
        assert await page.post(clock % 1) == 204
        assert await page.post(clock % 2, n=2) == 204
        assert await page.post(clock % 3, n=9) == 400
        assert await page.post(clock % 4, n=3) == 204
        seen = [(await page.message("clock_pong"))["sent_ms"] for _ in range(2)]
        assert seen == [1, 4]


async def test_nobody_else_posts_to_a_connection(application: Application, made: dict[str, Any], port: int) -> None:
    other = await cookie_of(application, link_of(made, "p2"))
    async with opened(application, made, port) as page:
        assert await page.post(HELLO, cookie=other) == 403
        page.connection, real = "guessed", page.connection
        assert await page.post(HELLO, n=1) == 410
        page.connection = real
        assert await page.post(HELLO, n=1, origin="https://evil.example") == 403
        assert await page.post("x" * 70_000, n=1) == 413
        assert await page.post(HELLO, n=1) == 204
        assert (await page.message("welcome"))["seat"] == "p1"


async def test_a_connection_that_ended_takes_no_more(application: Application, made: dict[str, Any], port: int) -> None:
    room = await application.rooms.get(made["session"])
    assert room is not None
    async with opened(application, made, port) as page:
        await page.post(HELLO)
        await page.message("welcome")
        assert room.audience.count("p1") == 1
    async with asyncio.timeout(5):
        while room.audience.count("p1"):  # noqa: ASYNC110 - the server notices
            await asyncio.sleep(0.01)
    async with opened(application, made, port, "p2") as other:
        other.connection = page.connection
        assert await other.post(HELLO) == 410


async def test_a_revoked_link_ends_the_stream(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any], port: int
) -> None:
    async with opened(application, made, port) as page:
        await page.post(HELLO)
        await page.message("view")
        await facilitator.post(f"/sessions/{made['session']}/p1/revoke")
        await page.message("revoked")
        assert await page.event("closed") == "4410"
        with pytest.raises(EOFError):
            await page.event("message")


async def test_who_may_not_get_in_reads_why(application: Application, made: dict[str, Any], port: int) -> None:
    base = f"http://127.0.0.1:{port}/s/{made['session']}"
    cookie = await cookie_of(application, link_of(made, "p1"))

    async def status(path: str, **headers: str) -> int:
        async with httpx.AsyncClient() as client, client.stream("GET", base + path, headers=headers) as answer:
            return answer.status_code

    assert await status("/p1/events") == 403
    assert await status("/p2/events", cookie=cookie) == 403
    assert await status("/p9/events", cookie=cookie) == 404
    assert await status("/p1/events", cookie=cookie, origin="https://evil.example") == 403
    await application.registry.renew(made["session"], "p1")
    assert await status("/p1/events", cookie=cookie) == 410
    again = await cookie_of(application, link_of(made, "p2"))
    # All at once: a seat earns one more connection a second, and this machine may be slow.
    codes = await asyncio.gather(*(status("/p2/events", cookie=again) for _ in range(4 * int(SEAT_SOCKET.burst))))
    assert set(codes) == {200, 429}
    assert codes.count(200) >= int(SEAT_SOCKET.burst)
    assert application.answers.closes[4429] >= codes.count(429)


async def test_a_reader_that_reads_no_more_is_cut_off(application: Application, made: dict[str, Any]) -> None:
    """The outbox gives such a reader up (tests/room/test_outbox.py); then nothing may wait for it."""
    room = await application.rooms.get(made["session"])
    assert room is not None
    stuck, cut, written = asyncio.Event(), asyncio.Event(), []

    class Visit:
        @property
        def transport(self) -> Visit:
            return self

        def abort(self) -> None:
            cut.set()

    async def receive() -> dict[str, Any]:
        await cut.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if stuck.is_set():
            await asyncio.Event().wait()
        written.append(message)

    async def entitled() -> bool:
        return True

    streams: dict[str, EventTransport] = {}
    parts = Parts.__new__(Parts)
    object.__setattr__(parts, "closed", lambda code: None)
    transport = EventTransport(parts, streams, Admitted(room, "p1", entitled, Visit()), "")  # type: ignore[arg-type]
    serving = asyncio.create_task(transport({}, receive, send))
    while not streams:  # noqa: ASYNC110 - the task begins
        await asyncio.sleep(0)
    stuck.set()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await transport.close(4408)
    async with asyncio.timeout(10):
        await serving
    assert cut.is_set()
    assert streams == {}
    assert not any(message.get("more_body") is False for message in written)
