"""The way from a personal link to the first welcome: cookies, builds, and pages that never get there."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import AsyncIterator
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cosession.main import Application
from cosession.room.connection import Connection
from cosession.server.seat import WELCOME_MS
from cosession.settings import Settings
from tests.room.bench import FakeClock
from tests.server.conftest import HELLO, HOST, QuietMedia, link_of, visitor

BOOT = re.compile(r'<script type="application/json" id="boot">(.*?)</script>', re.DOTALL)


class Line:
    """Implements `room.ports.Transport`: keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    async def send(self, text: str) -> None:
        self.sent.append(json.loads(text))

    async def close(self, code: int) -> None: ...


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def application(
    settings: Settings, media: QuietMedia, journal: io.StringIO, clock: FakeClock
) -> AsyncIterator[Application]:
    async with Application(settings, media=media, clock=clock, zone=ZoneInfo("Europe/Paris")).running() as running:
        yield running


async def opened(application: Application, made: dict[str, Any], seat: str) -> dict[str, Any]:
    """Open the personal link; what the page of the room brings."""
    async with visitor(application) as person:
        answer = await person.get(link_of(made, seat))
        assert answer.status_code == 200
        found = BOOT.search(answer.text)
        assert found is not None
        boot: dict[str, Any] = json.loads(found[1])
        return boot


async def greet(application: Application, made: dict[str, Any], seat: str, **more: str) -> Line:
    """The page says hello; what it was answered."""
    room = await application.rooms.get(made["session"])
    assert room is not None
    line = Line()
    await Connection(room, seat, line).receive(json.dumps(json.loads(HELLO) | more))
    for _ in range(50):
        await asyncio.sleep(0)
    return line


def logged(journal: io.StringIO, event: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in journal.getvalue().splitlines()]
    return [line for line in lines if line["event"] == event]


async def test_pages_that_are_never_welcomed_are_counted_and_logged_once_for_each_seat(
    application: Application, made: dict[str, Any], clock: FakeClock, journal: io.StringIO
) -> None:
    for seat in ("p1", "p1", "p2", "p3"):
        await opened(application, made, seat)
    await greet(application, made, "p3")
    clock.turn_to(clock.now_ms + WELCOME_MS - 1)
    assert application.answers.unwelcomed == 0
    clock.turn_to(clock.now_ms + 1)
    assert application.answers.unwelcomed == 3
    told = logged(journal, "page.without_welcome")
    assert [line["seat"] for line in told] == ["p1", "p2"]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(application.ops), base_url=HOST) as board:
        assert "cosession_pages_without_welcome_total 3.0" in (await board.get("/metrics")).text


async def test_page_and_welcome_name_the_same_build_and_another_one_is_logged(
    application: Application, made: dict[str, Any], journal: io.StringIO
) -> None:
    boot = await opened(application, made, "p1")
    assert re.fullmatch("[0-9a-f]{12}", boot["build"])
    line = await greet(application, made, "p1", build=boot["build"])
    assert line.sent[0]["build"] == boot["build"]
    await greet(application, made, "p2")  # a page from before builds were told
    assert logged(journal, "page.other_build") == []
    await greet(application, made, "p3", build="0" * 12)
    assert [one["seat"] for one in logged(journal, "page.other_build")] == ["p3"]


async def test_who_comes_by_the_link_and_keeps_no_cookie_is_told_so(
    application: Application, made: dict[str, Any]
) -> None:
    async with visitor(application) as refusing:
        refusing.follow_redirects = False
        place = (await refusing.get(link_of(made, "p1"))).headers["location"]
        refusing.cookies.clear()
        answer = await refusing.get(place)
        assert answer.status_code == 403
        assert "Ce navigateur refuse les cookies" in answer.text
        stranger = await refusing.get(f"/s/{made['session']}/p1")
        assert stranger.status_code == 403
        assert "cookies" not in stranger.text


@pytest.mark.parametrize("path", ["/", "/sign-in", "/check", "/nothing", "link"])
async def test_no_page_is_offered_for_translation(application: Application, made: dict[str, Any], path: str) -> None:
    async with visitor(application) as person:
        page = (await person.get(link_of(made, "p1") if path == "link" else path)).text
    assert re.search(r'<html lang="fr" translate="no">', page)
    assert '<meta name="google" content="notranslate">' in page
