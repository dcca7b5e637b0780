"""What a frame of sound costs that goes by the pages' own sockets, beside one that goes by packets.

A whole server with rooms in their lobbies; in each the facilitator speaks, and everybody else listens: first all by
peer connections, then all by sockets (protocols/wire.md, "Sound by the page's own connection"). The cost is the CPU
time of all processes of the server, without what the same rooms cost while nobody has media.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import math
import secrets
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cosession.bench import cpu
from cosession.bench.dtls import Identity
from cosession.bench.errors import CannotMeasure
from cosession.bench.generator import Generator, Outgoing, Room
from cosession.bench.house import House, house
from cosession.bench.seat import Seat, seated
from cosession.bench.traffic import Stream
from cosession.simulate.browsing import origin

_MANAGERS = 8
_OPUS_BYTES, _PER_S = 60, 50
_SETTLED_S = 2.0
#: Until the server has forgotten connections that only listened, and whose packets stopped.
_FORGOTTEN_S = 8.0
_LONGEST_S = 3600.0
#: A frame as it goes up: head of the socket, mask of zeros, number, time, level, Opus.
_UP_BYTES = 7 + _OPUS_BYTES
_DOWN_BYTES = 2 + 8 + _OPUS_BYTES
_RECEIPT_EVERY = 10


@dataclass(frozen=True, slots=True)
class Window:
    """`cpu_s` of all processes of the server, `forwarded` frames that they sent to listeners."""

    cpu_s: float
    forwarded: int
    seconds: float

    def as_json(self) -> dict[str, Any]:
        return {"forwarded": self.forwarded, "per_s": round(self.forwarded / self.seconds)}


@dataclass(frozen=True, slots=True)
class SocketSound:
    listeners: int
    idle: Window
    packets: Window
    frames: Window

    def _us(self, window: Window) -> float:
        idle_s = self.idle.cpu_s * window.seconds / self.idle.seconds
        return 1e6 * (window.cpu_s - idle_s) / max(1, window.forwarded)

    def as_json(self) -> dict[str, Any]:
        by_packets, by_frames = self._us(self.packets), self._us(self.frames)
        return {
            "listeners": self.listeners,
            "packets": self.packets.as_json() | {"us_per_frame": round(by_packets, 1)},
            "socket": self.frames.as_json() | {"us_per_frame": round(by_frames, 1)},
            "ratio": round(by_frames / by_packets, 2),
            "idle_cores": round(self.idle.cpu_s / self.idle.seconds, 3),
        }


async def measure_socket_sound(listeners: int, seconds: float) -> SocketSound:
    """So many seconds of each. Raises `CannotMeasure`."""
    async with house(_MANAGERS) as place, contextlib.AsyncExitStack() as stack:
        rooms = []
        for number in range(math.ceil(listeners / _MANAGERS)):
            links = (await place.another(_MANAGERS) if number else place).links
            rooms.append(await stack.enter_async_context(seated(links)))
        for seats in rooms:
            await seats["f"].do("set_microphone", microphone="open")
        pids = await _processes(place)
        idle = await _window(place, pids, seconds)
        packets = await _by_packets(place, pids, rooms, seconds)
        frames = await _by_frames(place, pids, rooms, seconds)
    return SocketSound(_MANAGERS * len(rooms), idle, packets, frames)


async def _by_packets(place: House, pids: Sequence[int], rooms: Sequence[dict[str, Seat]], seconds: float) -> Window:
    identity, loaded = Identity(), []
    for seats in rooms:
        sent: list[Outgoing] = []
        peers = []
        for name, seat in seats.items():
            streams = [Stream(0, "audio", _PER_S, _OPUS_BYTES, _PER_S)] if name == "f" else []
            peer, outgoing = await seat.connect_media(identity, streams)
            peers.append(peer)
            sent += outgoing
        loaded.append(Room(sent, peers))
    generator, stop = Generator(loaded), threading.Event()
    sending = asyncio.create_task(asyncio.to_thread(generator.run, _LONGEST_S, stop.is_set))
    try:
        await asyncio.sleep(_SETTLED_S)
        return await _window(place, pids, seconds)
    finally:
        stop.set()
        await sending
        generator.close()


async def _by_frames(place: House, pids: Sequence[int], rooms: Sequence[dict[str, Seat]], seconds: float) -> Window:
    async with _lines([seat for seats in rooms for seat in seats.values()]) as lines:
        speakers = [line for line in lines if line.seat == "f"]

        async def speak() -> None:
            loop = asyncio.get_running_loop()
            due_s, number = loop.time(), 0
            while True:
                for line in speakers:
                    line.say(number)
                number += 1
                due_s += 1 / _PER_S
                await asyncio.sleep(max(0.0, due_s - loop.time()))

        speaking = asyncio.create_task(speak())
        try:
            await asyncio.sleep(_FORGOTTEN_S)
            return await _window(place, pids, seconds)
        finally:
            speaking.cancel()


async def _window(place: House, pids: Sequence[int], seconds: float) -> Window:
    loop = asyncio.get_running_loop()
    began_s, cpu_s, out = loop.time(), cpu.seconds(pids), await _forwarded(place)
    await asyncio.sleep(seconds)
    forwarded = await _forwarded(place) - out
    return Window(cpu.seconds(pids) - cpu_s, forwarded, loop.time() - began_s)


async def _forwarded(place: House) -> int:
    answer = await place.ops.get_json(f"{place.board}/rooms.json")
    return sum(int(worker["packets_out"]) for worker in answer["media"])


async def _processes(place: House) -> list[int]:
    """The server, and its media workers."""
    answer = await place.ops.get_json(f"{place.board}/rooms.json")
    workers = [int(worker["pid"]) for worker in answer["media"]]
    return [cpu.parent(workers[0]), *workers]


class _Line(asyncio.Protocol):
    """A page's socket for sound, as lean as it can be: frames are counted by their bytes, masks are zeros."""

    def __init__(self, seat: Seat) -> None:
        self.seat = seat.seat
        self.open = asyncio.get_running_loop().create_future()
        self._seat = seat
        self._head = bytearray()
        self._transport: asyncio.Transport | None = None
        self._bytes = self._confirmed = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        parts = urlsplit(self._seat.page)
        query = f"tab={self._seat.connection.tab}&connection={secrets.token_urlsafe(9)}"
        lines = (
            f"GET {parts.path}/sound?{query} HTTP/1.1",
            f"Host: {parts.netloc}",
            f"Origin: {origin(self._seat.page)}",
            f"Cookie: {self._seat.cookies}",
            "Connection: Upgrade",
            "Upgrade: websocket",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Key: {base64.b64encode(secrets.token_bytes(16)).decode()}",
        )
        transport.write("\r\n".join((*lines, "", "")).encode())

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            self._head += data
            head, found, data = bytes(self._head).partition(b"\r\n\r\n")
            if not found:
                return
            self.open.set_result(head.startswith(b"HTTP/1.1 101"))
        self._bytes += len(data)
        came = self._bytes // _DOWN_BYTES
        if came - self._confirmed >= _RECEIPT_EVERY:
            self._confirmed = came
            self.confirm()

    def confirm(self) -> None:
        """Also a sign of life."""
        if self._transport is not None:
            self._transport.write(b"\x82\x84\0\0\0\0" + self._confirmed.to_bytes(4, "big"))

    def say(self, number: int) -> None:
        if self._transport is not None:
            head = (number & 0xFFFF).to_bytes(2, "big") + (960 * number & 0xFFFFFFFF).to_bytes(4, "big")
            self._transport.write(bytes((0x82, 0x80 | _UP_BYTES)) + bytes(4) + head + b"\x14" + bytes(_OPUS_BYTES))

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@contextlib.asynccontextmanager
async def _lines(seats: Sequence[Seat]) -> AsyncIterator[list[_Line]]:
    loop = asyncio.get_running_loop()
    lines: list[_Line] = []
    try:
        for seat in seats:
            parts = urlsplit(seat.page)
            host, port = parts.hostname or "", parts.port or 80
            _, line = await loop.create_connection(lambda seat=seat: _Line(seat), host, port)  # type: ignore[misc]
            lines.append(line)
            if not await asyncio.wait_for(line.open, 10):
                raise CannotMeasure(f"seat {seat.seat} got no socket for sound")
        yield lines
    finally:
        for line in lines:
            line.close()
