"""What waits to be written to one socket. Bounded, so that a reader who stops reading delays nobody and costs little.

Messages keep their order; of what one other person caused only a few may wait, so that nobody can fill another's
outbox. Fleeting ones take the place of the one before of their kind. Of views at most one waits, and it is made when it
is its turn, so the newest wins; at most ten a second, urgent ones at once (decision 16).
faults.md: a reader that stops reading is out within 5 s or 512 KiB."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

import structlog

from cosession.room.ports import Clock, Timer, Transport
from cosession.wire.messages import Message

log = structlog.get_logger()

MAX_MESSAGES = 256
MAX_BYTES = 512 * 1024
#: So many messages of one other person may wait for a reader.
MAX_FROM_ONE = 4
STUCK_MS = 5_000
VIEW_EVERY_MS = 100
#: So long a closing connection may take to read what is still queued.
PARTING_MS = 400
#: So long the closing of a socket is waited for.
CLOSE_S = 1.0
SLOW_READER = 4408


class Outbox:
    """`view` makes the text of the view as it is now, or None."""

    def __init__(self, transport: Transport, clock: Clock, view: Callable[[], str | None]) -> None:
        self._transport = transport
        self._clock = clock
        self._view = view
        self._queue: deque[tuple[str, str | None]] = deque()
        self._from: Counter[str] = Counter()
        """Of what waits, how much somebody else caused."""
        self._queued_bytes = 0
        self._fleeting: dict[type[Message], str] = {}
        self._view_waits = False
        self._urgent = False
        self._next_view_ms = clock.monotonic_ms()
        self._view_timer: Timer | None = None
        self._pump: asyncio.Task[None] | None = None
        self._closer: asyncio.Task[None] | None = None
        self._parting: int | None = None
        self._parting_timer: Timer | None = None
        self.closed = False
        """Nothing is sent any more."""

    def put(self, message: Message) -> None:
        """Send in order: an answer to what this reader sent, or a word of the room's. Evicts the reader if too much
        waits."""
        self._put(message, None)

    def put_from(self, sender: str, message: Message) -> bool:
        """Send in order what somebody else caused. False, and nothing is sent, if enough of theirs waits already."""
        if self._from[sender] >= MAX_FROM_ONE:
            return False
        return self._put(message, sender)

    def _put(self, message: Message, sender: str | None) -> bool:
        if self.closed or self._parting is not None:
            return False
        text = message.model_dump_json()
        self._queue.append((text, sender))
        if sender is not None:
            self._from[sender] += 1
        self._queued_bytes += len(text.encode())
        if len(self._queue) > MAX_MESSAGES or self._queued_bytes > MAX_BYTES:
            self._evict()
        else:
            self._start()
        return True

    def put_fleeting(self, message: Message) -> None:
        """Send soon; the newest of its type takes the place of one that still waits."""
        if not self.closed and self._parting is None:
            self._fleeting[type(message)] = message.model_dump_json()
            self._start()

    def show(self, *, urgent: bool) -> None:
        """The view has changed."""
        if not self.closed and self._parting is None:
            self._view_waits = True
            self._urgent = self._urgent or urgent
            self._start()

    def part(self, code: int) -> None:
        """Send what is queued, then close with `code`; cut after 0.4 s. May be repeated, the first code stays."""
        if self.closed or self._parting is not None:
            return
        self._parting = code
        self._view_waits = False
        self._parting_timer = self._clock.call_at(self._clock.monotonic_ms() + PARTING_MS, lambda: self._cut(code))
        self._start()

    def drop(self) -> None:
        """The socket is gone: forget everything. May be repeated."""
        self.closed = True
        for timer in (self._view_timer, self._parting_timer):
            if timer is not None:
                timer.cancel()
        self._queue.clear()
        self._from.clear()
        self._fleeting.clear()
        if self._pump is not None and self._pump is not asyncio.current_task():
            self._pump.cancel()

    async def parted(self) -> None:
        """Returns when the socket is closed as asked for by `part`."""
        if self._pump is not None:
            await asyncio.wait([self._pump])
        if self._closer is not None:
            await asyncio.wait([self._closer])

    # -- the writer --------------------------------------------------------------------------------------------

    def _start(self) -> None:
        if self._pump is None and not self.closed:
            self._pump = asyncio.get_running_loop().create_task(self._write())

    async def _write(self) -> None:
        """Write until nothing is due."""
        try:
            while (text := self._next()) is not None:
                stuck = self._clock.call_at(self._clock.monotonic_ms() + STUCK_MS, self._evict)
                try:
                    await self._transport.send(text)
                finally:
                    stuck.cancel()
        except Exception as error:  # noqa: BLE001 - any failure of a foreign socket means that it is gone
            log.info("connection.send_failed", error=type(error).__name__)
            self.drop()
        finally:
            self._pump = None
        if self._parting is not None and not self.closed:
            self._cut(self._parting)

    def _next(self) -> str | None:
        if self._queue:
            text, sender = self._queue.popleft()
            if sender is not None:
                self._from[sender] -= 1
            self._queued_bytes -= len(text.encode())
            return text
        if self._fleeting:
            return self._fleeting.pop(next(iter(self._fleeting)))
        return self._next_view() if self._view_waits else None

    def _next_view(self) -> str | None:
        now_ms = self._clock.monotonic_ms()
        if self._view_timer is not None:
            self._view_timer.cancel()
            self._view_timer = None
        if not self._urgent and now_ms < self._next_view_ms:
            self._view_timer = self._clock.call_at(self._next_view_ms, self._start)
            return None
        self._view_waits = self._urgent = False
        self._next_view_ms = now_ms + VIEW_EVERY_MS
        return self._view()

    # -- the end -----------------------------------------------------------------------------------------------

    def _evict(self) -> None:
        if not self.closed:
            log.info("connection.evicted", waiting=len(self._queue), waiting_bytes=self._queued_bytes)
            self._cut(SLOW_READER)

    def _cut(self, code: int) -> None:
        if self.closed:
            return
        self.drop()
        self._closer = asyncio.get_running_loop().create_task(self._end(code))

    async def _end(self, code: int) -> None:
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._transport.close(code)
        except Exception as error:  # noqa: BLE001 - the other end was quicker
            log.info("connection.close_failed", error=type(error).__name__)
