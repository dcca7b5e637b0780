"""Rows of sound: a network in which UDP, the relay or everything but port 443 is closed, before or in the middle."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.browser.person import Person, until
from tests.browser.test_socket_sound import TONE, by_socket, measured
from tests.faults.ear import EAR, hears_on, lost_s, now_s, quiet_for, silence_s
from tests.faults.lab import Lab, Site

_WAYS_MS = 300


@asynccontextmanager
async def three(site: Site) -> AsyncIterator[list[Person]]:
    """The lead outside; a speaker whose microphone is open and two who listen, in the network as it is now."""
    made = await site.house.make(3)
    try:
        (lead,) = await site.house.enter(made, "f")
        people = [await site.seat(made, seat, EAR + TONE % 440) for seat in ("p1", "p2", "p3")]
        for person in people:
            await person.open()
            await person.enter(20)
        await lead.go_to("problem_statement")
        await people[0].open_microphone()
        for listener in people[1:]:
            await hears_on(listener, now_s(), 40)
        yield people
    finally:
        site.network.opened()
        complaints = await site.house.leave()
    assert complaints == []


async def goes_by(person: Person, rung: str, within_s: float = 60) -> None:
    async def there() -> bool:
        state = await person.state()
        return (state["rung"], state["path"]) == (rung, "connected")

    await until(there, within_s, f"{person.seat} goes by {rung}")


async def udp_blocked(lab: Lab, times: int) -> list[float]:
    """Direct UDP, then nothing but 443 of site and relay: the longest silence of a listener."""
    site = await lab.site()
    found = []
    for _ in range(times):
        async with three(site) as (_speaker, listener, _third):
            await goes_by(listener, "udp")
            at_s = now_s()
            site.only_443(relay=True)
            found.append(await lost_s(listener, at_s))
            await goes_by(listener, "relay")
    return found


async def relay_closed_too(lab: Lab, times: int) -> list[float]:
    """By the relay over TLS on 443, then the relay's address is closed as well: the longest silence of a listener."""
    site = await lab.site()
    found = []
    for _ in range(times):
        site.only_443(relay=True)
        async with three(site) as (_, listener, _third):
            await goes_by(listener, "relay")
            at_s = now_s()
            site.only_443()
            found.append(await lost_s(listener, at_s))
            assert await by_socket(listener)
    return found


async def way_back(lab: Lab, times: int) -> list[float]:
    """By the page's own connection, then the relay is open again: the longest silence until sound goes by it."""
    site = await lab.site()
    found = []
    for _ in range(times):
        site.only_443()
        async with three(site) as (speaker, listener, _third):
            at_s = now_s()
            site.only_443(relay=True)
            for person in (speaker, listener):
                await goes_by(person, "relay")
            await quiet_for(3)
            found.append(await silence_s(listener, at_s))
    return found


async def relay_killed(lab: Lab, times: int) -> list[float]:
    """By the relay over TLS on 443, coturn is killed for 3, 9, 15 … s: the longest silence after its new start."""
    site = await lab.site()
    found = []
    for i in range(times):
        site.only_443(relay=True)
        async with three(site) as (_speaker, listener, _third):
            await goes_by(listener, "relay")
            await site.coturn.kill()
            await quiet_for(3 + 6 * (i % 3))
            await site.coturn.start()
            at_s = now_s()
            await hears_on(listener, at_s, 30, 2.0)
            found.append(await silence_s(listener, at_s))
            await goes_by(listener, "relay")
    return found


async def mouth_to_ear(lab: Lab, times: int) -> list[float]:
    """Nothing but 443 of the site: how long each frame is on its way, and at most 3 % concealed."""
    site = await lab.site()
    site.only_443()
    found: list[float] = []
    async with three(site) as (speaker, listener, third):
        for _ in range(times):
            for ear in (listener, third):
                figures = await measured(speaker, ear, 1, _WAYS_MS)
                assert figures.concealed <= 0.03, str(figures)
                found.extend(figures.ways_ms)
    return found
