"""After the close: the plan is completed, a word on the session is said, what was stopped can be erased; and sessions
that were suspended or never began, in the facilitator's list."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import httpx

from cosession.core import commands as cmd
from cosession.core.schedule import SUSPENDED_MS
from cosession.core.vocabulary import Loss, Presence
from cosession.main import Application
from cosession.room.actor import Room
from tests.server.conftest import link_of, visitor
from tests.server.playing import play
from tests.server.test_new_session import FORM


async def room_of(application: Application, made: dict[str, Any]) -> Room:
    room = await application.rooms.get(made["session"])
    assert room is not None
    return room


async def send(browser: httpx.AsyncClient, made: dict[str, Any], seat: str, **fields: str) -> httpx.Response:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    return await browser.post(f"/s/{made['session']}/{seat}/after", content=urlencode(named), headers=FORM)


def inputs(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([a-z_.0-9]+)" value="([^"]*)"', page))


async def test_the_client_completes_the_plan_without_a_script(application: Application, made: dict[str, Any]) -> None:
    room = await room_of(application, made)
    await play(room)
    action = next(one for one in room.state.captures if one.capture == "action")
    retained = next(one for one in room.state.captures if one.capture == "retained")
    async with visitor(application) as nadia:
        page = (await nadia.get(link_of(made, "p1"))).text
        assert "Compléter votre plan" in page
        assert "jusqu" in page
        assert inputs(page)[f"action.{action.entry}"] == "1"
        assert 'value="Parler à Marc"' in page
        fields = {
            f"action.{action.entry}": "1",
            f"action.{action.entry}.what": "Parler à Marc",
            f"action.{action.entry}.indicator": "Il revient <me> voir",
            f"action.{action.entry}.due": "2026-12-04",
            f"retained.{retained.entry}": "1",
            f"retained.{retained.entry}.text": "Sa place lui a manqué",
            "action.new": "0",
            "action.new.what": "Écrire au comité",
        }
        saved = await send(nadia, made, "p1", **fields)
        assert saved.status_code == 200
        assert saved.url.query == b"kept=yes"
        assert "enregistré" in saved.text
        assert "Il revient &lt;me&gt; voir" in saved.text
        written = [(one.capture, one.version, dict(one.fields)) for one in room.state.captures if one.seat == "p1"]
        assert ("retained", 1, {"text": "Sa place lui a manqué"}) in written, "what did not change is left alone"
        assert ("action", 1, {"what": "Écrire au comité"}) in written
        changed = {"what": "Parler à Marc", "indicator": "Il revient <me> voir", "due": "2026-12-04"}
        assert ("action", 2, changed) in written
        seq = room.stream.seq
        assert (await send(nadia, made, "p1", **fields)).status_code == 200
        assert room.stream.seq == seq, "sent twice, written once"
        revealed = [one for one in room.state.captures if one.capture == "action" and one.revealed]
        assert revealed == [], "what is written after the close is the author's alone"
        markdown = (await nadia.get(f"/s/{made['session']}/p1/after.md")).text
        assert "Écrire au comité" in markdown
    async with visitor(application) as laura:
        await laura.get(link_of(made, "p2"))
        refused = await send(laura, made, "p2", **{"action.new": "0", "action.new.what": "Pas à moi"})
        assert refused.status_code == 422
        writings = (await laura.get(f"/s/{made['session']}/p2/writings")).json()
        assert not any(one["capture"] == "action" for one in writings)
        assert not any("Pas à moi" in one.fields.values() for one in room.state.captures)


async def test_errors_stand_at_their_field_and_nothing_typed_is_lost(
    application: Application, made: dict[str, Any]
) -> None:
    room = await room_of(application, made)
    await play(room)
    action = next(one for one in room.state.captures if one.capture == "action")
    async with visitor(application) as nadia:
        await nadia.get(link_of(made, "p1"))
        wrong = await send(
            nadia,
            made,
            "p1",
            **{
                f"action.{action.entry}": "1",
                f"action.{action.entry}.what": "",
                f"action.{action.entry}.indicator": "Gardé <b>",
                "action.new": "0",
                "action.new.what": "x" * 301,
                "rating.new": "0",
                "rating.new.learned": "rate_9",
                "unknown.new": "0",
            },
        )
    assert wrong.status_code == 422
    for field in (f"action.{action.entry}.what", "action.new.what", "rating.new.learned"):
        assert f'id="wrong-{field}"' in wrong.text, field
    assert "300 caractères au plus" in wrong.text
    assert 'value="Gardé &lt;b&gt;"' in wrong.text
    assert [one.version for one in room.state.captures if one.capture == "action"] == [1]
    async with visitor(application) as nadia:
        await nadia.get(link_of(made, "p1"))
        stale = await send(nadia, made, "p1", **{f"action.{action.entry}": "7", f"action.{action.entry}.what": "Autre"})
        assert stale.status_code == 422
        assert "changé ailleurs" in stale.text
        for odd in ("9" * 30, "-1", "²", ""):
            fields = {f"action.{odd}": odd, f"action.{odd}.what": "Autre", "retained.new.text": "sans bloc"}
            assert (await send(nadia, made, "p1", **fields)).status_code in (200, 422)
    assert (await room.verify())["replay_equal"]


async def test_everybody_says_their_word_in_private(application: Application, made: dict[str, Any]) -> None:
    room = await room_of(application, made)
    await play(room)
    async with visitor(application) as laura, visitor(application) as nadia, visitor(application) as claire:
        page = (await laura.get(link_of(made, "p2"))).text
        assert "Et cette séance, pour vous" in page
        assert "Compléter votre plan" not in page
        answers = {
            "rating.new": "0",
            "rating.new.learned": "rate_4",
            "rating.new.safe": "rate_5",
            "rating.new.comment": "Le silence m'a aidée",
            "rating.new.share": "without_name",
        }
        saved = await send(laura, made, "p2", **answers)
        assert "Le silence m" in saved.text
        (rating,) = [one for one in room.state.captures if one.capture == "rating"]
        assert rating.fields["share"] == "without_name"
        for browser, seat in ((nadia, "p1"), (claire, "f")):
            assert "Le silence m" not in (await browser.get(link_of(made, seat))).text
            writings = (await browser.get(f"/s/{made['session']}/{seat}/writings")).json()
            assert not any(one["capture"] == "rating" for one in writings)
        assert "Et cette séance" not in (await claire.get(f"/s/{made['session']}/f/after")).text
        other = await laura.post(
            f"/s/{made['session']}/p2/after", content="a=1", headers={**FORM, "origin": "https://elsewhere.test"}
        )
        assert other.status_code == 403
        stranger = await nadia.post(f"/s/{made['session']}/p2/after", content=urlencode(answers), headers=FORM)
        assert stranger.status_code == 403


async def test_before_the_end_nothing_is_completed(application: Application, made: dict[str, Any]) -> None:
    async with visitor(application) as nadia:
        await nadia.get(link_of(made, "p1"))
        assert (await send(nadia, made, "p1", **{"action.new": "0", "action.new.what": "Trop tôt"})).status_code == 409


async def test_what_was_stopped_is_erased_by_the_facilitator_alone(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    room = await room_of(application, made)
    await room.ask(cmd.SubmitCapture(capture="intention", fields={"text": "Oser dire non"}), "p1")
    await room.ask(cmd.StartSession(), "f")
    erase = f"/s/{made['session']}/f/erase"
    async with visitor(application) as claire, visitor(application) as nadia:
        await claire.get(link_of(made, "f"))
        assert (await claire.post(erase, content="sure=yes", headers=FORM)).status_code == 403, "it goes on"
        await room.ask(cmd.CarePause(), "f")
        await room.ask(cmd.StopSession(), "f")
        own = (await nadia.get(link_of(made, "p1"))).text
        assert "La séance a été arrêtée" in own
        assert "peut être effacé" in own
        assert "Oser dire non" in own
        assert "/erase" not in own
        assert "pour vous ?" not in own, "nobody is asked for a rating now"
        assert (await nadia.post(f"/s/{made['session']}/p1/erase", content="sure=yes", headers=FORM)).status_code == 403
        assert f'action="{erase}"' in (await claire.get(f"/s/{made['session']}/f/after")).text
        await claire.post(erase, content="", headers=FORM)
        assert not room.stream.erased, "it is asked twice"
        done = await claire.post(erase, content="sure=yes", headers=FORM)
        assert "Le contenu de cette séance est effacé" in done.text
        page = (await nadia.get(f"/s/{made['session']}/p1/after")).text
        assert "effacé" in page
        assert "Oser dire non" not in page
        assert (await nadia.get(f"/s/{made['session']}/p1/after.md")).status_code == 410
        assert (await claire.post(erase, content="sure=yes", headers=FORM)).status_code == 200, "may be repeated"
    for place in ("/", made["page"]):
        shown = (await facilitator.get(place)).text
        assert "effacé" in shown
        for word in ("Estuaire", "Nadia", "erased<"):
            assert word not in shown, (place, word)


async def test_a_suspended_session_is_in_the_list_with_the_day_until_which_it_waits(
    application: Application, facilitator: httpx.AsyncClient, made: dict[str, Any]
) -> None:
    room = await room_of(application, made)
    await room.ask(cmd.StartSession(), "f")
    await room.ask(cmd.SuspendSession(), "f")
    until = application.clock.wall_ms() + SUSPENDED_MS
    for place in ("/", made["page"]):
        shown = (await facilitator.get(place)).text
        assert "suspendue" in shown
        assert application_day(application, until) in shown
    await room.ask(cmd.ResumeSession(), "f")
    assert "suspendue" not in (await facilitator.get("/")).text


def application_day(application: Application, wall_ms: int) -> str:
    """The day as the page says it."""
    pages = application._ops.pages
    return pages.when(wall_ms, pages.words["fr"]).partition(",")[0]


async def changed_client(room: Room) -> None:
    """Nadia brings a topic; then Inès is client in her place, and the session is closed."""
    for seat in room.state.seats:
        await room.ask(cmd.ReportPresence(seat=seat, presence=Presence.HERE))
    await room.ask(cmd.StartSession(), "f")
    while room.state.current is not None and room.state.current.id != "problem_statement":
        await room.ask(cmd.NextPhase(phase=room.state.current.key, losing=tuple(Loss)), "f")
    for seat, capture, text in (
        ("p1", "headline_question", "Comment dire non à Marc ?"),
        ("p3", "facts", "Marc demande tout le vendredi soir"),
    ):
        await room.ask(cmd.SubmitCapture(capture=capture, fields={"text": text}), seat)
    await room.save_draft("p1", "headline_question", {"text": "Comment dire non, ou pas maintenant"})
    await room.ask(cmd.ChangeClient(seat="p4"), "f")


async def test_what_a_client_who_withdrew_wrote_goes_with_them_or_is_erased(
    application: Application, made: dict[str, Any]
) -> None:
    room = await room_of(application, made)
    await changed_client(room)
    await room.ask(cmd.SubmitCapture(capture="headline_question", fields={"text": "Et ma propre équipe ?"}), "p4")
    place = f"/s/{made['session']}"
    async with visitor(application) as nadia, visitor(application) as ines, visitor(application) as joe:
        for browser, seat in ((nadia, "p1"), (ines, "p4"), (joe, "p3")):
            await browser.get(link_of(made, seat))
        assert "Marc" not in (await ines.get(f"{place}/p4/writings")).text, "nor while the session goes on"
        theirs = {one["fields"]["text"] for one in (await nadia.get(f"{place}/p1/writings")).json()}
        assert theirs >= {"Comment dire non, ou pas maintenant", "Marc demande tout le vendredi soir"}
        await room.ask(cmd.CloseSession(), "f")
        for path in ("after", "after.md", "writings"):
            page = (await ines.get(f"{place}/p4/{path}")).text
            assert "propre équipe" in page
            assert "Marc" not in page, path
            assert "pas maintenant" not in page, path
        assert "/withdrawn" not in (await ines.get(f"{place}/p4/after")).text, "it is nobody else's to erase"
        refused = await ines.post(f"{place}/p4/withdrawn", content="sure=yes", headers=FORM)
        assert refused.status_code == 409
        assert "rien à effacer" in refused.text
        own = (await nadia.get(f"{place}/p1/after")).text
        assert "Comment dire non, ou pas maintenant" in own
        assert "Marc demande" in own
        assert f'action="{place}/p1/withdrawn"' in own
        assert "Marc demande" in (await nadia.get(f"{place}/p1/after.md")).text
        await nadia.post(f"{place}/p1/withdrawn", content="", headers=FORM)
        assert "Marc demande" in (await nadia.get(f"{place}/p1/after")).text, "it is asked twice"
        asked = await nadia.post(f"{place}/p1/withdrawn", json={"sure": "yes"}, headers={"accept": "application/json"})
        assert asked.status_code == 204
        for browser, seat in ((nadia, "p1"), (joe, "p3"), (ines, "p4")):
            for path in ("after", "after.md", "writings"):
                page = (await browser.get(f"{place}/{seat}/{path}")).text
                assert "Marc" not in page, (seat, path)
                assert "pas maintenant" not in page, (seat, path)
        assert "Nadia" in (await nadia.get(f"{place}/p1/after")).text, "the name stays"
        assert "propre équipe" in (await ines.get(f"{place}/p4/after")).text
    assert (await room.verify())["replay_equal"]
    entries = await application.log.read(made["session"])
    gone = [e for e in entries if e.record.owner == "p1.client"]
    assert len(gone) >= 3
    assert all(entry.record.erased for entry in gone), "for good: the key is gone"
