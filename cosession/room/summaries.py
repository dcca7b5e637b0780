"""What lists read: the summaries of sessions, and nothing else. No room is woken here (decision 40).

A summary is written with the events that change it, by the room. One that is missing (the database is of an earlier
version), of an older form, or damaged is made from the log: at once where one session is asked for, otherwise in the
background, one session after the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from cosession.core.summary import FORMAT
from cosession.core.vocabulary import Status
from cosession.room.listed import Listed, listed, of_summary, speaks_of, to_summary
from cosession.room.ports import Conflict, EventLog, Summary, Unavailable, Wanted
from cosession.room.recovery import replay

log = structlog.get_logger()

#: So many sessions stand on one page.
PAGE = 30
#: So many are unsealed at once when all are searched.
CHUNK = 200
#: A live room may append while its summary is made from the log.
TRIES = 5
_OPEN = Wanted(FORMAT, statuses=(Status.RUNNING, Status.LOBBY), content=False)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the list. `number` of `pages`; `total` sessions on all of them, the first of these is the `first`
    (from 1). `lacking`: so many sessions are not listed yet; `making`: they are being read, else they cannot be."""

    sessions: Sequence[Listed]
    number: int
    pages: int
    first: int
    total: int
    lacking: int
    making: bool


class Summaries:
    """Every method may raise `Unavailable`."""

    def __init__(self, store: EventLog) -> None:
        self._store = store
        self._catching_up: asyncio.Task[None] | None = None
        self._unreadable: set[str] = set()
        self._closed = False

    async def one(self, session: str) -> Listed | None:
        """The session as lists show it; None if there is no such session."""
        stored = await self._store.summary(session, FORMAT)
        return await self.make(session) if stored is None else of_summary(stored)

    async def page(self, owner: str, words: str = "", number: int = 1) -> Page:
        """An owner's sessions: running, then to come, then over (see `ports.Wanted`); with `words` those that speak of
        them. A page beyond the last one is the last one."""
        found = await self._found(owner, words) if words.strip() else None
        total = await self._store.count_summaries(Wanted(FORMAT, owner)) if found is None else len(found)
        pages = max(1, -(-total // PAGE))
        number = min(max(1, number), pages)
        offset = (number - 1) * PAGE
        if found is None:
            shown = await self._store.summaries(Wanted(FORMAT, owner, offset=offset, limit=PAGE))
        else:
            shown = found[offset : offset + PAGE]
        lacking = await self.lacking()
        making = not self._unreadable.issuperset(lacking)
        if making:
            self.catch_up()
        return Page([of_summary(one) for one in shown], number, pages, offset + 1, total, len(lacking), making)

    async def _found(self, owner: str, words: str) -> list[Summary]:
        found: list[Summary] = []
        for offset in range(0, await self._store.count_summaries(Wanted(FORMAT, owner)), CHUNK):
            some = await self._store.summaries(Wanted(FORMAT, owner, offset=offset, limit=CHUNK))
            found += [one for one in some if speaks_of(one, words)]
        return found

    async def group(self, owner: str, group: str) -> list[Listed]:
        """The sessions of a group, by their numbers."""
        found = [of_summary(one) for one in await self._store.summaries(Wanted(FORMAT, owner, group=group))]
        return sorted(found, key=lambda one: one.summary.number)

    async def newest_numbers(self, groups: Sequence[str]) -> Mapping[str, int]:
        return await self._store.newest_numbers(groups, FORMAT)

    async def open(self, limit: int | None = None) -> list[Listed]:
        """Sessions that run or are to come, without names and titles, in the order of lists."""
        return [of_summary(one) for one in await self._store.summaries(replace(_OPEN, limit=limit))]

    async def count_open(self) -> int:
        return await self._store.count_summaries(_OPEN)

    async def lacking(self) -> Sequence[str]:
        """Sessions without a summary, the unfinished first."""
        return await self._store.streams(without=FORMAT)

    # -- made from the log -----------------------------------------------------------------------------------------

    async def make(self, session: str) -> Listed | None:
        """Make a session's summary from its events, and store it; None if there is no such session."""
        for _ in range(TRIES):
            # A whole session's events take a few hundredths of a second: not in the way of live rooms.
            stream = await asyncio.to_thread(replay, await self._store.read(session))
            if stream is None:
                return None
            made = listed(session, stream)
            try:
                await self._store.summarise(stream.seq, to_summary(made))
            except Conflict:
                continue
            return made
        raise Unavailable("store_busy", "the log keeps moving under its summary")

    async def rebuild(self) -> dict[str, str | None]:
        """Make all summaries anew: by session None, or why it cannot be read."""
        return {session: await self._made(session) for session in await self._store.streams()}

    async def _made(self, session: str) -> str | None:
        try:
            await self.make(session)
        except Unavailable as failure:
            if failure.code not in ("store_damaged", "store_newer"):
                raise
            return str(failure)
        except Exception as error:
            log.exception("session.not_summarised", session=session)
            return type(error).__name__
        return None

    def catch_up(self) -> None:
        """Make what is lacking, in the background. May be repeated."""
        if not self._closed and (self._catching_up is None or self._catching_up.done()):
            self._catching_up = asyncio.create_task(self._catch_up())

    async def _catch_up(self) -> None:
        try:
            for session in await self.lacking():
                reason = None if session in self._unreadable else await self._made(session)
                if reason is not None:
                    self._unreadable.add(session)
                    log.error("session.not_summarised", session=session, reason=reason)
        except Unavailable as failure:  # who looks at the list next begins it anew
            log.warning("summaries.interrupted", code=failure.code)

    async def settled(self) -> None:
        """Returns when what is being made in the background is."""
        if self._catching_up is not None:
            await asyncio.wait([self._catching_up])

    async def close(self) -> None:
        """Make no more in the background. May be repeated."""
        self._closed = True
        if self._catching_up is not None:
            self._catching_up.cancel()
            await self.settled()
