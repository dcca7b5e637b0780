"""One page whose UDP is swallowed while its socket lives: the pictures come back by themselves, over TCP where that is
open (faults.md, "UDP blocked")."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.house import House
from tests.browser.person import Person, until
from tests.browser.relayed import relayed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

_OUTAGE_S = 15


async def test_pictures_return_after_an_outage_without_a_reload(house: House) -> None:
    made = await house.make(2)
    lead, client = await house.enter(made, "f", "p1")
    person, relay = await relayed(house, made, "p2")
    await person.open()
    await person.enter()
    await person.sees(["f", "p1"])
    sockets = len(person.sockets)

    relay.up.loss = relay.down.loss = 1.0
    await asyncio.sleep(_OUTAGE_S)
    assert await moving(person) == set()
    assert await moving(client) == {"f"}
    pictures = person.page.locator("video:not(.mirrored)")
    await expect(pictures).to_have_count(0)  # initials, and not black
    relay.up.loss = relay.down.loss = 0.0

    async def all_is_well() -> bool:
        return await moving(person) == {"f", "p1"} and await moving(client) == {"f", "p2"}

    await until(all_is_well, 30, "everybody sees everybody again")
    await expect(pictures).to_have_count(2)
    assert (len(person.sockets), person.open_sockets) == (sockets, 1)
    await lead.go_to("check_in")
    await until(lambda: person.phase == "check_in", what="the room goes on")
    relay.close()


async def test_when_udp_is_swallowed_in_the_middle_the_page_goes_on_by_tcp(house: House) -> None:
    made = await house.make(2)
    (lead,) = await house.enter(made, "f")
    person, relay = await relayed(house, made, "p1", tcp=True)
    await person.open()
    await person.enter()
    await person.sees(["f"])
    assert (await house.rows(made))["p1"]["path"] == "udp"

    relay.up.loss = relay.down.loss = 1.0

    async def by_tcp() -> bool:
        return bool((await house.rows(made))["p1"]["path"] == "tcp")

    await until(by_tcp, 30, "the path is TCP")
    await lead.sees(["p1"], within_s=30)
    await person.sees(["f"], within_s=30)
    relay.close()


async def moving(person: Person) -> set[str]:
    """Whose pictures rise within half a second."""
    before = await person.frames()
    await asyncio.sleep(0.5)
    now = await person.frames()
    return {seat for seat in now if now[seat] > before[seat]}
