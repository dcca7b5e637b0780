"""Deadlines over real connections: a head and a body that never end, an answer that nobody reads, a socket that floods
below its messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import ip_network

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from cosession.doors import visits as doors
from cosession.doors.visits import Limits, Visits
from cosession.main import _Uvicorn, bound
from cosession.room import pace
from cosession.settings import Address

LARGE = "x" * 20_000_000


class Place:
    """A small application behind our uvicorn. `visits` look at the deadlines when a test tells them to."""

    def __init__(self, *, proxied: bool = False) -> None:
        self.now_s = 0.0
        self.ended: Counter[str] = Counter()
        self.got: list[str] = []
        proxies = [ip_network("127.0.0.1/32")] if proxied else []
        self.visits = Visits(Limits(100, 50, 100), proxies, self.ended, lambda: self.now_s)
        self.port = 0

    def passes(self, seconds: float) -> None:
        """With a look every second, as the server takes them."""
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.now_s = min(self.now_s + doors.LOOK_S, end_s)
            self.visits.look()

    async def body(self, request: Request) -> Response:
        return PlainTextResponse(str(len(await request.body())))

    async def where(self, request: Request) -> Response:
        return PlainTextResponse(request.client.host if request.client else "nobody")

    async def large(self, request: Request) -> Response:
        return PlainTextResponse(LARGE)

    async def socket(self, socket: WebSocket) -> None:
        await socket.accept()
        with contextlib.suppress(WebSocketDisconnect):
            while True:
                self.got.append(await socket.receive_text())

    async def ask(self, text: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(text.encode())
        await writer.drain()
        await self.until(lambda: len(self.visits) > 0)
        return reader, writer

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not condition():  # noqa: ASYNC110 - many conditions
                await asyncio.sleep(0.01)


Placing = Callable[..., Awaitable[Place]]


@pytest.fixture
async def placed() -> AsyncIterator[Placing]:
    running: list[tuple[_Uvicorn, asyncio.Task[None]]] = []

    async def place(*, proxied: bool = False) -> Place:
        made = Place(proxied=proxied)
        routes = [
            Route("/", made.body, methods=["GET", "POST"]),
            Route("/large", made.large),
            Route("/where", made.where),
        ]
        server = _Uvicorn(Starlette(routes=[*routes, WebSocketRoute("/socket", made.socket)]), made.visits)
        listener = bound(Address("127.0.0.1", 0), "COSESSION_BIND")
        made.port = int(listener.getsockname()[1])
        running.append((server, asyncio.create_task(server.serve([listener]))))
        await made.until(lambda: server.started)
        return made

    yield place
    for server, task in running:
        server.should_exit = True
        await task


@pytest.mark.parametrize(
    ("text", "why", "patience_s"),
    [
        ("", "head", doors.HEAD_S),
        ("GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ", "head", doors.HEAD_S),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf", "body", doors.BODY_S),
        ("GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT", "head", doors.HEAD_S),
    ],
    ids=["nothing", "half a head", "half a body", "half a second head"],
)
async def test_a_request_that_never_ends_is_ended(placed: Placing, text: str, why: str, patience_s: float) -> None:
    place = await placed()
    reader, writer = await place.ask(text)
    if text.startswith("GET / HTTP/1.1\r\nHost: x\r\n\r\n"):
        assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    await place.until(lambda: any(visit.why == why for visit in place.visits._all.values()))
    await asyncio.sleep(0.05)
    place.passes(patience_s - 1)
    writer.write(b"x" * 10)  # a byte now and then changes nothing
    await asyncio.sleep(0.05)
    assert place.ended == {}
    place.passes(1)
    with contextlib.suppress(ConnectionError):
        await reader.read()
    assert place.ended == {why: 1}
    writer.close()


async def test_an_answer_that_nobody_reads_is_ended(placed: Placing) -> None:
    place = await placed()
    _, writer = await place.ask("GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await place.until(lambda: any(visit.why == "answer" for visit in place.visits._all.values()))
    place.passes(doors.ANSWER_S)
    assert place.ended == {"answer": 1}
    writer.close()


async def test_a_whole_request_is_answered_and_its_connection_goes_on(placed: Placing) -> None:
    place = await placed()
    reader, writer = await place.ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhalf")
    for _ in range(3):
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"200 OK" in head
        assert await reader.readexactly(1) == b"4"
        place.passes(doors.HEAD_S - 1)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nhalf")
    assert place.ended == {}
    writer.close()


async def test_requests_of_one_connection_have_a_budget_unless_a_proxy_sends_them(placed: Placing) -> None:
    count = int(pace.REQUEST.burst) + 20
    for proxied, answered in ((False, False), (True, True)):
        place = await placed(proxied=proxied)
        reader, writer = await place.ask("")
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * count)
        begun_s = asyncio.get_running_loop().time()
        for _ in range(count):
            await reader.readuntil(b"\r\n\r\n0")
        took_s = asyncio.get_running_loop().time() - begun_s
        assert answered or took_s >= 19 / pace.REQUEST.per_s
        writer.close()


@pytest.mark.parametrize(
    ("proxied", "claimed", "found"),
    [
        (False, "203.0.113.9", "127.0.0.1"),
        (True, "203.0.113.9", "203.0.113.9"),
        (True, "6.6.6.6, 203.0.113.9", "203.0.113.9"),
        (True, "", "127.0.0.1"),
    ],
    ids=["a stranger's word", "the proxy's word", "what a browser added", "a proxy that says nothing"],
)
async def test_where_a_browser_is_only_a_proxy_of_ours_may_say(
    placed: Placing, proxied: bool, claimed: str, found: str
) -> None:
    place = await placed(proxied=proxied)
    forwarded = f"X-Forwarded-For: {claimed}\r\n" if claimed else ""
    reader, writer = await place.ask(f"GET /where HTTP/1.1\r\nHost: x\r\n{forwarded}Connection: close\r\n\r\n")
    assert (await reader.read()).endswith(f"\r\n\r\n{found}".encode())
    writer.close()


def masked(opcode: Opcode, data: bytes, *, fin: bool = True) -> bytes:
    return Frame(opcode, data, fin).serialize(mask=True)


FLOODS = {
    "pings": masked(Opcode.PING, b"p") * 3_000,
    "pongs": masked(Opcode.PONG, b"") * 3_000,
    "parts": masked(Opcode.TEXT, b"", fin=False) + masked(Opcode.CONT, b"", fin=False) * 3_000,
    "empty": masked(Opcode.TEXT, b"") * 3_000,
    "bytes": masked(Opcode.TEXT, b"x" * 60_000) * 20,
}


@pytest.mark.slow
@pytest.mark.parametrize("flood", FLOODS)
async def test_what_is_below_the_messages_has_a_pace_too(
    placed: Placing, flood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held back at once, parsed piece by piece, and closed with 4429 when it does not end."""
    monkeypatch.setattr(pace, "PATIENCE_MS", 700)
    place = await placed()
    async with connect(f"ws://127.0.0.1:{place.port}/socket", proxy=None, max_size=None) as socket:
        sending = asyncio.create_task(_without_end(socket.transport, FLOODS[flood]))
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(20):
                while True:
                    await socket.recv()
        sending.cancel()
        assert socket.close_code == 4429
    frames = pace.FRAME.burst + 3 * pace.FRAME.per_s
    assert len(place.got) <= frames + 400


async def _without_end(transport: asyncio.WriteTransport, data: bytes) -> None:
    while not transport.is_closing():
        if transport.get_write_buffer_size() < 1 << 20:
            transport.write(data)
        await asyncio.sleep(0.005)


async def test_a_large_message_arrives_whole_and_in_order(placed: Placing) -> None:
    place = await placed()
    texts = [str(number) * 40_000 for number in range(3)] + [str(number) for number in range(30)]
    async with connect(f"ws://127.0.0.1:{place.port}/socket", proxy=None) as socket:
        for text in texts:
            await socket.send(text)
        await place.until(lambda: len(place.got) == len(texts))
    assert place.got == texts
