"""Private notes: lead and one seat, told once, kept nowhere."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from cosession.core.commands import CloseSession, StartSession
from tests.room.bench import Bench, Page

SECRET = "Vous aviez l'air loin, tout va bien ?"


async def send(page: Page, **note: Any) -> dict[str, Any]:
    await page.say(type="send_note", id="note-00001", **note)
    await page.bench.settled()
    return page.answer("note-00001")


async def test_a_note_reaches_its_reader_alone_and_leaves_no_trace(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    seq = room.stream.seq
    with capture_logs() as logs:
        assert await send(pages["f"], to="p4", preset="conclude") == {"type": "note_sent", "id": "note-00001"}
        assert (await send(pages["p4"], line=SECRET))["type"] == "note_sent"
    assert pages["p4"].of("note") == [
        {"type": "note", "id": "note-00001", "seat": None, "preset": "conclude", "line": ""}
    ]
    assert pages["f"].of("note") == [{"type": "note", "id": "note-00001", "seat": "p4", "preset": None, "line": SECRET}]
    assert [seat for seat, page in pages.items() if page.of("note")] == ["f", "p4"]
    assert room.stream.seq == seq
    assert logs == []
    assert SECRET not in room.view_text("f", None)
    assert SECRET.encode() not in bench.path.read_bytes()


async def test_who_leads_gets_the_notes_though_nobody_knows_yet(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    await pages["f"].gone()
    await bench.passes(31_000)
    deputy = room.state.lead
    assert deputy is not None
    assert deputy != "f"
    assert room.state.frame_only
    await send(pages["p2"], preset="call_lead")
    assert pages[deputy].of("note")[-1]["seat"] == "p2"
    await send(pages[deputy], to="p2", preset="conclude")
    assert pages["p2"].of("note")[-1]["seat"] is None


async def test_the_writer_is_told_when_nobody_is_there_to_read(bench: Bench) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    answer = await send(lead, to="p4", preset="conclude")
    assert (answer["type"], answer["code"]) == ("refused", "seat_absent")


@pytest.mark.parametrize(
    ("by", "note", "code"),
    [
        ("p2", {"to": "p3", "line": "psst"}, "not_your_seat"),
        ("p2", {"to": "f", "line": "psst"}, "not_your_seat"),
        ("p2", {"preset": "conclude"}, "not_your_seat"),
        ("f", {"to": "p2", "preset": "call_lead"}, "not_your_seat"),
        ("f", {"to": "f", "line": "moi"}, "not_your_seat"),
        ("f", {"line": "à qui ?"}, "unknown_seat"),
        ("f", {"to": "p99", "line": "à qui ?"}, "unknown_seat"),
        ("f", {"to": "p2"}, "bad_field"),
        ("f", {"to": "p2", "line": "  "}, "bad_field"),
        ("f", {"to": "p2", "line": "deux\nlignes"}, "bad_field"),
        ("f", {"to": "p2", "line": "x" * 141}, "too_long"),
    ],
)
async def test_other_notes_are_refused(bench: Bench, by: str, note: dict[str, Any], code: str) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    answer = await send(pages[by], **note)
    assert (answer["type"], answer["code"]) == ("refused", code)
    assert not any(page.of("note") for page in pages.values())


async def test_after_the_close_there_are_no_notes(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    await pages["f"].ask(CloseSession())
    assert (await send(pages["f"], to="p2", preset="conclude"))["code"] == "closed"
