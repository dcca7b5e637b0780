"""A seat that sends as fast as it can, and comes back at once when it is turned away. A process of its own.

`python -m cosession.bench.flooder KIND PAGE COOKIE SECONDS` prints how often it connected and how many messages went
out. It speaks RFC 6455 by hand, with a mask of zeros: what costs anything is to be the server's side.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from cosession.bench import sdp

_CONTINUED, _CONTINUATION, _TEXT, _PING, _PONG = 0x01, 0x00, 0x81, 0x89, 0x8A
_ROUND_BYTES = 128 * 1024
_OWN = sdp.Own("flood123", "flood123flood123flood123", ":".join(["AB"] * 32), ("127.0.0.1", 9))
_SECTIONS = [sdp.Section("audio", "sendonly", 4), sdp.Section("video", "sendonly", 6)]
_numbers = itertools.count()


def _frame(first: int, payload: bytes = b"") -> bytes:
    size = len(payload)
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((first, 0x80 | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0x80 | 127)) + size.to_bytes(8, "big")
    return head + bytes(4) + payload


def _text(**message: object) -> bytes:
    return _frame(_TEXT, json.dumps(message).encode())


def _number() -> str:
    return f"flood-{os.getpid()}-{next(_numbers)}"


def _hello() -> bytes:
    return _text(type="hello", tab="tab-of-flood", epoch=next(_numbers), place="room", fresh=False)


def _offer() -> bytes:
    slots = [sdp.Section(kind, "recvonly") for _ in range(4) for kind in ("audio", "video")]
    text = sdp.offer(_OWN, _SECTIONS + slots)
    return _text(type="media_offer", id=_number(), connection=_number(), sdp=text)


def _command() -> bytes:
    state = "open" if next(_numbers) % 2 else "closed"
    return _text(type="command", id=_number(), command={"type": "set_microphone", "microphone": state})


def _draft(length: int) -> bytes:
    text = f"{next(_numbers)} ".ljust(length, "x")
    return _text(type="draft", id=_number(), capture="intention", fields={"text": text})


#: One message of each kind. `connect` sends none: it opens sockets, says hello, and goes.
KINDS: dict[str, Callable[[], bytes]] = {
    "clock_ping": lambda: _text(type="clock_ping", sent_ms=1.0),
    "pong": lambda: _text(type="pong", n=1),
    "hello": _hello,
    "media_state": lambda: _text(type="media_state", camera=next(_numbers) % 2 == 0, microphone=True),
    "draft": lambda: _draft(40),
    "send_note": lambda: _text(type="send_note", id=_number(), line="hello"),
    "command": _command,
    "media_offer": _offer,
    "bad": lambda: _frame(_TEXT, b"{"),
    "large": lambda: _draft(16_000),
    "nested": lambda: _frame(_TEXT, b'{"type":"media_offer","a":[' + b"{}," * 15_900 + b"{}]}"),
    "oversized": lambda: _frame(_TEXT, b"x" * 200_000),
    "empty": lambda: _frame(_TEXT),
    "fragments": lambda: _frame(_CONTINUATION),
    "ping": lambda: _frame(_PING, b"p" * 100),
    "pong_frame": lambda: _frame(_PONG),
    "connect": _hello,
}


class Flood:
    def __init__(self, kind: str, page: str, cookie: str) -> None:
        self._kind = kind
        self._parts = urlsplit(page)
        self._cookie = cookie
        self.connections = 0
        self.messages = 0

    async def run(self, until_s: float) -> None:
        while time.monotonic() < until_s:
            with contextlib.suppress(OSError, EOFError, TimeoutError):
                async with asyncio.timeout(max(0.0, until_s - time.monotonic())):
                    await self._connection()

    async def _connection(self) -> None:
        reader, writer = await asyncio.open_connection(self._parts.hostname, self._parts.port)
        try:
            writer.write(
                f"GET {self._parts.path}/socket HTTP/1.1\r\nHost: {self._parts.netloc}\r\nConnection: Upgrade\r\n"
                f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
                f"Cookie: {self._cookie}\r\n\r\n".encode()
            )
            await reader.readuntil(b"\r\n\r\n")
            self.connections += 1
            writer.write(_hello())
            if self._kind == "connect":
                await writer.drain()
                return
            if self._kind == "fragments":
                writer.write(_frame(_CONTINUED))
            listening = asyncio.create_task(self._listen(reader))
            try:
                while not listening.done():
                    await self._round(writer)
            finally:
                listening.cancel()
        finally:
            writer.transport.abort()

    @staticmethod
    async def _listen(reader: asyncio.StreamReader) -> None:
        """Read and forget, until the other side ends."""
        with contextlib.suppress(OSError):
            while await reader.read(256 * 1024):
                pass

    async def _round(self, writer: asyncio.StreamWriter) -> None:
        make, round_ = KINDS[self._kind], bytearray()
        while len(round_) < _ROUND_BYTES:
            round_ += make()
            self.messages += 1
        writer.write(round_)
        await writer.drain()


def main() -> None:
    kind, page, cookie, seconds = sys.argv[1:]
    os.nice(10)  # it is the server that is measured, not who gets the processor
    flood = Flood(kind, page, cookie)
    asyncio.run(flood.run(time.monotonic() + float(seconds)))
    print(json.dumps({"connections": flood.connections, "messages": flood.messages}))  # noqa: T201 - its result


if __name__ == "__main__":
    main()
