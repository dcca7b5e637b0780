"""The next session of a group: its form is filled in, roles are proposed with their reasons, and nothing is forced."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from cosession.core.commands import CarePause, CloseSession, NewSeat, ReportPresence, StartSession, StopSession
from cosession.core.summary import SessionSummary, summarise
from cosession.core.vocabulary import Job, Presence, Role
from cosession.main import Application
from cosession.room.actor import Room
from cosession.server.next_session import LOOKS_BACK, propose
from tests.core.table import Table, script
from tests.server.conftest import PEOPLE, setup

FIRST: dict[str, Any] = {"script": "codev-75-first", "title": "Groupe Estuaire, séance 1", "number": 1}
FIRST |= {"previous_client": None}


async def hold(application: Application, answer: httpx.Response) -> Room:
    """The session that was made, begun and ended."""
    assert answer.status_code == 201, answer.text
    room = await application.rooms.get(answer.json()["session"])
    assert room is not None
    await room.ask(StartSession(), "f")
    await room.ask(CloseSession(), "f")
    return room


async def form_after(facilitator: httpx.AsyncClient, room: Room) -> dict[str, Any]:
    """What a browser would send if nobody touched the form."""
    page = await facilitator.get("/sessions/new", params={"after": room.session})
    assert page.status_code == 200
    fields: dict[str, Any] = {"participant[]": [], "qualified[]": []}
    for tag in re.findall(r"<input [^>]*>", page.text):
        found = {name: html.unescape(value) for name, value in re.findall(r'([a-z]+)="([^"]*)"', tag)}
        name, value = found.get("name", ""), found.get("value", "")
        if found.get("type") in ("radio", "checkbox") and " checked" not in tag:
            continue
        if name.endswith("[]"):
            fields[name].append(value)
        else:
            fields[name] = value
    return fields


def proposal(page: str) -> str | None:
    found = re.search(r'class="hint proposal">.*?<span>(.*?)<span', page, re.DOTALL)
    return None if found is None else html.unescape(found[1]).strip()


async def test_the_form_of_the_next_session_is_filled_in_and_can_be_sent_as_it_is(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    first = await hold(application, await facilitator.post("/sessions", json=setup(**FIRST, qualified=[1])))
    assert f"/sessions/new?after={first.session}" in (await facilitator.get("/")).text
    assert f"/sessions/new?after={first.session}" in (await facilitator.get(f"/sessions/{first.session}")).text
    page = (await facilitator.get("/sessions/new", params={"after": first.session})).text
    said = proposal(page)
    assert said is not None
    for part in ("Proposé d’après la dernière séance", "parce que son tour n’est pas encore venu", "Nadia, client la"):
        assert part in said
    for lang, part in (("en", "Proposed from the last session"),):
        english = (await facilitator.get("/sessions/new", params={"after": first.session, "lang": lang})).text
        assert part in (proposal(english) or "")

    form = await form_after(facilitator, first)
    assert form["title"] == "Groupe Estuaire, séance 2"
    assert (form["script"], form["number"], form["facilitator"]) == ("codev-75", "2", "Claire")
    assert [name for name in form["participant[]"] if name] == PEOPLE
    assert (form["previous_client"], form["qualified[]"]) == ("0", ["1"])
    answer = await facilitator.post(
        "/sessions",
        content=urlencode(form, doseq=True),
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert answer.status_code == 200
    second = await application.rooms.get(str(answer.url).rpartition("/")[2])
    assert second is not None
    state = second.state
    assert (state.programme, state.number, state.previous_client) == (first.session, 2, "p1")
    assert state.client in ("p2", "p3", "p4"), "who was client is not proposed again"
    jobs = {job: state.holder_of(job) for job in Job}
    assert None not in jobs.values()
    assert jobs[Job.DEPUTY] != state.client
    assert f"/sessions/new?after={first.session}" not in (await facilitator.get("/")).text, "there is a next one"
    assert "/sessions/new?after=" not in (await facilitator.get("/")).text, "it is still to come"


async def test_a_wrong_form_keeps_the_group_and_its_proposal(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    first = await hold(application, await facilitator.post("/sessions", json=setup(**FIRST)))
    form = {**await form_after(facilitator, first), "title": ""}
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = await facilitator.post("/sessions", content=urlencode(form, doseq=True), headers=headers)
    assert answer.status_code == 422
    assert f'name="after" value="{first.session}"' in answer.text
    assert proposal(answer.text) is not None


async def test_everybody_is_client_once_before_anybody_is_again(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    room = await hold(application, await facilitator.post("/sessions", json=setup(**FIRST)))
    clients = ["p1"]
    for number in (2, 3, 4):
        form = await form_after(facilitator, room)
        chosen = {job: int(form[job]) for job in ("client", "deputy", "timekeeper", "scribe", "previous_client")}
        more = {"after": room.session, "number": number}
        room = await hold(application, await facilitator.post("/sessions", json=setup(**chosen, **more)))
        clients.append(room.state.client or "")
    assert sorted(clients) == ["p1", "p2", "p3", "p4"]
    page = (await facilitator.get("/sessions/new", params={"after": room.session})).text
    assert "Proposé d’après les 4 dernières séances" in (proposal(page) or "")
    assert "une nouvelle fois" in (proposal(page) or "")


async def test_with_the_session_the_proposal_is_erased(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    answer = await facilitator.post("/sessions", json=setup(**FIRST))
    room = await application.rooms.get(answer.json()["session"])
    assert room is not None
    for seat in room.state.seats:
        await room.ask(ReportPresence(seat=seat, presence=Presence.HERE))
    for command in (StartSession(), CarePause(), StopSession()):
        await room.ask(command, "f")
    page = (await facilitator.get("/sessions/new", params={"after": room.session})).text
    assert "Nadia" in page
    await room.erase()
    page = (await facilitator.get("/sessions/new", params={"after": room.session})).text
    assert (proposal(page), "Nadia" in page, 'name="after"' in page) == (None, False, False)
    assert "/sessions/new?after=" not in (await facilitator.get("/")).text


@pytest.mark.parametrize("after", ["unknown", "", 7, None])
async def test_a_session_that_follows_none_begins_a_group(
    application: Application, facilitator: httpx.AsyncClient, after: object
) -> None:
    answer = await facilitator.post("/sessions", json=setup(after=after))
    room = await application.rooms.get(answer.json()["session"])
    assert room is not None
    assert room.state.programme is None
    assert (await facilitator.get("/sessions/new", params={"after": str(after)})).status_code == 200


def held(number: int, people: str, client: str, facilitator: str | None = "Claire", **changes: Any) -> SessionSummary:
    """What is known of a session of these people, by their names."""
    seats = [] if facilitator is None else [NewSeat(name=facilitator, role=Role.FACILITATOR, qualified=True)]
    for name in people.split():
        role = Role.CLIENT if name == client else Role.CONSULTANT
        seats.append(NewSeat(name=name, role=role, qualified=name == "Laura"))
    return summarise(Table(seats=tuple(seats), number=number, previous_client=None, **changes).state)


def test_members_who_take_turns_at_facilitating_are_proposed_for_that_too() -> None:
    found = propose([held(1, "Nadia Laura Joe Inès", "Nadia"), held(2, "Nadia Claire Joe Inès", "Joe", "Laura")])
    assert found is not None
    assert found.parts[Role.FACILITATOR] in ("Claire", "Laura")
    assert found.parts[Role.CLIENT] not in ("Nadia", "Joe", found.parts[Role.FACILITATOR])


def test_a_facilitator_from_outside_stays() -> None:
    found = propose([held(1, "Nadia Laura Joe Inès", "Nadia"), held(2, "Nadia Laura Joe Inès", "Laura")])
    assert found is not None
    assert Role.FACILITATOR not in found.parts
    assert found.parts[Role.CLIENT] in ("Joe", "Inès")


def test_who_has_left_is_proposed_for_nothing_and_who_has_come_is_owed_a_turn() -> None:
    found = propose([held(1, "Nadia Laura Joe Inès", "Nadia"), held(2, "Laura Joe Inès Karim", "Laura")])
    assert found is not None
    assert "Nadia" not in found.parts.values()
    assert (found.parts[Role.CLIENT] in ("Joe", "Inès", "Karim"), found.again, found.opens) == (True, False, "Laura")
    later = [held(3, "Laura Joe Inès Karim", "Joe"), held(4, "Laura Joe Inès Karim", "Inès")]
    found = propose([held(1, "Nadia Laura Joe Inès", "Nadia"), held(2, "Laura Joe Inès Karim", "Laura"), *later])
    assert found is not None
    assert (found.parts[Role.CLIENT], found.again) == ("Karim", False)


def test_a_long_lived_group_goes_round() -> None:
    people = "Nadia Laura Joe Inès"
    found = propose([held(number, people, people.split()[number % 4]) for number in range(1, 31)])
    assert found is not None
    assert (found.sessions, found.again) == (LOOKS_BACK, True)


def test_where_everybody_is_client_in_turn_nothing_is_proposed() -> None:
    troika = held(1, "Nadia Laura Joe", "Nadia", None, script=script("troika-30"))
    assert propose([troika]) is None
