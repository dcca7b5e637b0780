"""A running house for the browser tests: a server of its own as a process, the facilitator's office, the people.

Real throughout: `cosession serve` with temporary data and its media worker, Chromium pages with a synthetic camera and
microphone, each person in a browser profile of their own. What a page complains about (an exception, a refused
script) is kept and fails the test that opened it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ViewportSize

from cosession.simulate.own_server import OwnServer
from tests.browser.person import Person, watched

#: The first is the facilitator.
NAMES = ("Claire", "Nadia", "Karim", "Inès", "Joe", "Laura", "Mehdi", "Sophie", "Tomasz")

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}


@dataclass(frozen=True)
class Made:
    """A session that was made: `links` by seat (`f`, `p1`…), `page` its address in the office."""

    session: str
    page: str
    links: dict[str, str]


@dataclass
class House:
    """`office` is the facilitator's signed-in browser, `board` the operators'."""

    server: OwnServer
    folder: Path
    browser: Browser
    office: BrowserContext
    board: BrowserContext
    guests: list[Person] = field(default_factory=list)

    @classmethod
    async def open(
        cls, browser: Browser, folder: Path, media_host: str = "127.0.0.1", settings: Mapping[str, str] | None = None
    ) -> House:
        server = OwnServer(folder, media_host, settings=settings or {})
        await server.start()
        office, board = [await browser.new_context(locale="fr-FR", viewport=WIDE) for _ in range(2)]
        for context, link in ((office, server.sign_in), (board, server.ops_sign_in)):
            page = await context.new_page()
            await page.goto(link)
            await page.get_by_role("button", name="Se connecter ici").click()
            await page.get_by_role("link", name="Connexions").wait_for()
            await page.close()
        return cls(server, folder, browser, office, board)

    async def close(self) -> None:
        await self.leave()
        await self.office.close()
        await self.board.close()
        await self.server.stop()

    async def make(self, people: int, speed: int = 1, **more: Any) -> Made:
        """A session with `people` participants; the first of them is the client."""
        form = {
            "script": "codev-75",
            "title": "Déléguer sans perdre le fil",
            "language": "fr",
            "starts_in_s": 0,
            "facilitator": NAMES[0],
            "participants": list(NAMES[1 : people + 1]),
            "client": 0,
            "number": 1,
            "speed": speed,
        }
        answer = await self.office.request.post(f"{self.url}/sessions", data=form | more, headers={"Origin": self.url})
        assert answer.status == 201, await answer.text()
        made = await answer.json()
        return Made(made["session"], made["page"], {each["seat"]: each["link"] for each in made["links"]})

    async def guest(self, made: Made, seat: str, **context: Any) -> Person:
        """A person at their own computer, with the personal link opened: in the lobby."""
        person = await self.seat(made, seat, **context)
        await person.open()
        return person

    async def seat(
        self, made: Made, seat: str, *, script: str = "", browser: Browser | None = None, **context: Any
    ) -> Person:
        """A person at their own computer, with nothing opened yet. `script` runs in the page before anything else;
        `browser`: not the one that all share."""
        options = {"permissions": ["camera", "microphone"], "locale": "fr-FR", "viewport": WIDE} | context
        profile = await (browser or self.browser).new_context(**options)
        profile.set_default_timeout(10_000)
        if script:
            await profile.add_init_script(script)
        person = await watched(profile, seat, sorted(made.links), made.links[seat])
        self.guests.append(person)
        return person

    async def enter(self, made: Made, *seats: str) -> list[Person]:
        """People who come through the lobby, one after another."""
        people = [await self.guest(made, seat) for seat in seats]
        for person in people:
            await person.enter()
        return people

    async def leave(self) -> list[str]:
        """Everybody closes their browser; what their pages complained about."""
        guests, self.guests = self.guests, []
        for guest in guests:
            async with asyncio.timeout(30):
                await guest.page.context.close()
        return [f"{guest.seat}: {complaint}" for guest in guests for complaint in guest.complaints]

    async def rows(self, made: Made) -> dict[str, dict[str, Any]]:
        """What the operators see of each seat."""
        answer = await self.board.request.get(f"{self.ops}/rooms.json")
        found = (await answer.json())["rooms"]
        room = next(room for room in found if room["session"] == made.session)
        return {seat["seat"]: seat for seat in room["seats"]}

    async def verify(self, made: Made) -> dict[str, Any]:
        """The log, replayed by the server."""
        answer = await self.board.request.get(f"{self.ops}/verify/{made.session}")
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found

    @property
    def url(self) -> str:
        """The main listener as its pages know it."""
        return self.server.sign_in.partition("/in/")[0]

    @property
    def ops(self) -> str:
        return self.server.ops_sign_in.partition("/in/")[0]

    def errors_logged(self) -> list[str]:
        """What the server has logged as an error so far."""
        lines = (self.folder / "server.log").read_text(errors="replace").splitlines()
        return [line for line in lines if '"level": "error"' in line or "Traceback" in line or "[error" in line]
