"""The pages in a real Chromium: what the script adds, what stays without it; the strict policy breaks nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page

from cosession.main import Application, _Uvicorn, bound
from cosession.settings import Address

pytestmark = pytest.mark.browser

NAMES = "Nadia\nLaura\nJoe\nInès\nKarim\nSophie\nThomas\nMehdi\nPaul"


@pytest.fixture
async def address(application: Application) -> AsyncIterator[str]:
    listener = bound(Address("127.0.0.1", 0), "COSESSION_BIND")
    server = _Uvicorn(application.server)
    task = asyncio.create_task(server.serve([listener]))
    yield f"http://localhost:{listener.getsockname()[1]}"
    server.should_exit = True
    await task


async def sign_in(application: Application, address: str, page: Page) -> list[str]:
    """Opens the sign-in link; the list that is returned fills with what the browser complains about."""
    complaints: list[str] = []
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{address}/in/{await application.registry.new_login_link('facilitator')}")
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
    await page.click("text=Tout copier")
    copied = await page.evaluate("navigator.clipboard.readText()")
    assert copied.count(f"{address}/j/") == 10
    assert "Paul" in copied

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
    assert await page.locator("[role=alert]").is_visible()
    assert await page.input_value("[name=title]") == "Sans script"
    await page.fill("[name=facilitator]", "Claire")
    for row, name in enumerate(("Nadia", "Laura", "Joe")):
        await page.fill(f'[id="participant.{row}"]', name)
    await page.check("[name=client][value='0']")
    await page.click("button[type=submit]")
    assert "/sessions/" in page.url
    assert await page.locator("#p3").is_visible()
    await context.close()
