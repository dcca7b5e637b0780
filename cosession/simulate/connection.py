"""A manager's connection to its room, as a browser keeps it: hello, signs of life, commands that are sent again under
the same id until they are answered, and coming back for as long as the session lasts (decisions 14 and 15)."""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import time
from collections.abc import Callable
from typing import Any

from cosession.simulate.channel import Channel, ChannelClosed, Opener
from cosession.simulate.clock import PING_EVERY_S, PINGS_AT_START, SessionClock
from cosession.wire.messages import (
    BROWSER_MESSAGE,
    SERVER_MESSAGE,
    Accepted,
    BrowserMessage,
    ClockPing,
    ClockPong,
    DraftSaved,
    ErrorMessage,
    Hello,
    Ping,
    Pong,
    RefusedMessage,
    ServerMessage,
    ViewMessage,
    Welcome,
)

#: The server pings every second: so long a silence means that the connection is dead.
SILENCE_S = 5.0
RETRY_UP_TO_S = 1.0
#: Closed with one of these, a page does not come back by itself.
FINAL = {4400: "too many bad messages", 4401: "not signed in", 4404: "no such session", 4409: "moved", 4410: "revoked"}


class ConnectionEnded(Exception):
    """The server closed this connection for good. The text says why."""


class Connection:
    """`handle` gets every message of the server that is not settled here, `answered` the outcome of every message
    that has an id. Both are called in order and must not block."""

    def __init__(
        self,
        opener: Opener,
        page: str,
        cookies: Callable[[], str],
        origin: str,
        handle: Callable[[ServerMessage], None],
        answered: Callable[[BrowserMessage, ServerMessage], None],
        chance: random.Random,
    ) -> None:
        self._opener = opener
        self._page = page
        self._cookies = cookies
        self._origin = origin
        self._handle = handle
        self._answered = answered
        self._chance = chance
        self.tab = secrets.token_urlsafe(12)
        """Names this page, as a browser's tab does."""
        self._epoch = 0
        self._seen: tuple[int, str] | None = None
        self._pending: dict[str, BrowserMessage] = {}
        self._out: asyncio.Queue[BrowserMessage] = asyncio.Queue()
        self.clock = SessionClock()
        self.opened = 0
        """How often it was opened."""
        self.current = False
        """This connection has shown a view: what one sees is how it is."""

    def send(self, message: dict[str, Any], until_answered: bool = True) -> str:
        """Send a message, given as the wire has it; its id is made here and returned. With `until_answered` it is
        sent again on every new connection until the server has answered it."""
        number = secrets.token_urlsafe(9)
        built = BROWSER_MESSAGE.validate_python({**message, "id": number})
        if until_answered:
            self._pending[number] = built
        self._out.put_nowait(built)
        return number

    def notify(self, message: dict[str, Any]) -> None:
        """Send a message that is not answered."""
        self._out.put_nowait(BROWSER_MESSAGE.validate_python(message))

    @property
    def unanswered(self) -> int:
        return len(self._pending)

    async def run(self) -> None:
        """Stay connected until cancelled. Raises `ConnectionEnded` when the server closes the connection for good."""
        failures = 0
        while True:
            before = self.opened
            try:
                await self._connected()
            except TimeoutError:
                pass  # silence
            except ChannelClosed as closed:  # also where no server is at the moment
                if closed.code in FINAL:
                    raise ConnectionEnded(f"closed with {closed.code}, {FINAL[closed.code]}") from None
            failures = 0 if self.opened > before else failures + 1
            await asyncio.sleep(0 if failures == 0 else self._chance.uniform(0.05, RETRY_UP_TO_S))

    async def _connected(self) -> None:
        async with self._opener(self._page, self._cookies(), self._origin, SILENCE_S) as channel:
            hello = Hello(tab=self.tab, epoch=self._epoch, place="room", fresh=self._epoch == 0, seen=self._seen)
            self._epoch += 1
            await channel.send(hello.model_dump_json())
            self.clock.reconnected()
            self._out = asyncio.Queue()
            for message in self._pending.values():
                self._out.put_nowait(message)
            helpers = [asyncio.create_task(self._send(channel)), asyncio.create_task(self._measure_clock())]
            try:
                while True:
                    async with asyncio.timeout(SILENCE_S):
                        text = await channel.recv()
                    self._take(SERVER_MESSAGE.validate_json(text))
            finally:
                self.current = False
                for helper in helpers:
                    helper.cancel()
                await asyncio.gather(*helpers, return_exceptions=True)

    def _take(self, message: ServerMessage) -> None:
        match message:
            case Ping():
                self._out.put_nowait(Pong(n=message.n))
            case ClockPong():
                self.clock.ponged(message.sent_ms, message.server_ms, local_ms())
            case ViewMessage():
                self._seen = (message.seq, message.hash)
                self.current = True
                self.clock.anchored(message.clock, local_ms())
                self._handle(message)
            case Accepted() | RefusedMessage() | DraftSaved():
                self._settle(message.id, message)
            case Welcome():
                self.opened += 1
                self._handle(message)
            case ErrorMessage(id=str() as number) if number in self._pending and message.retry:
                self._retry(number)
            case ErrorMessage(id=str() as number) if number in self._pending:
                self._settle(number, message)
            case _:
                self._handle(message)

    def _settle(self, number: str, message: ServerMessage) -> None:
        asked = self._pending.pop(number, None)
        if asked is not None:
            self._answered(asked, message)

    def _retry(self, number: str) -> None:
        def again() -> None:
            if number in self._pending:
                self._out.put_nowait(self._pending[number])

        asyncio.get_running_loop().call_later(self._chance.uniform(0.1, RETRY_UP_TO_S), again)

    async def _send(self, channel: Channel) -> None:
        with contextlib.suppress(ChannelClosed):  # the receiver notices, and says so
            while True:
                await channel.send((await self._out.get()).model_dump_json())

    async def _measure_clock(self) -> None:
        sent = 0
        while True:
            self._out.put_nowait(ClockPing(sent_ms=local_ms()))
            sent += 1
            await asyncio.sleep(0.05 if sent < PINGS_AT_START else PING_EVERY_S)


def local_ms() -> float:
    return time.monotonic() * 1000
