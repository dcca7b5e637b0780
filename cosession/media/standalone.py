"""The media plane alone, as a process: what benchmarks of forwarding put their load on (`cosession bench media`).

It is the engine that `serve` would use with the same settings, and no room, script or page around it. It obeys lines
of JSON on stdin, answers each with one line on stdout, and ends with stdin: `open` (session, seats), `apply` (session,
version, hearable, pictures), `connect` (session, seat, connection, sdp), `stats`. Its first line names the processes
that carry media.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import uvloop

from cosession import logs, settings
from cosession.core.stage import RoomPlan
from cosession.media.configured import media_engine
from cosession.room.ports import MediaEngine, MediaMessage, OfferRefused, Unavailable


class _Deaf:
    """A listener that does nothing with what is reported to it (`room.ports.MediaListener`)."""

    def connected(self, session: str, seat: str, connection: str) -> None: ...
    def carrying(self, session: str, seat: str, connection: str, carries: bool) -> None: ...
    def lost(self, session: str, seat: str, connection: str) -> None: ...
    def alive(self, session: str, seat: str) -> None: ...
    def voices(self, session: str, levels: Mapping[str, int]) -> None: ...
    def in_force(self, session: str, version: int) -> None: ...
    def restarted(self, sessions: Sequence[str], silent_ms: int) -> None: ...


async def obey(engine: MediaEngine, order: dict[str, Any]) -> dict[str, Any]:
    """Carry out one order; what it says about it."""
    match order.pop("do"):
        case "open":
            await engine.open(order["session"], order["seats"])
            return {}
        case "apply":
            engine.apply(order.pop("session"), RoomPlan.model_validate(order))
            return {}
        case "connect":
            await engine.join(order["session"], order["seat"], order["connection"])
            answer = await engine.relay(order["session"], order["connection"], MediaMessage("offer", order["sdp"]))
            return {"sdp": answer.body}
        case "stats":
            workers, _ = await engine.stats()
            reasons = {reason for worker in workers for reason in worker.dropped}
            return {"dropped": {reason: sum(w.dropped.get(reason, 0) for w in workers) for reason in reasons}}
        case unknown:
            return {"error": f"there is no order {unknown}"}


async def _serve() -> None:
    in_force = settings.load()
    logs.configure(in_force.log_level, in_force.log_format)
    engine = media_engine(in_force)
    await engine.start(_Deaf())
    try:
        workers, _ = await engine.stats()
        _say({"pids": [worker.pid for worker in workers]})
        while line := await asyncio.to_thread(sys.stdin.buffer.readline):
            try:
                _say(await obey(engine, json.loads(line)))
            except (OfferRefused, Unavailable) as reason:
                _say({"error": str(reason)})
    finally:
        await engine.stop()


def _say(answer: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    uvloop.run(_serve())
