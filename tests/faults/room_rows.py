"""Rows of state: how soon the right thing stands on the screen after a drop, a kill, or without a WebSocket."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.browser.house import House, Made
from tests.browser.person import Person, until, watched
from tests.faults.ear import now_s
from tests.faults.lab import Lab
from tests.faults.proxy import proxy
from tests.nginx import without_upgrade

#: Resolves with the time, seconds since 1970, at which the page shows a session that is paused, or one that is not.
_SHOWN = """paused => new Promise(done => {
  const look = () => {
    const state = window.cosession?.state?.();
    const text = [...document.querySelectorAll('.banners .banner')].map(one => one.textContent).join(' ');
    if (state?.place === 'room' && state.link === 'up' && /pause/i.test(text) === paused) done(Date.now() / 1000);
    else setTimeout(look, 10);
  };
  look();
})"""
_PRESSED = """gesture => {
  document.querySelector(`button[data-gesture=${gesture}]`).click();
  return Date.now() / 1000;
}"""


@asynccontextmanager
async def company(lab: Lab, others: int) -> AsyncIterator[tuple[House, Made, Person]]:
    """A running session with its lead; whoever else comes leaves with it."""
    house = await lab.house()
    made = await house.make(others)
    try:
        (lead,) = await house.enter(made, "f")
        await lead.go_to("problem_statement")
        yield house, made, lead
    finally:
        complaints = await house.leave()
    assert complaints == []


async def seated(house: House, made: Made, seat: str, address: str) -> Person:
    """In the room by another address of the server."""
    person = await house.seat(made, seat)
    person.link = person.link.replace(house.url, address)
    await person.open()
    await person.page.locator("[data-gesture=enter]").click(timeout=20_000)

    async def there() -> bool:
        state = await person.state()
        return (state["place"], state["link"]) == ("room", "up")

    await until(there, 20, f"{seat} is in the room")
    return person


async def turned(lead: Person, paused: bool) -> float:
    """The lead pauses or goes on; when they pressed."""
    await lead.button("pause" if paused else "resume").wait_for()
    pressed_s: float = await lead.page.evaluate(_PRESSED, "pause" if paused else "resume")
    return pressed_s


async def socket_dropped(lab: Lab, times: int) -> list[float]:
    """Reset, and refused for up to 2 s, while the session is paused or goes on: from the network's return."""
    found, chance = [], random.Random(5)
    async with company(lab, 2) as (house, made, lead), proxy(house.url) as way:
        person = await seated(house, made, "p1", way.url)
        for i in range(times):
            paused = i % 2 == 0
            way.cut()
            await turned(lead, paused)
            await asyncio.sleep(chance.uniform(0.1, 2))
            back_s = now_s()
            await way.open()
            async with asyncio.timeout(20):
                found.append(max(0.0, await person.page.evaluate(_SHOWN, paused) - back_s))
    return found


async def without_websocket(lab: Lab, times: int) -> list[float]:
    """From the lead's gesture to another page that a real nginx keeps from WebSockets."""
    found = []
    folder = lab.new_folder("nginx")
    async with company(lab, 2) as (house, made, lead), without_upgrade(folder, house.url) as address:
        person = await seated(house, made, "p1", address)
        assert (await person.state())["carrier"] == "events"
        for i in range(times):
            paused = i % 2 == 0
            shown = asyncio.ensure_future(person.page.evaluate(_SHOWN, paused))
            pressed_s = await turned(lead, paused)
            async with asyncio.timeout(20):
                found.append(1000 * (await shown - pressed_s))
    return found


def _ends(person: Person) -> asyncio.Future[float]:
    """When the page's socket is closed."""
    over: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    person.sockets[-1].once("close", lambda _: over.set_result(now_s()))
    return over


async def same_seat_twice(lab: Lab, times: int) -> list[float]:
    """From the newer page's first view to the end of the older one's socket."""
    found = []
    async with company(lab, 2) as (house, made, _lead):
        older = (await house.enter(made, "p1"))[0]
        for _ in range(times):
            closed_s = _ends(older)
            newer = await watched(older.page.context, "p1", sorted(made.links), made.links["p1"])
            await newer.open()
            await newer.enter()
            here_s = now_s()
            closing_s = await asyncio.wait_for(closed_s, 10)
            assert (older.open_sockets, newer.open_sockets) == (0, 1)
            assert (await older.heard())["state"] == "none"
            found.append(max(0.0, closing_s - here_s))
            await older.page.close()
            older = newer
    return found


async def server_killed(lab: Lab, times: int) -> list[float]:
    """SIGKILL, and started again: from when it serves to three pages in the same phase."""
    found = []
    house = await House.open(await lab.browser(), lab.new_folder("killed"))
    try:
        made = await house.make(2)
        people = await house.enter(made, "f", "p1", "p2")
        await people[0].go_to("problem_statement")
        for _ in range(times):
            before = [len(person.sockets) for person in people]
            await house.server.kill()
            killed_s = now_s()
            await house.server.start()
            serves_s = now_s()

            async def back(before: list[int] = before) -> bool:
                again = [len(person.sockets) > n for person, n in zip(people, before, strict=True)]
                return all(again) and all([(await person.state())["link"] == "up" for person in people])

            await until(back, 30, "everybody is back")
            found.append(now_s() - serves_s)
            assert all(person.phase == "problem_statement" for person in people)
            assert serves_s > killed_s
        assert (await house.verify(made))["replay_equal"] is True
    finally:
        await house.close()
    return found
