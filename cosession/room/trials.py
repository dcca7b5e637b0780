"""Media connections that belong to no seat: a browser tries, before the session, which ways to the media server are
open.

Each is a peer connection like a seat's, to a room of the media plane that has no plan, so that nothing is ever
forwarded in it: ICE and DTLS come up, which proves packets in both directions, and that is all. Few at a time, and none
for long: anybody may try.
"""

from __future__ import annotations

import secrets

from cosession.room.ports import Clock, MediaEngine, MediaMessage, OfferRefused, Unavailable

#: The engine's room. No session is called so: its id has twelve characters (`directory`).
SESSION, SEAT = "trials", "guest"
#: A connection is ended after so long, whatever became of it.
LASTS_MS = 12_000
MOST = 200


class Trials:
    def __init__(self, engine: MediaEngine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self._running: set[str] = set()

    def __len__(self) -> int:
        return len(self._running)

    async def offer(self, sdp: str) -> str:
        """The answer to a browser's offer. Raises `OfferRefused`, or `Unavailable`: `media_down`, `busy` when too many
        try at this moment."""
        if len(self._running) >= MOST:
            raise Unavailable("busy", "too many browsers try at this moment")
        connection = f"trial-{secrets.token_hex(8)}"
        self._running.add(connection)
        try:
            await self._engine.open(SESSION, [SEAT])
            await self._engine.join(SESSION, SEAT, connection, publishes=False)
            answer = await self._engine.relay(SESSION, connection, MediaMessage("offer", sdp))
        except (OfferRefused, Unavailable):
            self._end(connection)
            raise
        self._clock.call_at(self._clock.monotonic_ms() + LASTS_MS, lambda: self._end(connection))
        return answer.body

    def _end(self, connection: str) -> None:
        self._running.discard(connection)
        self._engine.leave(SESSION, connection)
