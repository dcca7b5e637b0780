"""A page's socket for sound, over real connections and with a real media worker: who gets one, and what it carries."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from cosession.main import Application
from cosession.settings import Settings
from tests.media.guest import until
from tests.server.conftest import HELLO, cookie_of, link_of
from tests.server.test_socket import messages


@pytest.fixture
async def application(settings: Settings, journal: io.StringIO) -> AsyncIterator[Application]:
    """With the engine that is delivered."""
    chosen = settings.model_copy(update={"media_workers": 1})
    async with Application(chosen, zone=ZoneInfo("Europe/Paris")).running() as running:
        yield running


class Seat:
    """A page of a seat: its wire, and its sound."""

    def __init__(self, application: Application, made: dict[str, Any], port: int, seat: str) -> None:
        self.application, self.made, self.seat = application, made, seat
        self.address = f"ws://127.0.0.1:{port}/s/{made['session']}/{seat}"
        self.number = 0

    @contextlib.asynccontextmanager
    async def wire(self, tab: str, place: str = "room") -> AsyncIterator[ClientConnection]:
        cookie = await cookie_of(self.application, link_of(self.made, self.seat))
        async with connect(f"{self.address}/socket", additional_headers={"Cookie": cookie}, max_queue=None) as socket:
            await socket.send(json.dumps(json.loads(HELLO) | {"place": place, "tab": tab}))
            await messages(socket, "welcome")
            yield socket

    @contextlib.asynccontextmanager
    async def sound(self, tab: str, connection: str) -> AsyncIterator[ClientConnection]:
        cookie = await cookie_of(self.application, link_of(self.made, self.seat))
        address = f"{self.address}/sound?tab={tab}&connection={connection}"
        # Whatever comes is taken in: a client that waits to be read answers no close either.
        async with connect(address, additional_headers={"Cookie": cookie}, max_queue=None) as socket:
            yield socket

    def frame(self, payload: bytes = b"opus" * 15) -> bytes:
        self.number += 1
        return self.number.to_bytes(2, "big") + (960 * self.number).to_bytes(4, "big") + b"\x14" + payload


async def next_frame(socket: ClientConnection) -> bytes:
    data = await asyncio.wait_for(socket.recv(), 10)
    assert isinstance(data, bytes)
    return data


async def code_of(socket: ClientConnection) -> int | None:
    await asyncio.wait_for(socket.wait_closed(), 10)
    return socket.close_code


async def test_two_in_the_lobbys_open_floor_hear_each_other(
    application: Application, made: dict[str, Any], port: int, journal: io.StringIO
) -> None:
    p1, p2 = (Seat(application, made, port, seat) for seat in ("p1", "p2"))
    async with (
        p1.wire("tab-of-one") as wire,
        p2.wire("tab-of-two"),
        p1.sound("tab-of-one", "sound-1") as mine,
        p2.sound("tab-of-two", "sound-2") as theirs,
    ):
        command = {"type": "set_microphone", "microphone": "open"}
        await wire.send(json.dumps({"type": "command", "id": "open-it-1", "command": command}))

        async def talk() -> None:
            while True:
                await mine.send(p1.frame())
                await asyncio.sleep(0.02)

        talking = asyncio.create_task(talk())
        frame = await next_frame(theirs)
        assert (frame[0], frame[-60:]) == (1, b"opus" * 15), "p1 is the second of the seats"
        room = await application.rooms.get(made["session"])
        assert room is not None
        await until(lambda: room.media.path("p1") == "media")
        talking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await talking
        await mine.send("text")
        await theirs.send(b"\0\0\0\1")
    await until(lambda: not room.media.in_use)
    assert "opus" not in journal.getvalue()


async def test_it_belongs_to_a_page_that_is_in_the_room(
    application: Application, made: dict[str, Any], port: int
) -> None:
    p1 = Seat(application, made, port, "p1")
    async with p1.sound("tab-of-one", "sound-1") as socket:
        assert await code_of(socket) == 4400, "nobody is there"
    async with p1.wire("tab-of-one", place="lobby"), p1.sound("tab-of-one", "sound-2") as socket:
        assert await code_of(socket) == 4400, "in the lobby there is no sound"
    async with p1.wire("tab-of-one"):
        async with p1.sound("tab-of-two", "sound-3") as socket:
            assert await code_of(socket) == 4400, "another tab's"
        async with p1.sound("tab-of-one", "") as socket:
            assert await code_of(socket) == 4400


async def test_without_the_seats_cookie_there_is_none(made: dict[str, Any], port: int) -> None:
    address = f"ws://127.0.0.1:{port}/s/{made['session']}/p1/sound?tab=t&connection=sound-1"
    async with connect(address) as socket:
        assert await code_of(socket) == 4401


async def test_it_ends_when_the_seat_moves_or_its_link_does(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any], port: int
) -> None:
    p1 = Seat(application, made, port, "p1")
    async with p1.wire("tab-of-one"), p1.sound("tab-of-one", "sound-1") as first:
        await first.send(p1.frame())
        async with p1.wire("tab-of-two"):
            assert await code_of(first) == 1012
            async with p1.sound("tab-of-two", "sound-2") as second:
                await second.send(p1.frame())
                await facilitator.post(f"/sessions/{made['session']}/p1/revoke")
                assert await code_of(second) == 1012


async def test_a_new_worker_is_a_new_socket(application: Application, made: dict[str, Any], port: int) -> None:
    p1 = Seat(application, made, port, "p1")
    async with p1.wire("tab-of-one"):
        async with p1.sound("tab-of-one", "sound-1") as socket:
            await socket.send(p1.frame())
            room = await application.rooms.get(made["session"])
            assert room is not None
            room.media.restarted(0)
            assert await code_of(socket) == 1012
        async with p1.sound("tab-of-one", "sound-2") as socket:
            await socket.send(p1.frame())


async def test_frames_that_a_page_is_too_slow_for_are_counted(
    application: Application, made: dict[str, Any], port: int
) -> None:
    p1, p2 = (Seat(application, made, port, seat) for seat in ("p1", "p2"))
    async with (
        p1.wire("tab-of-one") as wire,
        p2.wire("tab-of-two"),
        p1.sound("tab-of-one", "sound-1") as mine,
        p2.sound("tab-of-two", "sound-2") as theirs,
    ):
        command = {"type": "set_microphone", "microphone": "open"}
        await wire.send(json.dumps({"type": "command", "id": "open-it-1", "command": command}))
        assert application.answers.overtaken == 0

        async def talk() -> None:
            """The listener never confirms a frame."""
            while application.answers.overtaken < 3:
                await mine.send(p1.frame())
                await asyncio.sleep(0.02)

        await asyncio.wait_for(talk(), 30)
        await next_frame(theirs)
