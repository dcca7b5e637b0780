"""A whole server and a session on it, for the benchmarks that need rooms: started as users start it, spoken to over
the wire."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cosession.bench.errors import CannotMeasure
from cosession.simulate.browsing import Browser, PageRefused, origin
from cosession.simulate.options import Unusable
from cosession.simulate.own_server import OwnServer

_NAMES = ("Ada", "Ben", "Cleo", "Dan", "Eve", "Flo", "Gil", "Hana", "Ivo", "Jun", "Kim", "Lou")


@dataclass(frozen=True, slots=True)
class House:
    """`links`: personal links by seat, the facilitator's first."""

    session: str
    links: dict[str, str]
    ops: Browser
    """Of an operator, signed in."""
    board: str
    facilitator: Browser
    """Signed in."""

    async def another(self, managers: int) -> House:
        """One more session on the same server."""
        sessions = origin(next(iter(self.links.values()))) + "/sessions"
        return replace(self, **await _made(self.facilitator, sessions, managers))

    async def doors(self) -> dict[str, Any]:
        """What the board says of connections: how many, and what was turned away."""
        answer = await self.ops.get_json(f"{self.board}/rooms.json")
        return dict(answer.get("doors", {}))

    async def hearable(self) -> list[tuple[int, list[str]]]:
        """(session time in ms, who could be heard from then on), by the log; from each commit."""
        answer = await self.ops.get_json(f"{self.board}/verify/{self.session}")
        return [(int(at_ms), list(seats)) for at_ms, seats in answer["hearable"]]

    async def worker(self) -> int:
        """The process id of the media worker that forwards most: the others only answer the trials of lobbies."""
        answer = await self.ops.get_json(f"{self.board}/rooms.json")
        return int(max(answer["media"], key=lambda worker: int(worker["packets_out"]))["pid"])


@contextlib.asynccontextmanager
async def house(managers: int) -> AsyncIterator[House]:
    """A server with temporary data and one session in real time, for a facilitator and so many managers. Raises
    `CannotMeasure`."""
    with tempfile.TemporaryDirectory(prefix="cosession-bench-") as folder:
        server = OwnServer(Path(folder))
        try:
            await server.start()
        except Unusable as reason:
            raise CannotMeasure(str(reason)) from None
        try:
            yield await _session(server, managers)
        except PageRefused as refused:
            raise CannotMeasure(f"the session could not be made: {refused}") from None
        finally:
            await server.stop()


async def _session(server: OwnServer, managers: int) -> House:
    browser = Browser()
    await browser.sign_in(server.sign_in)
    made = await _made(browser, origin(server.sign_in) + "/sessions", managers)
    ops = Browser()
    await ops.sign_in(server.ops_sign_in)
    return House(**made, ops=ops, board=origin(server.ops_sign_in), facilitator=browser)


async def _made(browser: Browser, sessions: str, managers: int) -> dict[str, Any]:
    """A new session: its id, and the personal links."""
    body: dict[str, Any] = {
        "script": "codev-75",
        "title": "Benchmark",
        "language": "fr",
        "starts_in_s": 0,
        "facilitator": "Fay",
        "participants": list(_NAMES[:managers]),
        "client": 0,
        "deputy": 1,
        "number": 1,
        "speed": 1,
    }
    made = await browser.post_json(sessions, body)
    return {"session": made["session"], "links": {each["seat"]: each["link"] for each in made["links"]}}
