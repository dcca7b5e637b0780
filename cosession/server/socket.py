"""The WebSocket: a thin adapter between Starlette and `room.connection.Connection`, which speaks the wire.

Close codes (protocols/wire.md): 4400 too many bad messages or no hello, 4401 not signed in (or asked from another
site), 4404 no such session, 4408 slow reader, 4409 moved, 4410 revoked, 4429 too fast or too many, 1012 the server
restarts, or cannot read just now: come back.
"""

from __future__ import annotations

import asyncio

from starlette.websockets import WebSocket, WebSocketDisconnect

from cosession.room.connection import Connection
from cosession.room.pace import TOO_FAST
from cosession.server.admission import Admission, NotAdmitted
from cosession.server.parts import Parts


class SocketTransport:
    """Implements `room.ports.Transport`."""

    def __init__(self, parts: Parts, socket: WebSocket) -> None:
        self._parts = parts
        self._socket = socket

    async def send(self, text: str) -> None:
        self._parts.answered(text)
        await self._socket.send_text(text)

    async def close(self, code: int) -> None:
        self._parts.closed(code)
        await self._socket.close(code)


class Socket:
    def __init__(self, parts: Parts, admission: Admission) -> None:
        self._parts = parts
        self._admission = admission

    async def serve(self, socket: WebSocket) -> None:
        """WS /s/{session}/{seat}/socket. A browser reads a close code only of a socket that was accepted: refusals
        accept first."""
        try:
            admitted = await self._admission.admit(socket)
        except NotAdmitted as refusal:
            self._parts.closed(refusal.code)
            await socket.accept()
            await socket.close(refusal.code)
            return
        await socket.accept()
        transport = SocketTransport(self._parts, socket)
        connection = Connection(admitted.room, admitted.seat, transport, admitted.entitled)
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
