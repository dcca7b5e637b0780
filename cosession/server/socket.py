"""The socket: a thin adapter between Starlette and `room.connection.Connection`, which speaks the wire.

Close codes (protocols/wire.md): 4400 too many bad messages, 4401 not signed in (or asked from another site), 4404 no
such session, 4408 slow reader, 4409 moved, 4410 revoked, 1012 the server restarts, or cannot read just now: come back.
"""

from __future__ import annotations

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from cosession.pages.headers import same_origin
from cosession.pages.problems import Problem
from cosession.room.connection import Connection
from cosession.room.ports import Unavailable
from cosession.server.parts import Parts

log = structlog.get_logger("cosession.server")

NOT_SIGNED_IN = 4401
COME_BACK = 1012
_CLOSE = {403: NOT_SIGNED_IN, 404: 4404, 410: 4410}


class Socket:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def serve(self, socket: WebSocket) -> None:
        """WS /s/{session}/{seat}/socket. A browser reads a close code only of a socket that was accepted: refusals
        accept first."""
        if not same_origin(socket, self._parts.public_url):
            await _refuse(socket, NOT_SIGNED_IN)
            return
        try:
            room, seat = await self._parts.seat(socket)
        except Problem as problem:
            await _refuse(socket, _CLOSE.get(problem.status, NOT_SIGNED_IN))
            return
        except Unavailable:
            await _refuse(socket, COME_BACK)
            return
        await socket.accept()

        async def send(text: str) -> None:
            self._parts.answered(text)
            await socket.send_text(text)

        connection = Connection(room, seat.id, send, socket.close)
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                data = message.get("text")
                await connection.receive(data if data is not None else message.get("bytes", b""))
        except WebSocketDisconnect:
            pass
        finally:
            connection.ended()


async def _refuse(socket: WebSocket, code: int) -> None:
    await socket.accept()
    await socket.close(code)
