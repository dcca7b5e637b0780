"""A new session by form and in JSON: what is made, and every error at its field with nothing lost."""

from __future__ import annotations

import html
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import httpx

from cosession import assets
from cosession.core.script import Script, spoken_to
from cosession.core.vocabulary import Formality, Guidance, Job, Role, TurnOrder
from cosession.i18n.words import read_words
from cosession.main import Application
from tests.delivered import SCRIPTS
from tests.server.conftest import PEOPLE, setup, visitor

FORM = {"content-type": "application/x-www-form-urlencoded"}


def form(**changes: Any) -> str:
    """The page's form filled in, as a browser encodes it."""
    rows = [*PEOPLE, *[""] * 8]
    fields: dict[str, Any] = {
        "title": "Groupe Estuaire",
        "facilitator": "Claire",
        "script": "codev-75",
        "when": "now",
        "starts_at": "",
        "utc_offset_minutes": "",
        "language": "fr",
        "first": "yes",
        "number": "2",
        "participant[]": rows,
        "client": "0",
        "deputy": "1",
        "timekeeper": "",
        "scribe": "2",
        "previous_client": "",
        **changes,
    }
    return urlencode(fields, doseq=True)


async def test_the_form_makes_a_session_and_leads_to_its_links(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    assert (await facilitator.get("/sessions/new")).status_code == 200
    answer = await facilitator.post("/sessions", content=form(), headers=FORM)
    assert answer.status_code == 200
    session = str(answer.url).rpartition("/")[2]
    room = await application.rooms.get(session)
    assert room is not None
    assert [seat.name for seat in room.state.seats.values()] == ["Claire", *PEOPLE]
    assert room.state.seats["p1"].role is Role.CLIENT
    assert room.state.seats["p2"].jobs == {Job.DEPUTY}
    for name in PEOPLE:
        assert name in answer.text
    assert answer.text.count("http://codev.test/j/") >= 2 * 5


async def test_every_script_can_be_chosen_and_made(application: Application, facilitator: httpx.AsyncClient) -> None:
    page = (await facilitator.get("/sessions/new")).text
    offered = re.findall(r'name="script" value="([a-z0-9-]+)"', page)
    assert (offered[0], sorted(offered)) == ("codev-75", sorted(SCRIPTS))
    assert len(SCRIPTS) == 12
    french = read_words(assets.locales(), "pages")["fr"]
    for name, script in SCRIPTS.items():
        for words in (script.title, script.summary):
            assert html.escape(french.said(words), quote=False) in html.unescape(page).replace("&", "&amp;")
        people = [*PEOPLE, "Sophie", "Thomas", "Mehdi", "Léa"][: script.people.planned]
        changes = {"participants": people, "deputy": 1, "scribe": 1, "previous_client": 1}
        if not script.facilitator:
            changes["facilitator"] = None
        answer = await facilitator.post("/sessions", json=setup(script=name, **changes))
        assert answer.status_code == 201, (name, answer.text)
        room = await application.rooms.get(answer.json()["session"])
        assert room is not None
        assert room.state.script == Script.model_validate(spoken_to(script.model_dump(), Formality.FORMAL))
        assert (room.state.facilitator is None) is not script.facilitator
        assert (await facilitator.get(f"/sessions/{room.session}")).status_code == 200


async def test_the_form_says_with_how_many_people_a_round_is_left_out(facilitator: httpx.AsyncClient) -> None:
    page = (await facilitator.get("/sessions/new?lang=en")).text

    def about(script: str) -> str:
        return page.split(f'value="{script}"')[1].split("</label>")[0]

    assert "With 11 people or more, one round of “Advice” is left out" in about("codev-75")
    assert "With 10 people or more" in about("codev-75-first")
    assert "is left out" not in about("codev-180")


async def test_a_script_that_nobody_conducts_has_members_only(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    """The form still sends what it hides; in JSON a facilitator is an error."""
    rows = ["Nadia", "", "Laura", "Joe", *[""] * 8]
    changes = {"script": "troika-30", "participant[]": rows, "deputy": "2", "scribe": "", "qualified[]": ["3"]}
    answer = await facilitator.post("/sessions", content=form(**changes), headers=FORM)
    room = await application.rooms.get(str(answer.url).rpartition("/")[2])
    assert room is not None
    assert [(seat.id, seat.name) for seat in room.state.seats.values()] == [
        ("p1", "Nadia"),
        ("p2", "Laura"),
        ("p3", "Joe"),
    ]
    assert not any(seat.jobs or seat.qualified for seat in room.state.seats.values())
    assert "Ouvrez votre propre lien" in answer.text
    async with visitor(application) as nadia:
        link = re.findall(r"http://codev.test/j/[^\"]+", answer.text)[0]
        assert (await nadia.get(link)).url.path == f"/s/{room.session}/p1"
        view = json.loads(room.view_text("p1", None))
    assert view["console"] is None
    assert not view["common"]["conducted"]
    alone = setup(script="troika-30", participants=PEOPLE[:3], deputy=None, previous_client=None)
    refused = await facilitator.post("/sessions", json=alone)
    assert [error["field"] for error in refused.json()["errors"]] == ["facilitator"]


async def test_the_groups_settings_reach_the_session(application: Application, facilitator: httpx.AsyncClient) -> None:
    chosen = {"guidance": "accompanied", "formality.fr": "familiar", "turn_order": "drawn", "qualified[]": ["1", "2"]}
    answer = await facilitator.post("/sessions", content=form(**chosen), headers=FORM)
    first = await application.rooms.get(str(answer.url).rpartition("/")[2])
    body = setup(guidance="free", formality="familiar", turn_order="quietest", qualified=[1])
    answer = await facilitator.post("/sessions", json=body)
    second = await application.rooms.get(answer.json()["session"])
    assert first is not None
    assert second is not None
    for room, settings, qualified in (
        (first, (Guidance.ACCOMPANIED, Formality.FAMILIAR, TurnOrder.DRAWN), ["f", "p2", "p3"]),
        (second, (Guidance.FREE, Formality.FAMILIAR, TurnOrder.QUIETEST), ["f", "p2"]),
    ):
        state = room.state
        assert (state.guidance, state.formality, state.turn_order) == settings
        assert [seat.id for seat in state.seats.values() if seat.qualified] == qualified
    assert first.state.lot != second.state.lot, "each session has a lot of its own"


async def test_a_script_for_six_is_not_for_seven(facilitator: httpx.AsyncClient) -> None:
    seven = [*PEOPLE, "Sophie", "Thomas", "Mehdi"]
    answer = await facilitator.post("/sessions", json=setup(script="codev-60", participants=seven))
    (error,) = answer.json()["errors"]
    assert error["field"] == "participants"
    assert "6" in error["message"]


async def test_rows_left_empty_in_between_do_not_shift_who_is_who(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    rows = ["", "Nadia", "", "Laura", "Joe", *[""] * 7]
    changes = {"participant[]": rows, "client": "3", "deputy": "4", "scribe": "1"}
    answer = await facilitator.post("/sessions", content=form(**changes), headers=FORM)
    room = await application.rooms.get(str(answer.url).rpartition("/")[2])
    assert room is not None
    assert room.state.client == "p2"
    assert room.state.holder_of(Job.DEPUTY) == "p3"
    assert room.state.holder_of(Job.SCRIBE) == "p1"


async def test_a_time_is_taken_in_the_browsers_zone_or_else_the_servers(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    in_an_hour = datetime.fromtimestamp(application.clock.wall_ms() // 60_000 * 60 + 3600, UTC)
    for offset, zone in (("-120", timezone(timedelta(hours=-2))), ("", ZoneInfo("Europe/Paris"))):
        local = in_an_hour.astimezone(zone).strftime("%Y-%m-%dT%H:%M")
        later = form(when="at", starts_at=local, utc_offset_minutes=offset)
        answer = await facilitator.post("/sessions", content=later, headers=FORM)
        row = await application.registry.session(str(answer.url).rpartition("/")[2])
        assert row is not None, answer.text
        assert row.starts_wall_ms == in_an_hour.timestamp() * 1000


async def test_a_form_with_errors_comes_back_with_what_was_typed(facilitator: httpx.AsyncClient) -> None:
    rows = ["Nadia", "nadia", "Laura", *[""] * 9]
    changes = {"title": "", "participant[]": rows, "client": "", "facilitator": "Claire <b>", "scribe": "7"}
    answer = await facilitator.post("/sessions", content=form(**changes), headers=FORM)
    assert answer.status_code == 422
    for field in ("title", "participant.1", "client", "scribe"):
        assert f'id="wrong-{field}"' in answer.text, field
    assert "Il reste 4 points" in answer.text
    assert 'value="Laura"' in answer.text
    assert "Claire &lt;b&gt;" in answer.text, "what was typed is text"
    assert "<b>" not in answer.text


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"script": "codev-12"}, "script"),
    ({"title": ""}, "title"),
    ({"title": "x" * 121}, "title"),
    ({"title": ["a"]}, "title"),
    ({"language": "xx"}, "language"),
    ({"starts_at": "tomorrow"}, "starts_at"),
    ({"starts_at": "2020-01-01T10:00+01:00"}, "starts_at"),
    ({"starts_in_s": 10**8}, "starts_at"),
    ({"starts_in_s": "soon"}, "starts_at"),
    ({"facilitator": ""}, "facilitator"),
    ({"facilitator": "Claire\u202e"}, "facilitator"),
    ({"participants": []}, "participants"),
    ({"participants": "Nadia"}, "participants"),
    ({"participants": ["A"]}, "participants"),
    ({"participants": [f"P{n}" for n in range(13)]}, "participants"),
    ({"participants": [*PEOPLE, "laura"]}, "participants.4"),
    ({"participants": [*PEOPLE, "Claire"]}, "participants.4"),
    ({"participants": [*PEOPLE, None]}, "participants.4"),
    ({"client": None}, "client"),
    ({"client": 4}, "client"),
    ({"client": -1}, "client"),
    ({"client": True}, "client"),
    ({"deputy": 0}, "deputy"),
    ({"scribe": "x"}, "scribe"),
    ({"number": 0}, "number"),
    ({"speed": 0}, "speed"),
    ({"guidance": "strict"}, "guidance"),
    ({"formality": "polite"}, "formality"),
    ({"formality": "familiar", "language": "en"}, "formality"),
    ({"formality": ["formal"]}, "formality"),
    ({"language": ["fr"]}, "language"),
    ({"turn_order": None}, "turn_order"),
    ({"qualified": [4]}, "qualified"),
    ({"qualified": "1"}, "qualified"),
    ({"qualified": [["a"]]}, "qualified"),
    ({"guidance": ["guided"]}, "guidance"),
    ({"script": "troika-30", "participants": ["A", "B", "C"]}, "facilitator"),
    ({"speed": 1.5}, "speed"),
]


async def test_json_errors_name_their_field(facilitator: httpx.AsyncClient) -> None:
    for changes, field in WRONG:
        body = setup(**changes)
        if "starts_at" in changes:
            del body["starts_in_s"]
        answer = await facilitator.post("/sessions", json=body)
        assert answer.status_code == 422, (changes, answer.text)
        errors = answer.json()["errors"]
        assert field in [error["field"] for error in errors], (changes, errors)
        assert all(error["message"] for error in errors)


async def test_all_errors_are_said_at_once_in_the_readers_language(application: Application) -> None:
    async with visitor(application, "en") as client:
        await client.post(f"/in/{await application.registry.new_login_link('facilitator')}")
        answer = await client.post("/sessions", json=setup(title="", client=None, speed=0, language="xx"))
        errors = {error["field"]: error["message"] for error in answer.json()["errors"]}
        assert set(errors) == {"title", "client", "speed", "language"}
        assert errors["client"] == "Choose who is client today."


async def test_a_start_in_the_future_is_session_time_at_the_sessions_speed(
    application: Application, facilitator: httpx.AsyncClient
) -> None:
    answer = await facilitator.post("/sessions", json=setup(starts_in_s=600, speed=10))
    session = answer.json()["session"]
    room = await application.rooms.get(session)
    row = await application.registry.session(session)
    assert room is not None
    assert row is not None
    assert room.state.starts_at_ms == 6_000_000
    assert abs(row.starts_wall_ms - row.created_wall_ms - 600_000) < 2_000


NO_FORM = [
    (b"{", "application/json", 400),
    (b"[]", "application/json", 400),
    (b"\xff\xfe", "application/json", 400),
    (b"[" * 60_000, "application/json", 400),
    (b"title=%ff", "application/x-www-form-urlencoded", 400),
    (b"x" * 70_000, "application/x-www-form-urlencoded", 413),
    (b"a=1&" * 300, "application/x-www-form-urlencoded", 400),
    (b"a", "multipart/form-data", 415),
]


async def test_what_is_no_form_is_refused_plainly(facilitator: httpx.AsyncClient) -> None:
    for content, kind, status in NO_FORM:
        answer = await facilitator.post("/sessions", content=content, headers={"content-type": kind})
        assert answer.status_code == status, (content[:20], kind)
        assert answer.text
