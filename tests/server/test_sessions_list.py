"""The list of sessions: what runs first, a way to all others, a search; and no room is woken by looking."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence
from zoneinfo import ZoneInfo

import httpx
import pytest

from cosession.core import commands as cmd
from cosession.core.summary import FORMAT
from cosession.main import Application
from cosession.room.ports import Record
from cosession.room.summaries import PAGE, Summaries
from cosession.server.invitations import Invitations
from cosession.settings import Settings
from cosession.store.keys import load_master_key
from tests.core.table import Table
from tests.golden.make import WALL_MS, records
from tests.server.conftest import QuietMedia, visitor

OLD = PAGE + 5


def held(number: int = 1, **changes: object) -> Table:
    """A session that was held and closed."""
    table = Table(4, number=number, title=f"Équipe {number}", **changes).start()
    table.when("f", cmd.CloseSession())
    return table


async def keep(
    application: Application,
    session: str,
    table: Table,
    *,
    summed: bool = True,
    finish: bool = True,
    owner: str = "facilitator",
) -> None:
    """As an earlier process left it."""
    await application.log.append(session, 0, records(table))
    await application.registry.add_session(session, WALL_MS, WALL_MS + table.state.starts_at_ms, owner)
    if finish:
        await application.log.finish(session)
    if summed:
        await Summaries(application.log).make(session)


@pytest.fixture
async def reads(application: Application, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A programme of many sessions that were held, one to come, one that runs; and from then on every log that is
    read."""
    for n in range(1, OLD + 1):
        programme = None if n == 1 else "held01"
        await keep(application, f"held{n:02}", held(n, programme=programme, starts_at_ms=n * 60_000))
    await keep(application, "later", Table(4, title="Plus tard", starts_at_ms=9 * 3_600_000))
    await keep(application, "sooner", Table(4, title="Bientôt", starts_at_ms=8 * 3_600_000))
    await keep(application, "runs", Table(4, title="Maintenant").start())
    read, found = application.log.read, list[str]()

    async def reading(session: str) -> Sequence[object]:
        found.append(session)
        return await read(session)

    monkeypatch.setattr(application.log, "read", reading)
    return found


def shown(page: str) -> list[str]:
    return re.findall(r'class="entry" href="/sessions/([a-z0-9]+)"', page)


async def test_the_list_wakes_no_room_whatever_is_looked_at(
    application: Application, facilitator: httpx.AsyncClient, reads: list[str]
) -> None:
    looks = [
        await facilitator.get("/"),
        await facilitator.get("/?page=2"),
        await facilitator.post("/", data={"words": "équipe"}),
        await facilitator.get(f"/sessions/new?after=held{OLD}"),
        await facilitator.post("/sessions", data={"after": f"held{OLD}"}),
        await facilitator.get("/sessions/held01"),
        await facilitator.post("/sessions/held01/p1/renew"),
        await facilitator.post("/sessions/held01/p1/revoke"),
    ]
    assert [one.status_code for one in looks] == [200, 200, 200, 200, 422, 200, 200, 200]
    assert "Proposé d’après les 12 dernières séances" in looks[3].text
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application.ops), base_url="http://ops.test", follow_redirects=True
    ) as operator:
        await operator.post(f"/in/{await application.registry.new_login_link('ops')}")
        board = (await operator.get("/rooms.json")).json()
        page = (await operator.get("/")).text
    assert [(row["session"], row["live"], row["trouble"]) for row in board["rooms"]] == [
        ("runs", False, "returning"),
        ("sooner", False, "waiting"),
        ("later", False, "waiting"),
    ]
    assert board["asleep"] == 3
    assert "3 séances n’ont pas encore de salle" in page
    assert "Maintenant" not in page
    assert (application.rooms.live(), reads) == ([], [])


async def test_what_runs_comes_first_then_what_comes_then_what_is_over_and_every_page_is_reached(
    facilitator: httpx.AsyncClient, reads: list[str]
) -> None:
    order = ["runs", "sooner", "later", *(f"held{n:02}" for n in range(OLD, 0, -1))]
    first = (await facilitator.get("/")).text
    assert shown(first) == order[:PAGE]
    assert re.findall(r'<h2 id="(\w+)">([^<]+)</h2>', first) == [
        ("running", "En cours"),
        ("lobby", "À venir"),
        ("closed", "Terminées"),
    ]
    assert f"1 à {PAGE} sur {len(order)}" in first
    assert 'href="/?page=2">Page suivante' in first
    assert "Page précédente" not in first
    english = (await facilitator.get("/?page=2&lang=en")).text
    assert shown(english) == order[PAGE:]
    assert re.findall(r'<h2 id="\w+">([^<]+)</h2>', english) == ["Over"]
    assert 'href="/?page=1">Previous page' in english
    assert "Next page" not in english
    for odd in ("99", "0", "-1", "x", "²", "9" * 30):
        page = await facilitator.get("/", params={"page": odd, "lang": "fr"})
        assert page.status_code == 200
        assert shown(page.text) == (order[PAGE:] if odd == "99" else order[:PAGE]), odd
    assert first.count("/sessions/new?after=") == 1, "only the group's last session has a next one"


async def test_titles_and_people_are_found_and_what_was_looked_for_stands_in_no_address(
    application: Application, facilitator: httpx.AsyncClient, reads: list[str]
) -> None:
    page = await facilitator.post("/", data={"words": "bientot INÈS"})
    assert shown(page.text) == ["sooner"]
    assert "1 séance pour «\u00a0bientot INÈS\u00a0»" in page.text
    assert "Toutes les séances" in page.text
    second = await facilitator.post("/", data={"words": "Équipe", "page": "2"})
    assert len(shown(second.text)) == OLD - PAGE
    for found in (page, second):
        assert not re.search(r'(href|action)="[^"]*(quipe|bientot)', found.text)
    none = await facilitator.post("/?lang=en", data={"words": "<b>nobody</b>"})
    assert "No session for “&lt;b&gt;nobody&lt;/b&gt;”." in none.text
    assert shown((await facilitator.post("/", data={"words": "  "})).text)[0] == "runs"
    async with visitor(application) as stranger:
        refused = await stranger.post("/", data={"words": "Nadia"})
    assert (refused.status_code, shown(refused.text)) == (403, [])


async def test_pages_are_served_before_the_sessions_are_back(
    settings: Settings, journal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    many = 30
    async with Application(settings, media=QuietMedia(), zone=ZoneInfo("Europe/Paris")).running() as before:
        for n in range(many):
            table = Table(4, title=f"Équipe {n}")
            await keep(before, f"runs{n:02}", table.start() if n % 3 else table, finish=False)
        link = await before.registry.new_login_link("facilitator")
    again = Application(settings, media=QuietMedia(), zone=ZoneInfo("Europe/Paris"))
    read, gate, waiting = again.log.read, asyncio.Event(), list[str]()

    async def reading(session: str) -> Sequence[object]:
        waiting.append(session)
        if session != "runs29":
            await gate.wait()
        return await read(session)

    monkeypatch.setattr(again.log, "read", reading)
    monkeypatch.setattr("cosession.ops.app.PROBE_S", 0)
    async with again.running(), visitor(again) as reader:
        assert len(shown((await reader.post(f"/in/{link}")).text)) == many
        assert (await reader.get("/sessions/runs29")).status_code == 200
        assert again.rooms.live() == []
        token = Invitations(load_master_key(settings.master_key_path)).token("runs29", "p1", 0)
        assert (await reader.get(f"/j/{token}")).status_code == 200
        assert [room.session for room in again.rooms.live()] == ["runs29"], "who knocks is let in"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(again.ops), base_url="http://ops.test") as probe:
            assert "rooms: those that were running are coming back" in (await probe.get("/readyz")).text
        gate.set()
        await again.rooms.settled()
        assert len(again.rooms.live()) == many
        assert len(waiting) == many, "none was read twice"


async def test_a_short_list_asks_for_nothing(application: Application, facilitator: httpx.AsyncClient) -> None:
    await keep(application, "held01", held())
    page = (await facilitator.get("/")).text
    assert shown(page) == ["held01"]
    assert 'type="search"' not in page
    assert "Page suivante" not in page


async def test_what_is_not_in_the_list_yet_is_said_and_comes(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    await keep(application, "held01", held(), summed=False)
    await keep(application, "held02", held(2, programme="held01"), summed=False)
    first = await facilitator.get("/")
    assert "2 séances sont encore à ajouter" in first.text
    assert "Une première séance" not in first.text
    await application.rooms.summaries.settled()
    page = (await facilitator.get("/")).text
    assert shown(page) == ["held01", "held02"]
    assert "à ajouter" not in page
    await application.log.append("damaged00000", 0, [Record("no_such_event", 0, {})])
    await facilitator.get("/")
    await application.rooms.summaries.settled()
    english = (await facilitator.get("/?lang=en")).text
    assert "1 session is not in this list, it cannot be read" in english
    assert shown(english) == ["held01", "held02"]
    assert application.rooms.live() == []
    assert await application.log.summary("held01", FORMAT) is not None


async def test_nothing_is_proposed_from_half_of_a_programme(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    for n in (1, 2):
        await keep(application, f"held{n:02}", held(n, programme=None if n == 1 else "held01"), summed=n == 2)
    page = (await facilitator.get("/sessions/new?after=held02")).text
    assert 'value="Nadia"' in page, "the people are known"
    assert "Proposé d’après" not in page
    await application.rooms.summaries.make("held01")
    assert "Proposé d’après les 2" in (await facilitator.get("/sessions/new?after=held02")).text


async def test_a_session_is_its_owners(application: Application, facilitator: httpx.AsyncClient) -> None:
    """Who asks is a principal; what belongs to another one is not there for them."""
    await keep(application, "theirs", held(1), owner="somebody-else")
    await keep(application, "mine", held(2))
    listed = (await facilitator.get("/")).text
    assert ("Équipe 2" in listed, "Équipe 1" in listed) == (True, False)
    assert "Équipe 1" not in (await facilitator.post("/", data={"words": "Équipe"})).text
    for path in ("/sessions/theirs", "/sessions/theirs/p1/renew", "/sessions/theirs/p1/revoke"):
        ask = facilitator.get if path == "/sessions/theirs" else facilitator.post
        assert (await ask(path)).status_code == 404
    assert "Équipe" not in (await facilitator.get("/sessions/new?after=theirs")).text
    assert "Équipe" in (await facilitator.get("/sessions/new?after=mine")).text
