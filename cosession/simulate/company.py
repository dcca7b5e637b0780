"""A group of simulated managers in one room: they join, take part until the session closes, and leave."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cosession.simulate.browsing import Browser, origin
from cosession.simulate.channel import Opener, by_socket
from cosession.simulate.connection import local_ms
from cosession.simulate.endurance import Instant, Reading
from cosession.simulate.habits import Habits
from cosession.simulate.manager import Manager, Place
from cosession.simulate.studio import Studio

#: Decision 28: so many seats' media in one process starve each other beyond this.
SEATS_PER_PROCESS = 5
READY_S = 60.0
_LOOK_S = 0.05


@dataclass(frozen=True)
class Invitation:
    seat: str
    name: str
    link: str


class Company:
    """`pages` holds each seat's address after joining, `browsers` what it is signed in with."""

    def __init__(
        self, seed: int, seats: int, media: bool, size: tuple[int, int] = (160, 120), opener: Opener = by_socket
    ) -> None:
        self._seed = seed
        self._opener = opener
        self.managers: dict[str, Manager] = {}
        self.browsers: dict[str, Browser] = {}
        self.pages: dict[str, str] = {}
        self.studio: Studio | None = None
        self._runs: list[asyncio.Task[None]] = []
        if media:
            processes = max(1, -(-seats // SEATS_PER_PROCESS))
            self.studio = Studio(processes, size, self._media_state)

    async def start(self) -> None:
        if self.studio is not None:
            await self.studio.start()

    async def join(self, invitations: Sequence[Invitation], disobedient: Iterable[str] = ()) -> None:
        """Everybody follows their link and opens the room. Raises `PageRefused` if a link does not lead there."""
        rebels = frozenset(disobedient)
        for invitation in invitations:
            browser = Browser()
            page = (await browser.open(invitation.link)).partition("?")[0].rstrip("/")
            manager = Manager(
                Place(invitation.seat, invitation.name, page, origin(page), self._opener),
                Habits(self._seed, invitation.seat),
                browser.cookies(page + "/socket"),
                self.studio,
                invitation.seat in rebels,
            )
            self.managers[invitation.seat] = manager
            self.browsers[invitation.seat] = browser
            self.pages[invitation.seat] = page
            self._runs.append(asyncio.create_task(manager.run()))

    async def ready(self, within_s: float = READY_S, *, start: bool = True) -> list[str]:
        """Wait until all are in the room, with media; the seats that are not by then. `start`: one of them may then
        start the session."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                while not all(manager.ready for manager in self.managers.values()):  # noqa: ASYNC110 - many conditions
                    await asyncio.sleep(_LOOK_S)
        for manager in self.managers.values():
            manager.everybody_ready = start
        return [seat for seat, manager in self.managers.items() if not manager.ready]

    def clocks(self) -> Reading:
        """What time it is to everybody who knows."""
        now_ms = local_ms()
        known = {seat: each.connection.clock for seat, each in self.managers.items() if each.connection.clock.known}
        return {seat: Instant(now_ms, clock.now_ms(now_ms)) for seat, clock in known.items()}

    async def finished(self, within_s: float | None) -> bool:
        """Wait until every manager has left by itself; False if some still stay after `within_s`. A manager that fails
        raises what it failed of."""
        done, waiting = await asyncio.wait(self._runs, timeout=within_s)
        for run in done:
            run.result()
        return not waiting

    async def leave(self) -> None:
        for run in self._runs:
            run.cancel()
        await asyncio.gather(*self._runs, return_exceptions=True)
        if self.studio is not None:
            await self.studio.stop()

    def _media_state(self, seat: str, connection: str, state: str) -> None:
        if manager := self.managers.get(seat):
            manager.leave_media(state, connection)
