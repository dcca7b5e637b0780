"""The pages in a real Chromium: what the script adds, what stays without it; the strict policy breaks nothing."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from cosession.core.captures import withdrawn
from cosession.core.commands import CarePause, CloseSession, StartSession, StopSession
from cosession.main import Application, _Uvicorn, bound
from cosession.settings import Address
from tests.server.conftest import link_of, setup
from tests.server.playing import play
from tests.server.test_afterwards import changed_client

pytestmark = pytest.mark.browser

NAMES = "Nadia\nLaura\nJoe\nInès\nKarim\nSophie\nThomas\nMehdi\nPaul"


@contextlib.asynccontextmanager
async def serving(application: Application) -> AsyncIterator[str]:
    """The application's address while it is served."""
    listener = bound(Address("127.0.0.1", 0), "COSESSION_BIND")
    server = _Uvicorn(application.server, application.visits)
    task = asyncio.create_task(server.serve([listener]))
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


@pytest.fixture
async def address(application: Application) -> AsyncIterator[str]:
    async with serving(application) as found:
        yield found


async def sign_in(application: Application, address: str, page: Page) -> list[str]:
    """Opens the sign-in link; the list that is returned fills with what the browser complains about."""
    complaints: list[str] = []
    page.on(
        "console",
        # There is no media plane here, and the lobby tries it: that is answered with 503.
        lambda message: (
            complaints.append(message.text)
            if message.type in ("error", "warning") and not message.location["url"].endswith("/check/offer")
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{address}/in/{await application.registry.new_login_link('facilitator')}")
    await page.get_by_role("button", name=re.compile("Se connecter ici|Sign in here")).click()
    return complaints


async def test_a_pasted_list_becomes_a_session_whose_links_can_be_copied(
    application: Application, address: str, context: BrowserContext
) -> None:
    await context.grant_permissions(["clipboard-read", "clipboard-write"], origin=address)
    page = await context.new_page()
    complaints = await sign_in(application, address, page)
    await page.click("text=Nouvelle séance")
    await page.fill("[name=title]", "Groupe Estuaire")
    await page.fill("[name=facilitator]", "Claire")
    first = page.locator('[id="participant.0"]')
    await first.focus()
    await page.evaluate("names => navigator.clipboard.writeText(names)", NAMES)
    await page.keyboard.press("Control+V")
    assert await page.locator('[id="participant.8"]').is_visible(), "a ninth row appears when it is needed"
    assert await page.locator('[id="participant.8"]').input_value() == "Paul"
    assert not await page.locator('[id="participant.9"]').is_visible()
    await page.get_by_label("Nadia, Client", exact=True).check()
    await page.get_by_label("Sophie, Relais", exact=True).check()
    await page.click("text=Créer la séance")
    await page.wait_for_url("**/sessions/*")
    await page.locator("summary", has_text="Un message pour chacun").click()
    assert await page.locator(".message").count() == 9, "the facilitator's own link is not among them"
    await page.locator("[data-copy='#message-p1']").click()
    await page.wait_for_selector("[data-copy='#message-p1'].done")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.count(f"{address}/j/") == 1
    await page.locator("summary", has_text="Un message pour chacun").click()

    page.once("dialog", lambda dialog: dialog.accept())
    await page.locator("#p9").get_by_role("button", name="Retirer").click()
    await page.wait_for_selector("#p9 .pill.stop")
    assert complaints == []


async def test_the_page_of_links_shows_by_itself_who_has_come(
    application: Application, address: str, context: BrowserContext, browser: Browser
) -> None:
    page = await context.new_page()
    complaints = await sign_in(application, address, page)
    body = {
        "script": "codev-75",
        "title": "Estuaire",
        "facilitator": "Claire",
        "participants": ["A", "B", "C"],
        "client": 0,
    }
    made = await (await page.request.post(f"{address}/sessions", data=body)).json()
    await page.goto(made["page"])
    assert "pas encore" in await page.inner_text("#p1")
    elsewhere = await browser.new_context(permissions=["camera", "microphone"], locale="fr-FR")
    nadia = await elsewhere.new_page()
    await nadia.goto(made["links"][1]["link"])
    await nadia.get_by_role("button", name="Entrer").first.click()
    await page.wait_for_selector("#p1 .pill.good", timeout=20_000)
    assert complaints == []
    await elsewhere.close()


async def test_without_a_script_a_session_can_be_made(application: Application, address: str, browser: Browser) -> None:
    context = await browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = await context.new_page()
    await sign_in(application, address, page)
    await page.goto(f"{address}/sessions/new")
    assert await page.locator('[id="participant.11"]').is_visible(), "all rows are there"
    await page.fill("[name=title]", "Sans script")
    await page.click("button[type=submit]")
    await expect(page.locator("[role=alert]")).to_be_visible()
    assert await page.input_value("[name=title]") == "Sans script"
    await page.fill("[name=facilitator]", "Claire")
    for row, name in enumerate(("Nadia", "Laura", "Joe")):
        await page.fill(f'[id="participant.{row}"]', name)
    await page.check("[name=client][value='0']")
    await page.click("button[type=submit]")
    await expect(page.locator("#p3")).to_be_visible()
    assert "/sessions/" in page.url
    await context.close()


#: axe in the page; what is not serious is not looked at.
AXE = Path("web/node_modules/axe-core/axe.min.js")
JUDGE = """async () => (await axe.run(document, {resultTypes: ['violations']})).violations
  .filter(one => ['serious', 'critical'].includes(one.impact)).map(one => `${one.id}: ${one.nodes[0].html}`)"""


async def judged(page: Page) -> list[str]:
    """What axe finds serious, and whether the page has to be scrolled sideways, wide and narrow."""
    found: list[str] = []
    axe = await asyncio.to_thread(AXE.read_text, "utf-8")
    for width, height in ((1440, 900), (390, 844)):
        await page.set_viewport_size({"width": width, "height": height})
        await page.evaluate(axe)
        found += await page.evaluate(JUDGE)
        if await page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"has to be scrolled sideways at {width}")
    return found


async def test_a_script_without_a_facilitator_hides_what_it_does_not_need(
    application: Application, address: str, context: BrowserContext
) -> None:
    page = await context.new_page()
    complaints = await sign_in(application, address, page)
    await page.goto(f"{address}/sessions/new")
    assert await page.locator("#facilitator").is_visible()
    assert await judged(page) == []
    await page.locator("summary", has_text="autres formats").click()
    await page.check("[name=script][value=troika-30]")
    for hidden in ("#facilitator", "#deputy", "#qualified"):
        assert not await page.locator(hidden).is_visible()
    await page.locator("summary", has_text="Réglages du groupe").click()
    await page.check("[name=turn_order][value=drawn]")
    assert await judged(page) == []
    await page.fill("[name=title]", "Troïka du lundi")
    for row, name in enumerate(("Nadia", "Laura", "Joe")):
        await page.fill(f'[id="participant.{row}"]', name)
    await page.get_by_label("Nadia, Client", exact=True).check()
    await page.click("text=Créer la séance")
    await page.wait_for_url(re.compile(r"/sessions/[a-z0-9]{12}$"))
    assert "sans animateur" not in await page.inner_text("main")
    assert await page.locator("#p3").is_visible()
    assert complaints == []


async def test_afterwards_the_plan_is_completed_without_a_script_and_content_erased(
    application: Application, address: str, browser: Browser
) -> None:
    office = await browser.new_context(locale="fr-FR")
    desk = await office.new_page()
    complaints = await sign_in(application, address, desk)
    made, stopped = [await (await desk.request.post(f"{address}/sessions", data=setup())).json() for _ in range(2)]
    room, other = await application.rooms.get(made["session"]), await application.rooms.get(stopped["session"])
    assert room is not None
    assert other is not None
    await play(room)
    plain = await browser.new_context(java_script_enabled=False, locale="fr-FR")
    page = await plain.new_page()
    await page.goto(made["links"][1]["link"])
    await page.locator("summary", has_text="Compléter votre plan").click()
    await page.locator("[id='action.new.what']").fill("Écrire au comité")
    await page.get_by_role("button", name="Enregistrer mon plan").click()
    assert "enregistré" in await page.inner_text("[role=status]")
    assert "Écrire au comité" in await page.inner_text("article")
    await plain.close()
    await desk.goto(made["links"][1]["link"])
    await desk.locator("summary", has_text="Compléter votre plan").click()
    assert await judged(desk) == []

    await other.ask(StartSession(), "f")
    await other.ask(CarePause(), "f")
    await other.ask(StopSession(), "f")
    await desk.goto(stopped["links"][0]["link"])
    assert await judged(desk) == []
    await desk.get_by_role("button", name="Effacer le contenu").click()
    assert other.state.title == setup()["title"], "the browser asks for the tick first"
    await desk.get_by_label("Oui, effacer pour tout le monde").check()
    await desk.get_by_role("button", name="Effacer le contenu").click()
    await desk.wait_for_selector("text=Le contenu de cette séance est effacé")
    assert other.stream.erased
    await desk.goto(address)
    assert "Séance effacée" in await desk.inner_text("main")
    assert complaints == []
    await office.close()


@pytest.mark.parametrize(("language", "card"), [("fr", "Une autre personne est cliente"), ("en", "Somebody else is")])
async def test_a_client_who_withdrew_keeps_or_erases_what_they_had_brought_from_the_room(
    application: Application, address: str, browser: Browser, made: dict[str, Any], language: str, card: str
) -> None:
    room = await application.rooms.get(made["session"])
    assert room is not None
    await changed_client(room)
    context = await browser.new_context(locale=language, viewport={"width": 390, "height": 844})
    complaints: list[str] = []
    try:
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.add_init_script(f"sessionStorage.setItem('place.{room.session}.p1', 'room')")
        token = link_of(made, "p1").partition("/j/")[2]
        await page.goto(f"{address}/j/{token}")
        await page.goto(f"{address}/s/{room.session}/p1?lang={language}")
        asked = page.locator("[data-card=withdrawn]")
        await expect(asked).to_contain_text(card)
        await pictured(page, f"withdrawn-{language}")
        await asked.locator("[data-gesture=erase_withdrawn]").click()
        await pictured(page, f"withdrawn-sure-{language}")
        assert len(withdrawn(room.state, "p1")) > 0, "it is asked twice"
        await asked.locator("[data-gesture=erase_withdrawn]").click()
        await expect(asked).to_have_count(0)
        assert withdrawn(room.state, "p1") == []
        assert not any("Marc" in text for one in room.state.captures for text in one.fields.values())
        await room.ask(CloseSession(), "f")
        await page.goto(f"{address}/s/{room.session}/p1/after")
        await expect(page.locator("body")).to_contain_text("effacé" if language == "fr" else "erased")
        await pictured(page, f"after-{language}")
    finally:
        await context.close()
    assert complaints == []


async def pictured(page: Page, name: str) -> None:
    """Leave a picture to look at, if a folder is named."""
    folder = os.environ.get("COSESSION_SHOTS")
    if folder:
        await page.screenshot(path=f"{folder}/{name}.png")
