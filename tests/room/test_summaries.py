"""What lists read is written with the events, is the same when it is made anew, and fixes itself."""

from __future__ import annotations

import dataclasses
import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cosession.core import commands as cmd
from cosession.core.summary import FORMAT
from cosession.core.vocabulary import Loss, Status
from cosession.room.actor import Room
from cosession.room.listed import Listed, speaks_of
from cosession.room.ports import Conflict, Record, Summary, Unavailable, Wanted
from cosession.room.summaries import PAGE, Summaries
from cosession.store.eventlog import SqliteEventLog
from cosession.store.registry import Registry
from tests.golden.make import KEY, records, rest_of_it, rotating_session, unruly_session, whole_session
from tests.room.bench import Bench

GOLDEN = Path(__file__).parent.parent / "golden"


def as_bytes(summary: Summary | None) -> bytes:
    assert summary is not None
    return json.dumps(dataclasses.asdict(summary), sort_keys=True, ensure_ascii=False).encode()


async def stored(log: SqliteEventLog) -> dict[str, bytes]:
    return {one.session: as_bytes(one) for one in await log.summaries(Wanted(FORMAT))}


async def rebuilt(log: SqliteEventLog) -> dict[str, bytes]:
    """Made anew from nothing but the events."""
    await log.database.writer.run(lambda connection: connection.exec_driver_sql("DELETE FROM summaries").close())
    assert set((await Summaries(log).rebuild()).values()) <= {None}
    return await stored(log)


# -- with the events, and the same anew ------------------------------------------------------------------------------


async def test_in_every_state_it_is_what_the_events_add_up_to(bench: Bench) -> None:
    room = await bench.room(starts_at_ms=5_000)
    seen = []

    async def same() -> Listed:
        before = await stored(bench.log)
        assert await rebuilt(bench.log) == before
        shown = await bench.directory.summaries.one(room.session)
        assert shown is not None
        seen.append(shown.summary.status)
        return shown

    assert (await same()).summary.here == 0
    pages = await bench.everyone(room)
    assert (await same()).summary.here == 9
    await pages["p3"].gone()
    await bench.passes(8_000)
    assert (await same()).summary.here == 8
    await room.ask(cmd.StartSession(), "f")
    assert (await same()).held
    await room.ask(cmd.ChangeClient(seat="p4"), "f")
    shown = await same()
    assert shown.summary.client is not None
    assert shown.summary.client.id == "p4"
    await room.ask(cmd.SuspendSession(), "f")
    assert (await same()).resume_until_wall_ms == bench.clock.wall_ms() + 7 * 24 * 3_600_000
    await room.ask(cmd.ResumeSession(), "f")
    await bench.crash()
    await bench.restart(2_000)
    await same()
    again = await bench.directory.get(room.session)
    assert again is not None
    await again.ask(cmd.CarePause(), "f")
    await again.ask(cmd.StopSession(), "f")
    assert (await same()).summary.stopped
    await again.erase()
    shown = await same()
    assert (shown.erased, shown.summary.title) == (True, "erased")
    assert {seat.name for seat in shown.summary.seats} == {"erased"}
    assert list(dict.fromkeys(seen)) == [Status.LOBBY, Status.RUNNING, Status.CLOSED]


async def test_only_what_lists_show_is_written_again(bench: Bench) -> None:
    room = await bench.room()
    await bench.everyone(room)
    await room.ask(cmd.StartSession(), "f")
    while room.state.current is not None and room.state.current.id != "questions":
        await room.ask(cmd.NextPhase(phase=room.state.current.key, losing=tuple(Loss)), "f")
    before, seq = len(bench.log.summed), room.stream.seq
    for seat in ("p3", "p4", "p5"):
        await room.ask(cmd.RaiseHand(), seat)
    await bench.passes(5_000)
    assert room.stream.seq > seq + 2
    assert len(bench.log.summed) == before
    await room.ask(cmd.CloseSession(), "f")
    assert len(bench.log.summed) == before + 1


async def test_what_the_store_refuses_is_in_no_list(bench: Bench) -> None:
    room = await bench.room()
    await bench.everyone(room)
    before = await stored(bench.log)
    bench.log.failing = "store_full"
    with pytest.raises(Unavailable):
        await room.ask(cmd.StartSession(), "f")
    bench.log.failing = None
    assert await stored(bench.log) == before
    await room.ask(cmd.StartSession(), "f")
    assert await stored(bench.log) != before


async def test_a_person_who_was_erased_is_erased_here_too_and_stays_so(bench: Bench) -> None:
    room = await bench.room()
    await bench.log.erase(room.session, "p2")
    shown = await bench.directory.summaries.one(room.session)
    assert shown is not None
    names = {seat.id: seat.name for seat in shown.summary.seats}
    assert (names["p1"], names["p2"], shown.erased) == ("Nadia", "erased", False)
    before = await stored(bench.log)
    assert await rebuilt(bench.log) == before
    [kept] = await bench.log.summaries(Wanted(FORMAT))
    assert (speaks_of(kept, "nadia"), speaks_of(kept, "laura")) == (True, False)


@pytest.mark.parametrize(
    "play",
    [whole_session, lambda: rest_of_it(whole_session()), rotating_session, unruly_session],
    ids=["running", "whole", "rotating", "unruly"],
)
async def test_a_whole_session_of_any_kind_is_made_anew_as_it_was(bench: Bench, play: Any) -> None:
    await bench.log.append("played", 0, records(play()))
    once = await rebuilt(bench.log)
    assert await rebuilt(bench.log) == once
    assert set(once) == {"played"}


# -- an earlier database, and mending --------------------------------------------------------------------------------


async def test_what_a_summary_says_is_the_form_it_names(tmp_path: Path) -> None:
    """Change what summaries hold and this fails: raise `FORMAT`, and write the file anew with what is printed."""
    shutil.copy(GOLDEN / "format-1" / "cosession.db", tmp_path / "cosession.db")
    log = SqliteEventLog.open(tmp_path / "cosession.db", KEY)
    found = {name: json.loads(text) for name, text in (await rebuilt(log)).items()}
    await log.close()
    kept = GOLDEN / "summaries.json"
    text = json.dumps({"format": FORMAT, "summaries": found}, sort_keys=True, ensure_ascii=False, indent=1) + "\n"
    assert text == kept.read_text(), text


async def test_a_database_of_an_earlier_version_is_listed_as_soon_as_it_was_read(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "cosession.db", GOLDEN / "format-1" / "cosession.db")
    try:
        shown = bench.directory.summaries
        before = await shown.page("facilitator")
        assert (before.total, before.lacking, before.making) == (0, 4, True), "and says that it is not complete"
        await bench.directory.recover()
        await bench.settled()
        page = await shown.page("facilitator")
        assert page.sessions[0].session == "running"
        assert {one.session for one in page.sessions} == {"running", "whole", "rotating", "unruly"}
        assert (page.total, page.lacking, page.making) == (4, 0, False)
        assert [one.session for one in bench.directory.live()] == ["running"]
        kept = await stored(bench.log)
        assert await rebuilt(bench.log) == kept
    finally:
        await bench.close()


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM summaries",
        "UPDATE summaries SET format = 0, meta = '{}'",
        "UPDATE summaries SET meta = '{'",
        "UPDATE summary_contents SET ciphertext = zeroblob(40)",
    ],
    ids=["missing", "older", "damaged", "sealed part damaged"],
)
async def test_a_summary_that_is_not_right_is_made_anew_where_it_is_asked_for(bench: Bench, damage: str) -> None:
    room = await bench.room()
    await bench.log.erase(room.session, "p3")
    right = await stored(bench.log)

    def harm() -> None:
        with closing(sqlite3.connect(bench.path, isolation_level=None)) as other:
            other.execute(damage)

    harm()
    shown = await bench.directory.summaries.one(room.session)
    assert shown is not None
    assert shown.summary.title == room.state.title
    assert await stored(bench.log) == right
    harm()
    await bench.log.summaries(Wanted(FORMAT))
    await bench.directory.summaries.page("nobody")
    await bench.directory.summaries.settled()
    assert await stored(bench.log) == right, "and by itself for whoever looks at the list"


async def test_a_session_that_cannot_be_read_is_counted_tried_once_and_hides_no_other(bench: Bench) -> None:
    room = await bench.room()
    await Registry(bench.log.database).add_session(room.session, 0, 0, "me")
    await bench.log.append("damaged00000", 0, [Record("no_such_event", 0, {})])
    shown = bench.directory.summaries
    first = await shown.page("me")
    assert (first.total, first.lacking, first.making) == (1, 1, True)
    await shown.settled()
    again = await shown.page("me")
    assert ([one.session for one in again.sessions], again.lacking, again.making) == ([room.session], 1, False)
    assert bench.log.was_read.count("damaged00000") == 1
    found = {session: why is None for session, why in (await shown.rebuild()).items()}
    assert found == {room.session: True, "damaged00000": False}


async def test_a_room_that_goes_on_meanwhile_is_summed_up_as_it_is_then(bench: Bench) -> None:
    room = await bench.room()
    moved: list[int] = []

    async def moving(session: str) -> None:
        if not moved:
            moved.append(await room.ask(cmd.StartSession(), "f"))

    await bench.everyone(room)
    bench.log.slow = moving
    reads = len(bench.log.was_read)
    entries = await bench.log.read(room.session)
    with pytest.raises(Conflict):
        await bench.log.summarise(len(entries) - 1, bench.log.summed[-1])
    made = await bench.directory.summaries.make(room.session)
    assert made is not None
    assert made.summary.status is Status.RUNNING
    assert len(bench.log.was_read) == reads + 2


# -- pages and search ------------------------------------------------------------------------------------------------


async def test_pages_hold_every_session_once_and_words_find_titles_and_people(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cosession.room.summaries.CHUNK", 7)
    registry = Registry(bench.log.database)
    rooms: list[Room] = []
    for n in range(PAGE + 3):
        rooms.append(await bench.room(3, title=f"Équipe {n}" if n else "Les Élus d'Ouessant", starts_at_ms=n * 60_000))
        await registry.add_session(rooms[-1].session, 0, 0, "me")
    await (await bench.everyone(rooms[20]))["f"].ask(cmd.StartSession())
    shown = bench.directory.summaries
    reads = len(bench.log.was_read)
    first, second, beyond = [await shown.page("me", "", number) for number in (1, 2, 99)]
    order = [rooms[20], *rooms[:20], *rooms[21:]]
    assert [one.session for page in (first, second) for one in page.sessions] == [room.session for room in order]
    assert [(page.number, page.pages, page.first, page.total) for page in (first, second)] == [
        (1, 2, 1, PAGE + 3),
        (2, 2, PAGE + 1, PAGE + 3),
    ]
    assert beyond == second
    for words, count in (("elus OUESSANT", 1), ("equipe", PAGE + 2), ("équipe 7", 3), ("Nadia", PAGE + 3), ("Zoé", 0)):
        assert (await shown.page("me", words)).total == count, words
    last = await shown.page("me", "nadia laura", 2)
    assert (len(last.sessions), last.first) == (3, PAGE + 1)
    assert (await shown.page("you")).total == 0
    assert len(bench.log.was_read) == reads, "no log was read"
