"""uvicorn's WebSocket with a pace: what came is parsed in small pieces, one in each turn of the loop, and a socket that
sends more than its budget is not read for a while.

uvicorn 0.54 stops reading while the application has messages to take, and rightly so; but one read is up to 256 KB, as
many as 40,000 frames that are parsed in one go, and control frames and parts of messages never reach the application at
all.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from cosession.doors.visits import SCOPE, Visits
from cosession.room.pace import FRAME, FRAME_BYTE, TOO_FAST, Bucket, Patience

#: Parsed in one turn of the loop.
PIECE_BYTES = 2048
#: So long the other side has for its half of a closing handshake.
CLOSE_S = 2.0


class PacedWebSocket(WebSocketsSansIOProtocol):
    """`visits` is the listener's; the rest is uvicorn's."""

    def __init__(self, visits: Visits, **given: Any) -> None:
        super().__init__(**given)
        self.close_timeout = CLOSE_S
        self._visits = visits
        self._held = bytearray()
        self._rest: asyncio.TimerHandle | None = None
        self._frames, self._bytes = Bucket(FRAME), Bucket(FRAME_BYTE)
        self._patience = Patience()
        self._deaf = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._visits.went(self.transport)
        if self._rest is not None:
            self._rest.cancel()
        super().connection_lost(exc)

    def handle_connect(self, event: Any) -> None:
        super().handle_connect(event)
        if self.response.status_code == 101:
            self.scope[SCOPE] = self._visits.of(self.transport)  # type: ignore[literal-required]

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if not self.handshake_initiated:
            super().data_received(data)  # the request, from h11's hands
            return
        self._held += data
        if self._rest is None:
            self._piece()

    async def receive(self) -> Any:
        """As uvicorn's, except that reading goes on through `_go_on`."""
        message = await self.queue.get()
        if self.read_paused and self.queue.empty():
            self.read_paused = False
            self._go_on()
        return message

    def _piece(self) -> None:
        """Parse the next piece of what is here, and see when the next may follow."""
        piece = bytes(self._held[:PIECE_BYTES])
        del self._held[:PIECE_BYTES]
        self._count = 0
        super().data_received(piece)
        if self.transport.is_closing():
            return
        now_ms = 1000 * self.loop.time()
        rest_ms = max(self._frames.take(now_ms, self._count), self._bytes.take(now_ms, len(piece)))
        self._patience.slowed(now_ms, rest_ms)
        if self._patience.over(now_ms):
            self._turn_away()
        elif rest_ms > 0 or self._held:
            self.transport.pause_reading()
            self._rest = self.loop.call_later(rest_ms / 1000, self._rested)

    def handle_events(self) -> None:
        self._count = len(self.conn.events)
        super().handle_events()

    def _rested(self) -> None:
        self._rest = None
        self._go_on()

    def _go_on(self) -> None:
        """Unless there is a reason to wait: the next piece, or more from the network."""
        if self._rest is not None or self.read_paused or self.transport.is_closing():
            return
        if self._held:
            self._rest = self.loop.call_later(0, self._next)
        else:
            self.transport.resume_reading()

    def _next(self) -> None:
        self._rest = None
        self._piece()
        if self._rest is None:
            self._go_on()

    def _turn_away(self) -> None:
        """Say 4429, hear nothing any more, and go."""
        if self.close_sent:
            self.transport.close()
            return
        self._deaf = True
        self._held.clear()
        self.conn.fail(TOO_FAST)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": TOO_FAST})
        self.transport.resume_reading()  # what is still under way must not turn the farewell into a reset
        self.close_timer = self.loop.call_later(CLOSE_S, self.transport.close)
