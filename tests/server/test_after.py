"""What everybody takes along: the client the group's help without names, the others their own words and the request."""

from __future__ import annotations

from typing import Any

import httpx

from cosession.main import Application
from tests.server.conftest import PEOPLE, link_of, visitor
from tests.server.playing import break_off, play


async def test_before_the_end_there_is_a_way_back(application: Application, made: dict[str, Any]) -> None:
    async with visitor(application) as nadia:
        await nadia.get(link_of(made, "p1"))
        answer = await nadia.get(f"/s/{made['session']}/p1/after")
        assert answer.status_code == 409
        assert f'href="/s/{made["session"]}/p1"' in answer.text
        assert (await nadia.get(f"/s/{made['session']}/p1/after.md")).status_code == 409


async def test_everyone_gets_what_is_theirs(application: Application, made: dict[str, Any]) -> None:
    room = await application.rooms.get(made["session"])
    assert room is not None
    await play(room)
    async with visitor(application) as nadia:
        page = await nadia.get(link_of(made, "p1"))
        assert page.url.path == f"/s/{made['session']}/p1/after", "after the end the link leads here"
        own = page.text
        markdown = (await nadia.get(f"/s/{made['session']}/p1/after.md")).text
    for text in ("préparer ma conversation avec Marc", "Sa place lui a manqué", "Un café lundi", "4 décembre 2026"):
        assert text in own
        assert text in markdown
    assert "&lt;b&gt;Écrire&lt;/b&gt; la première phrase" in own
    assert "\\<b\\>Écrire" in markdown
    assert "\n  \\# sans ordre du jour" in markdown, "what somebody typed is no heading"
    assert own.index("Idées") < own.index("Témoignages"), "advice by type, in the script's order"
    assert "Respirer avant de répondre" in own
    for name in PEOPLE[1:]:
        assert name not in own
        assert name not in markdown
    assert "le silence aide" not in own

    async with visitor(application) as laura:
        page = await laura.get(link_of(made, "p2"))
        assert "le silence aide" in page.text
        assert "mes réunions du lundi" in page.text
        assert "préparer ma conversation avec Marc" in page.text, "what everyone saw of the contract"
        for hidden in ("Respirer avant", "Sa place lui", "Écrire", "je tranche", "Nadia"):
            assert hidden not in page.text
        writings = (await laura.get(f"/s/{made['session']}/p2/writings")).json()
        assert {one["capture"] for one in writings} >= {"request", "action", "learning"}
        assert not any(one["capture"] == "private_note" for one in writings)
        english = await laura.get(f"/s/{made['session']}/p2/after?lang=en")
        assert "The client’s request" in english.text


async def test_who_wrote_nothing_reads_that_kindly(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    room = await application.rooms.get(made["session"])
    assert room is not None
    await break_off(room)
    async with visitor(application) as joe:
        page = await joe.get(link_of(made, "p3"))
        assert "Vous n’avez rien écrit" in page.text
        assert "rien écrit" in (await joe.get(f"/s/{made['session']}/p3/after.md")).text
    assert "terminée" in (await facilitator.get("/")).text
    assert "Ce qui reste de la séance" in (await facilitator.get(f"/sessions/{made['session']}")).text
