"""The last rung with a voice, in real pages: somebody takes part over the telephone, and says so or the
lead does."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.browser.house import House
from tests.browser.person import until
from tests.browser.test_socket_sound import NO_MEDIA
from tests.browser.test_tour import Tour

pytestmark = pytest.mark.browser

#: A browser that cannot code sound (`web/src/capabilities.ts`).
_NO_CODECS = "for (const name of ['AudioEncoder', 'AudioDecoder']) delete window[name];"

LINE = "01 23 45 67 89, code 4711#"


@pytest.fixture(scope="module")
async def running(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    opened = await House.open(browser, tmp_path_factory.mktemp("house"), settings={"COSESSION_BACKUP_LINE": LINE})
    yield opened
    await opened.close()


async def test_a_turn_comes_to_whoever_is_on_the_telephone_with_a_page_and_without(house: House) -> None:
    made = await house.make(2)
    facilitator, client, consultant = await house.enter(made, "f", "p1", "p2")
    tour = Tour()
    await facilitator.go_to("problem_statement")
    await client.open_microphone()
    await client.page.locator("[data-dock=mine]").click()
    await expect(client.page.locator("dialog a[href='tel:0123456789']")).to_be_visible()
    await client.page.locator("dialog button[data-gesture=set_phone]").click()
    await expect(client.microphone).to_have_attribute("data-state", "phone")
    await client.page.keyboard.press("Escape")
    for person in (facilitator, consultant):
        await expect(person.page.locator("figure.tile figcaption", has_text="au téléphone")).to_be_visible()
    await expect(facilitator.page.locator("[data-card=phone]")).to_contain_text("Nadia est au téléphone")
    assert "p1" not in client.floor["hearable"]
    for person, name in ((facilitator, "lead"), (client, "client"), (consultant, "consultant")):
        await tour.look(person.page, f"phone-{name}")

    await client.microphone.click()
    await expect(client.page.locator(".banner", has_text="plus au téléphone")).to_be_visible()
    await client.page.close()
    await until(lambda: "client_absent" in facilitator.view["common"]["now"]["holds"], what="the clock waits")
    await facilitator.page.locator("[data-seat-menu=p1]").first.click()
    await facilitator.page.locator("co-seat-gestures button[data-gesture=set_phone]").click()
    await until(lambda: facilitator.view["common"]["now"]["holds"] == [], what="the clock goes on without a page")
    await facilitator.page.keyboard.press("Escape")
    assert facilitator.floor["holder"] == "p1"
    await expect(consultant.page.locator("figure.tile figcaption", has_text="au téléphone")).to_be_visible()
    assert tour.wrong == []


@pytest.mark.slow
async def test_without_media_and_webcodecs_the_telephone_and_the_text_are_left(house: House) -> None:
    made = await house.make(2)
    (facilitator,) = await house.enter(made, "f")
    tour = Tour()
    person = await house.seat(made, "p2", script=NO_MEDIA + _NO_CODECS)
    await person.open()
    await person.enter()
    await facilitator.go_to("problem_statement")
    banner = person.page.locator(".banner", has_text="Ce navigateur ne sait pas non plus faire passer le son")
    await expect(banner).to_be_visible(timeout=45_000)  # after three attempts of 8 s
    await expect(banner).to_contain_text(LINE)
    await tour.look(person.page, "phone-no-codecs")

    await person.press("set_phone")
    await expect(facilitator.page.locator("[data-card=phone]")).to_contain_text("Karim est au téléphone")
    await person.page.locator("[data-dock=mine]").click()
    await person.press("choose_typing")
    await until(lambda: bool(person.own["typed"]), what="turns are typed")
    assert tour.wrong == []
