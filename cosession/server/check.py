"""Before the session: which ways to this server are open from here. For anybody, without a sign-in.

`/check` is the page, the others are what it tries: a socket that says what it is told, events that come one by one, and
offers of media (`room.trials`). Strangers get few of each, and none of them lasts. The page keeps its findings to
itself, or in the room hands a seat's to whoever leads (`protocols/wire.md`).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator

from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from cosession.doors.visits import network_of
from cosession.pages.headers import same_origin
from cosession.pages.problems import Problem
from cosession.room.pace import TOO_FAST, TRIAL, Buckets
from cosession.room.ports import OfferRefused, Unavailable
from cosession.server.body import form_or_json
from cosession.server.events import AHEAD, HEADERS
from cosession.server.parts import Parts
from cosession.wire.http import CheckBoot

#: A credential for the relays that is good for one check.
CREDENTIAL_MS = 60_000
#: Sockets and streams of events at a time, and how long one lasts.
MOST = 100
SOCKET_S = 15.0
ECHOES = 8
ECHO_CHARACTERS = 64
#: A frame of sound has about 60.
ECHO_BYTES = 512
#: A stream of events waits so long for the word that its first one was heard.
EVENTS_S = 6.0
_WORDS = ("check.", "device.")


class Check:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._of_addresses = Buckets(TRIAL)
        self._open = 0
        self._heard: dict[str, asyncio.Event] = {}
        """By the name that a stream's first event told."""

    def routes(self) -> list[Route | WebSocketRoute]:
        return [
            Route("/check", self.page),
            Route("/check/start", self.start, methods=["POST"]),
            Route("/check/offer", self.offer, methods=["POST"]),
            Route("/check/events", self.events),
            Route("/check/heard", self.heard, methods=["POST"]),
            WebSocketRoute("/check/socket", self.socket),
        ]

    async def page(self, request: Request) -> Response:
        """GET /check."""
        language = self._parts.pages.words_for(request).language
        words = self._parts.app_words[language].texts
        boot = CheckBoot(
            language=language,
            backup_line=self._parts.backup_line,
            words={name: text for name, text in words.items() if name.startswith(_WORDS)},
        )
        return self._parts.pages.html(request, "check.html", boot=boot.model_dump(mode="json"))

    async def start(self, request: Request) -> Response:
        """POST /check/start: the relays that there are, with a credential for this check, and the ports of all media
        workers. Raises `Problem(429)`."""
        self._pace(request)
        until_ms = self._parts.clock.wall_ms() + CREDENTIAL_MS
        servers = self._parts.ice.of("check", secrets.token_hex(6), until_ms)
        told = {"ice_servers": [server.model_dump() for server in servers], "media_ports": self._parts.media_ports}
        return JSONResponse(told)

    async def offer(self, request: Request) -> Response:
        """POST /check/offer: the media server's answer to `sdp`. Raises `Problem`: 422 for an offer that cannot be
        served, 429 for too many."""
        self._pace(request)
        sdp = (await form_or_json(request)).get("sdp")
        if not isinstance(sdp, str) or not sdp.isascii():
            raise Problem(422, "offer")
        try:
            return JSONResponse({"sdp": await self._parts.trials.offer(sdp)})
        except OfferRefused:
            raise Problem(422, "offer") from None
        except Unavailable as failure:
            if failure.code == "busy":
                raise Problem(429, "busy") from None
            raise

    async def events(self, request: Request) -> Response:
        """GET /check/events: two server-sent events. The first is a name, the second follows when that was posted: a
        proxy that keeps an answer back until it is whole brings neither. Raises `Problem(429)`."""
        self._pace(request)
        if self._open >= MOST:
            raise Problem(429, "busy")
        return StreamingResponse(self._two(), headers=HEADERS)

    async def _two(self) -> AsyncIterator[str]:
        name = secrets.token_urlsafe(12)
        heard = self._heard[name] = asyncio.Event()
        self._open += 1
        try:
            yield f"{AHEAD}data: {name}\n\n"
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVENTS_S):
                    await heard.wait()
                yield "data: heard\n\n"
        finally:
            self._open -= 1
            del self._heard[name]

    async def heard(self, request: Request) -> Response:
        """POST /check/heard: the first event of the stream `name` has come. Raises `Problem`: 404 if there is none, 429
        for too many."""
        self._pace(request)
        heard = self._heard.get(str((await form_or_json(request)).get("name")))
        if heard is None:
            raise Problem(404, "not_found")
        heard.set()
        return Response(status_code=204)

    async def socket(self, socket: WebSocket) -> None:
        """WS /check/socket: says what it is told, a few times. Closes with 4401 for another site's page, 4429 for too
        many."""
        await socket.accept()
        try:
            if not same_origin(socket, self._parts.public_url):
                await self._close(socket, 4401)
                return
            self._pace(socket)
        except Problem:
            await self._close(socket, TOO_FAST)
            return
        if self._open >= MOST:
            await self._close(socket, TOO_FAST)
            return
        self._open += 1
        try:
            async with asyncio.timeout(SOCKET_S):
                for _ in range(ECHOES):
                    message = await socket.receive()
                    if message["type"] == "websocket.disconnect":
                        return
                    if (data := message.get("bytes")) is not None:
                        await socket.send_bytes(data[:ECHO_BYTES])
                    else:
                        await socket.send_text((message.get("text") or "")[:ECHO_CHARACTERS])
        except TimeoutError:
            pass
        finally:
            self._open -= 1
        await self._close(socket, 1000)

    async def _close(self, socket: WebSocket, code: int) -> None:
        self._parts.closed(code)
        await socket.close(code)

    def _pace(self, connection: HTTPConnection) -> None:
        """Count one more of this address. Raises `Problem(429)` if there were too many."""
        address = network_of(connection.client.host if connection.client else "")
        if self._of_addresses.take(address, self._parts.clock.monotonic_ms()):
            raise Problem(429, "busy")
