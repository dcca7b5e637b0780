"""The writer: stored before it is told, once per command, alive whatever the store does."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosession.core.commands import (
    CloseSession,
    NextPhase,
    NextStep,
    RaiseHand,
    SetMicrophone,
    StartSession,
    SubmitCapture,
)
from cosession.core.refusal import Refused
from cosession.core.stage import RoomPlan
from cosession.core.vocabulary import Loss, Microphone, Status
from cosession.room.actor import Room
from cosession.room.directory import Directory
from cosession.room.ports import Record
from tests.core.table import creation
from tests.room.bench import Bench, Page


async def to_phase(room: Room, lead: Page, phase: str) -> None:
    """Go on until this phase runs."""
    if room.state.status is Status.LOBBY:
        await lead.ask(StartSession())
    while (current := room.state.current) is not None and current.id != phase:
        assert (await lead.ask(NextPhase(phase=current.key, losing=tuple(Loss))))["type"] == "accepted"
    assert current is not None


async def test_the_same_command_again_gets_the_same_answer_and_no_second_effect(bench: Bench) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    first = await lead.ask(StartSession(), "the-same-id")
    seq = room.stream.seq
    assert first == {"type": "accepted", "id": "the-same-id", "seq": seq}
    assert await lead.ask(StartSession(), "the-same-id") == first
    assert room.stream.seq == seq


async def test_a_refused_command_again_is_refused_again_even_when_it_would_be_possible_now(bench: Bench) -> None:
    room = await bench.room()
    lead, asker = await bench.page(room, "f"), await bench.page(room, "p2")
    first = await asker.ask(RaiseHand(), "raise-once")
    assert (first["type"], first["code"]) == ("refused", "not_now")
    await to_phase(room, lead, "questions")
    assert await asker.ask(RaiseHand(), "raise-once") == first
    assert (await asker.ask(RaiseHand()))["type"] == "accepted"


async def test_an_accepted_command_is_known_after_a_crash(bench: Bench) -> None:
    room = await bench.room()
    lead, other = await bench.page(room, "f"), await bench.page(room, "p2")
    await lead.ask(StartSession(), "start-once")
    opened = await other.ask(SetMicrophone(microphone=Microphone.ARMED), "armed-once")
    assert opened["type"] == "accepted"
    await bench.crash()
    await bench.restart()
    again = await bench.directory.get(room.session)
    assert again is not None
    seq = again.stream.seq
    page = await bench.page(again, "f", fresh=False)
    assert (await page.ask(StartSession(), "start-once"))["type"] == "accepted"
    assert [e for e in await bench.log.read(room.session) if e.record.type == "session_started"][1:] == []
    assert again.stream.seq >= seq


async def test_an_answer_lost_after_the_commit_is_found_again(bench: Bench) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    bench.log.lose_answers = 1
    lost = await lead.ask(StartSession(), "start-once")
    assert (lost["type"], lost["code"], lost["retry"]) == ("error", "store_busy", True)
    assert not room.state.started_at_ms
    assert (await lead.ask(StartSession(), "start-once"))["type"] == "accepted"
    assert room.state.status is Status.RUNNING
    assert (await room.verify())["replay_equal"]


async def test_a_log_that_moved_is_read_again_and_the_command_tried_once_more(bench: Bench) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    entries = await bench.log.read(room.session)
    meta = {**entries[1].record.meta, "microphone": "closed", "seat": "p2"}
    meta = {name: meta[name] for name in ("clocks", "microphone", "seat")}
    await bench.log.append(room.session, room.stream.seq, [Record("microphone_set", room.now_ms(), meta)])
    assert (await lead.ask(StartSession()))["type"] == "accepted"
    assert room.state.status is Status.RUNNING
    assert (await room.verify())["replay_equal"]


@pytest.mark.parametrize("code", ["store_full", "store_busy", "store_damaged"])
async def test_a_store_that_fails_changes_nothing_and_acknowledges_nothing(bench: Bench, code: str) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    before = room.stream
    bench.log.failing = code
    answer = await lead.ask(StartSession(), "start-once")
    assert (answer["type"], answer["code"], answer["retry"]) == ("error", code, True)
    assert room.stream is before
    bench.log.failing = None
    assert (await lead.ask(StartSession(), "start-once"))["type"] == "accepted"


async def test_time_that_could_not_be_stored_is_made_up_for(bench: Bench) -> None:
    """The turn's end falls into a disk that is full; it passes as soon as there is room again."""
    room = await bench.room()
    pages = await bench.everyone(room)
    await to_phase(room, pages["f"], "check_in")
    await pages["f"].ask(NextStep(phase="check_in#1", step=0))
    assert room.state.turn is not None
    number = room.state.turn.number
    bench.log.failing = "store_full"
    await bench.passes(120_000)
    assert room.state.turn is not None
    assert room.state.turn.number == number
    bench.log.failing = None
    await bench.passes(400)
    assert room.state.turns > number
    assert (await room.verify())["replay_equal"]


async def test_a_defect_inside_is_answered_and_the_room_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("cosession.room.actor.decide", broken)
        answer = await lead.ask(StartSession())
    assert (answer["type"], answer["code"], answer["retry"]) == ("error", "internal", False)
    assert (await lead.ask(StartSession()))["type"] == "accepted"


async def test_media_obey_after_the_commit_and_before_the_views(bench: Bench) -> None:
    room = await bench.room()
    pages = await bench.everyone(room)
    await to_phase(room, pages["f"], "topic_choice")
    await pages["p1"].ask(SetMicrophone(microphone=Microphone.ARMED))
    moments: list[tuple[int, int]] = []

    def noted(plan: RoomPlan) -> None:
        moments.append((room.stream.seq, max(page.view["seq"] for page in pages.values())))

    bench.engine.on_apply = noted
    await to_phase(room, pages["f"], "problem_statement")
    assert "p1" in bench.engine.plans[-1].hearable
    assert moments
    assert all(shown < stored for stored, shown in moments)
    stored = len(await bench.log.read(room.session))
    assert stored == room.stream.seq == pages["p3"].view["seq"]


async def test_a_plan_is_sent_only_when_it_says_something_new(bench: Bench) -> None:
    room = await bench.room()
    lead, writer = await bench.page(room, "f"), await bench.page(room, "p2")
    await to_phase(room, lead, "questions")
    sent = len(bench.engine.plans)
    await writer.ask(RaiseHand())
    assert len(bench.engine.plans) == sent


async def test_a_whole_session_by_the_clock(bench: Bench) -> None:
    """Nobody but the lead does anything; time alone moves turns, and the log replays to the very same state."""
    room = await bench.room(speed=300)
    lead = (await bench.everyone(room))["f"]
    await lead.ask(StartSession())
    while (current := room.state.current) is not None:
        await bench.passes(current.planned_ms // 300)
        await lead.ask(NextPhase(phase=current.key, losing=tuple(Loss)))
    assert room.state.status is Status.CLOSED
    report = await bench.directory.verify(room.session)
    assert report is not None
    assert report["replay_equal"]
    assert [phase["id"] for phase in report["phases"]] == [phase.id for phase in room.state.phases]
    assert sum(phase["planned_s"] for phase in report["phases"]) == 4500
    for phase in report["phases"]:
        assert abs(phase["actual_s"] - phase["planned_s"]) <= 8, phase
    times = [at_ms for at_ms, _ in report["hearable"]]
    assert times == sorted(set(times))
    assert report["hearable"][-1][1] == []


async def test_a_closed_session_is_finished_then_forgotten_then_still_readable(bench: Bench) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    await lead.ask(StartSession())
    await lead.ask(CloseSession())
    await bench.passes(2_000)
    assert await bench.log.open_sessions() == []
    await lead.gone()
    assert bench.directory.live() == [room]
    for _ in range(31):
        bench.clock.turn_to(bench.clock.now_ms + 60_000)
        await bench.settled()
    assert bench.directory.live() == []
    assert bench.engine.rooms == {}
    seq = len(await bench.log.read(room.session))
    again = await bench.directory.get(room.session)
    assert again is not None
    assert again.state == room.state
    reader = await bench.page(again, "p2")
    assert reader.view["common"]["status"] == "closed"
    assert (await reader.ask(SetMicrophone(microphone=Microphone.OPEN)))["code"] == "closed"
    assert len(await bench.log.read(room.session)) == seq


async def test_figures_tell_no_names_and_no_texts(bench: Bench) -> None:
    room = await bench.room()
    lead = await bench.page(room, "f")
    await to_phase(room, lead, "questions")
    figures = room.figures()
    assert figures["phase"] == "questions"
    assert figures["seats"]["f"] == {
        "role": "facilitator",
        "joined": True,
        "presence": "here",
        "connections": 1,
        "path": "socket",
    }
    assert figures["seats"]["p4"]["presence"] == "absent"
    text = repr(figures)
    assert room.state.title not in text
    assert not any(seat.name in text for seat in room.state.seats.values())


async def test_only_a_rehearsal_may_run_faster(bench: Bench) -> None:
    strict = Directory(bench.log, bench.engine, bench.clock)
    with pytest.raises(Refused, match="speed"):
        await strict.create(creation(speed=60))
    assert await strict.get("nobodyknows1") is None
    assert await strict.verify("nobodyknows1") is None


async def test_a_submitted_draft_is_gone_from_the_side_table(bench: Bench) -> None:
    room = await bench.room()
    lead, client = await bench.page(room, "f"), await bench.page(room, "p1")
    await to_phase(room, lead, "contract")
    text = {"text": "m'aider à dire non"}
    await client.say(type="draft", id="draft-0001", capture="request", fields=text)
    await bench.passes(100)
    assert client.answer("draft-0001")["type"] == "draft_saved"
    assert [draft.fields for draft in await bench.log.drafts(room.session)] == [text]
    seen = lead.view["common"]
    assert seen["live"] is None, "nobody watches while all write in silence"
    for step in (0, 1):
        await lead.ask(NextStep(phase="contract#1", step=step))
    await bench.passes(100)
    assert lead.view["common"]["live"]["fields"] == text
    assert (await client.ask(SubmitCapture(capture="request", fields=text)))["type"] == "accepted"
    assert list(await bench.log.drafts(room.session)) == []
    await bench.passes(100)
    assert lead.view["common"]["live"] is None
    assert [c["fields"] for c in lead.view["common"]["captures"] if c["capture"] == "request"] == [text]


async def test_what_is_being_written_is_not_handed_in_by_the_end_of_its_phase(bench: Bench) -> None:
    room = await bench.room()
    lead, writer = await bench.page(room, "f"), await bench.page(room, "p2")
    await to_phase(room, lead, "questions")
    half, whole = {"text": "Et si tu"}, {"text": "Et si tu demandais à Paul ?"}
    await writer.say(type="draft", id="draft-0001", capture="question", fields=half, typing=True)
    await lead.ask(NextPhase(phase="questions#1"))
    (late,) = [w for w in writer.view["own"]["writable"] if w["spec"]["id"] == "question"]
    assert late["closes"]["left_ms"] == 20_000
    await writer.say(type="draft", id="draft-0002", capture="question", fields=whole, typing=True)
    await bench.passes(19_000)
    assert "Et si tu" not in json.dumps(lead.got)
    await bench.passes(4_000)
    assert [c.fields for c in room.state.captures] == [whole]
    assert list(await bench.log.drafts(room.session)) == []


async def test_a_draft_that_comes_after_the_end_and_one_of_a_page_that_is_gone_are_both_left_open(bench: Bench) -> None:
    room = await bench.room()
    lead, writer = await bench.page(room, "f"), await bench.page(room, "p2")
    await to_phase(room, lead, "questions")
    await lead.ask(NextPhase(phase="questions#1"))
    await writer.say(type="draft", id="draft-0001", capture="question", fields={"text": "Un mot"}, typing=True)
    assert ("p2", "question") in room.state.left_open
    await bench.passes(23_000)
    await writer.say(type="draft", id="draft-0002", capture="reformulation", fields={"text": "Deux"}, typing=True)
    await writer.gone()
    again = await bench.page(room, "p2", tab="tab-two-2")
    await lead.ask(NextStep(phase="contract#1", step=0))
    assert ("p2", "reformulation") not in room.state.left_open, "a new page, and nobody types in the old one"
    assert [c.fields["text"] for c in room.state.captures] == ["Un mot", "Deux"]
    assert again.closed is None
