"""The socket: a thin adapter between Starlette and `room.connection.Connection`, which speaks the wire.

Close codes (protocols/wire.md): 4400 too many bad messages or no hello, 4401 not signed in (or asked from another
site), 4404 no such session, 4408 slow reader, 4409 moved, 4410 revoked, 4429 too fast or too many, 1012 the server
restarts, or cannot read just now: come back.
"""

from __future__ import annotations

import asyncio

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from cosession.doors.visits import address_of, visit_of
from cosession.pages.headers import same_origin
from cosession.pages.problems import Problem
from cosession.room.audience import COME_BACK
from cosession.room.connection import Connection
from cosession.room.pace import ADDRESS_CONNECTION, SEAT_SOCKET, TOO_FAST, Buckets
from cosession.room.ports import Unavailable
from cosession.server.parts import Parts

log = structlog.get_logger("cosession.server")

NOT_SIGNED_IN = 4401
_CLOSE = {403: NOT_SIGNED_IN, 404: 4404, 410: 4410}


class Socket:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._of_seats = Buckets(SEAT_SOCKET)
        self._of_addresses = Buckets(ADDRESS_CONNECTION)

    async def serve(self, socket: WebSocket) -> None:
        """WS /s/{session}/{seat}/socket. A browser reads a close code only of a socket that was accepted: refusals
        accept first."""
        if not same_origin(socket, self._parts.public_url):
            await self._refuse(socket, NOT_SIGNED_IN)
            return
        now_ms, address = self._parts.clock.monotonic_ms(), address_of(socket)
        if address is not None and self._of_addresses.take(address, now_ms):
            await self._refuse(socket, TOO_FAST)
            return
        try:
            room, seat = await self._parts.seat(socket)
        except Problem as problem:
            await self._refuse(socket, _CLOSE.get(problem.status, NOT_SIGNED_IN))
            return
        except Unavailable:
            await self._refuse(socket, COME_BACK)
            return
        visit = visit_of(socket)
        too_often = self._of_seats.take((room.session, seat.id), now_ms)
        if too_often or (visit is not None and not visit.settle(address)):
            await self._refuse(socket, TOO_FAST)
            return
        await socket.accept()

        async def send(text: str) -> None:
            self._parts.answered(text)
            await socket.send_text(text)

        async def close(code: int) -> None:
            self._parts.closed(code)
            await socket.close(code)

        async def entitled() -> bool:
            try:
                await self._parts.seat(socket)
            except Problem:
                return False
            return True

        connection = Connection(room, seat.id, send, close, entitled)
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    if message.get("code") == TOO_FAST and not connection.parting:
                        self._parts.closed(TOO_FAST)
                    break
                data = message.get("text")
                rest_ms = await connection.receive(data if data is not None else message.get("bytes", b""))
                # One message, then everybody else: what is queued here must not keep the others waiting.
                await asyncio.sleep(rest_ms / 1000)
        except WebSocketDisconnect:
            pass
        finally:
            connection.ended()

    async def _refuse(self, socket: WebSocket, code: int) -> None:
        self._parts.closed(code)
        await socket.accept()
        await socket.close(code)
