"""The server is killed in the middle of `advice`, and everybody is back without a click (faults.md, "server
SIGKILL")."""

from __future__ import annotations

import time

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.person import until

pytestmark = pytest.mark.browser

_DRAFT = "La première semaine, faites le point chaque soir"


async def test_kill_in_advice_and_everybody_is_back(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    house = await House.open(browser, tmp_path_factory.mktemp("killed"))
    try:
        await kill_and_return(house)
        assert await house.leave() == []
        assert house.errors_logged() == []
    finally:
        await house.close()


async def kill_and_return(house: House) -> None:
    made = await house.make(2)
    people = facilitator, client, consultant = await house.enter(made, "f", "p1", "p2")
    await facilitator.go_to("advice")
    await until(lambda: consultant.floor["holder"] == "p2", what="the consultant's turn")
    await facilitator.open_microphone()
    await consultant.open_microphone()
    await client.sees(["f", "p2"])
    await consultant.form("contribution").locator("textarea").fill(_DRAFT)  # not handed in
    await house.server.kill()
    killed_s = time.monotonic()
    left = {person.seat: person.left_s(killed_s) for person in people}
    on_screen = await client.clock_s()
    assert on_screen == pytest.approx(left["p1"], abs=2)

    await expect(client.page.locator(".banners .banner").first).to_be_visible()  # the page says so, in plain words
    await house.server.start()
    # Pages are served before the session is back: its time goes on when the room does, which the first view shows.
    await until(lambda: any(person.came_s > killed_s for person in people), 10, "the session is back")
    back_s = time.monotonic()
    for person in people:
        await until(lambda person=person: person.came_s > killed_s, 10, f"{person.seat} is back")  # type: ignore[misc]
        assert person.phase == "advice"
        assert person.left_s(back_s) == pytest.approx(left[person.seat], abs=2)
        assert person.page.url.partition("?")[0].endswith(f"/{person.seat}")
    at_s = time.monotonic()
    assert await client.clock_s() == pytest.approx(client.left_s(at_s), abs=2)

    # Pictures and the open voice come again, within ten seconds of the return.
    for person in people:
        others = [other.seat for other in people if other is not person]
        await person.sees(others, within_s=max(1.0, back_s + 10 - time.monotonic()))
    await client.hears("p2", within_s=max(1.0, back_s + 10 - time.monotonic()))

    # The same pages: microphones as they were, the draft as it was typed.
    for person in (facilitator, consultant):
        await expect(person.microphone).to_have_attribute("data-state", "open")
    await expect(client.microphone).to_have_attribute("data-state", "closed")
    await expect(consultant.form("contribution").locator("textarea")).to_have_value(_DRAFT)
    await expect(consultant.form("contribution")).to_contain_text("Brouillon enregistré")
    assert (await house.verify(made))["replay_equal"] is True

    # A reloaded page is a new page: its microphone is closed, what was typed is still there.
    await consultant.page.reload()
    await consultant.is_in()
    await expect(consultant.microphone).to_have_attribute("data-state", "yours")
    await expect(consultant.form("contribution").locator("textarea")).to_have_value(_DRAFT)
    await expect(facilitator.microphone).to_have_attribute("data-state", "open")
    await consultant.sees(["f", "p1"])
