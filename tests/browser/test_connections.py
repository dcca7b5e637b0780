"""How well people are connected, in real pages: the lead reads it of every seat, everybody else of themselves alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.house import House

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def test_the_lead_reads_how_everybody_is_connected_and_nobody_else_does(house: House) -> None:
    made = await house.make(3)
    facilitator, client, _ = await house.enter(made, "f", "p1", "p2")
    await facilitator.go_to("questions")
    for seat in ("f", "p1", "p2"):
        await expect(facilitator.page.locator(f"[data-way={seat}] .word")).to_have_text("bonne")
    await expect(facilitator.page.locator("[data-way=p3]")).to_have_count(0)
    await facilitator.page.get_by_text("Les chiffres").click()
    await expect(facilitator.page.locator(".ways tbody tr", has_text="Nadia")).to_contain_text("UDP")
    await expect(client.page.locator(".ways")).to_have_count(0)
    assert await client.page.evaluate("() => Object.keys(document.querySelector('co-app').room.ways)") == []
