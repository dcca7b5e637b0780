"""A way of TCP between pages and their server that can be cut: what is open is reset, what comes is refused."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_RESET = struct.pack("ii", 1, 0)


class Proxy:
    """`url` leads to `server`."""

    def __init__(self, server: str) -> None:
        there = urlsplit(server)
        assert there.hostname is not None
        assert there.port is not None
        self._there = there.hostname, there.port
        self._listening: asyncio.Server | None = None
        self._port = 0
        self._ends: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def open(self) -> None:
        self._listening = await asyncio.start_server(self._serve, "127.0.0.1", self._port, reuse_address=True)
        self._port = self._listening.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """May be repeated."""
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        for end in tuple(self._ends):
            end.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            end.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection(*self._there)
        except OSError:
            writer.transport.abort()
            return
        mine = {writer, forth}
        self._ends |= mine
        await asyncio.gather(_pass_on(reader, forth), _pass_on(back, writer))
        self._ends -= mine


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy(server: str) -> AsyncIterator[Proxy]:
    made = Proxy(server)
    await made.open()
    try:
        yield made
    finally:
        made.cut()
