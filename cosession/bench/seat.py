"""A seat in a real room with the load generator's media: the wire by the simulated managers' connection, packets by
`peer_connection`."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

from cosession.bench import sdp
from cosession.bench.dtls import Identity
from cosession.bench.errors import CannotMeasure
from cosession.bench.generator import Outgoing
from cosession.bench.peer_connection import PeerConnection
from cosession.bench.traffic import Stream
from cosession.simulate.browsing import Browser, origin
from cosession.simulate.channel import by_socket
from cosession.simulate.connection import Connection
from cosession.wire.messages import (
    Accepted,
    BrowserMessage,
    ErrorMessage,
    MediaAnswer,
    ServerMessage,
    ViewMessage,
    Welcome,
)

PATIENCE_S = 20.0


class Seat:
    """`voices`: by SSRC of what this seat receives, whose sound it is."""

    def __init__(self, seat: str, page: str, cookies: str) -> None:
        self.seat, self.page, self.cookies = seat, page, cookies
        self.view: ViewMessage | None = None
        self.welcome: Welcome | None = None
        self.voices: dict[int, str] = {}
        self.connection = Connection(
            by_socket,
            page,
            lambda: cookies,
            origin(page),
            self._handle,
            self._answered,
            random.Random(seat),
        )
        self._changed = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[ServerMessage]] = {}

    async def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait until what this seat sees fulfils `condition`. Raises `CannotMeasure` after 20 s, naming `what`."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise CannotMeasure(f"seat {self.seat} waited in vain: {what}") from None

    def may(self, command: str) -> bool:
        return self.view is not None and command in self.view.own.may

    async def do(self, command: str, **fields: object) -> None:
        """Give a command; returns when it is stored. Raises `CannotMeasure` if it is refused."""
        answer = await self._ask({"type": "command", "command": {"type": command, **fields}})
        if not isinstance(answer, Accepted):
            raise CannotMeasure(f"{command} of seat {self.seat} was not accepted: {answer}")

    async def connect_media(self, identity: Identity, streams: list[Stream]) -> tuple[PeerConnection, list[Outgoing]]:
        """Offer, and come up. What it sends are `streams`, one of sound and one of pictures."""
        assert self.welcome is not None
        others = [seat for seat in self.welcome.seats if seat != self.seat]
        peer = PeerConnection(identity, "127.0.0.1")
        first = random.randrange(1, 1 << 30) * 4
        own = [sdp.Section("audio", "sendonly", first), sdp.Section("video", "sendonly", first + 2)]
        slots = [sdp.Section(kind, "recvonly") for _ in others for kind in ("audio", "video")]
        offer = {"type": "media_offer", "connection": secrets.token_urlsafe(9), "sdp": sdp.offer(peer.own, own + slots)}
        answer = await self._ask(offer, until_answered=False)
        if not isinstance(answer, MediaAnswer):
            raise CannotMeasure(f"the offer of seat {self.seat} was not answered: {answer}")
        self.connection.notify({"type": "media_state", "camera": True, "microphone": True})
        remote = sdp.read(answer.sdp)
        self.voices = {remote.ssrcs[2 + 2 * slot]: seat for slot, seat in enumerate(others)}
        await peer.connect(remote)
        ssrcs, mids = {"audio": first, "video": first + 2}, {"audio": 0, "video": 1}
        return peer, [Outgoing(peer, ssrcs[stream.kind], mids[stream.kind], stream) for stream in streams]

    async def _ask(self, message: dict[str, Any], until_answered: bool = True) -> ServerMessage:
        number = self.connection.send(message, until_answered)
        self._waiting[number] = answer = asyncio.get_running_loop().create_future()
        try:
            return await asyncio.wait_for(answer, PATIENCE_S)
        except TimeoutError:
            raise CannotMeasure(f"the server did not answer seat {self.seat}") from None
        finally:
            del self._waiting[number]

    def _answered(self, asked: BrowserMessage, answer: ServerMessage) -> None:
        self._settle(getattr(asked, "id", None), answer)

    def _handle(self, message: ServerMessage) -> None:
        match message:
            case Welcome():
                self.welcome = message
            case ViewMessage(common=None):
                common = self.view.common if self.view is not None else None
                self.view = message.model_copy(update={"common": common})
            case ViewMessage():
                self.view = message
            case MediaAnswer(id=number) | ErrorMessage(id=number):
                self._settle(number, message)
            case _:
                pass
        self._changed.set()

    def _settle(self, number: str | None, answer: ServerMessage) -> None:
        waiting = self._waiting.get(number or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(answer)


@contextlib.asynccontextmanager
async def seated(links: dict[str, str]) -> AsyncIterator[dict[str, Seat]]:
    """Everybody in the room by their personal link, with a first view."""
    seats: dict[str, Seat] = {}
    runs: list[asyncio.Task[None]] = []
    try:
        for name, link in links.items():
            browser = Browser()
            page = (await browser.open(link)).partition("?")[0].rstrip("/")
            seats[name] = Seat(name, page, browser.cookies(page + "/socket"))
            runs.append(asyncio.create_task(seats[name].connection.run()))
        for seat in seats.values():
            await seat.until(lambda seat=seat: seat.view is not None and seat.welcome is not None, "the first view")  # type: ignore[misc]
        yield seats
    finally:
        for run in runs:
            run.cancel()
        await asyncio.gather(*runs, return_exceptions=True)
