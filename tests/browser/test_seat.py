"""One seat and its browsers: opened twice, revoked, without camera and microphone (faults.md, "same seat twice")."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import async_playwright, expect

from cosession import assets
from cosession.bench.chromium import launch
from cosession.i18n.words import read_words
from tests.browser.house import House
from tests.browser.person import Person, until, watched

pytestmark = pytest.mark.browser


async def test_a_second_tab_takes_the_seat_and_gives_it_back(house: House) -> None:
    made = await house.make(2)
    _, first = await house.enter(made, "f", "p1")
    second = await watched(first.page.context, "p1", sorted(made.links), made.links["p1"])
    await second.open()
    await second.enter()
    await expect(first.page.get_by_role("heading", name="Vous êtes ailleurs")).to_be_visible()
    await only(house, first, second)
    await second.sees(["f"])

    await first.press("come-back")
    await first.is_in()
    await expect(second.page.get_by_role("heading", name="Vous êtes ailleurs")).to_be_visible()
    await only(house, second, first)
    await first.sees(["f"])


async def only(house: House, gone: Person, here: Person) -> None:
    """The page that is gone holds no socket and no media; the seat has one connection."""
    await until(lambda: gone.open_sockets == 0 and here.open_sockets == 1, what="one socket")
    assert (await gone.heard())["state"] == "none"

    async def one() -> bool:
        made = here.page.url.split("/")[-2]
        row = await house.board.request.get(f"{house.ops}/rooms.json")
        room = next(room for room in (await row.json())["rooms"] if room["session"] == made)
        return [seat["connections"] for seat in room["seats"] if seat["seat"] == here.seat] == [1]

    await until(one, what="one connection of the seat")


async def test_a_revoked_link_says_so_here_and_when_it_is_opened(house: House) -> None:
    made = await house.make(2)
    (person,) = await house.enter(made, "p2")
    office = await house.office.new_page()
    office.on("dialog", lambda dialog: dialog.accept())
    await office.goto(made.page)
    await office.locator("form[action$='/p2/revoke'] button").click()
    await expect(person.page.get_by_role("heading", name="Ce lien n’est plus valable")).to_be_visible()
    await until(lambda: person.open_sockets == 0, what="the socket is closed")
    answer = await person.page.goto(person.link)
    assert answer is not None
    assert answer.status == 410
    await expect(person.page.get_by_role("heading", level=1)).to_be_visible()

    await office.locator("form[action$='/p2/renew'] button").click()
    renewed = await office.locator("#link-p2").input_value()
    assert renewed != person.link
    person.link = renewed
    await person.open()
    await person.is_in()  # the same tab, the same seat: where one was
    await office.close()


#: How the browser's own question is answered, or what the machine lacks; and the beginning of the plain help.
_REFUSALS = {
    "denied": ({"--use-fake-ui-for-media-stream": "--use-fake-ui-for-media-stream=deny"}, "device.NotAllowed.short"),
    "missing": ({"--use-fake-device-for-media-stream": "--mute-audio"}, "device.NotFound.short"),
}


@pytest.mark.parametrize("why", _REFUSALS)
async def test_without_camera_and_microphone_one_takes_part_all_the_same(
    house: House, chromium: Path, why: str
) -> None:
    changed, words = _REFUSALS[why]
    help_words = str(read_words(assets.locales(), "cosession")["fr"].texts[words])
    made = await house.make(2)
    facilitator, _ = await house.enter(made, "f", "p1")
    async with async_playwright() as playwright:
        other = await launch(playwright, chromium, changed)
        person = await house.seat(made, "p2", browser=other, permissions=None)
        await person.open()
        helped = person.page.locator(".help")
        await expect(helped).to_have_count(2)
        await expect(helped.first).to_contain_text(help_words)
        await person.enter()

        # Initials for the others, and they see the others all the same.
        face = facilitator.page.locator("[data-seat=p2]")
        await expect(face.locator(".initials")).to_be_visible()
        await expect(face.locator("video")).to_have_count(0)
        await person.sees(["f"])
        await expect(person.microphone).to_have_attribute("data-state", "none")

        # Raising a hand and writing need neither.
        await facilitator.go_to("questions")
        await person.write("question", text="Depuis quand ?")
        await person.press("raise_hand")
        await until(lambda: facilitator.floor["holder"] == "p2", what="the hand is served")
        await person.page.context.close()
        await other.close()
