"""The media of all simulated managers, in processes of their own (decision 28). The other end is `media_process.py`."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from cosession.simulate.runs import Run

#: A line between the processes is at most this long: an answer's SDP is about 30 KB; what was sensed in a whole
#: session is more.
LONGEST_LINE = 1 << 20
LONGEST_ANSWER = 64 << 20
#: How long an offer may take on a busy machine, in seconds.
PATIENCE_S = 30.0
STOP_S = 5.0


class MediaFailed(Exception):
    """A media process could not do what it was asked to, or is gone."""


@dataclass(frozen=True)
class Reception:
    """What one seat got of another: decoded pictures, pictures that were somebody else's, seconds of sound, audio
    packets."""

    frames: int
    strange_frames: int
    sound_s: float
    packets: list[Run]


@dataclass(frozen=True)
class SeatSenses:
    said: list[Run]
    received: dict[str, Reception]


class Studio:
    """`processes` media processes; a seat's place in the room says in which of them it lives.

    `on_state(seat, connection, state)` is called with aiortc's connection states.
    """

    def __init__(self, processes: int, size: tuple[int, int], on_state: Callable[[str, str, str], None]) -> None:
        self._size = size
        self._on_state = on_state
        self._wanted = processes
        self._processes: list[asyncio.subprocess.Process] = []
        self._readers: list[asyncio.Task[None]] = []
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._homes: dict[str, int] = {}
        self._number = 0

    async def start(self) -> None:
        for home in range(self._wanted):
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "cosession.simulate.media_process",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=LONGEST_ANSWER,
            )
            self._processes.append(process)
            self._readers.append(asyncio.create_task(self._read(home, process)))

    async def offer(self, seat: str, connection: str, name: str, place: int, others: Sequence[tuple[str, int]]) -> str:
        """The SDP of a new connection's offer; the seat's older connections are closed."""
        self._homes.setdefault(seat, place % self._wanted)
        order = {"do": "offer", "seat": seat, "connection": connection, "name": name, "place": place}
        answer = await self._ask(self._homes[seat], {**order, "others": list(others), "size": self._size})
        return str(answer["sdp"])

    async def answer(self, seat: str, connection: str, sdp: str) -> None:
        await self._ask(self._homes[seat], {"do": "answer", "seat": seat, "connection": connection, "sdp": sdp})

    def speak(self, seat: str, on: bool) -> None:
        """Make a sound, or none. The seat must have offered."""
        self._order(self._homes[seat], {"do": "speak", "seat": seat, "on": on})

    def show(self, seat: str, on: bool) -> None:
        """Show a moving picture, or none. The seat must have offered."""
        self._order(self._homes[seat], {"do": "show", "seat": seat, "on": on})

    def leave(self, seat: str) -> None:
        self._order(self._homes[seat], {"do": "leave", "seat": seat})

    async def senses(self) -> dict[str, SeatSenses]:
        """What every seat decoded so far."""
        answers = await asyncio.gather(*(self._ask(home, {"do": "senses"}) for home in range(self._wanted)))
        return {
            seat: SeatSenses(
                [(run[0], run[1], run[2]) for run in senses["said"]],
                {
                    sender: Reception(
                        got["frames"],
                        got["strange_frames"],
                        got["sound_s"],
                        [(run[0], run[1], run[2]) for run in got["packets"]],
                    )
                    for sender, got in senses["received"].items()
                },
            )
            for answer in answers
            for seat, senses in answer["senses"].items()
        }

    async def stop(self) -> None:
        for process in self._processes:
            assert process.stdin is not None
            process.stdin.close()
        for process in self._processes:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_S):
                    await process.wait()
            if process.returncode is None:
                process.kill()
                await process.wait()
        for reader in self._readers:
            reader.cancel()
        await asyncio.gather(*self._readers, return_exceptions=True)

    def _order(self, home: int, order: dict[str, Any]) -> None:
        stdin = self._processes[home].stdin
        assert stdin is not None
        if not stdin.is_closing():
            stdin.write(json.dumps(order).encode() + b"\n")

    async def _ask(self, home: int, order: dict[str, Any]) -> dict[str, Any]:
        self._number += 1
        number = self._number
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answered
        self._order(home, {**order, "id": number})
        try:
            async with asyncio.timeout(PATIENCE_S):
                answer = await answered
        except TimeoutError as late:
            raise MediaFailed(f"{order['do']}: no answer from the media process") from late
        finally:
            self._waiting.pop(number, None)
        if "error" in answer:
            raise MediaFailed(f"{order['do']}: {answer['error']}")
        return answer

    async def _read(self, home: int, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            message = json.loads(line)
            if "id" in message:
                if (answered := self._waiting.get(message["id"])) and not answered.done():
                    answered.set_result(message)
            else:
                self._on_state(message["seat"], message["connection"], message["state"])
        for seat in [seat for seat, where in self._homes.items() if where == home]:
            self._on_state(seat, "", "gone")
