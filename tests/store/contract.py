"""What every event log keeps to. A store inherits `EventLogContract` and gives the fixtures `log` and `reopen`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from cosession.room.ports import Conflict, Draft, Entry, EventLog, LastAlive, Record, Summary, Wanted

CREATED = Record("session_created", 0, {"script": "codev-75", "speed": 1.5}, {"title": "Séance du 3 mai"})
WRITTEN = Record("advice_given", 61_000, {"phase": "advice"}, {"text": "« et si… »", "tags": ["idée"]}, "seat-1")
MOVED = Record("phase_started", 62_000, {"phase": "action_plan"}, None)

Reopen = Callable[[], Awaitable[EventLog]]


#: A form of summaries that is made up.
FORM = 7


def summary(session: str, status: str = "lobby", starts_wall_ms: int = 1_000, **changes: Any) -> Summary:
    content = {"": {"title": f"Séance {session}"}, "seat-1": {"name": "Inès"}, "seat-1x": {"name": "Karim"}}
    group = changes.pop("group", session)
    return Summary(session, FORM, status, starts_wall_ms, group, 1, {"seats": [{"id": "seat-1"}]}, content)


def records(entries: Sequence[Entry]) -> list[Record]:
    return [entry.record for entry in entries]


class EventLogContract:
    """Fixtures to give: `log`, an empty store; `reopen`, which closes the present one and opens its data again."""

    # -- appending and reading ------------------------------------------------------------------------------------

    async def test_reads_what_was_appended(self, log: EventLog, reopen: Reopen) -> None:
        first = await log.append("s", 0, [CREATED, WRITTEN])
        second = await log.append("s", 2, [MOVED])
        assert [entry.seq for entry in (*first, *second)] == [1, 2, 3]
        assert list(await log.read("s")) == [*first, *second]
        assert list(await (await reopen()).read("s")) == [*first, *second]

    async def test_an_unknown_stream_is_empty(self, log: EventLog) -> None:
        assert list(await log.read("nobody")) == []
        assert await log.command_seq("nobody", "seat-1", "c") is None
        assert list(await log.drafts("nobody")) == []

    @pytest.mark.parametrize("expected_seq", [0, 1, 3])
    async def test_a_wrong_place_is_a_conflict_and_changes_nothing(self, log: EventLog, expected_seq: int) -> None:
        kept = await log.append("s", 0, [CREATED, WRITTEN])
        with pytest.raises(Conflict):
            await log.append("s", expected_seq, [MOVED], ("seat-1", "c"))
        assert list(await log.read("s")) == list(kept)
        assert await log.command_seq("s", "seat-1", "c") is None

    async def test_a_new_stream_starts_at_zero(self, log: EventLog) -> None:
        with pytest.raises(Conflict):
            await log.append("s", 1, [CREATED])
        assert list(await log.read("s")) == []

    async def test_of_two_writers_at_one_place_one_wins(self, log: EventLog) -> None:
        results = await asyncio.gather(*(log.append("s", 0, [CREATED]) for _ in range(8)), return_exceptions=True)
        assert [type(result) for result in results].count(Conflict) == 7
        assert len(await log.read("s")) == 1

    async def test_streams_do_not_mix_and_equal_events_hash_differently(self, log: EventLog) -> None:
        [one] = await log.append("s", 0, [MOVED])
        [other] = await log.append("t", 0, [MOVED])
        assert one.hash != other.hash
        assert list(await log.read("s")) == [one]
        assert list(await log.read("t")) == [other]

    async def test_what_cannot_be_stored_is_refused_alone(self, log: EventLog) -> None:
        bad = [
            Record("bad", 0, {"value": float("nan")}),
            Record("bad", 0, {}, {"text": "\ud83d"}),
            Record("bad", 0, {}, {"text": object()}),
            Record("bad", 2**63, {}, {"text": "x"}, "seat-1"),
            Record("bad", 0, {}, {"text": "x"}, owner=""),
            Record("bad", 0, {}, erased=True),
        ]
        good = [log.append(f"s{n}", 0, [CREATED]) for n in range(3)]
        results = await asyncio.gather(
            *(log.append("s", 0, [CREATED, record]) for record in bad), *good, return_exceptions=True
        )
        assert [isinstance(result, (ValueError, TypeError, OverflowError)) for result in results] == [True] * 6 + [
            False
        ] * 3
        assert list(await log.read("s")) == []
        assert len(await log.read("s2")) == 1

    # -- leases ---------------------------------------------------------------------------------------------------

    async def test_who_has_the_lease_appends_and_no_other_epoch_does(self, log: EventLog) -> None:
        lease = await log.lease("s")
        assert (await log.lease("s")).epoch == lease.epoch, "kept by who has it"
        await log.append("s", 0, [CREATED], epoch=lease.epoch)
        for epoch in (lease.epoch + 1, lease.epoch - 1):
            with pytest.raises(Conflict):
                await log.append("s", 1, [MOVED], epoch=epoch)
        assert len(await log.read("s")) == 1
        await log.release("s")
        await log.release("s")

    # -- commands -------------------------------------------------------------------------------------------------

    async def test_a_command_is_remembered_with_its_seq(self, log: EventLog, reopen: Reopen) -> None:
        await log.append("s", 0, [CREATED, WRITTEN], ("seat-1", "c1"))
        await log.append("s", 2, [], ("seat-1", "c2"))
        assert len(await log.read("s")) == 2
        log = await reopen()
        assert await log.command_seq("s", "seat-1", "c1") == 2
        assert await log.command_seq("s", "seat-1", "c2") == 2
        assert await log.command_seq("s", "seat-2", "c1") is None
        assert await log.command_seq("t", "seat-1", "c1") is None

    async def test_the_same_command_has_no_second_effect(self, log: EventLog) -> None:
        await log.append("s", 0, [CREATED], ("seat-1", "c"))
        with pytest.raises(Conflict):
            await log.append("s", 1, [MOVED], ("seat-1", "c"))
        assert len(await log.read("s")) == 1
        assert await log.command_seq("s", "seat-1", "c") == 1
        await log.append("s", 1, [MOVED], ("seat-2", "c"))
        assert await log.command_seq("s", "seat-2", "c") == 2

    # -- recovery -------------------------------------------------------------------------------------------------

    async def test_open_sessions_are_those_not_finished(self, log: EventLog, reopen: Reopen) -> None:
        for session in ("b", "a", "c"):
            await log.append(session, 0, [CREATED])
        await log.finish("b")
        await log.finish("b")
        await log.finish("never-was")
        assert list(await log.open_sessions()) == ["a", "c"]
        await log.append("b", 1, [MOVED])
        assert list(await (await reopen()).open_sessions()) == ["a", "c"]

    async def test_last_alive_is_what_the_earlier_process_left(self, log: EventLog, reopen: Reopen) -> None:
        assert await log.last_alive() is None
        for tick in range(3):
            await log.alive(LastAlive("boot", 1_000 * tick, 1_700_000_000_000 + tick))
        assert await log.last_alive() is None
        assert await (await reopen()).last_alive() == LastAlive("boot", 2_000, 1_700_000_000_002)

    # -- drafts ---------------------------------------------------------------------------------------------------

    async def test_the_latest_draft_is_kept(self, log: EventLog, reopen: Reopen) -> None:
        await log.save_draft("s", Draft("seat-1", "contract", {"text": "j'aim"}))
        await log.save_draft("s", Draft("seat-1", "contract", {"text": "j'aimerais"}))
        await log.save_draft("s", Draft("seat-1", "learning", {"text": "…"}))
        await log.save_draft("s", Draft("seat-2", "contract", {"text": "pourquoi"}))
        await log.save_draft("t", Draft("seat-1", "contract", {"text": "ailleurs"}))
        kept = [
            Draft("seat-1", "contract", {"text": "j'aimerais"}),
            Draft("seat-1", "learning", {"text": "…"}),
            Draft("seat-2", "contract", {"text": "pourquoi"}),
        ]
        assert list(await log.drafts("s")) == kept
        log = await reopen()
        assert list(await log.drafts("s")) == kept
        for draft in kept:
            await log.save_draft("s", Draft(draft.seat, draft.capture, {}))
        assert list(await log.drafts("s")) == []
        assert len(await log.drafts("t")) == 1

    # -- erasing --------------------------------------------------------------------------------------------------

    async def test_an_erased_seat_leaves_its_place_in_the_chain(self, log: EventLog, reopen: Reopen) -> None:
        before = await log.append("s", 0, [CREATED, WRITTEN, MOVED])
        await log.save_draft("s", Draft("seat-1", "contract", {"text": "j'aim"}))
        await log.erase("s", "seat-1")
        await log.erase("s", "seat-1")
        after = await (await reopen()).read("s")
        assert [entry.hash for entry in after] == [entry.hash for entry in before]
        gone = Record(WRITTEN.type, WRITTEN.at_ms, WRITTEN.meta, None, "seat-1", erased=True)
        assert records(after) == [CREATED, gone, MOVED]

    async def test_erasing_a_seat_takes_its_drafts_only(self, log: EventLog) -> None:
        await log.save_draft("s", Draft("seat-1", "contract", {"text": "j'aim"}))
        await log.save_draft("s", Draft("seat-2", "contract", {"text": "pourquoi"}))
        await log.erase("s", "seat-1")
        assert [draft.seat for draft in await log.drafts("s")] == ["seat-2"]

    async def test_a_part_of_a_seats_writings_is_erased_alone_and_with_the_seat(self, log: EventLog) -> None:
        apart = Record("written", 4_500, {}, {"text": "mon sujet"}, "seat-1.client")
        other = Record("written", 4_600, {}, {"text": "pas le mien"}, "seat-1x")
        await log.append("s", 0, [CREATED, WRITTEN, apart, other])
        await log.erase("s", "seat-1.client")
        assert [entry.record.erased for entry in await log.read("s")] == [False, False, True, False]
        await log.append("s", 4, [apart])
        await log.erase("s", "seat-1")
        assert [entry.record.erased for entry in await log.read("s")] == [False, True, True, False, True]

    async def test_an_erased_session_shows_no_content(self, log: EventLog) -> None:
        await log.append("s", 0, [CREATED, WRITTEN, MOVED])
        [kept] = await log.append("t", 0, [WRITTEN])
        await log.erase("s", None)
        assert [entry.record.erased for entry in await log.read("s")] == [True, True, False]
        assert [entry.record.content for entry in await log.read("s")] == [None, None, None]
        assert list(await log.read("t")) == [kept]

    async def test_what_is_written_after_an_erasure_can_be_read(self, log: EventLog) -> None:
        await log.append("s", 0, [CREATED, WRITTEN])
        await log.erase("s", "seat-1")
        await log.append("s", 2, [WRITTEN])
        await log.erase("s", None)
        await log.append("s", 3, [WRITTEN, CREATED])
        await log.save_draft("s", Draft("seat-1", "contract", {"text": "j'aim"}))
        assert [entry.record.erased for entry in await log.read("s")] == [True, True, True, False, False]
        assert records(await log.read("s"))[3:] == [WRITTEN, CREATED]
        assert len(await log.drafts("s")) == 1

    # -- summaries ------------------------------------------------------------------------------------------------

    async def test_a_summary_is_stored_with_what_changes_it(self, log: EventLog, reopen: Reopen) -> None:
        first, then = summary("s"), replace(summary("s", "running"), meta={"seats": []}, content={"": {"title": "Ah"}})
        await log.append("s", 0, [CREATED], summary=first)
        assert await log.summary("s", FORM) == first
        await log.append("s", 1, [MOVED])
        assert await log.summary("s", FORM) == first, "None leaves it as it is"
        with pytest.raises(Conflict):
            await log.append("s", 1, [MOVED], summary=then)
        assert await log.summary("s", FORM) == first, "what is refused changes nothing"
        await log.append("s", 2, [], ("seat-1", "c"), summary=then)
        assert await log.summary("s", FORM) == then
        assert await (await reopen()).summary("s", FORM) == then

    async def test_a_summary_that_cannot_be_stored_is_refused_with_its_records(self, log: EventLog) -> None:
        for bad in ({"value": float("nan")}, {"value": object()}):
            with pytest.raises((ValueError, TypeError)):
                await log.append("s", 0, [CREATED], summary=replace(summary("s"), meta=bad))
        assert list(await log.read("s")) == []

    async def test_a_summary_made_afterwards_fits_the_place_it_was_made_at(self, log: EventLog) -> None:
        await log.append("s", 0, [CREATED, MOVED])
        for wrong, session in ((1, "s"), (3, "s"), (0, "nobody")):
            with pytest.raises(Conflict):
                await log.summarise(wrong, summary(session))
        assert await log.summary("s", FORM) is None
        await log.summarise(2, summary("s"))
        await log.summarise(2, summary("s", "closed"))
        assert await log.summary("s", FORM) == summary("s", "closed")

    async def test_summaries_come_in_the_order_of_lists_and_by_pages(self, log: EventLog) -> None:
        rows = [("closed", 10), ("closed", 90), ("lobby", 500), ("lobby", 70), ("running", 60), ("running", 20)]
        for n, (status, starts) in enumerate(rows):
            await log.append(f"s{n}", 0, [CREATED], summary=summary(f"s{n}", status, starts))
        order = ["s5", "s4", "s3", "s2", "s1", "s0"]
        assert [one.session for one in await log.summaries(Wanted(FORM))] == order
        pages = [await log.summaries(Wanted(FORM, offset=offset, limit=4)) for offset in (0, 4, 8)]
        assert [[one.session for one in page] for page in pages] == [order[:4], order[4:], []]
        opened = Wanted(FORM, statuses=("running", "lobby"), content=False, limit=3)
        assert [(one.session, one.content) for one in await log.summaries(opened)] == [(name, {}) for name in order[:3]]
        assert [await log.count_summaries(Wanted(FORM)), await log.count_summaries(opened)] == [6, 4]

    async def test_of_equal_starts_each_page_shows_every_session_once(self, log: EventLog) -> None:
        for n in range(7):
            await log.append(f"s{n}", 0, [CREATED], summary=summary(f"s{n}"))
        found = [one for offset in (0, 3, 6) for one in await log.summaries(Wanted(FORM, offset=offset, limit=3))]
        assert [one.session for one in found] == [f"s{n}" for n in range(7)]

    async def test_a_group_is_found_with_its_newest_number(self, log: EventLog) -> None:
        for session, group, number in (("a", "a", 1), ("b", "a", 3), ("c", "a", 2), ("d", "d", 1)):
            await log.append(session, 0, [CREATED], summary=replace(summary(session, group=group), number=number))
        assert {one.session for one in await log.summaries(Wanted(FORM, group="a"))} == {"a", "b", "c"}
        assert dict(await log.newest_numbers(["a", "d", "none"], FORM)) == {"a": 3, "d": 1}
        assert dict(await log.newest_numbers([], FORM)) == {}

    async def test_a_summary_of_another_form_is_none(self, log: EventLog) -> None:
        await log.append("old", 0, [CREATED], summary=replace(summary("old"), format=FORM - 1))
        await log.append("none", 0, [CREATED])
        await log.append("new", 0, [CREATED], summary=summary("new"))
        assert await log.summary("old", FORM) is None
        assert [one.session for one in await log.summaries(Wanted(FORM))] == ["new"]
        assert await log.count_summaries(Wanted(FORM)) == 1
        assert dict(await log.newest_numbers(["old"], FORM)) == {}
        await log.finish("none")
        assert list(await log.streams()) == ["new", "old", "none"], "the unfinished first"
        assert list(await log.streams(without=FORM)) == ["old", "none"]
        await log.summarise(1, summary("old"))
        assert list(await log.streams(without=FORM)) == ["none"]

    async def test_what_is_erased_is_erased_from_the_summary(self, log: EventLog, reopen: Reopen) -> None:
        for session in ("s", "t"):
            await log.append(session, 0, [CREATED, WRITTEN], summary=summary(session))
        await log.erase("s", "seat-1.client")
        assert await log.summary("s", FORM) == summary("s"), "a name is no part of what somebody brought as a client"
        await log.erase("s", "seat-1")
        left = replace(summary("s"), content={k: v for k, v in summary("s").content.items() if k != "seat-1"})
        assert await log.summary("s", FORM) == left
        await log.erase("s", None)
        log = await reopen()
        assert await log.summary("s", FORM) == replace(left, content={})
        assert await log.summary("t", FORM) == summary("t")

    async def test_what_was_erased_does_not_come_back_with_a_summary_made_before(self, log: EventLog) -> None:
        await log.append("s", 0, [CREATED, WRITTEN])
        await log.erase("s", "seat-1")
        left = replace(summary("s"), content={k: v for k, v in summary("s").content.items() if k != "seat-1"})
        await log.summarise(2, summary("s"))
        assert await log.summary("s", FORM) == left
        await log.append("s", 2, [WRITTEN], summary=summary("s"))
        assert await log.summary("s", FORM) == left, "also when that seat has written again"
        await log.erase("s", None)
        await log.append("s", 3, [CREATED], summary=summary("s"))
        assert await log.summary("s", FORM) == replace(left, content={})

    # -- its end --------------------------------------------------------------------------------------------------

    async def test_closing_finishes_what_was_asked(self, log: EventLog, reopen: Reopen) -> None:
        asked = [asyncio.ensure_future(log.append(f"s{n}", 0, [CREATED])) for n in range(20)]
        await asyncio.sleep(0)
        log_again = await reopen()
        assert all(task.done() for task in asked)
        assert len(await log_again.open_sessions()) == 20
        with pytest.raises(RuntimeError):
            await log.read("s1")
