"""Signing in: a look at a link changes nothing, a press of its button gives it to that browser, and it all ends."""

from __future__ import annotations

import io
import re
from collections.abc import AsyncIterator

import httpx
import pytest

from cosession.main import Application, Listening
from cosession.pages.login import LOGIN_S
from cosession.room.ports import Unavailable
from cosession.settings import Address, Settings
from cosession.store.logins import IDLE_MS, LINK_MS, NOTED_MS
from tests.room.bench import FakeClock
from tests.server.conftest import HOST, QuietMedia, link_of, visitor

HOUR_MS = 3_600_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def application(
    settings: Settings, media: QuietMedia, journal: io.StringIO, clock: FakeClock
) -> AsyncIterator[Application]:
    known = settings.model_copy(update={"ops_bind": Address("127.0.0.1", 8001), "bind": Address("127.0.0.1", 8000)})
    async with Application(known, media=media, clock=clock).running() as running:
        yield running


def operators(application: Application, language: str = "fr") -> httpx.AsyncClient:
    client = visitor(application, language, "http://localhost:8001")
    client._transport = httpx.ASGITransport(application.ops, raise_app_exceptions=False)
    return client


async def new_link(application: Application, kind: str = "facilitator") -> str:
    return f"/in/{await application.registry.new_login_link(kind)}"  # type: ignore[arg-type]


async def press(client: httpx.AsyncClient, page: httpx.Response) -> httpx.Response:
    """Press the first button of a page, as a browser does."""
    found = re.search(r'<form method="post" action="([^"]+)"', page.text)
    assert found is not None, page.text
    return await client.post(found[1], headers={"origin": str(client.base_url).rstrip("/")})


def cookie_of(answer: httpx.Response) -> str:
    """The sign-in cookie that an answer sets."""
    (cookie,) = [one for one in answer.headers.get_list("set-cookie") if one.startswith("cosession_login=")]
    return cookie.lower()


# -- a look ---------------------------------------------------------------------------------------------------------


async def test_a_stranger_reads_how_to_sign_in_and_sees_no_session(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/")
    assert answer.status_code == 403
    assert "cosession link" in answer.text
    assert "Connexions" in answer.text, "a way that needs no shell"
    assert (await stranger.get("/sessions/new")).status_code == 403
    assert (await stranger.get("/sign-ins")).status_code == 403
    assert (await stranger.post("/sessions", json={})).status_code == 403


@pytest.mark.parametrize("kind", ["facilitator", "ops"])
async def test_scanners_and_previews_that_look_change_nothing(application: Application, kind: str) -> None:
    link = await new_link(application, kind)
    browse = visitor if kind == "facilitator" else operators
    for method in ("HEAD", "GET", "HEAD", "GET"):
        async with browse(application) as scanner:
            looked = await scanner.request(method, link)
            assert looked.status_code == 200
            assert (await scanner.get("/")).status_code == 403, "nobody signed in"
    async with browse(application) as person:
        page = await person.get(link)
        assert "Se connecter ici" in page.text
        assert (await press(person, page)).status_code == 200
        assert (await person.get("/")).status_code == 200
        assert (await person.get(link)).url.path == "/", "the same browser may open it again"


async def test_a_link_belongs_to_the_browser_that_pressed_first(application: Application) -> None:
    link = await new_link(application)
    async with visitor(application) as first, visitor(application) as second:
        pages = [await client.get(link) for client in (first, second)]
        assert (await press(first, pages[0])).status_code == 200
        for refused in (await press(second, pages[1]), await second.get(link)):
            assert refused.status_code == 403
            assert "déjà servi" in refused.text
            assert "une personne connectée" in refused.text, "a way that needs no shell"
        assert (await second.get("/")).status_code == 403


async def test_a_browser_without_cookies_is_told_and_uses_nothing_up(application: Application) -> None:
    link = await new_link(application)
    async with visitor(application) as forgetful:
        page = await forgetful.get(link)
        forgetful.cookies.clear()
        told = await press(forgetful, page)
        assert told.status_code == 400
        assert "refuse les cookies" in told.text
        assert "Autorisez les cookies pour ce site" in told.text
    async with visitor(application, "en") as person:
        assert (await press(person, await person.get(link))).status_code == 200


async def test_a_browser_that_is_signed_in_keeps_a_second_link_for_another(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    link = await new_link(application)
    page = await facilitator.get(link)
    assert "déjà connecté" in page.text
    assert "Se connecter ici" not in page.text
    async with visitor(application) as other:
        assert (await press(other, await other.get(link))).status_code == 200


async def test_another_site_cannot_press_the_button(application: Application) -> None:
    for kind, browse in (("facilitator", visitor), ("ops", operators)):
        link = await new_link(application, kind)
        async with browse(application) as victim:
            await victim.get(link)
            refused = await victim.post(f"{link}?by=page", headers={"origin": "https://elsewhere.test"})
            assert refused.status_code == 403
            assert (await victim.get("/")).status_code == 403


async def test_an_unknown_link(application: Application) -> None:
    async with visitor(application) as client:
        for answer in (await client.get("/in/nothing"), await client.post("/in/nothing")):
            assert answer.status_code == 404
            assert "une personne connectée" in answer.text


async def test_a_link_opened_in_the_wrong_place_is_not_used_up_and_says_where_it_belongs(
    application: Application,
) -> None:
    for kind, wrong, right, says in (
        ("ops", visitor, operators, "http://localhost:8001{}"),
        ("facilitator", operators, visitor, 'href="http://localhost:8000{}"'),
    ):
        link = await new_link(application, kind)
        async with wrong(application) as client:
            for answer in (await client.get(link), await client.post(link)):
                assert answer.status_code == 404
                assert "à une autre adresse" in answer.text
                assert says.format(link) in answer.text
        async with right(application) as client:
            assert (await press(client, await client.get(link))).status_code == 200


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(application: Application) -> None:
    for base, secure in ((HOST, False), ("https://codev.test", True)):
        async with visitor(application, base=base) as client:
            client.follow_redirects = False
            cookie = cookie_of(await client.post(await new_link(application)))
            assert "httponly" in cookie
            assert "samesite=lax" in cookie
            assert ("secure" in cookie) is secure, "over plain HTTP a Secure cookie would never come back"
            assert f"max-age={LOGIN_S}" in cookie


# -- its end --------------------------------------------------------------------------------------------------------


async def test_a_link_that_nobody_used_ends_after_a_day(application: Application, clock: FakeClock) -> None:
    link = await new_link(application)
    clock.wall_offset_ms += LINK_MS - 1_000
    async with visitor(application) as client:
        page = await client.get(link)
        assert page.status_code == 200
        clock.wall_offset_ms += 1_000
        for late in (await client.get(link), await press(client, page)):
            assert late.status_code == 410
            assert "n’est plus valable" in late.text
            assert "une personne connectée" in late.text


async def test_a_start_ends_the_links_that_earlier_starts_printed(application: Application) -> None:
    listening = Listening.__new__(Listening)
    listening.application, listening.settings = application, application.settings
    first, asked = await listening.link("ops"), await new_link(application, "ops")
    other = await listening.link("facilitator")
    async with operators(application) as signed_in:
        await signed_in.post(await listening.link("ops"))
        second = await listening.link("ops")
        async with operators(application) as client:
            assert (await client.get(first)).status_code == 410
            assert (await client.get(second)).status_code == 200
            assert (await client.get(asked)).status_code == 200, "somebody asked for it, it ends by time"
        assert (await signed_in.get("/")).status_code == 200, "who signed in stays"
    async with visitor(application) as client:
        assert (await client.get(httpx.URL(other).path)).status_code == 200


async def test_a_sign_in_ends_after_thirty_days_without_use(
    application: Application, facilitator: httpx.AsyncClient, clock: FakeClock
) -> None:
    for _ in range(3):
        clock.wall_offset_ms += IDLE_MS - HOUR_MS
        used = await facilitator.get("/")
        assert used.status_code == 200
        assert f"max-age={LOGIN_S}" in cookie_of(used), "the cookie lasts as long as the sign-in"
    clock.wall_offset_ms += IDLE_MS
    assert (await facilitator.get("/")).status_code == 403


async def test_the_last_use_is_noted_once_an_hour_and_not_at_every_request(
    application: Application, facilitator: httpx.AsyncClient, clock: FakeClock
) -> None:
    async def noted_ms() -> int | None:
        (mine,) = await application.registry.sign_ins("facilitator")
        return mine.used_wall_ms

    began_ms = clock.wall_ms()
    for _ in range(10):
        clock.wall_offset_ms += NOTED_MS // 10 - 1
        assert "set-cookie" not in (await facilitator.get("/")).headers
    assert await noted_ms() == began_ms
    clock.wall_offset_ms += 10
    await facilitator.get("/")
    assert await noted_ms() == clock.wall_ms()


async def test_a_store_that_cannot_note_the_use_keeps_nobody_out(
    application: Application, facilitator: httpx.AsyncClient, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise Unavailable("store_full")

    monkeypatch.setattr(application.log.database.writer, "run", full)
    clock.wall_offset_ms += 2 * NOTED_MS
    assert (await facilitator.get("/")).status_code == 200


# -- the list -------------------------------------------------------------------------------------------------------


async def test_who_is_signed_in_makes_a_new_link_for_another_browser(facilitator: httpx.AsyncClient) -> None:
    made = await facilitator.post("/sign-ins/new/facilitator", headers={"origin": HOST})
    found = re.search(rf'value="({HOST}/in/[^"]+)"', made.text)
    assert found is not None
    listed = await facilitator.get("/sign-ins")
    assert found[1] not in listed.text, "it is shown once"
    assert "Un lien qui n’a pas servi" in listed.text
    async with httpx.AsyncClient(transport=facilitator._transport, base_url=HOST, follow_redirects=True) as other:
        assert (await press(other, await other.get(found[1]))).status_code == 200
        assert "Another browser" in (await other.get("/sign-ins?lang=en")).text


async def test_a_facilitator_makes_no_link_for_operators_and_an_operator_makes_both(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    assert (await facilitator.post("/sign-ins/new/ops")).status_code == 404
    assert (await facilitator.post("/sign-ins/new/king")).status_code == 404
    async with operators(application) as operator:
        await operator.post(await new_link(application, "ops"))
        assert 'value="http://localhost:8001/in/' in (await operator.post("/sign-ins/new/ops")).text
        assert 'value="http://localhost:8000/in/' in (await operator.post("/sign-ins/new/facilitator")).text


async def test_one_is_signed_out_or_all_others_and_their_links_end(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    async with visitor(application) as second, visitor(application) as third, operators(application) as operator:
        await second.post(await new_link(application))
        await third.post(await new_link(application))
        await operator.post(await new_link(application, "ops"))
        waiting = await new_link(application)
        ids = re.findall(r'action="/sign-ins/([0-9a-f]+)/end"', (await second.get("/sign-ins")).text)
        assert len(ids) == 4
        operators_id = re.findall(r'action="/sign-ins/([0-9a-f]+)/end"', (await operator.get("/sign-ins")).text)
        await second.post(f"/sign-ins/{operators_id[0]}/end")
        assert (await operator.get("/")).status_code == 200, "operators are no affair of facilitators"
        mine = [login.id for login in [await application.registry.login(third.cookies["cosession_login"])] if login]
        await second.post(f"/sign-ins/{mine[0]}/end")
        assert (await third.get("/")).status_code == 403
        await second.post("/sign-ins/others/end")
        assert (await facilitator.get("/")).status_code == 403
        assert (await second.get(waiting)).status_code == 410
        assert (await second.get("/")).status_code == 200
        (me,) = re.findall(r'action="/sign-ins/([0-9a-f]+)/end"', (await second.get("/sign-ins")).text)
        assert (await second.post(f"/sign-ins/{me}/end")).status_code == 403, "signed out, on the page that says so"
        assert "cosession_login" not in second.cookies


# -- personal links -------------------------------------------------------------------------------------------------


async def test_a_look_at_a_personal_link_leaves_no_trace(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, object]
) -> None:
    """Also for a scanner that follows the redirection, with cookies and without."""
    room = await application.rooms.get(str(made["session"]))
    assert room is not None
    before, seq = room.state, room.stream.seq
    for seat in ("f", "p1"):
        for method in ("HEAD", "GET"):
            async with visitor(application) as scanner:
                looked = await scanner.request(method, link_of(made, seat))
                assert looked.status_code == 200
                scanner.cookies.clear()
                assert (await scanner.request(method, f"/s/{room.session}/{seat}")).status_code == 403
            async with visitor(application) as person:
                assert (await person.get(link_of(made, seat))).status_code == 200, (
                    "it can be used as often as one likes"
                )
    await room.settled()
    assert (room.state, room.stream.seq) == (before, seq)
    assert not any(room.audience.count(seat) for seat in room.state.seats)
    assert list(await application.log.drafts(room.session)) == []
