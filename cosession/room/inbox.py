"""One after the other: what a room is asked to do waits here and is done by one task, so that nothing ever runs
beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import structlog

from cosession.room.ports import Unavailable

log = structlog.get_logger()
T = TypeVar("T")


class Inbox:
    """`rest` is called after each piece of work. Work that breaks is logged under its name; the next goes on."""

    def __init__(self, session: str, rest: Callable[[], None]) -> None:
        self._rest = rest
        self._queue: asyncio.Queue[tuple[str, Callable[[], Awaitable[None]]]] = asyncio.Queue()
        self._waiting: set[asyncio.Future[Any]] = set()
        self._writer: asyncio.Task[None] | None = None
        self._closed = False
        self._log = log.bind(session=session)

    def start(self) -> None:
        self._writer = asyncio.create_task(self._live())

    def put(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do `work` in its turn; nobody waits for it. After `close` nothing is taken."""
        if not self._closed:
            self._queue.put_nowait((name, work))

    async def in_turn(self, name: str, work: Callable[[], Awaitable[T]]) -> T:
        """The result of `work`, done in its turn; raises what it raises (whoever asked logs it), and `Unavailable` when
        the room has closed. If the caller is cancelled, the work is done all the same."""
        if self._closed:
            raise Unavailable("store_busy", "the room has closed")
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.add(answer)
        answer.add_done_callback(self._waiting.discard)

        async def answered() -> None:
            try:
                result = await work()
            except Exception as error:
                if answer.done():  # nobody waits any more
                    raise
                answer.set_exception(error)
            else:
                if not answer.done():
                    answer.set_result(result)

        self.put(name, answered)
        return await answer

    async def settled(self) -> None:
        """Returns when everything asked so far is done."""
        await self._queue.join()

    async def close(self) -> None:
        """Drop what is queued and notify those who wait; what is being done is broken off. May be repeated."""
        self._closed = True
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait([self._writer])
        for answer in tuple(self._waiting):
            if not answer.done():
                answer.set_exception(Unavailable("store_busy", "the room has closed"))

    async def _live(self) -> None:
        while True:
            name, work = await self._queue.get()
            try:
                await work()
            except Exception:  # noqa: BLE001 - logged; the room goes on
                self._log.exception("room.broke", doing=name)
            self._rest()
            self._queue.task_done()
