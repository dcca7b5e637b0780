"""Firefox among Chromium pages: the same room, the same slots, the same rules (`make test-firefox`)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from cosession.core.stage import Picture, RoomPlan
from cosession.media.embedded import EmbeddedMedia
from tests.browser.house import House
from tests.media import firefox
from tests.media.conftest import SEATS
from tests.media.firefox import Firefox, FirefoxPage
from tests.media.guest import Ear, answer_to, plan, until
from tests.media.test_browser import PAGE, URL, enter, frames_rise, height, look, serve

pytestmark = pytest.mark.browser

_ASK = "window.answerOf = (seat, sdp) => fetch('/answer/' + seat, {method: 'POST', body: sdp}).then(r => r.text());"


@pytest.fixture
async def engine(ear: Ear) -> AsyncIterator[EmbeddedMedia]:
    """On all addresses: Firefox wants one that is not loopback."""
    running = EmbeddedMedia("0.0.0.0")
    await running.start(ear)
    await running.open("room", SEATS)
    yield running
    await running.stop()


@pytest.fixture
async def stranger() -> AsyncIterator[Firefox]:
    async with Firefox(firefox.find()) as running:
        yield running


@pytest.fixture
async def address(engine: EmbeddedMedia) -> AsyncIterator[str]:
    """The test page on this machine, with a way to the engine: Firefox knows no routes of Playwright's."""

    async def page(request: Request) -> HTMLResponse:
        return HTMLResponse(PAGE.replace("<script>", f"<script>{_ASK}", 1))

    async def answer(request: Request) -> PlainTextResponse:
        seat, offer = request.path_params["seat"], (await request.body()).decode()
        return PlainTextResponse(await answer_to(engine, "room", seat, f"{seat}-1", offer))

    routes = [Route("/", page), Route("/answer/{seat}", answer, methods=["POST"])]
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", lifespan="off"))
    serving = asyncio.create_task(server.serve([listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    server.should_exit = True
    await serving


async def joined(stranger: Firefox, address: str, seat: str) -> FirefoxPage:
    page = await stranger.open(address)
    await page.evaluate("([seat, slots]) => join(seat, slots)", [seat, 3])
    return page


async def test_firefox_and_chromium_see_and_hear_each_other(
    context: BrowserContext, engine: EmbeddedMedia, ear: Ear, stranger: Firefox, address: str
) -> None:
    await context.route(f"{URL}**", serve)
    engine.apply("room", plan(1, ["b"], SEATS))
    a = await enter(context, engine, "a")
    b = await joined(stranger, address, "b")
    c = await enter(context, engine, "c")
    await frames_rise(b, ["0", "1"])
    await frames_rise(a, ["0", "1"])
    await frames_rise(c, ["0", "1"])

    async def is_heard() -> bool:
        return (await look(a))["sound"].get("0", 0) > 0 and "b" in ear.levels

    await until(is_heard)
    assert (await look(b))["sound"].get("0", 0) == 0

    # An ICE restart keeps keys and slots.
    await b.evaluate("() => restart()")
    await frames_rise(b, ["0", "1"])
    await frames_rise(a, ["0"])


async def test_firefox_on_stage_sends_both_layers(
    context: BrowserContext, engine: EmbeddedMedia, stranger: Firefox, address: str
) -> None:
    await context.route(f"{URL}**", serve)
    engine.apply("room", plan(1, [], SEATS))
    a = await enter(context, engine, "a")
    b = await joined(stranger, address, "b")
    await frames_rise(a, ["0"])
    small = (await look(a))["heights"]["0"]
    engine.apply("room", RoomPlan(version=2, hearable=frozenset(), pictures={"b": Picture.STAGE}))
    await b.evaluate("() => direct(true)")
    await height(a, "0", 2 * small, timeout_s=20)
    engine.apply("room", plan(3, [], ["b"]))
    await b.evaluate("() => direct(false)")
    await height(a, "0", small, timeout_s=20)


async def test_firefox_opens_the_room_by_its_link_and_is_heard_when_the_floor_passes_to_it(
    browser: Browser, tmp_path: Path, stranger: Firefox
) -> None:
    """The whole product: its server, its pages."""
    house = await House.open(browser, tmp_path, media_host="0.0.0.0")
    try:
        made = await house.make(2)
        lead, listener = await house.enter(made, "f", "p2")
        client = await stranger.open(made.links["p1"])
        await until(lambda: pressed(client, "[data-check=start]"))
        await until(lambda: checked(client), 15)
        closed = await client.evaluate(
            "() => [...document.querySelectorAll('[data-closed]')].map(o => o.dataset.closed)"
        )
        assert set(closed) <= {"speaker"}  # a machine without sound has none
        await until(lambda: pressed(client, "[data-gesture=enter]"))
        await until(lambda: connected(client), 20)
        await until(lambda: rises(client, ["f", "p2"]), 20)
        await lead.sees(["p1", "p2"])
        await listener.sees(["f", "p1"])
        for person in (lead, listener):
            assert (await person.heard())["slots"]["p1"]["energy"] == 0

        await lead.go_to("problem_statement")
        assert lead.floor["holder"] == "p1"
        await until(lambda: pressed(client, "[data-dock=microphone][data-state=yours]"))
        before = {person.seat: (await person.heard())["slots"]["p1"] for person in (lead, listener)}

        async def is_heard() -> bool:
            now = [(before[person.seat], (await person.heard())["slots"]["p1"]) for person in (lead, listener)]
            return all(
                new["audio_packets"] - old["audio_packets"] > 50 and new["energy"] > old["energy"] for old, new in now
            )

        await until(is_heard, 20)
        await lead.sees(["p1", "p2"])
        assert await house.leave() == []
        assert house.errors_logged() == []
    finally:
        await house.close()


async def pressed(page: FirefoxPage, selector: str) -> bool:
    """Press a button as soon as it is there; true if it was."""
    found = await page.evaluate(
        "s => { const b = document.querySelector(s); b?.click(); return b !== null; }", selector
    )
    return bool(found)


async def checked(page: FirefoxPage) -> bool:
    """The check of the network is over."""
    return bool(await page.evaluate("() => document.querySelector('[data-verdict]') !== null"))


async def connected(page: FirefoxPage) -> bool:
    """Before this, Firefox may leave a question for its figures without an answer for ever."""
    return bool(await page.evaluate("() => cosession.state().path === 'connected'"))


async def rises(page: FirefoxPage, seats: list[str]) -> bool:
    """Whether the room page decodes pictures of all these seats at this moment."""
    ask = "() => cosession.stats()"
    before = await page.evaluate(ask)
    await asyncio.sleep(0.5)
    now = await page.evaluate(ask)
    return all(seat in before and now[seat]["framesDecoded"] > before[seat]["framesDecoded"] for seat in seats)
