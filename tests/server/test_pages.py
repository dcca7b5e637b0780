"""What every page carries: the strict policy, the right language, plain errors; and who may ask for a change."""

from __future__ import annotations

import re
from typing import Any

import httpx

from cosession.main import Application
from cosession.room.ports import Unavailable
from tests.server.conftest import HOST, link_of, setup, visitor


async def test_every_answer_carries_the_policy_and_no_page_needs_an_exception(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    pages = ["/", "/sessions/new", f"/sessions/{made['session']}", link_of(made, "p1"), "/nothing", "/favicon.svg"]
    for path in pages:
        answer = await facilitator.get(path)
        policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
        assert policy["img-src"] == policy["media-src"] == "'self' blob:"
        assert policy["frame-ancestors"] == "'none'"
        assert policy["require-trusted-types-for"] == "'script'"
        assert policy["trusted-types"] == "lit-html cosession"
        assert answer.headers["permissions-policy"].startswith("camera=(self), microphone=(self)")
        assert answer.headers["x-content-type-options"] == "nosniff"
        if answer.headers["content-type"].startswith("text/html"):
            assert answer.headers["cache-control"] == "no-store", path
            scripts = re.findall(r"<script(?![^>]*(?:src=|application/json))", answer.text)
            assert not scripts, "no script stands in a page"
            assert " style=" not in answer.text
            assert not re.search(r"\son[a-z]+=", answer.text)


async def test_built_files_are_served_and_may_be_kept(stranger: httpx.AsyncClient) -> None:
    page = await stranger.get("/")
    files = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page.text)
    assert any(name.endswith(".css") for name in files)
    assert any(name.endswith(".js") for name in files)
    for name in files:
        answer = await stranger.get(name)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    assert (await stranger.get("/assets/../settings.py")).status_code == 404


async def test_other_sites_cannot_ask_for_a_change(facilitator: httpx.AsyncClient, made: dict[str, Any]) -> None:
    for headers in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": f"{HOST}:8001"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site", "origin": HOST},
    ):
        for path in ("/sessions", f"/sessions/{made['session']}/p1/revoke"):
            answer = await facilitator.post(path, json=setup(), headers=headers)
            assert answer.status_code == 403, headers
            assert "content-security-policy" in answer.headers
    for own in ({"origin": HOST}, {"sec-fetch-site": "same-origin", "origin": HOST}):
        assert (await facilitator.post("/sessions", json=setup(), headers=own)).status_code == 201


async def test_the_language_is_chosen_by_the_reader_then_the_session_then_the_browser(
    application: Application, made: dict[str, Any]
) -> None:
    async with visitor(application, "en-GB,en;q=0.9,fr;q=0.1") as reader:
        assert '<html lang="en" translate="no">' in (await reader.get("/")).text
        assert '<html lang="fr" translate="no">' in (await reader.get(link_of(made, "p1"))).text, (
            "the session is French"
        )
        assert '<html lang="fr" translate="no">' in (await reader.get("/?lang=fr")).text
        assert '<html lang="fr" translate="no">' in (await reader.get("/")).text, "remembered"
        assert '<html lang="fr" translate="no">' in (await reader.get("/?lang=xx")).text
    for accept, expected in (("xx,qq;q=0.5", "fr"), ("fr;q=0.2,en;q=0.3", "en"), ("en;q=0", "fr"), ("", "fr")):
        async with visitor(application, accept) as reader:
            assert f'<html lang="{expected}" translate="no">' in (await reader.get("/")).text, accept


async def test_wrong_addresses_and_methods_get_a_page_or_json(application: Application) -> None:
    async with visitor(application) as reader:
        assert "n’existe pas" in (await reader.get("/nothing")).text
        answer = await reader.get("/sessions")
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        program = await reader.get("/nothing", headers={"accept": "application/json"})
        assert program.json() == {"error": "not_found"}


async def test_a_store_that_does_not_answer_is_said_and_passes(application: Application, monkeypatch: Any) -> None:
    async def busy(session: str) -> None:
        raise Unavailable("store_busy")

    monkeypatch.setattr(application.rooms, "get", busy)
    async with visitor(application) as reader:
        answer = await reader.get("/s/abcdefghijkl/p1")
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "2"
        assert "Réessayez" in answer.text


async def test_an_error_inside_is_a_page_and_a_log_line_without_what_was_asked(
    application: Application, journal: Any, monkeypatch: Any
) -> None:
    async def broken(session: str) -> None:
        raise RuntimeError("Nadia wrote this")

    monkeypatch.setattr(application.rooms, "get", broken)
    async with visitor(application) as reader:
        answer = await reader.get("/s/abcdefghijkl/p1")
        assert answer.status_code == 500
        assert "Nadia" not in answer.text
        assert "Rechargez" in answer.text
    assert "page.failed" in journal.getvalue()
    assert "RuntimeError" in journal.getvalue()
    assert "Nadia" not in journal.getvalue()
    assert "abcdefghijkl" not in journal.getvalue()
