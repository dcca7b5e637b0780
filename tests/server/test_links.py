"""Personal links: shown again, renewed, revoked; what opens, and what a wrong one says."""

from __future__ import annotations

from typing import Any

import httpx

from cosession.main import Application
from cosession.server.invitations import Invitations, Token, Verdict
from tests.server.conftest import link_of, setup, visitor


def test_a_code_is_good_for_one_seat_of_one_session_and_one_generation() -> None:
    invitations = Invitations(b"k" * 32)
    token = invitations.token("abc", "p1", 3)
    assert Token.parse(str(token)) == token
    assert invitations.judge(token, 3, revoked=False) is Verdict.HOLDS
    assert invitations.judge(token, 3, revoked=True) is Verdict.ENDED
    assert invitations.judge(token, 4, revoked=False) is Verdict.ENDED
    assert invitations.judge(token, 2, revoked=False) is Verdict.UNKNOWN
    assert invitations.judge(Token("abc", "p2", token.mac), 3, revoked=False) is Verdict.UNKNOWN
    assert invitations.judge(Token("abd", "p1", token.mac), 3, revoked=False) is Verdict.UNKNOWN
    assert Invitations(b"l" * 32).judge(token, 3, revoked=False) is Verdict.UNKNOWN


def test_what_is_no_token_is_no_token() -> None:
    for text in ("", "a.b", "abc.p1." + "x" * 23, "abc.p1." + "x" * 25, "ABC.p1." + "x" * 24, "abc.p1." + "é" * 24):
        assert Token.parse(text) is None, text


async def test_a_link_opens_its_seat_and_no_other(application: Application, made: dict[str, Any]) -> None:
    async with visitor(application) as nadia:
        answer = await nadia.get(link_of(made, "p1"))
        assert answer.status_code == 200
        assert answer.url.path == f"/s/{made['session']}/p1"
        assert f'"socket": "/s/{made["session"]}/p1/socket"' in answer.text
        assert (await nadia.get(f"/s/{made['session']}/p1/writings")).json() == []
        other = await nadia.get(f"/s/{made['session']}/p2")
        assert other.status_code == 403
        assert "lien personnel" in other.text
        assert (await nadia.get(f"/s/{made['session']}/p1/links")).status_code == 403, "the facilitator's only"


async def test_two_seats_live_side_by_side_in_one_browser(application: Application, made: dict[str, Any]) -> None:
    async with visitor(application) as client:
        for seat in ("p1", "p2", "f"):
            assert (await client.get(link_of(made, seat))).status_code == 200
        for seat in ("p1", "p2", "f"):
            assert (await client.get(f"/s/{made['session']}/{seat}")).status_code == 200


async def test_the_facilitators_seat_has_everybodys_links(application: Application, made: dict[str, Any]) -> None:
    async with visitor(application) as client:
        await client.get(link_of(made, "f"))
        links = (await client.get(f"/s/{made['session']}/f/links")).json()
        assert [(one["seat"], one["link"]) for one in links] == [(one["seat"], one["link"]) for one in made["links"]]
        assert not any(one["present"] for one in links)


async def test_renewing_ends_the_old_link_and_its_browser(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    old = link_of(made, "p1")
    async with visitor(application) as nadia:
        assert (await nadia.get(old)).status_code == 200
        page = await facilitator.post(f"/sessions/{made['session']}/p1/renew")
        assert page.status_code == 200
        assert old not in page.text
        assert (await nadia.get(f"/s/{made['session']}/p1")).status_code == 410
        ended = await nadia.get(old)
        assert ended.status_code == 410
        assert "demandez-le" in ended.text
        new = next(line for line in page.text.split('"') if f"/j/{made['session']}.p1." in line)
        assert (await nadia.get(new)).status_code == 200


async def test_revoking_ends_every_link_until_it_is_renewed(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    async with visitor(application) as nadia:
        page = await facilitator.post(f"/sessions/{made['session']}/p1/revoke")
        assert "lien retiré" in page.text
        assert (await nadia.get(link_of(made, "p1"))).status_code == 410
        assert (await nadia.get(link_of(made, "p2"))).status_code == 200, "the others stay"
        await facilitator.post(f"/sessions/{made['session']}/p1/renew")
        again = (await facilitator.get(f"/sessions/{made['session']}")).text
        new = next(line for line in again.split('"') if f"/j/{made['session']}.p1." in line)
        assert (await nadia.get(new)).status_code == 200


async def test_wrong_links_say_what_to_do_in_both_languages(application: Application, made: dict[str, Any]) -> None:
    right = link_of(made, "p1")
    wrong = [right[:-1], right[:-1] + ("a" if right[-1] != "a" else "b"), right.replace(".p1.", ".p9."), right + "x"]
    wrong.append(right.replace(made["session"], "nosuchthing1"))
    for language, fix in (("fr", "Copiez le lien entier"), ("en", "Copy the whole link")):
        async with visitor(application, language) as client:
            for link in wrong:
                answer = await client.get(link)
                assert answer.status_code == 404, link
                assert fix in answer.text
            assert (await client.get("/s/nosuchthing1/p1")).status_code == 404


async def test_links_begin_with_the_address_by_which_the_page_was_asked_for(application: Application) -> None:
    async with visitor(application, base="http://10.1.2.3:8000") as client:
        await client.post(f"/in/{await application.registry.new_login_link('facilitator')}")
        made = (await client.post("/sessions", json=setup())).json()
        assert all(one["link"].startswith("http://10.1.2.3:8000/j/") for one in made["links"])


async def test_the_plan_for_a_broken_connection_is_the_seat_s_and_says_where_to_call(
    application: Application, made: dict[str, Any]
) -> None:
    async with visitor(application) as nadia:
        place = f"/s/{made['session']}/p1/plan"
        assert (await nadia.get(place)).status_code == 403
        await nadia.get(link_of(made, "p1"))
        answer = await nadia.get(place)
        assert answer.status_code == 200
        assert "Je suis au téléphone" in answer.text
        assert "Appelez l’animateur" in answer.text, "no line is set"
