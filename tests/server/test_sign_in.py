"""Signing in: a link belongs to the first browser that opens it, and to one listener."""

from __future__ import annotations

import httpx

from cosession.main import Application
from tests.server.conftest import visitor


async def test_a_stranger_reads_how_to_sign_in_and_sees_no_session(stranger: httpx.AsyncClient) -> None:
    answer = await stranger.get("/")
    assert answer.status_code == 403
    assert "cosession link" in answer.text
    assert (await stranger.get("/sessions/new")).status_code == 403
    assert (await stranger.post("/sessions", json={})).status_code == 403


async def test_a_link_belongs_to_the_browser_that_opened_it_first(application: Application) -> None:
    token = await application.registry.new_login_link("facilitator")
    async with visitor(application) as first, visitor(application) as second:
        assert (await first.get(f"/in/{token}")).status_code == 200
        assert (await first.get("/")).status_code == 200
        assert (await first.get(f"/in/{token}")).status_code == 200, "the same browser may open it again"
        refused = await second.get(f"/in/{token}")
        assert refused.status_code == 403
        assert "déjà servi" in refused.text
        assert (await second.get("/")).status_code == 403


async def test_an_unknown_link_and_the_operators_link_open_nothing_here(application: Application) -> None:
    async with visitor(application) as client:
        assert (await client.get("/in/nothing")).status_code == 404
        assert (await client.get(f"/in/{await application.registry.new_login_link('ops')}")).status_code == 404
        assert (await client.get("/")).status_code == 403


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(application: Application) -> None:
    async with visitor(application) as client:
        client.follow_redirects = False
        answer = await client.get(f"/in/{await application.registry.new_login_link('facilitator')}")
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=lax" in cookie
        assert "secure" not in cookie, "plain HTTP: a Secure cookie would never come back"
    async with visitor(application, base="https://codev.test") as client:
        client.follow_redirects = False
        answer = await client.get(f"/in/{await application.registry.new_login_link('facilitator')}")
        assert "secure" in answer.headers["set-cookie"].lower()
