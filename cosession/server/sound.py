"""The page's own socket for sound, beside that of the wire: a view never waits behind a voice, nor a voice behind it.

It belongs to a page that is in the room (`tab`), and carries frames of `protocols/wire.md` for as long as the media
desk lets it. Nothing is decoded, nothing waits long, and one frame costs this process one write for each listener: the
same bytes for all of them, past Starlette and uvicorn, whose buffers stay empty (`room.sound_queue`).

Close codes as of `server.socket`; 1012 also when the media have gone another way, or their worker has died.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from cosession.doors.visits import Transport
from cosession.room.audience import COME_BACK
from cosession.room.connection import TOO_MANY_BAD
from cosession.room.ports import OfferRefused, Unavailable
from cosession.room.sound_queue import SoundQueue
from cosession.server.admission import Admission, NotAdmitted
from cosession.server.parts import Parts

log = structlog.get_logger()

#: Bytes of one message that are handed on: enough to see that it is too long.
_MOST_BYTES = 512
_RECEIPT_BYTES = 4
_LIFE_MS = 900
_BINARY = 0x82
_SHORT = 126


class Line:
    """Implements `room.media_desk.SoundLine`."""

    def __init__(self, transport: Transport, overtaken: Callable[[], None]) -> None:
        self._transport = transport
        self._ended = asyncio.Event()
        self.code = COME_BACK
        self.queue = SoundQueue(self._write, overtaken)

    def hear(self, frame: bytes) -> None:
        if not self._ended.is_set():
            self.queue.put(frame)

    def end(self, code: int) -> None:
        if not self._ended.is_set():
            self.code = code
            self._ended.set()

    async def ended(self) -> None:
        await self._ended.wait()

    def _write(self, frame: bytes) -> None:
        """One whole message (RFC 6455 section 5.2), between two of uvicorn's."""
        if not self._transport.is_closing():
            size = len(frame)
            head = bytes((_BINARY, size)) if size < _SHORT else bytes((_BINARY, _SHORT, size >> 8, size & 0xFF))
            self._transport.write(head + frame)


class Sound:
    def __init__(self, parts: Parts, admission: Admission) -> None:
        self._parts = parts
        self._admission = admission

    async def serve(self, socket: WebSocket) -> None:
        """WS /s/{session}/{seat}/sound?tab=…&connection=… A browser reads a close code only of a socket that was
        accepted: refusals accept first."""
        try:
            admitted = await self._admission.admit(socket)
        except NotAdmitted as refusal:
            await socket.accept()
            await self._close(socket, refusal.code)
            return
        await socket.accept()
        tab, connection = (socket.query_params.get(name, "")[:64] for name in ("tab", "connection"))
        room, seat, visit = admitted.room, admitted.seat, admitted.visit
        if not tab or not connection or visit is None:
            await self._close(socket, TOO_MANY_BAD)
            return
        line = Line(visit.transport, self._parts.overtaken)
        try:
            speak = await room.media.carry(room.state, seat, tab, connection, line)
        except OfferRefused as refused:
            log.info("sound.not_carried", session=room.session, seat=seat, code=refused.code)
            await self._close(socket, TOO_MANY_BAD)
            return
        except Unavailable:
            await self._close(socket, COME_BACK)
            return
        log.info("sound.carried", session=room.session, seat=seat)
        ending = asyncio.create_task(self._end(socket, line))
        try:
            await self._listen(socket, line, speak)
        except WebSocketDisconnect:
            pass
        finally:
            line.end(line.code)
            ending.cancel()
            room.media.hang_up(connection)
            log.info("sound.gone", session=room.session, seat=seat, overtaken=line.queue.dropped)

    async def _listen(self, socket: WebSocket, line: Line, speak: Callable[[bytes], None]) -> None:
        """Until the page closes it. A receipt is a sign of life, too: one a second is handed on."""
        alive_ms = 0
        while (message := await socket.receive())["type"] != "websocket.disconnect":
            data = (message.get("bytes") or b"")[:_MOST_BYTES]
            if len(data) == _RECEIPT_BYTES:
                line.queue.receipt(int.from_bytes(data, "big"))
                now_ms = self._parts.clock.monotonic_ms()
                if now_ms - alive_ms < _LIFE_MS:
                    continue
                alive_ms = now_ms
            speak(data)

    async def _end(self, socket: WebSocket, line: Line) -> None:
        """When the room ends the line, its socket is closed."""
        await line.ended()
        await self._close(socket, line.code)

    async def _close(self, socket: WebSocket, code: int) -> None:
        self._parts.closed(code)
        await socket.close(code)
