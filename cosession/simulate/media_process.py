"""A process that carries the media of some simulated managers (decision 28: eight in one process starve each other).

It is told what to do by lines of JSON on its standard input and answers by lines of JSON on its standard output; it
ends when its input ends. `studio.py` is the other end.

In:  {"do": "offer", "id", "seat", "connection", "name", "place", "others": [[seat, place]…], "size": [width, height]}
{"do": "answer", "id", "seat", "connection", "sdp"}
{"do": "speak", "seat", "on"}   {"do": "show", "seat", "on"}   {"do": "leave", "seat"}   {"do": "senses", "id"}
Out: {"id", "sdp"} | {"id"} | {"id", "senses"} | {"id", "error"} | {"seat", "connection", "state"}
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import dataclass, field
from typing import Any

from av import VideoFrame

from cosession.simulate import sources
from cosession.simulate.arrivals import ArrivalLoop
from cosession.simulate.peer_connection import PeerConnection, Senses, behave_like_a_browser
from cosession.simulate.studio import LONGEST_LINE

Order = dict[str, Any]
PICTURES_PER_SECOND = 10

#: How nice these processes are: real managers bring their own machines, these must not take the server's time on this.
BEHIND_THE_SERVER = 5


@dataclass
class Cast:
    """One seat in this process: what it shows and says, and its newest connection."""

    name: str
    place: int
    size: tuple[int, int]
    senses: Senses = field(default_factory=Senses)
    speaking: asyncio.Event = field(default_factory=asyncio.Event)
    showing: asyncio.Event = field(default_factory=asyncio.Event)
    peers: dict[str, PeerConnection] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.voice = sources.voice(self.place)
        self.pictures = [
            VideoFrame.from_ndarray(picture, format="rgb24").reformat(format="yuv420p")
            for picture in sources.pictures(self.name, self.place, *self.size)
        ]


class Stage:
    def __init__(self) -> None:
        self.cast: dict[str, Cast] = {}

    def say(self, line: Order) -> None:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    async def obey(self, order: Order) -> None:
        """Carry out one order and answer it, errors included."""
        try:
            answer = await self._carry_out(order)
        except Exception as error:  # noqa: BLE001 - the other process is told, and decides
            answer = {"error": f"{type(error).__name__}: {error}"}
        if "id" in order:
            self.say({"id": order["id"], **answer})

    async def _carry_out(self, order: Order) -> Order:
        match order["do"]:
            case "offer":
                return {"sdp": await self._offer(order)}
            case "answer":
                await self.cast[order["seat"]].peers[order["connection"]].answer(order["sdp"])
            case "speak":
                _switch(self.cast[order["seat"]].speaking, order["on"])
            case "show":
                _switch(self.cast[order["seat"]].showing, order["on"])
            case "leave":
                await self._close(self.cast[order["seat"]], keep=None)
            case "senses":
                return {"senses": {seat: _report(cast.senses) for seat, cast in self.cast.items()}}
            case unknown:
                raise ValueError(f"unknown order {unknown}")
        return {}

    async def _offer(self, order: Order) -> str:
        seat, connection = order["seat"], order["connection"]
        if seat not in self.cast:
            self.cast[seat] = Cast(order["name"], order["place"], tuple(order["size"]))
        cast = self.cast[seat]

        def on_state(state: str) -> None:
            if connection in cast.peers:
                self.say({"seat": seat, "connection": connection, "state": state})

        await self._close(cast, keep=connection)
        peer = PeerConnection(
            [(other, place) for other, place in order["others"]],
            cast.senses,
            cast.voice,
            cast.pictures,
            cast.speaking,
            cast.showing,
            PICTURES_PER_SECOND,
            on_state,
        )
        cast.peers[connection] = peer
        return await peer.offer()

    async def _close(self, cast: Cast, keep: str | None) -> None:
        for connection in [each for each in cast.peers if each != keep]:
            await cast.peers.pop(connection).close()

    async def close(self) -> None:
        await asyncio.gather(*(self._close(cast, keep=None) for cast in self.cast.values()))


def _switch(event: asyncio.Event, on: bool) -> None:
    if on:
        event.set()
    else:
        event.clear()


def _report(senses: Senses) -> Order:
    return {
        "said": senses.said.runs,
        "received": {
            seat: {
                "frames": got.frames,
                "strange_frames": got.strange_frames,
                "sound_s": got.sound_s,
                "packets": got.packets.runs,
            }
            for seat, got in senses.received.items()
        },
    }


async def main() -> None:
    behave_like_a_browser()
    stage = Stage()
    orders = asyncio.StreamReader(limit=LONGEST_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)
    under_way: set[asyncio.Task[None]] = set()
    while line := await orders.readline():
        task = asyncio.create_task(stage.obey(json.loads(line)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
    await stage.close()


if __name__ == "__main__":
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR)
    os.nice(BEHIND_THE_SERVER)
    with asyncio.Runner(loop_factory=ArrivalLoop) as runner:
        runner.run(main())
