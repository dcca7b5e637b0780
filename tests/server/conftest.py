"""The application by its own door: a real store in a temporary folder, real rooms, a media plane that does nothing."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from cosession import logs
from cosession.core.stage import RoomPlan
from cosession.main import Application, _Uvicorn, bound
from cosession.room.ports import ConnectionStats, Guarantees, MediaListener, MediaMessage, Unavailable, WorkerStats
from cosession.settings import Address, Settings

HOST = "http://codev.test"
HELLO = '{"type":"hello","tab":"tab-of-test","epoch":0,"place":"room"}'
PEOPLE = ["Nadia", "Laura", "Joe", "Inès"]


class QuietMedia:
    """Implements `MediaEngine` for tests of pages: it answers, and forwards nothing. `answers = False`: it is down."""

    def __init__(self) -> None:
        self.answers = True
        self.seats: dict[str, Sequence[ConnectionStats]] = {}

    async def start(self, listener: MediaListener) -> None: ...

    async def stop(self) -> None: ...

    async def open(self, session: str, seats: Sequence[str]) -> None: ...

    async def close(self, session: str) -> None: ...

    @property
    def guarantees(self) -> Guarantees:
        return Guarantees(leak_ms=0, lost_ms=0)

    async def join(self, session: str, seat: str, connection: str, publishes: bool = True) -> None:
        raise Unavailable("media_down")

    async def relay(self, session: str, connection: str, message: MediaMessage) -> MediaMessage:
        raise Unavailable("media_down")

    async def carry(self, session: str, connection: str, hear: Callable[[bytes], None]) -> Callable[[bytes], None]:
        raise Unavailable("media_down")

    def leave(self, session: str, connection: str) -> None: ...

    def apply(self, session: str, plan: RoomPlan) -> None: ...

    async def stats(self) -> tuple[Sequence[WorkerStats], Mapping[str, Sequence[ConnectionStats]]]:
        if not self.answers:
            raise Unavailable("media_down")
        return [WorkerStats(77, 1200, 3400, {"closed_floor": 5})], self.seats


@pytest.fixture
def journal() -> Iterator[io.StringIO]:
    """Everything that is logged, as JSON, in debug, and strict: a forbidden key fails the test."""
    stream = io.StringIO()
    logs.configure("debug", "json", stream, strict=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # the tests' own browser
    yield stream
    logs.configure()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    free = Address("127.0.0.1", 0)
    return Settings(data=tmp_path / "data", bind=free, ops_bind=free, media_bind=free, rehearsal=True)


@pytest.fixture
def media() -> QuietMedia:
    return QuietMedia()


@pytest.fixture
async def application(settings: Settings, media: QuietMedia, journal: io.StringIO) -> AsyncIterator[Application]:
    async with Application(settings, media=media, zone=ZoneInfo("Europe/Paris")).running() as running:
        yield running


@pytest.fixture
async def stranger(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that has opened no link. French, follows redirects, keeps cookies."""
    async with visitor(application) as client:
        yield client


def visitor(application: Application, language: str = "fr", base: str = HOST) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(application.server, raise_app_exceptions=False),
        base_url=base,
        follow_redirects=True,
        headers={"accept": "text/html", "accept-language": language},
    )


@pytest.fixture
async def facilitator(application: Application) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that is signed in."""
    async with visitor(application) as client:
        answer = await client.post(f"/in/{await application.registry.new_login_link('facilitator')}")
        assert answer.status_code == 200
        yield client


def setup(**changes: Any) -> dict[str, Any]:
    """A session as JSON."""
    return {
        "script": "codev-75",
        "title": "Groupe Estuaire, séance 3",
        "language": "fr",
        "starts_in_s": 0,
        "facilitator": "Claire",
        "participants": PEOPLE,
        "client": 0,
        "deputy": 1,
        "timekeeper": None,
        "scribe": 2,
        "number": 3,
        "previous_client": 3,
        "speed": 1,
        **changes,
    }


@pytest.fixture
async def made(facilitator: httpx.AsyncClient) -> dict[str, Any]:
    """A session: `{"session", "page", "links"}`."""
    answer = await facilitator.post("/sessions", json=setup())
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


def link_of(made: dict[str, Any], seat: str) -> str:
    return next(str(one["link"]) for one in made["links"] if one["seat"] == seat)


@pytest.fixture
async def port(application: Application) -> AsyncIterator[int]:
    """The application behind uvicorn, as `serve` runs it."""
    listener = bound(Address("127.0.0.1", 0), "COSESSION_BIND")
    server = _Uvicorn(application.server, application.visits)
    task = asyncio.create_task(server.serve([listener]))
    yield int(listener.getsockname()[1])
    server.should_exit = True
    await task


async def cookie_of(application: Application, link: str) -> str:
    async with visitor(application) as client:
        client.follow_redirects = False
        answer = await client.get(link)
        return str(answer.headers["set-cookie"].partition(";")[0])
