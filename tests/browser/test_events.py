"""A network that drops `Upgrade`, by a real nginx: the room is the same, without a click."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.house import House
from tests.browser.person import Person, until
from tests.nginx import without_upgrade

pytestmark = [pytest.mark.browser, pytest.mark.slow]


async def is_up(person: Person, carrier: str, within_s: float = 20) -> None:
    async def there() -> bool:
        state = await person.state()
        return (state["place"], state["link"], state["carrier"]) == ("room", "up", carrier)

    await until(there, within_s, f"{person.seat} is in the room by {carrier}")


async def test_a_page_without_websockets_is_in_the_same_room(house: House, tmp_path: Path) -> None:
    made = await house.make(3)
    facilitator, client = await house.enter(made, "f", "p1")
    async with without_upgrade(tmp_path, house.url) as address:
        person = await house.seat(made, "p2")
        person.link = person.link.replace(house.url, address)
        await person.open()
        await person.page.locator("[data-gesture=enter]").click(timeout=20_000)
        await is_up(person, "events")
        assert person.open_sockets == 0
        await facilitator.go_to("questions")
        await person.press("raise_hand")
        await until(lambda: facilitator.floor["holder"] == "p2", what="the hand is served")
        await person.open_microphone()
        await client.hears("p2", within_s=20)
        await person.type("question", text="Qu’as-tu déjà essayé quand il revient vers toi ?")
        await person.form("question").locator("footer button").click()
        await until(lambda: any(one["seat"] == "p2" for one in client.view["common"]["captures"]), what="the question")
        await person.type("question", text="Et si tu ne faisais rien ?")
        await expect(person.form("question")).to_contain_text("Brouillon enregistré")

        await person.page.reload()
        await is_up(person, "events")
        await expect(person.form("question").locator("textarea").first).to_have_value("Et si tu ne faisais rien ?")
        await facilitator.press("pause")
        await expect(person.page.locator("co-banners, .banners").first).to_contain_text("pause")
    # The proxy is gone: the page says so, and nobody else notices.
    await until(lambda: lost(person), 20, "the page knows that it is cut off")
    await facilitator.press("resume")
    await until(lambda: client.view["common"]["now"]["countdown"]["running"], what="the session goes on")


async def lost(person: Person) -> bool:
    return bool((await person.state())["link"] == "lost")
