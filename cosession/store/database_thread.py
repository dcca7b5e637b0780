"""One thread with one connection and one inbox: the event loop hands in work, and gets the result when it is on disk.

The writing thread takes everything that is queued into one transaction (group commit, decision 12): it begins first,
which may mean waiting for the lock, and then empties the inbox, so waiting makes groups larger. Each piece of work has
a savepoint of its own; an error of its own (`Conflict`, a value that cannot be stored) undoes it alone. A failure of
the database fails the whole group: nothing was acknowledged, the connection is given up, the next work tries a new one.
A `guard` is asked before anything is connected, and by the writing thread before and after each commit. What it raises
fails the group too, but keeps the connection: only through it what is already written can still be reached.

This file knows SQLAlchemy and threads, but no table and no dialect.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError

from cosession.room.ports import Unavailable

T = TypeVar("T")
Work = Callable[[Connection], Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    work: Work
    after_commit: Work | None
    loop: asyncio.AbstractEventLoop
    answer: asyncio.Future[Any]

    def resolve(self, outcome: Any) -> None:
        """Hand a result, or an exception, to who waits; nobody may be there any more."""
        try:
            self.loop.call_soon_threadsafe(self._set, outcome)
        except RuntimeError:
            if not self.loop.is_closed():
                raise

    def _set(self, outcome: Any) -> None:
        if self.answer.done():
            return
        if isinstance(outcome, BaseException):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


class DatabaseThread:
    """`group_commit` tells whether queued work shares a transaction. `translate` makes a port's error of a database's,
    and leaves others. `guard` raises `Unavailable` if the database is not the one that was opened any more."""

    def __init__(
        self,
        name: str,
        engine: Engine,
        *,
        group_commit: bool,
        translate: Callable[[Exception], Exception],
        guard: Callable[[], None],
    ) -> None:
        self._engine = engine
        self._guard = guard
        self._connection: Connection | None = None
        self._group_commit = group_commit
        self._translate = translate
        self._inbox: SimpleQueue[_Job | None] = SimpleQueue()
        self._closing = False
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._thread.start()

    async def run(self, work: Callable[[Connection], T], after_commit: Work | None = None) -> T:
        """The result of `work`, once the transaction in which it ran is committed (and `after_commit` has run outside
        of any). Raises what `work` raises, or `Unavailable`. `work` runs in this thread and must touch nothing
        but the connection. If the caller is cancelled, the work may have been done all the same."""
        if self._closing:
            raise RuntimeError("the store is closed")
        loop = asyncio.get_running_loop()
        job = _Job(work, after_commit, loop, loop.create_future())
        self._inbox.put(job)
        result: T = await job.answer
        return result

    async def close(self) -> None:
        """Finish what is queued, then let go of the connection. May be repeated."""
        if not self._closing:
            self._closing = True
            self._inbox.put(None)
        await asyncio.to_thread(self._thread.join)

    def _live(self) -> None:
        while (job := self._inbox.get()) is not None:
            self._serve(job)
        self._let_go()

    def _serve(self, first: _Job) -> None:
        """Do the first piece of work, and with it whatever else is queued, and tell everyone how it went."""
        jobs = [first]
        began = False
        try:
            connection = self._connection = self._connection or self._connect()
            if self._group_commit:
                self._guard()
            with connection.begin():
                began = True
                jobs += self._queued() if self._group_commit else ()
                outcomes = [self._attempt(connection, job) for job in jobs]
            if self._group_commit:
                self._guard()
        except Exception as error:  # noqa: BLE001 - handed to those who wait
            if not began:  # whatever came in while we waited for the lock has waited long enough as well
                jobs += self._queued()
            failure = self._translate(error)
            if not isinstance(error, Unavailable):
                self._let_go()
            for job in jobs:
                job.resolve(failure)
            return
        for job, outcome in zip(jobs, outcomes, strict=True):
            job.resolve(self._finish(connection, job, outcome))

    def _connect(self) -> Connection:
        self._guard()
        return self._engine.connect()

    def _attempt(self, connection: Connection, job: _Job) -> Any:
        """The result of one piece of work, or the error that is its own; raises what concerns the whole group."""
        savepoint = connection.begin_nested()
        try:
            result = job.work(connection)
        except OperationalError:
            raise  # it may have undone the whole transaction by itself
        except Exception as error:  # noqa: BLE001 - handed to who waits
            savepoint.rollback()
            return self._translate(error)
        savepoint.commit()
        return result

    def _finish(self, connection: Connection, job: _Job, outcome: Any) -> Any:
        if job.after_commit is None or isinstance(outcome, Exception):
            return outcome
        try:
            job.after_commit(connection)
        except Exception as error:  # noqa: BLE001 - handed to who waits
            return self._translate(error)
        return outcome

    def _queued(self) -> list[_Job]:
        jobs: list[_Job] = []
        while True:
            try:
                job = self._inbox.get_nowait()
            except Empty:
                return jobs
            if job is None:
                self._inbox.put(None)
                return jobs
            jobs.append(job)

    def _let_go(self) -> None:
        """Close the connection, whatever state it is in; the next work opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()
