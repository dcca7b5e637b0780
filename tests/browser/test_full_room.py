"""Managers and the lead, each a real page: pictures stay, whoever leaves, returns or loses packets.

Four managers in `make test`, eight in `make soak` (COSESSION_MANAGERS): nine browsers need all of two cores. What is
looked at is every pair of (who sees, who is seen): its decoded pictures must rise by so many, and of those not more
than a quarter may have come after a freeze. Both count pictures, not seconds.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from playwright.async_api import Browser, ViewportSize, async_playwright

from cosession.bench.chromium import launch
from tests.browser.house import House
from tests.browser.person import Person, Slot, until
from tests.browser.relayed import relayed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Pair = tuple[str, str]

_MANAGERS = int(os.environ.get("COSESSION_MANAGERS", "4"))
#: Pages paint by software, and eight managers make 72 pictures to decode: small windows, five pictures a second.
_CAMERA = {"--use-fake-device-for-media-stream": "--use-fake-device-for-media-stream=fps=5"}
_WINDOW: ViewportSize = {"width": 480, "height": 400}
_PATIENCE_S = 60


@pytest.fixture(scope="module")
async def browser(anyio_backend: str, chromium: Path) -> AsyncIterator[Browser]:
    """In the place of the browser of the other tests."""
    async with async_playwright() as playwright:
        running = await launch(playwright, chromium, _CAMERA)
        yield running
        await running.close()


async def pictures(people: Sequence[Person]) -> dict[Pair, Slot]:
    """Of each pair of those who are here, counted since the page's connection began."""
    heard = await asyncio.gather(*(person.heard() for person in people))
    here = {person.seat for person in people}
    return {
        (person.seat, seat): slot
        for person, found in zip(people, heard, strict=True)
        for seat, slot in found["slots"].items()
        if seat in here
    }


async def all_move(people: Sequence[Person], by: int) -> None:
    """From now on everybody decodes `by` more pictures of everybody else; at most a quarter of all come after a
    freeze."""
    before = await pictures(people)
    now = before

    def rise(pair: Pair) -> int:
        return now[pair]["frames"] - before[pair]["frames"]

    async def risen() -> bool:
        nonlocal now
        now = await pictures(people)
        return all(rise(pair) >= by for pair in before)

    try:
        await until(risen, _PATIENCE_S, f"{by} more pictures for everybody of everybody")
    except AssertionError as still:
        still.add_note(f"rose by less: { {pair: rise(pair) for pair in before if rise(pair) < by} }")
        raise
    frozen = {pair: now[pair]["freezes"] - before[pair]["freezes"] for pair in before}
    assert {pair: count for pair, count in frozen.items() if 4 * count > rise(pair)} == {}


async def test_pages_go_on_while_one_leaves_and_returns_and_one_loses_a_tenth(house: House) -> None:
    made = await house.make(_MANAGERS)
    people: list[Person] = []

    async def come(person: Person) -> Person:
        person.page.context.set_default_timeout(_PATIENCE_S * 1000)
        await person.open()
        await person.enter(_PATIENCE_S)
        people.append(person)
        return person

    lead = await come(await house.seat(made, "f", viewport={"width": 800, "height": 600}))
    lossy, relay = await relayed(house, made, "p2", viewport=_WINDOW)
    await come(lossy)
    for seat in sorted(made.links.keys() - {"f", "p2"}):
        await come(await house.seat(made, seat, viewport=_WINDOW))
    await lead.go_to("problem_statement")
    assert len(people) == _MANAGERS + 1
    await all_move(people, by=10)

    # One closes the browser; the others go on, and it comes back by its link.
    leaver = next(person for person in people if person.seat == "p3")
    await leaver.page.context.close()
    people.remove(leaver)
    await all_move(people, by=10)
    await come(await house.seat(made, "p3", viewport=_WINDOW))
    await all_move(people, by=10)

    # One loses a tenth of all packets, in both directions.
    relay.up.loss = relay.down.loss = 0.1
    await all_move(people, by=40)

    async def is_told() -> bool:
        row = (await house.rows(made))["p2"]
        return bool(row["path"] == "udp" and row["loss_percent"] > 2)

    await until(is_told, what="the operators see the loss")
    assert lossy.open_sockets == 1
    relay.close()
