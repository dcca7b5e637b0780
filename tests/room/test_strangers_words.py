"""Nobody's outbox can be filled by somebody else, whatever they send; and what did not fit is said to its sender."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosession.core.commands import StartSession
from cosession.room.outbox import MAX_FROM_ONE, MAX_MESSAGES
from tests.room.bench import Bench, Page
from tests.room.test_pace import KINDS, message

ROUNDS = 60


async def floods(page: Page, kind: str, rounds: int = ROUNDS) -> None:
    """Send without any regard for rests."""
    for number in range(rounds):
        fields: dict[str, Any] = message(kind, number)
        if kind == "hello":
            fields |= {"tab": page.connection.tab, "place": ("lobby", "room")[number % 2]}
        if kind == "command":
            fields["command"] = {"type": "set_microphone", "microphone": ("open", "closed")[number % 2]}
        if "id" in fields:
            fields["id"] = f"{page.seat}-{fields['id']}"
        await page.connection.receive(json.dumps(fields))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_reader_who_pauses_is_not_thrown_out_by_the_others(bench: Bench, kind: str) -> None:
    """The facilitator does not read for a moment; all others send as much as they like. 256 notes were enough."""
    room = await bench.room()
    pages = await bench.everyone(room)
    await pages["f"].ask(StartSession())
    reader = pages["f"]
    reader.reads.clear()
    for seat, page in pages.items():
        if seat != "f":
            await floods(page, kind)
    await bench.settled()
    waiting = len(reader.connection.outbox._queue)
    assert waiting <= MAX_FROM_ONE * len(pages) < MAX_MESSAGES // 4
    reader.reads.set()
    await bench.settled()
    assert reader.closed is None
    assert reader.of("view")


async def test_lost_workers_and_changing_cameras_leave_one_word_each(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    reader = pages["f"]
    reader.reads.clear()
    for number in range(2 * MAX_MESSAGES):
        bench.directory.restarted([room.session], 0)
        room.media.devices("p2", camera=number % 2 == 0, microphone=True)
        bench.directory.voices(room.session, {"p3": number % 100})
    await bench.settled()
    before = len(reader.got)
    reader.reads.set()
    await bench.settled()
    assert reader.closed is None
    assert len(reader.got) - before <= 12


async def test_a_note_that_does_not_fit_is_said_and_comes_when_it_is_sent_again(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    reader = pages["f"]
    reader.reads.clear()
    room.audience.send(room.media.pictures(), "f")
    await bench.settled()
    for seat in ("p2", "p3"):
        await floods(pages[seat], "send_note", MAX_FROM_ONE + 2)
    await bench.settled()
    for seat in ("p2", "p3"):
        answers = [pages[seat].answer(f"{seat}-send_note-number-{number}") for number in range(MAX_FROM_ONE + 2)]
        assert [one["type"] for one in answers] == ["note_sent"] * MAX_FROM_ONE + ["error"] * 2
        assert {(one["code"], one["retry"]) for one in answers[MAX_FROM_ONE:]} == {("slow_down", True)}
    reader.reads.set()
    await bench.settled()
    await bench.passes(10_000)
    last = f"send_note-number-{MAX_FROM_ONE}"
    await pages["p2"].say(**{**message("send_note", MAX_FROM_ONE), "id": f"p2-{last}"})
    await bench.settled()
    assert pages["p2"].answer(f"p2-{last}")["type"] == "note_sent"
    assert [one["seat"] for one in reader.of("note")] == ["p2"] * MAX_FROM_ONE + ["p3"] * MAX_FROM_ONE + ["p2"]
