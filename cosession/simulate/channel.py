"""The two ways by which a page reaches a room: a WebSocket, or server-sent events down and POST up
(protocols/wire.md, "Without a WebSocket")."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from cosession.wire.http import CLOSE_CODES


class ChannelClosed(Exception):
    """`code`: the close code of the wire, if there was one."""

    def __init__(self, code: int | None = None) -> None:
        super().__init__(str(code))
        self.code = code


class Channel(Protocol):
    """Both raise `ChannelClosed`."""

    async def send(self, text: str) -> None: ...

    async def recv(self) -> str: ...


class Opener(Protocol):
    """`page`: the room's address. Raises `ChannelClosed` where none can be opened, or where it ends."""

    def __call__(
        self, page: str, cookies: str, origin: str, patience_s: float
    ) -> AbstractAsyncContextManager[Channel]: ...


@asynccontextmanager
async def by_socket(page: str, cookies: str, origin: str, patience_s: float) -> AsyncIterator[Channel]:
    try:
        async with connect(
            f"ws{page.removeprefix('http')}/socket",
            additional_headers={"Cookie": cookies},
            origin=origin,  # type: ignore[arg-type]
            proxy=None,
            compression=None,
            open_timeout=patience_s,
            close_timeout=1,
            ping_interval=None,
            max_size=4 << 20,
        ) as socket:
            yield _Socket(socket)
    except (OSError, InvalidHandshake, TimeoutError):
        raise ChannelClosed from None


class _Socket:
    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def send(self, text: str) -> None:
        try:
            await self._socket.send(text)
        except ConnectionClosed as closed:
            raise ChannelClosed(closed.rcvd.code if closed.rcvd else None) from None

    async def recv(self) -> str:
        try:
            return await self._socket.recv(decode=True)
        except ConnectionClosed as closed:
            raise ChannelClosed(closed.rcvd.code if closed.rcvd else None) from None


@asynccontextmanager
async def by_events(page: str, cookies: str, origin: str, patience_s: float) -> AsyncIterator[Channel]:
    headers = {"Cookie": cookies, "Origin": origin}
    try:
        async with (
            httpx.AsyncClient(headers=headers, timeout=patience_s, trust_env=False) as client,
            client.stream("GET", f"{page}/events") as answer,
        ):
            if answer.status_code != 200:
                raise ChannelClosed(CLOSE_CODES.get(answer.status_code))
            events = _Events(client, page, answer.aiter_lines())
            await events.begin()
            yield events
    except httpx.TransportError:
        raise ChannelClosed from None


class _Events:
    def __init__(self, client: httpx.AsyncClient, page: str, lines: AsyncIterator[str]) -> None:
        self._client = client
        self._page = page
        self._lines = lines
        self._address = ""
        self._posts = 0

    async def begin(self) -> None:
        name, data = await self._event()
        if name != "connection":
            raise ChannelClosed
        self._address = f"{self._page}/events/{data}"

    async def send(self, text: str) -> None:
        self._posts += 1
        try:
            answer = await self._client.post(self._address, params={"n": self._posts}, content=text)
        except httpx.TransportError:
            raise ChannelClosed from None
        if answer.status_code != 204:
            raise ChannelClosed(CLOSE_CODES.get(answer.status_code))

    async def recv(self) -> str:
        name, data = await self._event()
        if name == "closed":
            raise ChannelClosed(int(data))
        return data

    async def _event(self) -> tuple[str, str]:
        """The next event: its name, empty for a message, and its data."""
        name = ""
        try:
            async for line in self._lines:
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    return name, line.removeprefix("data: ")
        except httpx.TransportError:
            raise ChannelClosed from None
        raise ChannelClosed
