"""A proxy in front of the pages that knows nothing of `Upgrade`, as some companies have."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

_HEAD_BYTES = 64 * 1024


@contextlib.asynccontextmanager
async def without_upgrade(port: int) -> AsyncIterator[int]:
    """The port of one that hands on to `port`, one request a connection."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")
            kept = [line for line in head[:-2] if not line.lower().startswith((b"upgrade:", b"connection:"))]
            behind, before = await asyncio.open_connection("127.0.0.1", port)
            before.write(b"\r\n".join([*kept, b"Connection: close", b"", b""]))
            onwards = asyncio.create_task(_pass(reader, before))
            try:
                await _pass(behind, writer)
            finally:
                onwards.cancel()
                before.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=_HEAD_BYTES)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(_HEAD_BYTES):
            writer.write(data)
            await writer.drain()
