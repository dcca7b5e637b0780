"""The outbox alone: order, newest wins, bounds, and an end that comes."""

from __future__ import annotations

import asyncio
import json

import pytest

from cosession.room.outbox import MAX_BYTES, MAX_MESSAGES, Outbox
from cosession.wire.messages import DraftSaved, ErrorMessage, Levels, Ping
from tests.room.bench import FakeClock


class Socket:
    """A socket that can be stopped, and break."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.sent: list[dict[str, object]] = []
        self.closed: list[int] = []
        self.flows = asyncio.Event()
        self.flows.set()
        self.broken = False
        self.views = 0
        self.outbox = Outbox(self, self.clock, self.view)

    async def send(self, text: str) -> None:
        await self.flows.wait()
        if self.broken:
            raise ConnectionResetError
        self.sent.append(json.loads(text))

    async def close(self, code: int) -> None:
        self.closed.append(code)

    def view(self) -> str:
        self.views += 1
        return json.dumps({"type": "view", "made": self.views})

    async def rest(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_messages_keep_their_order_and_fleeting_ones_are_the_newest() -> None:
    socket = Socket()
    socket.flows.clear()
    for index in range(20):
        socket.outbox.put(DraftSaved(id=f"draft-{index:04}"))
        socket.outbox.put_fleeting(Levels(levels={"p2": index}))
        socket.outbox.show(urgent=True)
    socket.flows.set()
    await socket.rest()
    assert [message["id"] for message in socket.sent if "id" in message] == [f"draft-{n:04}" for n in range(20)]
    assert [message["levels"] for message in socket.sent if "levels" in message] == [{"p2": 19}]
    assert socket.views == 1


@pytest.mark.parametrize("size", [10, 4000])
async def test_too_much_that_waits_ends_the_connection(size: int) -> None:
    socket = Socket()
    socket.flows.clear()
    message = ErrorMessage(code="internal", fix="x" * size)
    fits = min(MAX_MESSAGES, MAX_BYTES // len(message.model_dump_json()))
    for _ in range(fits):
        socket.outbox.put(message)
    await socket.rest()
    assert socket.closed == []
    socket.outbox.put(message)
    socket.outbox.put(message)
    await socket.rest()
    assert socket.closed == [4408]
    socket.outbox.put(message)
    socket.outbox.show(urgent=True)
    socket.flows.set()
    await socket.rest()
    assert socket.sent == []


async def test_a_send_that_hangs_ends_the_connection_after_five_seconds() -> None:
    socket = Socket()
    socket.flows.clear()
    socket.outbox.put_fleeting(Ping(n=1))
    await socket.rest()
    socket.clock.turn_to(socket.clock.now_ms + 4_999)
    await socket.rest()
    assert socket.closed == []
    socket.clock.turn_to(socket.clock.now_ms + 1)
    await socket.rest()
    assert socket.closed == [4408]


async def test_parting_sends_what_waits_first_and_takes_the_first_code() -> None:
    socket = Socket()
    socket.outbox.put(DraftSaved(id="draft-0001"))
    socket.outbox.part(4409)
    socket.outbox.part(1000)
    socket.outbox.put(DraftSaved(id="draft-0002"))
    await socket.rest()
    await socket.outbox.parted()
    assert [message["id"] for message in socket.sent] == ["draft-0001"]
    assert socket.closed == [4409]


async def test_a_broken_socket_is_forgotten_quietly() -> None:
    socket = Socket()
    socket.broken = True
    socket.outbox.put(DraftSaved(id="draft-0001"))
    await socket.rest()
    assert socket.outbox.closed
    socket.outbox.show(urgent=True)
    socket.outbox.part(4409)
    await socket.rest()
    assert (socket.sent, socket.closed, socket.views) == ([], [], 0)


async def test_views_wait_for_their_tenth_of_a_second_unless_urgent() -> None:
    socket = Socket()
    for _ in range(3):
        socket.outbox.show(urgent=False)
        await socket.rest()
    assert socket.views == 1
    socket.clock.turn_to(socket.clock.now_ms + 99)
    await socket.rest()
    assert socket.views == 1
    socket.clock.turn_to(socket.clock.now_ms + 1)
    await socket.rest()
    assert socket.views == 2
    socket.outbox.show(urgent=True)
    await socket.rest()
    assert socket.views == 3
