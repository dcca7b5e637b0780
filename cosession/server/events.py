"""The wire without a WebSocket, for networks that drop `Upgrade`: server-sent events down (WHATWG HTML, section 9.2),
POST up, with the same messages and the same `room.connection.Connection`.

The first event, `connection`, names the connection; its messages are posted to that address. Other events are messages
of the wire; the last, `closed`, holds the close code (`socket`). The name of a connection is a secret of its browser.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from cosession.room.connection import Connection
from cosession.server.admission import Admission, Admitted, NotAdmitted
from cosession.server.body import read
from cosession.server.parts import SEAT_COOKIE, Parts
from cosession.wire.http import CLOSE_CODES

#: Some proxies hold back the first bytes of an answer: a comment of this length goes ahead.
AHEAD = f":{' ' * 2048}\n"
#: The status that says what a socket's close code says.
_STATUS = {code: status for status, code in CLOSE_CODES.items()}
HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "connection": "close",
}


class EventTransport(Response):
    """One event stream, as an answer to a browser. Implements `room.ports.Transport`."""

    def __init__(self, parts: Parts, streams: dict[str, EventTransport], admitted: Admitted, cookie: str) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self.cookie = cookie
        self.connection: Connection | None = None
        self.turn = asyncio.Lock()
        """Posts are carried out one after the other."""
        self.posted = 0
        """The number of the last post that was carried out."""
        self._parts = parts
        self._streams = streams
        self._admitted = admitted
        self._id = secrets.token_urlsafe(18)
        self._over = asyncio.Event()
        self._write: Send

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._write = send
        admitted = self._admitted
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await self._event(f"{AHEAD}event: connection\ndata: {self._id}\n\n")
        self.connection = Connection(admitted.room, admitted.seat, self, admitted.entitled)
        self._streams[self._id] = self
        gone = asyncio.create_task(_gone(receive))
        over = asyncio.create_task(self._over.wait())
        try:
            await asyncio.wait({gone, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
            del self._streams[self._id]
            self.connection.ended()
            await self._leave(gone)

    async def _leave(self, gone: asyncio.Task[None]) -> None:
        """End the answer; a browser that reads no more is cut off."""
        if not gone.done():
            try:
                async with asyncio.timeout(1):
                    await self._write({"type": "http.response.body", "body": b"", "more_body": False})
            except TimeoutError:
                if self._admitted.visit is not None:
                    self._admitted.visit.transport.abort()
                    await gone
        gone.cancel()

    async def send(self, text: str) -> None:
        self._parts.answered(text)
        await self._event(f"data: {text}\n\n")

    async def close(self, code: int) -> None:
        self._parts.closed(code)
        try:
            await self._event(f"event: closed\ndata: {code}\n\n")
        finally:
            self._over.set()

    async def _event(self, text: str) -> None:
        await self._write({"type": "http.response.body", "body": text.encode(), "more_body": True})


class Events:
    def __init__(self, parts: Parts, admission: Admission) -> None:
        self._parts = parts
        self._admission = admission
        self._streams: dict[str, EventTransport] = {}

    async def open(self, request: Request) -> Response:
        """GET /s/{session}/{seat}/events: the stream. A refusal has the status of `_STATUS`."""
        try:
            admitted = await self._admission.admit(request)
        except NotAdmitted as refusal:
            self._parts.closed(refusal.code)
            return Response(status_code=_STATUS[refusal.code])
        return EventTransport(self._parts, self._streams, admitted, request.cookies.get(SEAT_COOKIE, ""))

    async def post(self, request: Request) -> Response:
        """POST /s/{session}/{seat}/events/{connection}?n=: messages of the wire, one a line. `n` counts the posts of a
        connection from 1; one that was carried out already does nothing. 204 when all are dealt with and the next may
        follow; 400 for a number out of order, 403 for another browser, 410 when the connection has ended."""
        stream = self._streams.get(request.path_params["connection"])
        if stream is None or stream.connection is None:
            return Response(status_code=410)
        if not hmac.compare_digest(stream.cookie.encode(), request.cookies.get(SEAT_COOKIE, "").encode()):
            return Response(status_code=403)
        number = request.query_params.get("n", "")
        if not (number.isascii() and number.isdecimal() and len(number) < 10):
            return Response(status_code=400)
        lines = (await read(request)).split(b"\n")
        async with stream.turn:
            if int(number) <= stream.posted:
                return Response(status_code=204)
            if int(number) != stream.posted + 1:
                return Response(status_code=400)
            stream.posted = int(number)
            for line in lines:
                if line:
                    rest_ms = await stream.connection.receive(line)
                    # One message, then everybody else, as with the socket.
                    await asyncio.sleep(rest_ms / 1000)
        return Response(status_code=204)


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
